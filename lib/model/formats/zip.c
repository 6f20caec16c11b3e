/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the directory of a zip archive whose entries are stored as they are. */
#include "model/formats/zip.h"

#include "core/alloc.h"
#include "core/pathname.h"
#include "model/formats/little_endian.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOCAL_SIZE = 30,
    CENTRAL_SIZE = 46,
    END_SIZE = 22,
    END64_SIZE = 56,
    LOCATOR_SIZE = 20,
    COMMENT_LIMIT = 65535,
    FLAG_ENCRYPTED = 1,
    FLAG_SIZES_LATER = 8, /* the local header's sizes are 0 and follow the data */
    DESCRIPTOR_MOST = 24, /* what follows then: a mark, a checksum and two sizes of 8 bytes */
    EXTRA_ZIP64 = 1
};

typedef struct zip_reader {
    const mgi_regular_file *file;
    uint64_t directory_begin, directory_size, entries;
    uint64_t ends_at; /* the first record behind the directory */
    unsigned char *directory;
} zip_reader;

/* One record of the directory, as it stands in the archive. */
typedef struct directory_record {
    const unsigned char *name;
    size_t name_bytes;
    uint32_t flags, method;
    uint64_t packed, size, offset;
} directory_record;

static mgeo_status bad_zip(const zip_reader *zip, const char *reason, mgeo_error *error) {
    return mgi_fail(error, MGEO_E_FORMAT, "%s: zip: %s", mgi_pathname_shown(zip->file->path),
                    reason);
}

/* Names come from the archive: keep what an error line can hold. */
static void show_name(char shown[65], const unsigned char *name, size_t bytes) {
    size_t length = bytes < 64 ? bytes : 64;
    for (size_t i = 0; i < length; i++) {
        shown[i] = name[i] >= 0x20 && name[i] < 0x7F ? (char)name[i] : '?';
    }
    shown[length] = '\0';
}

static mgeo_status bad_entry(const zip_reader *zip, const directory_record *record,
                             mgeo_status status, const char *reason, mgeo_error *error) {
    char name[65];
    show_name(name, record->name, record->name_bytes);
    return mgi_fail(error, status, "%s: zip entry %s: %s", mgi_pathname_shown(zip->file->path),
                    name, reason);
}

/* Where the end record is in the archive's last bytes, which begin at `from` in the file. */
static bool find_end(const unsigned char *tail, size_t size, size_t *at) {
    static const unsigned char mark[4] = {'P', 'K', 5, 6};
    for (size_t i = size - END_SIZE + 1; i-- > 0;) {
        size_t comment = size - END_SIZE - i;
        if (comment > COMMENT_LIMIT) return false;
        if (memcmp(tail + i, mark, 4) == 0 && mgi_little_endian_u16(tail + i + 20) == comment) {
            *at = i;
            return true;
        }
    }
    return false;
}

/* Reads the zip64 record that the locator before `end` names. */
static mgeo_status read_end64(zip_reader *zip, const unsigned char *locator, uint64_t end,
                              mgeo_error *error) {
    static const unsigned char mark[4] = {'P', 'K', 6, 6};
    unsigned char record[END64_SIZE];
    uint64_t at = mgi_little_endian_u64(locator + 8);
    if (mgi_little_endian_u32(locator + 4) != 0 || mgi_little_endian_u32(locator + 16) > 1) {
        return bad_zip(zip, "several disks", error);
    }
    if (at > end - LOCATOR_SIZE || end - LOCATOR_SIZE - at < END64_SIZE) {
        return bad_zip(zip, "zip64 locator: points outside the file", error);
    }
    mgeo_status status = mgi_regular_file_read(zip->file, at, sizeof record, record, error);
    if (status != MGEO_OK) return status;
    if (memcmp(record, mark, 4) != 0) {
        return bad_zip(zip, "zip64 locator: points at no zip64 record", error);
    }
    if (mgi_little_endian_u32(record + 16) != 0 || mgi_little_endian_u32(record + 20) != 0 ||
        mgi_little_endian_u64(record + 24) != mgi_little_endian_u64(record + 32)) {
        return bad_zip(zip, "several disks", error);
    }
    zip->ends_at = at;
    zip->entries = mgi_little_endian_u64(record + 32);
    zip->directory_size = mgi_little_endian_u64(record + 40);
    zip->directory_begin = mgi_little_endian_u64(record + 48);
    return MGEO_OK;
}

