/* SPDX-License-Identifier: Apache-2.0 */
/* One step along a symbolic link, and all of them. */
#include "common/files/link.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"

bool link_follow(char **path) {
    char points_at[PATH_MAX];
    ssize_t length = readlink(*path, points_at, sizeof points_at);
    if (length <= 0 || (size_t)length == sizeof points_at) return false;
    const char *slash = strrchr(*path, '/');
    size_t folder = slash != NULL && points_at[0] != '/' ? (size_t)(slash - *path) + 1 : 0;
    char *next = memory_resize(NULL, folder + (size_t)length + 1, 1);
    memcpy(next, *path, folder);
    memcpy(next + folder, points_at, (size_t)length);
    next[folder + (size_t)length] = '\0';
    free(*path);
    *path = next;
    return true;
}

char *link_end(const char *path) {
    char *at = memory_copy(path, strlen(path));
    for (int i = 0; i < LINK_MOST && link_follow(&at); i++) {
    }
    return at;
}

char *link_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return memory_copy(".", 1);
    return slash == path ? memory_copy("/", 1) : memory_copy(path, (size_t)(slash - path));
}
