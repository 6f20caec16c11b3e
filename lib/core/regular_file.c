/* SPDX-License-Identifier: Apache-2.0 */
/* Read-only files mapped into memory. */
#define _GNU_SOURCE
#include "core/mapfile.h"

#include "core/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static mgeo_status map_descriptor(mgi_mapfile *file, int descriptor, const char *path,
                                  mgeo_error *error) {
    struct stat status;
    char reason[128];
    if (fstat(descriptor, &status) != 0) {
        return mgi_fail(error, MGEO_E_IO, "%s: cannot be examined: %s", path,
                        strerror_r(errno, reason, sizeof reason));
    }
    if (!S_ISREG(status.st_mode)) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: not a regular file", path);
    }
    if (status.st_size == 0) return MGEO_OK;
    if ((uintmax_t)status.st_size > SIZE_MAX) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: too large for this machine", path);
    }
    void *data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (data == MAP_FAILED) {
        return mgi_fail(error, MGEO_E_IO, "%s: cannot be mapped: %s", path,
                        strerror_r(errno, reason, sizeof reason));
    }
    file->data = data;
    file->size = (size_t)status.st_size;
    return MGEO_OK;
}

mgeo_status mgi_mapfile_open(mgi_mapfile *file, const char *path, mgeo_error *error) {
    *file = (mgi_mapfile){0};
    char reason[128];
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        return mgi_fail(error, MGEO_E_IO, "%s: cannot be opened: %s", path,
                        strerror_r(errno, reason, sizeof reason));
    }
    mgeo_status status = map_descriptor(file, descriptor, path, error);
    close(descriptor);
    return status;
}

void mgi_mapfile_close(mgi_mapfile *file) {
    if (file->data != NULL) munmap((void *)(uintptr_t)file->data, file->size);
    *file = (mgi_mapfile){0};
}

void mgi_mapfile_release(const void *from, size_t bytes) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = ((uintptr_t)from + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)from + bytes) / page * page;
    if (end > start) madvise((void *)start, end - start, MADV_DONTNEED);
}
