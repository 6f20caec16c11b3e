/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of files: joined, and shown in error lines. */
#include "core/pathname.h"

#include "core/alloc.h"

#include <stdio.h>
#include <string.h>

char *mgi_pathname_join(const char *directory, const char *name) {
    size_t bytes = strlen(directory) + strlen(name) + 2;
    char *path = mgi_calloc(bytes, 1);
    if (path != NULL) snprintf(path, bytes, "%s/%s", directory, name);
    return path;
}

const char *mgi_pathname_shown(const char *path) {
    enum { SHOWN = 160 };
    size_t length = strlen(path);
    if (length <= SHOWN) return path;
    const char *tail = path + length - SHOWN;
    const char *slash = strchr(tail, '/');
    if (slash != NULL) return slash + 1;
    while (((unsigned char)*tail & 0xC0) == 0x80) tail++;
    return tail;
}
