/* SPDX-License-Identifier: Apache-2.0 */
/* A segment's file: its header, how it is written so that a kill leaves the old one or the new one,
 * and how it is mapped. docs/index-file.md describes every byte. */
#ifndef MGI_MATCH_INDEX_FILE_SEGMENT_FILE_H
#define MGI_MATCH_INDEX_FILE_SEGMENT_FILE_H

#include "core/status.h"
#include "match/index/segment.h"

enum {
    MGI_SEGMENT_FILE_VERSION = 1,
    MGI_SEGMENT_FILE_ALIGNMENT = 64,
    MGI_SEGMENT_FILE_ENDIAN = 0x01020304
};

#define MGI_SEGMENT_FILE_MAGIC "mgeo\x89mgx" /* 8 bytes: not text, so that nothing converts it */

typedef struct mgi_segment_file_section {
    uint64_t offset, bytes;
    uint64_t digest; /* XXH3, 64 bits, of its bytes */
} mgi_segment_file_section;

typedef struct mgi_segment_file_header {
    char magic[8];
    uint32_t endian;
    uint32_t version;
    uint32_t terms_version;
    uint32_t section_count;
    uint64_t file_bytes;
    uint64_t documents, terms;
    mgi_segment_file_section sections[MGI_SECTIONS];
    uint64_t digest; /* of all bytes of the header before it */
} mgi_segment_file_header;

/* The next offset at which a section may begin. */
static inline uint64_t mgi_segment_file_align(uint64_t offset) {
    const uint64_t alignment = MGI_SEGMENT_FILE_ALIGNMENT;
    return (offset + alignment - 1) / alignment * alignment;
}

/* The size of one item of a section, and its name in error lines. */
uint64_t mgi_segment_file_item(mgi_section section);
const char *mgi_segment_file_section_name(mgi_section section);

/* Writes a file: under another name beside `path`, to disk, then in place of `path`.
 * Errors: MGEO_E_IO, MGEO_E_MEMORY, MGEO_E_CANCELLED. */
mgeo_status mgi_segment_file_write(const mgi_segment *segment, const char *path,
                                   mgeo_progress *progress, mgeo_error *error);

/* Maps a file and checks all of it. Errors: MGEO_E_IO, MGEO_E_FORMAT, MGEO_E_UNSUPPORTED,
 * MGEO_E_MEMORY. */
mgeo_status mgi_segment_file_open(const char *path, mgi_segment **segment, mgeo_error *error);

/* The same of `bytes` bytes in memory, aligned to 64, which stay the caller's and must outlive the
 * segment. `path` is for error lines. */
mgeo_status mgi_segment_file_read(const void *memory, size_t bytes, const char *path,
                                  mgi_segment **segment, mgeo_error *error);

#endif
