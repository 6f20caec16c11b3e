/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the directory of a zip archive whose entries are stored as they are. */
#ifndef MGI_MODEL_FORMATS_ZIP_H
#define MGI_MODEL_FORMATS_ZIP_H

#include "core/status.h"

#include <stddef.h>
#include <stdint.h>

enum { MGI_ZIP_MAX_ENTRIES = 1 << 17, MGI_ZIP_MAX_NAME = 512 };

typedef struct mgi_zip_entry {
    const char *name; /* in the archive, without a NUL */
    size_t name_bytes;
    const unsigned char *data; /* bytes that lie wholly in the archive */
    size_t bytes;
    size_t begin, end; /* from the local header to the end of data */
} mgi_zip_entry;

typedef struct mgi_zip {
    const char *file;       /* for error lines; borrowed */
    mgi_zip_entry *entries; /* sorted by name */
    size_t count;
} mgi_zip;

/* Reads the directory of an archive in memory, which must outlive the zip. zip64 is understood.
 * Refused: compression, encryption, several disks, an entry twice, overlaps, and a local header
 * that contradicts the directory. On failure the zip is empty.
 * Errors: MGEO_E_FORMAT, MGEO_E_UNSUPPORTED, MGEO_E_MEMORY. */
mgeo_status mgi_zip_open(mgi_zip *zip, const unsigned char *data, size_t size, const char *file,
                         mgeo_error *error);
void mgi_zip_close(mgi_zip *zip);

/* The entry of that name, or NULL. */
const mgi_zip_entry *mgi_zip_find(const mgi_zip *zip, const char *name, size_t name_bytes);

#endif
