/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the files of a folder from the pieces of an input. */
#include "folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[512];
static const char *const *written;

static const char *path_of(const char *name) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void remove_folder(void) {
    for (const char *const *name = written; *name != NULL; name++) unlink(path_of(*name));
    rmdir(folder);
}

static void make_folder(void) {
    struct stat about;
    const char *place = getenv("TMPDIR");
    if (place == NULL) place = stat("/dev/shm", &about) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder, sizeof folder, "%s/fuzz.XXXXXX", place);
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        exit(2);
    }
    atexit(remove_folder);
}

static void write_file(const char *name, const uint8_t *bytes, size_t size) {
    FILE *file = fopen(path_of(name), "wb");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        perror(path_of(name));
        exit(2);
    }
}

const char *fuzz_folder(const uint8_t *data, size_t size, const char *const *names) {
    written = names;
    if (folder[0] == '\0') make_folder();
    for (const char *const *name = names; *name != NULL; name++) {
        const uint8_t *stop = size > 0 ? memchr(data, '\0', size) : NULL;
        size_t bytes = stop != NULL ? (size_t)(stop - data) : size;
        if (bytes > 0 || name == names) {
            write_file(*name, data, bytes);
        } else {
            unlink(path_of(*name));
        }
        size_t taken = bytes + (stop != NULL);
        data += taken;
        size -= taken;
    }
    return folder;
}
