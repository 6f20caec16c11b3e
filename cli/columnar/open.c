/* SPDX-License-Identifier: Apache-2.0 */
/* Opens libmgeo-columnar.so, and says what is missing where it cannot. */
#include "columnar/open.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/string_buffer.h"

static const char file_name[] = "libmgeo-columnar.so";

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct columnar_module *opened;

/* "/usr/bin" of /usr/bin/mgeo-score; empty if it cannot be known. */
static void own_folder(char *folder, size_t capacity) {
    ssize_t length = readlink("/proc/self/exe", folder, capacity - 1);
    folder[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(folder, '/');
    if (slash != NULL) *slash = '\0';
}

/* Folders to look in, with colons between: beside the program, as the build folder has it, as an
 * installed tree has it wherever that was put, and as it was meant to be installed. */
static void list_folders(struct string_buffer *folders) {
    char own[PATH_MAX];
    const char *listed = secure_getenv("MGEO_MODULE_PATH");
    own_folder(own, sizeof own);
    if (listed != NULL && listed[0] != '\0') string_buffer_format(folders, "%s:", listed);
    if (own[0] != '\0') {
        string_buffer_format(folders, "%s:%s/columnar:%s/%s:", own, own, own, COLUMNAR_BESIDE);
    }
    string_buffer_put(folders, COLUMNAR_FOLDER);
}

/* The first file of that name, readable or not. */
static bool find(const char *folders, char *path, size_t capacity) {
    for (size_t length; *folders != '\0'; folders += length + (folders[length] == ':')) {
        length = strcspn(folders, ":");
        if (length == 0 || length + sizeof file_name + 1 > capacity) continue;
        snprintf(path, capacity, "%.*s/%s", (int)length, folders, file_name);
        if (access(path, F_OK) == 0) return true;
    }
    return false;
}

static bool refuse_missing(const char *what, const char *folders, struct error *error) {
    return error_set(
        error,
        "%s needs the module %s, which is not there: build libmgeo with -Darrow=enabled "
        "(it takes Arrow from pyarrow's wheel too), or name its folder in "
        "MGEO_MODULE_PATH; looked for in %s",
        what, file_name, folders);
}

static bool refuse_closed(const char *what, const char *path, struct error *error) {
    const char *reason = dlerror();
    return error_set(
        error,
        "%s: %s cannot be opened: %s: it needs the libarrow and libparquet that it was "
        "built on (%s); install them again, or build libmgeo anew",
        what, path, reason != NULL ? reason : "no reason is given",
        COLUMNAR_LIBRARIES[0] != '\0' ? COLUMNAR_LIBRARIES : "of its build");
}

static const struct columnar_module *table_of(void *handle) {
    columnar_module_entry *entry = NULL;
    void *symbol = dlsym(handle, COLUMNAR_MODULE_ENTRY);
    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from an object to a function */
    const struct columnar_module *found = entry != NULL ? entry() : NULL;
    return found != NULL && strcmp(found->magic, COLUMNAR_MODULE_MAGIC) == 0 ? found : NULL;
}

static bool open_file(const char *what, const char *path, struct error *error) {
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) return refuse_closed(what, path, error);
    const struct columnar_module *found = table_of(handle);
    if (found != NULL && found->version == COLUMNAR_MODULE_VERSION) {
        opened = found; /* the handle is never closed: Arrow does not expect to be unloaded */
        return true;
    }
    error_set(error, "%s: %s is %s: install the program and its modules from one build", what, path,
              found == NULL ? "no module of libmgeo" : "of another version than this program");
    dlclose(handle);
    return false;
}

const struct columnar_module *columnar_open(const char *what, struct error *error) {
    char path[PATH_MAX];
    struct string_buffer folders = {0};
    pthread_mutex_lock(&lock);
    bool done = opened != NULL;
    if (!done) {
        list_folders(&folders);
        done = find(folders.bytes, path, sizeof path) ? open_file(what, path, error)
                                                      : refuse_missing(what, folders.bytes, error);
        string_buffer_finish(&folders);
    }
    pthread_mutex_unlock(&lock);
    return done ? opened : NULL;
}