/* Where a zip64 record is there but not needed, it must agree with the end record. */
static bool ends_agree(const zip_reader *zip, const unsigned char *end) {
    uint32_t entries = mgi_little_endian_u16(end + 10);
    uint32_t size = mgi_little_endian_u32(end + 12);
    uint32_t begin = mgi_little_endian_u32(end + 16);
    return (entries == UINT16_MAX || entries == zip->entries) &&
           (size == UINT32_MAX || size == zip->directory_size) &&
           (begin == UINT32_MAX || begin == zip->directory_begin);
}

/* The end record is at `end` of the file, its bytes and those before it in `tail` at `at`. */
static mgeo_status read_end_at(zip_reader *zip, const unsigned char *tail, size_t at, uint64_t end,
                               mgeo_error *error) {
    static const unsigned char mark[4] = {'P', 'K', 6, 7};
    const unsigned char *record = tail + at;
    uint64_t limit = end;
    if (mgi_little_endian_u16(record + 4) != 0 || mgi_little_endian_u16(record + 6) != 0 ||
        mgi_little_endian_u16(record + 8) != mgi_little_endian_u16(record + 10)) {
        return bad_zip(zip, "several disks", error);
    }
    zip->ends_at = end;
    zip->entries = mgi_little_endian_u16(record + 10);
    zip->directory_size = mgi_little_endian_u32(record + 12);
    zip->directory_begin = mgi_little_endian_u32(record + 16);
    if (at >= LOCATOR_SIZE && memcmp(record - LOCATOR_SIZE, mark, 4) == 0) {
        mgeo_status status = read_end64(zip, record - LOCATOR_SIZE, end, error);
        if (status != MGEO_OK) return status;
        if (!ends_agree(zip, record)) {
            return bad_zip(zip, "zip64 record contradicts the end record", error);
        }
        limit = end - LOCATOR_SIZE;
    }
    if (zip->directory_begin > limit || zip->directory_size > limit - zip->directory_begin) {
        return bad_zip(zip, "directory: runs past its end record", error);
    }
    if (zip->directory_begin + zip->directory_size != zip->ends_at) {
        return bad_zip(zip, "bytes between the directory and its end record", error);
    }
    if (zip->entries > MGI_ZIP_MAX_ENTRIES || zip->entries > zip->directory_size / CENTRAL_SIZE) {
        return bad_zip(zip, "directory: more entries than it can hold", error);
    }
    return MGEO_OK;
}

static mgeo_status read_end(zip_reader *zip, mgeo_error *error) {
    const size_t most = LOCATOR_SIZE + END_SIZE + COMMENT_LIMIT;
    const size_t size = zip->file->size < most ? zip->file->size : most;
    const uint64_t from = zip->file->size - size;
    size_t at = 0;
    unsigned char *tail = mgi_calloc(size, 1);
    if (tail == NULL) return mgi_fail_memory(error, "the end of a zip archive", size);
    mgeo_status status = mgi_regular_file_read(zip->file, from, size, tail, error);
    if (status == MGEO_OK && (size < END_SIZE || !find_end(tail, size, &at))) {
        status = bad_zip(zip, "no end record: cut short, or not a zip archive", error);
    }
    if (status == MGEO_OK) status = read_end_at(zip, tail, at, from + at, error);
    mgi_free(tail);
    return status;
}

