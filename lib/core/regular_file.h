/* SPDX-License-Identifier: Apache-2.0 */
/* Read-only files mapped into memory. */
#ifndef MGI_CORE_MAPFILE_H
#define MGI_CORE_MAPFILE_H

#include "core/status.h"

#include <stddef.h>

typedef struct mgi_mapfile {
    const unsigned char *data; /* NULL for an empty file */
    size_t size;
} mgi_mapfile;

/* Maps a regular file read-only and private. On failure *file is empty and may be closed. A file
 * that is cut short by another process while mapped raises SIGBUS in the thread that reads it:
 * replace model directories by renaming, never in place (docs/model-directories.md says so).
 * Errors: MGEO_E_IO (names the path and the reason), MGEO_E_FORMAT (not a regular file). */
mgeo_status mgi_mapfile_open(mgi_mapfile *file, const char *path, mgeo_error *error);
void mgi_mapfile_close(mgi_mapfile *file);

/* Lets the pages of a range of a mapped file go from resident memory; they come back from the file
 * when read. Only for memory of mgi_mapfile_open: other memory would lose its contents. */
void mgi_mapfile_release(const void *from, size_t bytes);

#endif
