/* SPDX-License-Identifier: Apache-2.0 */
/* Regular files that are read and never mapped: what others do to a file meanwhile ends in a
 * status.
 *
 * A mapped file that is cut short raises SIGBUS in whoever reads beyond its new end, and a library
 * has no business with the host's signals. A read that comes back short is a status. */
#ifndef MGI_CORE_REGULAR_FILE_H
#define MGI_CORE_REGULAR_FILE_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What tells a file from another one, and from itself after a change. */
typedef struct mgi_file_identity {
    uint64_t device, inode, size;
    int64_t modified; /* nanoseconds */
} mgi_file_identity;

typedef struct mgi_regular_file {
    const char *path; /* for error lines, borrowed */
    size_t size;
    const unsigned char *memory; /* tests: the bytes, in place of a file */
    int descriptor;              /* -1: none */
    mgi_file_identity identity;  /* when it was opened */
    bool young; /* it was changed so shortly before that the next change may bear the same time */
} mgi_regular_file;

/* Is there nothing of that name, not even a link? Whoever may do without a file asks this and
 * nothing else: what is there and cannot be read, or cannot even be looked at, is not absent, and
 * mgi_regular_file_open tells why. */
bool mgi_regular_file_is_absent(const char *path);

/* Opens a file for reading, which never waits; `path` is kept. On failure *file is closed.
 * Errors: MGEO_E_IO (names the path and the reason), MGEO_E_FORMAT (not a regular file, but which
 * kind). */
mgeo_status mgi_regular_file_open(mgi_regular_file *file, const char *path, mgeo_error *error);
/* A second time, or of what mgi_regular_file_none is, it does nothing. */
void mgi_regular_file_close(mgi_regular_file *file);

extern const mgi_regular_file mgi_regular_file_none;

/* Reads `bytes` bytes from `offset` on, all of them. Any number of threads at once.
 * Errors: MGEO_E_IO (the reason, or that the file has become shorter). */
mgeo_status mgi_regular_file_read(const mgi_regular_file *file, uint64_t offset, size_t bytes,
                                  void *to, mgeo_error *error);

/* Is the file what it was when it was opened, by its size and the time of its last change? It may
 * have been renamed or unlinked meanwhile. Of a young file it tells little.
 * Errors: MGEO_E_IO (it is not). */
mgeo_status mgi_regular_file_check(const mgi_regular_file *file, mgeo_error *error);

/* Reads a whole file of at most `most` bytes into memory that the caller frees with mgi_free; the
 * memory of an empty file is not NULL. Errors: as above, MGEO_E_FORMAT (larger), MGEO_E_MEMORY. */
mgeo_status mgi_regular_file_load(const char *path, size_t most, void **bytes, size_t *size,
                                  mgeo_error *error);

#endif
