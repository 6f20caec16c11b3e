/* From a device's name, as a user writes it, to the backend that serves it. */
#include "backend/backend.h"
#include "backend/builtin.h"

#include <stdio.h>
#include <string.h>

enum { MGI_REGISTERED_MOST = 4 };

/* Written by tests before any engine exists, so that no lock is needed. */
static const mgi_backend *mgi_registered[MGI_REGISTERED_MOST];

/* What "auto" tries, best first. */
static const char *const mgi_automatic[] = {"cuda", "cpu"};

/* Names to ask the backends for when an error has to list what there is. */
static const char *const mgi_known_devices[] = {"cpu", "cuda"};

#define MGI_LENGTH(array) (sizeof(array) / sizeof *(array))

void mgi_backend_register(const mgi_backend *backend) {
    for (size_t i = 0; i < MGI_REGISTERED_MOST; i++) {
        if (mgi_registered[i] == backend) return;
        if (mgi_registered[i] == NULL) {
            mgi_registered[i] = backend;
            return;
        }
    }
}

static const mgi_backend *mgi_backend_serving(const char *device) {
    for (size_t i = 0; i < MGI_REGISTERED_MOST && mgi_registered[i] != NULL; i++) {
        if (mgi_registered[i]->serves(device)) return mgi_registered[i];
    }
    for (size_t i = 0; mgi_builtin_backends[i] != NULL; i++) {
        if (mgi_builtin_backends[i]->serves(device)) return mgi_builtin_backends[i];
    }
    return NULL;
}

static void mgi_append_device(char *list, size_t capacity, const char *device) {
    size_t length = strlen(list);
    snprintf(list + length, capacity - length, "%s%s", length == 0 ? "" : ", ", device);
}

static void mgi_list_devices(char *list, size_t capacity) {
    list[0] = '\0';
    for (size_t i = 0; i < MGI_LENGTH(mgi_known_devices); i++) {
        if (mgi_backend_serving(mgi_known_devices[i]) != NULL) {
            mgi_append_device(list, capacity, mgi_known_devices[i]);
        }
    }
    for (size_t i = 0; i < MGI_REGISTERED_MOST && mgi_registered[i] != NULL; i++) {
        const char *name = mgi_registered[i]->name;
        if (mgi_registered[i]->serves(name)) mgi_append_device(list, capacity, name);
    }
    if (list[0] == '\0') snprintf(list, capacity, "none");
}

/* The first that can be used. None can: the last one's reason is in *error. */
static mgeo_status mgi_find_automatic(const mgi_backend **backend, const char **device_name,
                                      mgeo_error *error) {
    mgeo_status status = MGEO_E_ARGUMENT;
    for (size_t i = 0; i < MGI_LENGTH(mgi_automatic) && status != MGEO_OK; i++) {
        const mgi_backend *found = mgi_backend_serving(mgi_automatic[i]);
        if (found == NULL) continue;
        status = found->usable == NULL ? MGEO_OK : found->usable(mgi_automatic[i], error);
        if (status != MGEO_OK) continue;
        *backend = found;
        *device_name = mgi_automatic[i];
    }
    return status;
}

static mgeo_status mgi_fail_no_device(const char *device, mgeo_error *error) {
    char list[128];
    mgi_list_devices(list, sizeof list);
    bool wants_cuda = strncmp(device, "cuda", strlen("cuda")) == 0;
    bool has_cuda = mgi_backend_serving("cuda") != NULL;
    return mgi_fail(
        error, MGEO_E_ARGUMENT, "no device \"%.64s\": this build serves %s%s", device, list,
        wants_cuda && !has_cuda ? "; build with -Dcuda=enabled (nvcc and cuBLASLt) for CUDA" : "");
}

mgeo_status mgi_backend_find(const char *device, const mgi_backend **backend,
                             const char **device_name, mgeo_error *error) {
    *backend = NULL;
    *device_name = device;
    if (device == NULL || strcmp(device, "auto") == 0) {
        mgeo_status status = mgi_find_automatic(backend, device_name, error);
        return status != MGEO_E_ARGUMENT ? status : mgi_fail_no_device("auto", error);
    }
    *backend = mgi_backend_serving(device);
    return *backend != NULL ? MGEO_OK : mgi_fail_no_device(device, error);
}