static mgeo_status read_directory(zip_reader *zip, mgeo_error *error) {
    size_t size = (size_t)zip->directory_size;
    if (size > MGI_ZIP_MAX_DIRECTORY) return bad_zip(zip, "directory: too large", error);
    zip->directory = mgi_calloc(size, 1);
    if (zip->directory == NULL) return mgi_fail_memory(error, "a zip directory", size);
    return mgi_regular_file_read(zip->file, zip->directory_begin, size, zip->directory, error);
}

/* Replaces a 32-bit value that refers to the zip64 field by the field's next 64-bit one. */
static bool widen_from_zip64(uint64_t *value, const unsigned char **field, size_t *left) {
    if (*value != UINT32_MAX) return true;
    if (*left < 8) return false;
    *value = mgi_little_endian_u64(*field);
    *field += 8;
    *left -= 8;
    return true;
}

static bool read_extra(directory_record *record, const unsigned char *extra, size_t bytes) {
    while (bytes >= 4) {
        uint32_t id = mgi_little_endian_u16(extra);
        size_t length = mgi_little_endian_u16(extra + 2);
        extra += 4;
        bytes -= 4;
        if (length > bytes) return false;
        if (id == EXTRA_ZIP64) {
            return widen_from_zip64(&record->size, &extra, &length) &&
                   widen_from_zip64(&record->packed, &extra, &length) &&
                   widen_from_zip64(&record->offset, &extra, &length);
        }
        extra += length;
        bytes -= length;
    }
    return record->size != UINT32_MAX && record->packed != UINT32_MAX &&
           record->offset != UINT32_MAX;
}

/* Reads the record at *at of the directory and moves *at behind it. */
static mgeo_status read_record(const zip_reader *zip, size_t *at, directory_record *record,
                               mgeo_error *error) {
    static const unsigned char mark[4] = {'P', 'K', 1, 2};
    size_t left = (size_t)zip->directory_size - *at;
    const unsigned char *p = zip->directory + *at;
    if (left < CENTRAL_SIZE || memcmp(p, mark, 4) != 0) {
        return bad_zip(zip, "directory: an entry is not where it should be", error);
    }
    size_t name = mgi_little_endian_u16(p + 28);
    size_t extra = mgi_little_endian_u16(p + 30);
    size_t whole = CENTRAL_SIZE + name + extra + mgi_little_endian_u16(p + 32);
    if (whole > left) return bad_zip(zip, "directory: an entry runs past its end", error);
    *record = (directory_record){.name = p + CENTRAL_SIZE,
                                 .name_bytes = name,
                                 .flags = mgi_little_endian_u16(p + 8),
                                 .method = mgi_little_endian_u16(p + 10),
                                 .packed = mgi_little_endian_u32(p + 20),
                                 .size = mgi_little_endian_u32(p + 24),
                                 .offset = mgi_little_endian_u32(p + 42)};
    *at += whole;
    if (name == 0 || name > MGI_ZIP_MAX_NAME) {
        return bad_entry(zip, record, MGEO_E_FORMAT, "the name's length", error);
    }
    if (!read_extra(record, p + CENTRAL_SIZE + name, extra)) {
        return bad_entry(zip, record, MGEO_E_FORMAT, "zip64 field: cut short or missing", error);
    }
    return MGEO_OK;
}

static mgeo_status check_record(const zip_reader *zip, const directory_record *record,
                                mgeo_error *error) {
    if (record->flags & FLAG_ENCRYPTED) {
        return bad_entry(zip, record, MGEO_E_UNSUPPORTED, "encrypted", error);
    }
    if (record->method != 0) {
        return bad_entry(zip, record, MGEO_E_UNSUPPORTED,
                         "compressed; torch.save stores entries as they are", error);
    }
    if (record->packed != record->size) {
        return bad_entry(zip, record, MGEO_E_FORMAT, "two sizes for a stored entry", error);
    }
    if (record->offset > zip->directory_begin ||
        zip->directory_begin - record->offset < LOCAL_SIZE) {
        return bad_entry(zip, record, MGEO_E_FORMAT, "local header: outside the file", error);
    }
    return MGEO_OK;
}

