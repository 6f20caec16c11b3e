/* SPDX-License-Identifier: Apache-2.0 */
/* From a device's name, as a user writes it, to the backend that serves it. */
#include "backend/backend.h"
#include "backend/builtin.h"
#include "backend/modules.h"

#include <stdio.h>
#include <string.h>

enum { MAX_REGISTERED = 4 };

/* Written by tests before any engine exists, so that no lock is needed. */
static const mgi_backend *registered[MAX_REGISTERED];

/* What "auto" tries, best first. */
static const char *const automatic[] = {"cuda", "cpu"};

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

/* Of those that are in the program itself. */
static const mgi_backend *linked_backend(const char *device) {
    for (size_t i = 0; i < MAX_REGISTERED && registered[i] != NULL; i++) {
        if (registered[i]->serves(device)) return registered[i];
    }
    for (size_t i = 0; mgi_builtin_backends[i] != NULL; i++) {
        if (mgi_builtin_backends[i]->serves(device)) return mgi_builtin_backends[i];
    }
    return NULL;
}

/* The module for "cuda", "cuda:1", "torch"; NULL if there is none of that name. */
static const char *module_for(const char *device) {
    const char *name;
    for (unsigned i = 0; (name = mgi_modules_name(i)) != NULL; i++) {
        size_t length = strlen(name);
        if (strncmp(device, name, length) == 0 && strchr(":", device[length]) != NULL) return name;
    }
    return NULL;
}

/* ---- what there is, for error lines ---- */

static void append_device(char *list, size_t capacity, const char *device, const char *remark) {
    size_t length = strlen(list);
    snprintf(list + length, capacity - length, "%s%s%s", length == 0 ? "" : ", ", device, remark);
}

static void list_devices(char *list, size_t capacity) {
    const char *name;
    list[0] = '\0';
    if (linked_backend("cpu") != NULL) append_device(list, capacity, "cpu", "");
    for (unsigned i = 0; (name = mgi_modules_name(i)) != NULL; i++) {
        bool there = linked_backend(name) != NULL || mgi_modules_exists(name);
        append_device(list, capacity, name, there ? "" : " (module not found)");
    }
    for (size_t i = 0; i < MAX_REGISTERED && registered[i] != NULL; i++) {
        name = registered[i]->name;
        if (registered[i]->serves(name)) append_device(list, capacity, name, "");
    }
}

static mgeo_status fail_no_device(const char *device, mgeo_error *error) {
    char list[192];
    list_devices(list, sizeof list);
    return mgi_fail(error, MGEO_E_ARGUMENT, "no device \"%.64s\": there are %s", device, list);
}

/* ---- finding ---- */

static mgeo_status find_named(const char *device, const mgi_backend **backend, mgeo_error *error) {
    *backend = linked_backend(device);
    if (*backend != NULL) return MGEO_OK;
    const char *module = module_for(device);
    if (module == NULL) return fail_no_device(device, error);
    mgeo_status status = mgi_modules_open(module, backend, error);
    if (status == MGEO_OK && !(*backend)->serves(device)) status = fail_no_device(device, error);
    if (status != MGEO_OK) *backend = NULL;
    return status;
}

/* Is it worth a look? A module for hardware that is not here is left closed. */
static bool is_promising(const char *device) {
    if (linked_backend(device) != NULL) return true;
    const char *module = module_for(device);
    return module != NULL && mgi_modules_is_promising(module);
}

/* The first that can be used. None can: the last one's reason is in *error. */
static mgeo_status find_automatic(const mgi_backend **backend, const char **device_name,
                                  mgeo_error *error) {
    mgeo_status status = MGEO_E_ARGUMENT;
    for (size_t i = 0; i < LENGTH(automatic) && status != MGEO_OK; i++) {
        const mgi_backend *found = NULL;
        if (!is_promising(automatic[i])) continue;
        status = find_named(automatic[i], &found, error);
        if (status == MGEO_OK && found->usable != NULL) status = found->usable(automatic[i], error);
        if (status != MGEO_OK) continue;
        *backend = found;
        *device_name = automatic[i];
    }
    return status != MGEO_E_ARGUMENT ? status : fail_no_device("auto", error);
}

mgeo_status mgi_backend_find(const char *device, const mgi_backend **backend,
                             const char **device_name, mgeo_error *error) {
    *backend = NULL;
    *device_name = device;
    if (device == NULL || strcmp(device, "auto") == 0) {
        return find_automatic(backend, device_name, error);
    }
    return find_named(device, backend, error);
}
