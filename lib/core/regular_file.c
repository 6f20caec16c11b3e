/* SPDX-License-Identifier: Apache-2.0 */
/* Regular files that are read and never mapped: what others do to a file meanwhile ends in a
 * status.
 */
#define _GNU_SOURCE
#include "core/regular_file.h"

#include "core/alloc.h"
#include "core/pathname.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const mgi_regular_file mgi_regular_file_none = {.descriptor = -1};

/* What open, fstat and read need for themselves comes out of the same memory as ours. */
static mgeo_status fail_io(const char *path, const char *what, mgeo_error *error) {
    char reason[128];
    int code = errno;
    return mgi_fail(error, code == ENOMEM ? MGEO_E_MEMORY : MGEO_E_IO, "%s: %s: %s",
                    mgi_pathname_shown(path), what, strerror_r(code, reason, sizeof reason));
}

static int64_t nanoseconds(struct timespec time) {
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static mgi_file_identity identify(const struct stat *status) {
    return (mgi_file_identity){.device = status->st_dev,
                               .inode = status->st_ino,
                               .size = (uint64_t)status->st_size,
                               .modified = nanoseconds(status->st_mtim)};
}

/* Kernels note times by a clock that stands still for milliseconds, other machines by their own. */
static bool is_young(const mgi_file_identity *identity) {
    const int64_t second = 1000000000;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return identity->modified > nanoseconds(now) - 2 * second;
}

bool mgi_regular_file_is_absent(const char *path) {
    struct stat status;
    return lstat(path, &status) != 0 && errno == ENOENT;
}

static const char *kind_of(mode_t mode) {
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISFIFO(mode)) return "a pipe";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

static mgeo_status fail_kind(const char *path, mode_t mode, mgeo_error *error) {
    return mgi_fail(error, MGEO_E_FORMAT, "%s: not a regular file, but %s",
                    mgi_pathname_shown(path), kind_of(mode));
}

/* Why it was not opened: open's own reasons do not tell a socket, or a link to nothing. */
static mgeo_status fail_open(const char *path, mgeo_error *error) {
    struct stat status;
    int code = errno;
    if (code == ENXIO && stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        return fail_kind(path, status.st_mode, error);
    }
    if (code == ENOENT && lstat(path, &status) == 0 && S_ISLNK(status.st_mode)) {
        return mgi_fail(error, MGEO_E_IO,
                        "%s: cannot be opened: a link to a file that is not there",
                        mgi_pathname_shown(path));
    }
    errno = code;
    return fail_io(path, "cannot be opened", error);
}

static mgeo_status examine(mgi_regular_file *file, mgeo_error *error) {
    struct stat status;
    const char *path = mgi_pathname_shown(file->path);
    if (fstat(file->descriptor, &status) != 0) {
        return fail_io(file->path, "cannot be examined", error);
    }
    if (!S_ISREG(status.st_mode)) {
        return fail_kind(file->path, status.st_mode, error);
    }
    if ((uintmax_t)status.st_size > SIZE_MAX) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: too large for this machine", path);
    }
    file->identity = identify(&status);
    file->young = is_young(&file->identity);
    file->size = (size_t)status.st_size;
    return MGEO_OK;
}

mgeo_status mgi_regular_file_open(mgi_regular_file *file, const char *path, mgeo_error *error) {
    *file = mgi_regular_file_none;
    file->path = path;
    /* O_NONBLOCK: a pipe at the path must not make us wait. */
    file->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file->descriptor < 0) return fail_open(path, error);
    mgeo_status status = examine(file, error);
    if (status != MGEO_OK) mgi_regular_file_close(file);
    return status;
}

void mgi_regular_file_close(mgi_regular_file *file) {
    if (file->descriptor >= 0) close(file->descriptor);
    *file = mgi_regular_file_none;
}

static mgeo_status fail_short(const mgi_regular_file *file, mgeo_error *error) {
    return mgi_fail(error, MGEO_E_IO,
                    "%s: it became shorter while it was read: replace model directories by "
                    "renaming, never in place",
                    mgi_pathname_shown(file->path));
}

mgeo_status mgi_regular_file_read(const mgi_regular_file *file, uint64_t offset, size_t bytes,
                                  void *to, mgeo_error *error) {
    unsigned char *at = to;
    if (offset > file->size || bytes > file->size - offset) return fail_short(file, error);
    if (file->memory != NULL) {
        memcpy(to, file->memory + offset, bytes);
        return MGEO_OK;
    }
    while (bytes > 0) {
        ssize_t got = pread(file->descriptor, at, bytes, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_io(file->path, "cannot be read", error);
        if (got == 0) return fail_short(file, error);
        at += got;
        offset += (uint64_t)got;
        bytes -= (size_t)got;
    }
    return MGEO_OK;
}

static bool is_same(const mgi_file_identity *a, const mgi_file_identity *b) {
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified == b->modified;
}

mgeo_status mgi_regular_file_check(const mgi_regular_file *file, mgeo_error *error) {
    struct stat status;
    if (file->descriptor < 0) return MGEO_OK;
    if (fstat(file->descriptor, &status) != 0) {
        return fail_io(file->path, "cannot be examined", error);
    }
    mgi_file_identity now = identify(&status);
    if (is_same(&now, &file->identity)) return MGEO_OK;
    return mgi_fail(error, MGEO_E_IO,
                    "%s: it was changed while it was read: replace model directories by renaming, "
                    "never in place",
                    mgi_pathname_shown(file->path));
}

mgeo_status mgi_regular_file_load(const char *path, size_t most, void **bytes, size_t *size,
                                  mgeo_error *error) {
    mgi_regular_file file;
    *bytes = NULL;
    mgeo_status status = mgi_regular_file_open(&file, path, error);
    if (status != MGEO_OK) return status;
    if (file.size > most) {
        status = mgi_fail(error, MGEO_E_FORMAT, "%s: %zu bytes; at most %zu are read",
                          mgi_pathname_shown(path), file.size, most);
    } else if ((*bytes = mgi_calloc(file.size, 1)) == NULL) {
        status = mgi_fail_memory(error, mgi_pathname_shown(path), file.size);
    } else {
        *size = file.size;
        status = mgi_regular_file_read(&file, 0, file.size, *bytes, error);
    }
    if (status == MGEO_OK) status = mgi_regular_file_check(&file, error);
    mgi_regular_file_close(&file);
    if (status == MGEO_OK) return MGEO_OK;
    mgi_free(*bytes);
    *bytes = NULL;
    return status;
}