/* The local header's sizes: the directory's, or left out, or in a zip64 field of its own. */
static bool local_sizes_agree(const unsigned char *local, const directory_record *record,
                              const unsigned char *extra, size_t extra_bytes) {
    directory_record said = {.packed = mgi_little_endian_u32(local + 18),
                             .size = mgi_little_endian_u32(local + 22)};
    if ((mgi_little_endian_u16(local + 6) & FLAG_SIZES_LATER) && said.packed == 0 &&
        said.size == 0) {
        return true;
    }
    return read_extra(&said, extra, extra_bytes) && said.packed == record->packed &&
           said.size == record->size;
}

static bool local_agrees(const unsigned char *local, const directory_record *record) {
    size_t name = mgi_little_endian_u16(local + 26);
    size_t extra = mgi_little_endian_u16(local + 28);
    return name == record->name_bytes && memcmp(local + LOCAL_SIZE, record->name, name) == 0 &&
           mgi_little_endian_u16(local + 8) == record->method &&
           (mgi_little_endian_u16(local + 6) & FLAG_ENCRYPTED) == 0 &&
           local_sizes_agree(local, record, local + LOCAL_SIZE + name, extra);
}

/* `local` has room for the longest local header. */
static mgeo_status place_entry(const zip_reader *zip, const directory_record *record,
                               unsigned char *local, mgi_zip_entry *entry, mgeo_error *error) {
    static const unsigned char mark[4] = {'P', 'K', 3, 4};
    uint64_t left = zip->directory_begin - record->offset;
    mgeo_status status = mgi_regular_file_read(zip->file, record->offset, LOCAL_SIZE, local, error);
    if (status != MGEO_OK) return status;
    if (memcmp(local, mark, 4) != 0) {
        return bad_entry(zip, record, MGEO_E_FORMAT, "local header: not there", error);
    }
    size_t more = (size_t)mgi_little_endian_u16(local + 26) + mgi_little_endian_u16(local + 28);
    size_t header = LOCAL_SIZE + more;
    if (header > left || record->size > left - header) {
        return bad_entry(zip, record, MGEO_E_FORMAT, "runs into the directory", error);
    }
    status = mgi_regular_file_read(zip->file, record->offset + LOCAL_SIZE, more, local + LOCAL_SIZE,
                                   error);
    if (status != MGEO_OK) return status;
    if (!local_agrees(local, record)) {
        return bad_entry(zip, record, MGEO_E_FORMAT, "local header contradicts the directory",
                         error);
    }
    *entry = (mgi_zip_entry){.name = (const char *)record->name,
                             .name_bytes = record->name_bytes,
                             .offset = record->offset + header,
                             .bytes = (size_t)record->size,
                             .begin = record->offset,
                             .described = (record->flags & FLAG_SIZES_LATER) != 0};
    return MGEO_OK;
}

static int compare_begins(const void *left, const void *right) {
    uint64_t a = ((const mgi_zip_entry *)left)->begin;
    uint64_t b = ((const mgi_zip_entry *)right)->begin;
    return a < b ? -1 : a > b;
}

static int compare_entries(const void *left, const void *right) {
    const mgi_zip_entry *a = left;
    const mgi_zip_entry *b = right;
    size_t shorter = a->name_bytes < b->name_bytes ? a->name_bytes : b->name_bytes;
    int order = memcmp(a->name, b->name, shorter);
    if (order != 0) return order;
    return a->name_bytes < b->name_bytes ? -1 : a->name_bytes > b->name_bytes;
}

static mgeo_status refuse_pair(const zip_reader *archive, const mgi_zip_entry *entry,
                               const char *reason, mgeo_error *error) {
    const directory_record record = {.name = (const unsigned char *)entry->name,
                                     .name_bytes = entry->name_bytes};
    return bad_entry(archive, &record, MGEO_E_FORMAT, reason, error);
}

