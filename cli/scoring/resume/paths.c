/* SPDX-License-Identifier: Apache-2.0 */
/* Names, makes, locks and removes the folder. */
#include "scoring/resume/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/files/link.h"
#include "common/memory.h"
#include "common/sink.h"

/* In the order in which they are removed. */
static const char *const kept[] = {"answers",      "errors",   "second", "output",
                                   "manifest.new", "manifest", "lock",   NULL};

char *paths_join(const char *folder, const char *name) {
    size_t room = strlen(folder) + strlen(name) + 2;
    char *path = memory_resize(NULL, room, 1);
    snprintf(path, room, "%s/%s", folder, name);
    return path;
}

char *paths_folder(const char *output) {
    char *place = sink_place(output), *beside = link_folder(place);
    const char *slash = strrchr(place, '/');
    char name[256];
    snprintf(name, sizeof name, ".%.200s.mgeo-resume", slash != NULL ? slash + 1 : place);
    char *folder = paths_join(beside, name);
    free(beside);
    free(place);
    return folder;
}

/* A link or another file system in its place would keep the output from being renamed. */
static bool is_ours(const char *folder, struct error *error) {
    struct stat about, around;
    char *beside = link_folder(folder);
    bool done = lstat(folder, &about) == 0 && stat(beside, &around) == 0;
    int failure = errno;
    free(beside);
    if (!done) return error_set(error, "%s: %s", folder, strerror(failure));
    if (S_ISDIR(about.st_mode) && about.st_dev == around.st_dev) return true;
    return error_set(error, "%s: is no folder of --resume; move it away", folder);
}

static bool make(const char *folder, struct error *error) {
    char *beside = link_folder(folder);
    bool made = mkdir(folder, 0700) == 0;
    int failure = errno;
    if (made) sink_sync_folder(beside);
    free(beside);
    if (made || failure == EEXIST) return true;
    return error_set(error, "%s: cannot write beside the output: %s", folder, strerror(failure));
}

/* Another run may have removed the lock between our opening and our locking: then it is not the one
 * that others see. */
static bool is_still_there(int descriptor, const char *path) {
    struct stat ours, theirs;
    return fstat(descriptor, &ours) == 0 && stat(path, &theirs) == 0 &&
           ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

/* -1 with `again`: the folder or the lock was removed meanwhile. */
static int try_lock(const char *folder, const char *path, bool *again, struct error *error) {
    *again = false;
    if (!make(folder, error) || !is_ours(folder, error)) return -1;
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        *again = errno == ENOENT;
        error_set(error, "%s: %s", path, strerror(errno));
        return -1;
    }
    bool locked = flock(descriptor, LOCK_EX | LOCK_NB) == 0;
    int failure = errno;
    if (locked && is_still_there(descriptor, path)) return descriptor;
    close(descriptor);
    *again = locked;
    if (!locked && failure == EWOULDBLOCK) {
        error_set(error, "%s: another run is writing this output; wait until it has ended", folder);
    } else if (!locked) {
        error_set(error, "%s: cannot be locked, which --resume needs: %s", path, strerror(failure));
    }
    return -1;
}

int paths_claim(const char *folder, struct error *error) {
    enum { TRIES = 100 };
    char *path = paths_join(folder, "lock");
    bool again = true;
    int descriptor = -1;
    error_set(error, "%s: others make and remove it all the time", folder);
    for (int i = 0; again && i < TRIES; i++) descriptor = try_lock(folder, path, &again, error);
    free(path);
    return descriptor;
}

void paths_tag(const char *folder, char to[PATHS_TAG]) {
    struct stat about = {0};
    if (stat(folder, &about) != 0) about.st_ino = 0;
    snprintf(to, PATHS_TAG, "%" PRIx64, (uint64_t)about.st_ino);
}

void paths_remove(const char *folder) {
    for (size_t i = 0; kept[i] != NULL; i++) {
        char *path = paths_join(folder, kept[i]);
        unlink(path);
        free(path);
    }
    rmdir(folder);
}
