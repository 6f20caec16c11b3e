/* SPDX-License-Identifier: Apache-2.0 */
/* From a device's name, as a user writes it, to the backend that serves it. */
#include "backend/backend.h"
#include "backend/builtin.h"

#include <stdio.h>
#include <string.h>

enum { MAX_REGISTERED = 4 };

/* Written by tests before any engine exists, so that no lock is needed. */
static const mgi_backend *registered[MAX_REGISTERED];

/* What "auto" tries, best first. */
static const char *const automatic[] = {"cuda", "cpu"};

/* Names to ask the backends for when an error has to list what there is. */
static const char *const known_devices[] = {"cpu", "cuda"};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

void mgi_backend_register(const mgi_backend *backend) {
    for (size_t i = 0; i < MAX_REGISTERED; i++) {
        if (registered[i] == backend) return;
        if (registered[i] == NULL) {
            registered[i] = backend;
            return;
        }
    }
}

static const mgi_backend *backend_serving(const char *device) {
    for (size_t i = 0; i < MAX_REGISTERED && registered[i] != NULL; i++) {
        if (registered[i]->serves(device)) return registered[i];
    }
    for (size_t i = 0; mgi_builtin_backends[i] != NULL; i++) {
        if (mgi_builtin_backends[i]->serves(device)) return mgi_builtin_backends[i];
    }
    return NULL;
}

static void append_device(char *list, size_t capacity, const char *device) {
    size_t length = strlen(list);
    snprintf(list + length, capacity - length, "%s%s", length == 0 ? "" : ", ", device);
}

static void list_devices(char *list, size_t capacity) {
    list[0] = '\0';
    for (size_t i = 0; i < LENGTH(known_devices); i++) {
        if (backend_serving(known_devices[i]) != NULL) {
            append_device(list, capacity, known_devices[i]);
        }
    }
    for (size_t i = 0; i < MAX_REGISTERED && registered[i] != NULL; i++) {
        const char *name = registered[i]->name;
        if (registered[i]->serves(name)) append_device(list, capacity, name);
    }
    if (list[0] == '\0') snprintf(list, capacity, "none");
}

/* The first that can be used. None can: the last one's reason is in *error. */
static mgeo_status find_automatic(const mgi_backend **backend, const char **device_name,
                                  mgeo_error *error) {
    mgeo_status status = MGEO_E_ARGUMENT;
    for (size_t i = 0; i < LENGTH(automatic) && status != MGEO_OK; i++) {
        const mgi_backend *found = backend_serving(automatic[i]);
        if (found == NULL) continue;
        status = found->usable == NULL ? MGEO_OK : found->usable(automatic[i], error);
        if (status != MGEO_OK) continue;
        *backend = found;
        *device_name = automatic[i];
    }
    return status;
}

static mgeo_status fail_no_device(const char *device, mgeo_error *error) {
    char list[128];
    list_devices(list, sizeof list);
    bool wants_cuda = strncmp(device, "cuda", strlen("cuda")) == 0;
    bool has_cuda = backend_serving("cuda") != NULL;
    return mgi_fail(
        error, MGEO_E_ARGUMENT, "no device \"%.64s\": this build serves %s%s", device, list,
        wants_cuda && !has_cuda ? "; build with -Dcuda=enabled (nvcc and cuBLASLt) for CUDA" : "");
}

mgeo_status mgi_backend_find(const char *device, const mgi_backend **backend,
                             const char **device_name, mgeo_error *error) {
    *backend = NULL;
    *device_name = device;
    if (device == NULL || strcmp(device, "auto") == 0) {
        mgeo_status status = find_automatic(backend, device_name, error);
        return status != MGEO_E_ARGUMENT ? status : fail_no_device("auto", error);
    }
    *backend = backend_serving(device);
    return *backend != NULL ? MGEO_OK : fail_no_device(device, error);
}
