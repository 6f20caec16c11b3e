/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bundled model lies. */
#define _GNU_SOURCE
#include "model/bundled.h"

#include "core/alloc.h"
#include "core/pathname.h"
#include "core/regular_file.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* MGI_BUILD_ROOT, MGI_BUNDLED_BUILD and MGI_BUNDLED_INSTALLED come from meson. */

/* Real folder of the library, or of the program that holds it; "" if unknown. */
static void own_folder(char folder[PATH_MAX]) {
    static const char inside;
    Dl_info info;
    folder[0] = '\0';
    const char *name = dladdr(&inside, &info) != 0 ? info.dli_fname : NULL;
    /* A program found through PATH is known by its bare name alone. */
    if (name == NULL || strchr(name, '/') == NULL) name = "/proc/self/exe";
    if (realpath(name, folder) == NULL) folder[0] = '\0';
    char *slash = strrchr(folder, '/');
    if (slash != NULL) *slash = '\0';
}

static bool is_inside(const char *folder, const char *root) {
    size_t length = strlen(root);
    return strncmp(folder, root, length) == 0 && (folder[length] == '/' || folder[length] == '\0');
}

/* directory/name in *path, if a model is there; else *path is NULL. */
static mgeo_status try_folder(const char *directory, const char *name, char **path,
                              mgeo_error *error) {
    char *model = mgi_pathname_join(directory, name);
    char *config = model == NULL ? NULL : mgi_pathname_join(model, "config.json");
    if (config == NULL) {
        mgi_free(model);
        return mgi_fail_memory(error, "a path", strlen(directory));
    }
    if (!mgi_regular_file_is_absent(config)) {
        *path = model;
    } else {
        mgi_free(model);
    }
    mgi_free(config);
    return MGEO_OK;
}

mgeo_status mgi_bundled_find(char **path, mgeo_error *error) {
    char folder[PATH_MAX];
    own_folder(folder);
    bool building = folder[0] != '\0' && is_inside(folder, MGI_BUILD_ROOT);
    const struct {
        const char *directory, *name;
        bool wanted;
    } places[] = {
        {MGI_BUNDLED_BUILD, "mini", building},
        {folder, "../share/libmgeo/models/mini", folder[0] != '\0'},
        {folder, "../../share/libmgeo/models/mini", folder[0] != '\0'},
        {MGI_BUNDLED_INSTALLED, "mini", true},
    };
    *path = NULL;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!places[i].wanted) continue;
        mgeo_status status = try_folder(places[i].directory, places[i].name, path, error);
        if (status != MGEO_OK || *path != NULL) return status;
    }
    return mgi_fail(error, MGEO_E_IO,
                    "the bundled model is not installed: no config.json in "
                    "../share/libmgeo/models/mini beside %s or in %s/mini; give a directory",
                    mgi_pathname_shown(folder), MGI_BUNDLED_INSTALLED);
}
