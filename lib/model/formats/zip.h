/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the directory of a zip archive whose entries are stored as they are. */
#ifndef MGI_MODEL_FORMATS_ZIP_H
#define MGI_MODEL_FORMATS_ZIP_H

#include "core/regular_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MGI_ZIP_MAX_ENTRIES = 1 << 17, MGI_ZIP_MAX_NAME = 512, MGI_ZIP_MAX_DIRECTORY = 64 << 20 };

typedef struct mgi_zip_entry {
    const char *name; /* owned by the zip, without a NUL */
    size_t name_bytes;
    uint64_t offset; /* of its bytes, which lie wholly in the archive */
    size_t bytes;
    uint64_t begin; /* of the local header */
    bool described; /* a descriptor follows its bytes */
} mgi_zip_entry;

typedef struct mgi_zip {
    const mgi_regular_file *file; /* borrowed */
    unsigned char *directory;
    mgi_zip_entry *entries; /* sorted by name */
    size_t count;
} mgi_zip;

/* Reads the directory of an archive, which must outlive the zip. zip64 is understood.
 * Refused: compression, encryption, several disks, an entry twice, overlaps, bytes that belong to
 * no entry (a second archive), and a local header that contradicts the directory. On failure the
 * zip is empty. Errors: MGEO_E_FORMAT, MGEO_E_UNSUPPORTED, MGEO_E_MEMORY, MGEO_E_IO. */
mgeo_status mgi_zip_open(mgi_zip *zip, const mgi_regular_file *file, mgeo_error *error);
void mgi_zip_close(mgi_zip *zip);

/* The entry of that name, or NULL. */
const mgi_zip_entry *mgi_zip_find(const mgi_zip *zip, const char *name, size_t name_bytes);

#endif