/* Entries, sorted by place, follow each other from the first byte up to the directory. Whatever
 * else there were could be a second archive, of which another program might read what is read here
 * of the first. */
static mgeo_status check_cover(const zip_reader *archive, const mgi_zip *zip, mgeo_error *error) {
    uint64_t covered = 0, most = 0;
    for (size_t i = 0; i < zip->count; i++) {
        const mgi_zip_entry *entry = &zip->entries[i];
        if (entry->begin < covered) return refuse_pair(archive, entry, "overlaps another", error);
        if (entry->begin > most) {
            return refuse_pair(archive, entry, "bytes before it belong to no entry", error);
        }
        covered = entry->offset + entry->bytes;
        most = covered + (entry->described ? DESCRIPTOR_MOST : 0);
    }
    if (archive->directory_begin <= most) return MGEO_OK;
    return bad_zip(archive, "bytes before the directory belong to no entry", error);
}

/* Sorts the entries by name, once no two share bytes or a name. */
static mgeo_status order_entries(const zip_reader *archive, mgi_zip *zip, mgeo_error *error) {
    qsort(zip->entries, zip->count, sizeof *zip->entries, compare_begins);
    mgeo_status status = check_cover(archive, zip, error);
    if (status != MGEO_OK) return status;
    qsort(zip->entries, zip->count, sizeof *zip->entries, compare_entries);
    for (size_t i = 1; i < zip->count; i++) {
        if (compare_entries(&zip->entries[i - 1], &zip->entries[i]) == 0) {
            return refuse_pair(archive, &zip->entries[i], "there twice", error);
        }
    }
    return MGEO_OK;
}

static mgeo_status read_entries(const zip_reader *archive, mgi_zip *zip, unsigned char *local,
                                mgeo_error *error) {
    size_t at = 0;
    for (; zip->count < archive->entries; zip->count++) {
        directory_record record;
        mgeo_status status = read_record(archive, &at, &record, error);
        if (status == MGEO_OK) status = check_record(archive, &record, error);
        if (status == MGEO_OK) {
            status = place_entry(archive, &record, local, &zip->entries[zip->count], error);
        }
        if (status != MGEO_OK) return status;
    }
    if (at != archive->directory_size) {
        return bad_zip(archive, "directory: bytes after its last entry", error);
    }
    return order_entries(archive, zip, error);
}

static mgeo_status fill(zip_reader *archive, mgi_zip *zip, mgeo_error *error) {
    const size_t longest = LOCAL_SIZE + 2 * (size_t)UINT16_MAX;
    mgeo_status status = read_directory(archive, error);
    zip->directory = archive->directory;
    if (status != MGEO_OK) return status;
    zip->entries = mgi_calloc((size_t)archive->entries, sizeof *zip->entries);
    unsigned char *local = mgi_calloc(longest, 1);
    status = zip->entries == NULL || local == NULL
                 ? mgi_fail_memory(error, "a zip directory", archive->entries)
                 : read_entries(archive, zip, local, error);
    mgi_free(local);
    return status;
}

mgeo_status mgi_zip_open(mgi_zip *zip, const mgi_regular_file *file, mgeo_error *error) {
    *zip = (mgi_zip){.file = file};
    zip_reader archive = {.file = file};
    mgeo_status status = read_end(&archive, error);
    if (status == MGEO_OK) status = fill(&archive, zip, error);
    if (status != MGEO_OK) mgi_zip_close(zip);
    return status;
}

void mgi_zip_close(mgi_zip *zip) {
    mgi_free(zip->entries);
    mgi_free(zip->directory);
    zip->entries = NULL;
    zip->directory = NULL;
    zip->count = 0;
}

const mgi_zip_entry *mgi_zip_find(const mgi_zip *zip, const char *name, size_t name_bytes) {
    const mgi_zip_entry key = {.name = name, .name_bytes = name_bytes};
    if (zip->count == 0) return NULL;
    return bsearch(&key, zip->entries, zip->count, sizeof key, compare_entries);
}
