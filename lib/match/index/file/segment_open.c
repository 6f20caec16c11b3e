/* SPDX-License-Identifier: Apache-2.0 */
/* Maps a segment's file: the header is checked here, the sections in segment_check.c. */
#define _GNU_SOURCE
#include "core/bytes/foreign_bytes.h"
#include "core/pathname.h"
#include "core/regular_file.h"
#include "match/index/file/segment_check.h"
#include "match/index/file/segment_file.h"

#define XXH_INLINE_ALL
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <xxhash.h>

static const struct {
    const char *name;
    uint64_t item;
} kinds[MGI_SECTIONS] = {
    [MGI_SECTION_TERMS] = {"terms", sizeof(mgi_segment_term)},
    [MGI_SECTION_TERM_BUCKETS] = {"term buckets", sizeof(uint32_t)},
    [MGI_SECTION_GROUPS] = {"groups", sizeof(uint32_t)},
    [MGI_SECTION_POSTINGS] = {"postings", sizeof(uint32_t)},
    [MGI_SECTION_DOCUMENTS] = {"documents", sizeof(mgi_segment_document)},
    [MGI_SECTION_FORWARD] = {"forward index", sizeof(uint32_t)},
    [MGI_SECTION_FORM_BUCKETS] = {"form buckets", sizeof(uint32_t)},
    [MGI_SECTION_FORMS] = {"forms", sizeof(uint32_t)},
    [MGI_SECTION_ID_BUCKETS] = {"id buckets", sizeof(uint32_t)},
    [MGI_SECTION_IDS] = {"ids", sizeof(uint32_t)},
    [MGI_SECTION_ROWS] = {"rows", sizeof(uint32_t)},
    [MGI_SECTION_ROW_ORDER] = {"row order", sizeof(uint32_t)},
    [MGI_SECTION_RECORDS] = {"records", 1},
};

uint64_t mgi_segment_file_item(mgi_section section) { return kinds[section].item; }

const char *mgi_segment_file_section_name(mgi_section section) { return kinds[section].name; }

/* ---- the header ------------------------------------------------------------------------------ */

static mgeo_status check_magic(const void *memory, size_t bytes, const char *path,
                               mgeo_error *error) {
    const char *foreign = mgi_foreign_bytes_name(
        memory, bytes < MGI_FOREIGN_BYTES_LOOK ? bytes : MGI_FOREIGN_BYTES_LOOK, false);
    const char *magic = MGI_SEGMENT_FILE_MAGIC;
    const size_t look = strlen(magic);
    if (foreign != NULL) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: %s", path, foreign);
    }
    if (bytes < look || memcmp(memory, magic, look) != 0) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: not an index of mgeo_index_save", path);
    }
    return MGEO_OK;
}

static mgeo_status check_version(const mgi_segment_file_header *header, const char *path,
                                 mgeo_error *error) {
    if (header->endian == __builtin_bswap32(MGI_SEGMENT_FILE_ENDIAN)) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "%s: written on a machine of the other byte order: build it anew here",
                        path);
    }
    if (header->endian != MGI_SEGMENT_FILE_ENDIAN) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: damaged: its mark of byte order is 0x%08x", path,
                        header->endian);
    }
    if (XXH3_64bits(header, offsetof(mgi_segment_file_header, digest)) != header->digest &&
        header->version == MGI_SEGMENT_FILE_VERSION) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: damaged: its header's checksum does not hold",
                        path);
    }
    if (header->version != MGI_SEGMENT_FILE_VERSION) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "%s: an index of version %u; this libmgeo reads version %d: build it anew",
                        path, header->version, MGI_SEGMENT_FILE_VERSION);
    }
    if (header->terms_version != MGI_TERMS_VERSION) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "%s: its terms were made by rules of version %u; this libmgeo has version "
                        "%d: build it anew",
                        path, header->terms_version, MGI_TERMS_VERSION);
    }
    return MGEO_OK;
}

static bool is_zero(const char *from, const char *to) {
    while (from < to && *from == '\0') from++;
    return from == to;
}

