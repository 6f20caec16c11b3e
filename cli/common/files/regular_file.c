/* SPDX-License-Identifier: Apache-2.0 */
/* Opens without waiting, and looks at what was opened before anything is read. */
#include "common/files/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *kind_of(mode_t mode) {
    if (S_ISDIR(mode)) return "it is a folder";
    return S_ISFIFO(mode) ? "it is a pipe, not a file" : "it is no regular file";
}

FILE *regular_file_open(const char *path, struct stat *about, struct error *error) {
    struct stat found;
    const char *fault = NULL;
    FILE *file = NULL;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool opened = descriptor >= 0 && fstat(descriptor, &found) == 0;
    if (opened && !S_ISREG(found.st_mode)) {
        fault = kind_of(found.st_mode);
    } else if (!opened || (file = fdopen(descriptor, "r")) == NULL) {
        fault = strerror(errno);
    }
    if (fault != NULL) {
        error_set(error, "cannot read %s: %s", path, fault);
        if (descriptor >= 0) close(descriptor);
        return NULL;
    }
    if (about != NULL) *about = found;
    return file;
}