/* Sections follow each other as they are numbered, and what is between them is 0. */
static mgeo_status check_sections(const mgi_segment_file_header *header, size_t bytes,
                                  const char *path, mgeo_error *error) {
    const char *file = (const char *)header;
    uint64_t at = sizeof *header;
    if (header->section_count != MGI_SECTIONS) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: %u sections instead of %d", path,
                        header->section_count, MGI_SECTIONS);
    }
    for (int i = 0; i < MGI_SECTIONS; i++) {
        const mgi_segment_file_section *section = &header->sections[i];
        if (section->offset != mgi_segment_file_align(at) || section->offset > bytes ||
            section->bytes > bytes - section->offset || section->bytes % kinds[i].item != 0) {
            return mgi_fail(error, MGEO_E_FORMAT,
                            "%s: its %s are said to be %" PRIu64 " bytes at %" PRIu64
                            ", where they cannot be",
                            path, kinds[i].name, section->bytes, section->offset);
        }
        if (!is_zero(file + at, file + section->offset)) break;
        at = section->offset + section->bytes;
        if (i + 1 == MGI_SECTIONS && mgi_segment_file_align(at) == bytes &&
            is_zero(file + at, file + bytes)) {
            return MGEO_OK;
        }
    }
    return mgi_fail(error, MGEO_E_FORMAT, "%s: damaged: something stands between its sections",
                    path);
}

static mgeo_status check_header(const mgi_segment_file_header *header, size_t bytes,
                                const char *path, mgeo_error *error) {
    mgeo_status status = check_magic(header, bytes, path, error);
    if (status != MGEO_OK) return status;
    if (bytes < sizeof *header) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: cut: %zu bytes are not even its header", path,
                        bytes);
    }
    status = check_version(header, path, error);
    if (status != MGEO_OK) return status;
    if (header->file_bytes != bytes) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: %s: %zu bytes, and its header says %" PRIu64,
                        path, bytes < header->file_bytes ? "cut" : "something was added", bytes,
                        header->file_bytes);
    }
    return check_sections(header, bytes, path, error);
}

static mgeo_status check_digests(const mgi_segment_file_header *header, const char *path,
                                 mgeo_error *error) {
    for (int i = 0; i < MGI_SECTIONS; i++) {
        const mgi_segment_file_section *section = &header->sections[i];
        if (XXH3_64bits((const char *)header + section->offset, section->bytes) ==
            section->digest) {
            continue;
        }
        return mgi_fail(error, MGEO_E_FORMAT, "%s: damaged: the checksum of its %s does not hold",
                        path, kinds[i].name);
    }
    return MGEO_OK;
}

/* ---- the file -------------------------------------------------------------------------------- */

mgeo_status mgi_segment_file_read(const void *memory, size_t bytes, const char *path,
                                  mgi_segment **segment, mgeo_error *error) {
    const mgi_segment_file_header *header = memory;
    *segment = NULL;
    mgeo_status status = check_header(header, bytes, path, error);
    if (status == MGEO_OK) status = check_digests(header, path, error);
    if (status != MGEO_OK) return status;
    mgi_segment *made = mgi_segment_create();
    if (made == NULL) return mgi_fail_memory(error, "an index", sizeof *made);
    made->borrowed = true;
    made->documents = header->documents;
    made->terms = header->terms;
    for (int i = 0; i < MGI_SECTIONS; i++) {
        made->sections[i] = (char *)(uintptr_t)memory + header->sections[i].offset;
        made->bytes[i] = header->sections[i].bytes;
    }
    status = mgi_segment_check(made, path, error);
    if (status == MGEO_OK) {
        *segment = made;
    } else {
        mgi_segment_release(made);
    }
    return status;
}

static mgeo_status map(const mgi_regular_file *file, void **memory, mgeo_error *error) {
    char reason[128];
    if (file->size == 0) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: empty", mgi_pathname_shown(file->path));
    }
    *memory = mmap(NULL, file->size, PROT_READ, MAP_SHARED, file->descriptor, 0);
    if (*memory != MAP_FAILED) return MGEO_OK;
    const int code = errno;
    return mgi_fail(error, code == ENOMEM ? MGEO_E_MEMORY : MGEO_E_IO, "%s: cannot be mapped: %s",
                    mgi_pathname_shown(file->path), strerror_r(code, reason, sizeof reason));
}

mgeo_status mgi_segment_file_open(const char *path, mgi_segment **segment, mgeo_error *error) {
    mgi_regular_file file;
    void *memory = NULL;
    *segment = NULL;
    mgeo_status status = mgi_regular_file_open(&file, path, error);
    if (status != MGEO_OK) return status;
    const size_t bytes = file.size;
    status = map(&file, &memory, error);
    mgi_regular_file_close(&file);
    if (status != MGEO_OK) return status;
    status = mgi_segment_file_read(memory, bytes, mgi_pathname_shown(path), segment, error);
    if (status == MGEO_OK) {
        (*segment)->mapping = memory;
        (*segment)->mapped = bytes;
    } else {
        munmap(memory, bytes);
    }
    return status;
}
