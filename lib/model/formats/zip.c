/* Reads the directory of a zip archive whose entries are stored as they are. */
#include "model/formats/zip.h"

#include "core/alloc.h"
#include "model/formats/little_endian.h"
#include "model/formats/tensor_index.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    MGI_LOCAL_SIZE = 30,
    MGI_CENTRAL_SIZE = 46,
    MGI_END_SIZE = 22,
    MGI_END64_SIZE = 56,
    MGI_LOCATOR_SIZE = 20,
    MGI_COMMENT_LIMIT = 65535,
    MGI_FLAG_ENCRYPTED = 1,
    MGI_FLAG_SIZES_LATER = 8, /* the local header's sizes are 0 and follow the data */
    MGI_EXTRA_ZIP64 = 1
};

typedef struct mgi_archive {
    const unsigned char *data;
    size_t size;
    const char *file;
    uint64_t directory_begin, directory_size, entries;
} mgi_archive;

/* What one record of the directory says. */
typedef struct mgi_record {
    const unsigned char *name;
    size_t name_bytes;
    uint32_t flags, method;
    uint64_t packed, size, offset;
} mgi_record;

static mgeo_status mgi_bad_zip(const mgi_archive *zip, const char *reason, mgeo_error *error) {
    return mgi_fail(error, MGEO_E_FORMAT, "%s: zip: %s", mgi_shown_path(zip->file), reason);
}

/* Names come from the archive: keep what an error line can hold. */
static void mgi_show_name(char shown[65], const unsigned char *name, size_t bytes) {
    size_t length = bytes < 64 ? bytes : 64;
    for (size_t i = 0; i < length; i++) {
        shown[i] = name[i] >= 0x20 && name[i] < 0x7F ? (char)name[i] : '?';
    }
    shown[length] = '\0';
}

static mgeo_status mgi_bad_entry(const mgi_archive *zip, const mgi_record *record,
                                 mgeo_status status, const char *reason, mgeo_error *error) {
    char name[65];
    mgi_show_name(name, record->name, record->name_bytes);
    return mgi_fail(error, status, "%s: zip entry %s: %s", mgi_shown_path(zip->file), name, reason);
}

static bool mgi_find_end(const mgi_archive *zip, size_t *at) {
    static const unsigned char mark[4] = {'P', 'K', 5, 6};
    if (zip->size < MGI_END_SIZE) return false;
    size_t lowest = zip->size - MGI_END_SIZE;
    lowest = lowest > MGI_COMMENT_LIMIT ? lowest - MGI_COMMENT_LIMIT : 0;
    for (size_t i = zip->size - MGI_END_SIZE + 1; i-- > lowest;) {
        size_t comment = zip->size - MGI_END_SIZE - i;
        if (memcmp(zip->data + i, mark, 4) == 0 && mgi_le16(zip->data + i + 20) == comment) {
            *at = i;
            return true;
        }
    }
    return false;
}

/* Reads the zip64 record that the locator before `end` names. */
static mgeo_status mgi_read_end64(mgi_archive *zip, size_t end, mgeo_error *error) {
    static const unsigned char mark[4] = {'P', 'K', 6, 6};
    const unsigned char *locator = zip->data + end - MGI_LOCATOR_SIZE;
    uint64_t at = mgi_le64(locator + 8);
    if (mgi_le32(locator + 4) != 0 || mgi_le32(locator + 16) > 1) {
        return mgi_bad_zip(zip, "several disks", error);
    }
    if (at > end - MGI_LOCATOR_SIZE || end - MGI_LOCATOR_SIZE - at < MGI_END64_SIZE) {
        return mgi_bad_zip(zip, "zip64 locator: points outside the file", error);
    }
    const unsigned char *record = zip->data + at;
    if (memcmp(record, mark, 4) != 0) {
        return mgi_bad_zip(zip, "zip64 locator: points at no zip64 record", error);
    }
    if (mgi_le32(record + 16) != 0 || mgi_le32(record + 20) != 0 ||
        mgi_le64(record + 24) != mgi_le64(record + 32)) {
        return mgi_bad_zip(zip, "several disks", error);
    }
    zip->entries = mgi_le64(record + 32);
    zip->directory_size = mgi_le64(record + 40);
    zip->directory_begin = mgi_le64(record + 48);
    return MGEO_OK;
}

/* A zip64 record beside an end record that needs none must say the same. */
static bool mgi_ends_agree(const mgi_archive *zip, const unsigned char *end) {
    uint32_t entries = mgi_le16(end + 10);
    uint32_t size = mgi_le32(end + 12);
    uint32_t begin = mgi_le32(end + 16);
    return (entries == UINT16_MAX || entries == zip->entries) &&
           (size == UINT32_MAX || size == zip->directory_size) &&
           (begin == UINT32_MAX || begin == zip->directory_begin);
}

static mgeo_status mgi_read_end(mgi_archive *zip, mgeo_error *error) {
    static const unsigned char mark[4] = {'P', 'K', 6, 7};
    size_t at;
    if (!mgi_find_end(zip, &at)) {
        return mgi_bad_zip(zip, "no end record: cut short, or not a zip archive", error);
    }
    const unsigned char *end = zip->data + at;
    size_t limit = at;
    if (mgi_le16(end + 4) != 0 || mgi_le16(end + 6) != 0 ||
        mgi_le16(end + 8) != mgi_le16(end + 10)) {
        return mgi_bad_zip(zip, "several disks", error);
    }
    zip->entries = mgi_le16(end + 10);
    zip->directory_size = mgi_le32(end + 12);
    zip->directory_begin = mgi_le32(end + 16);
    if (at >= MGI_LOCATOR_SIZE && memcmp(end - MGI_LOCATOR_SIZE, mark, 4) == 0) {
        mgeo_status status = mgi_read_end64(zip, at, error);
        if (status != MGEO_OK) return status;
        if (!mgi_ends_agree(zip, end)) {
            return mgi_bad_zip(zip, "zip64 record contradicts the end record", error);
        }
        limit = at - MGI_LOCATOR_SIZE;
    }
    if (zip->directory_begin > limit || zip->directory_size > limit - zip->directory_begin) {
        return mgi_bad_zip(zip, "directory: runs past its end record", error);
    }
    if (zip->entries > MGI_ZIP_ENTRIES || zip->entries > zip->directory_size / MGI_CENTRAL_SIZE) {
        return mgi_bad_zip(zip, "directory: more entries than it can hold", error);
    }
    return MGEO_OK;
}

/* Takes one 64-bit value of a zip64 field for a 32-bit one that says "see there". */
static bool mgi_widen(uint64_t *value, const unsigned char **field, size_t *left) {
    if (*value != UINT32_MAX) return true;
    if (*left < 8) return false;
    *value = mgi_le64(*field);
    *field += 8;
    *left -= 8;
    return true;
}

static bool mgi_read_extra(mgi_record *record, const unsigned char *extra, size_t bytes) {
    while (bytes >= 4) {
        uint32_t id = mgi_le16(extra);
        size_t length = mgi_le16(extra + 2);
        extra += 4;
        bytes -= 4;
        if (length > bytes) return false;
        if (id == MGI_EXTRA_ZIP64) {
            return mgi_widen(&record->size, &extra, &length) &&
                   mgi_widen(&record->packed, &extra, &length) &&
                   mgi_widen(&record->offset, &extra, &length);
        }
        extra += length;
        bytes -= length;
    }
    return record->size != UINT32_MAX && record->packed != UINT32_MAX &&
           record->offset != UINT32_MAX;
}

/* Reads the record at *at of the directory and moves *at behind it. */
static mgeo_status mgi_read_record(const mgi_archive *zip, size_t *at, mgi_record *record,
                                   mgeo_error *error) {
    static const unsigned char mark[4] = {'P', 'K', 1, 2};
    size_t left = (size_t)(zip->directory_begin + zip->directory_size) - *at;
    const unsigned char *p = zip->data + *at;
    if (left < MGI_CENTRAL_SIZE || memcmp(p, mark, 4) != 0) {
        return mgi_bad_zip(zip, "directory: an entry is not where it should be", error);
    }
    size_t name = mgi_le16(p + 28);
    size_t extra = mgi_le16(p + 30);
    size_t whole = MGI_CENTRAL_SIZE + name + extra + mgi_le16(p + 32);
    if (whole > left) return mgi_bad_zip(zip, "directory: an entry runs past its end", error);
    *record = (mgi_record){.name = p + MGI_CENTRAL_SIZE,
                           .name_bytes = name,
                           .flags = mgi_le16(p + 8),
                           .method = mgi_le16(p + 10),
                           .packed = mgi_le32(p + 20),
                           .size = mgi_le32(p + 24),
                           .offset = mgi_le32(p + 42)};
    *at += whole;
    if (name == 0 || name > MGI_ZIP_NAME) {
        return mgi_bad_entry(zip, record, MGEO_E_FORMAT, "the name's length", error);
    }
    if (!mgi_read_extra(record, p + MGI_CENTRAL_SIZE + name, extra)) {
        return mgi_bad_entry(zip, record, MGEO_E_FORMAT, "zip64 field: cut short or missing",
                             error);
    }
    return MGEO_OK;
}

static mgeo_status mgi_check_record(const mgi_archive *zip, const mgi_record *record,
                                    mgeo_error *error) {
    if (record->flags & MGI_FLAG_ENCRYPTED) {
        return mgi_bad_entry(zip, record, MGEO_E_UNSUPPORTED, "encrypted", error);
    }
    if (record->method != 0) {
        return mgi_bad_entry(zip, record, MGEO_E_UNSUPPORTED,
                             "compressed; torch.save stores entries as they are", error);
    }
    if (record->packed != record->size) {
        return mgi_bad_entry(zip, record, MGEO_E_FORMAT, "two sizes for a stored entry", error);
    }
    if (record->offset > zip->directory_begin ||
        zip->directory_begin - record->offset < MGI_LOCAL_SIZE) {
        return mgi_bad_entry(zip, record, MGEO_E_FORMAT, "local header: outside the file", error);
    }
    return MGEO_OK;
}

/* The local header's sizes: the directory's, or left out, or in a zip64 field of its own. */
static bool mgi_local_sizes_agree(const unsigned char *local, const mgi_record *record,
                                  const unsigned char *extra, size_t extra_bytes) {
    mgi_record said = {.packed = mgi_le32(local + 18), .size = mgi_le32(local + 22)};
    if ((mgi_le16(local + 6) & MGI_FLAG_SIZES_LATER) && said.packed == 0 && said.size == 0) {
        return true;
    }
    return mgi_read_extra(&said, extra, extra_bytes) && said.packed == record->packed &&
           said.size == record->size;
}

static mgeo_status mgi_place_entry(const mgi_archive *zip, const mgi_record *record,
                                   mgi_zip_entry *entry, mgeo_error *error) {
    static const unsigned char mark[4] = {'P', 'K', 3, 4};
    size_t left = (size_t)(zip->directory_begin - record->offset);
    const unsigned char *local = zip->data + record->offset;
    if (memcmp(local, mark, 4) != 0) {
        return mgi_bad_entry(zip, record, MGEO_E_FORMAT, "local header: not there", error);
    }
    size_t name = mgi_le16(local + 26);
    size_t extra = mgi_le16(local + 28);
    size_t header = MGI_LOCAL_SIZE + name + extra;
    if (header > left || record->size > left - header) {
        return mgi_bad_entry(zip, record, MGEO_E_FORMAT, "runs into the directory", error);
    }
    if (name != record->name_bytes || memcmp(local + MGI_LOCAL_SIZE, record->name, name) != 0 ||
        mgi_le16(local + 8) != record->method || (mgi_le16(local + 6) & MGI_FLAG_ENCRYPTED) != 0 ||
        !mgi_local_sizes_agree(local, record, local + MGI_LOCAL_SIZE + name, extra)) {
        return mgi_bad_entry(zip, record, MGEO_E_FORMAT, "local header contradicts the directory",
                             error);
    }
    *entry = (mgi_zip_entry){.name = (const char *)record->name,
                             .name_bytes = name,
                             .data = local + header,
                             .bytes = (size_t)record->size,
                             .begin = (size_t)record->offset,
                             .end = (size_t)record->offset + header + (size_t)record->size};
    return MGEO_OK;
}

static int mgi_compare_begins(const void *left, const void *right) {
    size_t a = ((const mgi_zip_entry *)left)->begin;
    size_t b = ((const mgi_zip_entry *)right)->begin;
    return a < b ? -1 : a > b;
}

static int mgi_compare_entries(const void *left, const void *right) {
    const mgi_zip_entry *a = left;
    const mgi_zip_entry *b = right;
    size_t shorter = a->name_bytes < b->name_bytes ? a->name_bytes : b->name_bytes;
    int order = memcmp(a->name, b->name, shorter);
    if (order != 0) return order;
    return a->name_bytes < b->name_bytes ? -1 : a->name_bytes > b->name_bytes;
}

static mgeo_status mgi_refuse_pair(const mgi_archive *archive, const mgi_zip_entry *entry,
                                   const char *reason, mgeo_error *error) {
    const mgi_record record = {.name = (const unsigned char *)entry->name,
                               .name_bytes = entry->name_bytes};
    return mgi_bad_entry(archive, &record, MGEO_E_FORMAT, reason, error);
}

/* Sorts the entries by name, once no two share bytes or a name. */
static mgeo_status mgi_order_entries(const mgi_archive *archive, mgi_zip *zip, mgeo_error *error) {
    qsort(zip->entries, zip->count, sizeof *zip->entries, mgi_compare_begins);
    for (size_t i = 1; i < zip->count; i++) {
        if (zip->entries[i].begin < zip->entries[i - 1].end) {
            return mgi_refuse_pair(archive, &zip->entries[i], "overlaps another", error);
        }
    }
    qsort(zip->entries, zip->count, sizeof *zip->entries, mgi_compare_entries);
    for (size_t i = 1; i < zip->count; i++) {
        if (mgi_compare_entries(&zip->entries[i - 1], &zip->entries[i]) == 0) {
            return mgi_refuse_pair(archive, &zip->entries[i], "there twice", error);
        }
    }
    return MGEO_OK;
}

static mgeo_status mgi_read_entries(const mgi_archive *archive, mgi_zip *zip, mgeo_error *error) {
    size_t at = (size_t)archive->directory_begin;
    for (; zip->count < archive->entries; zip->count++) {
        mgi_record record;
        mgeo_status status = mgi_read_record(archive, &at, &record, error);
        if (status == MGEO_OK) status = mgi_check_record(archive, &record, error);
        if (status == MGEO_OK) {
            status = mgi_place_entry(archive, &record, &zip->entries[zip->count], error);
        }
        if (status != MGEO_OK) return status;
    }
    if (at != archive->directory_begin + archive->directory_size) {
        return mgi_bad_zip(archive, "directory: bytes after its last entry", error);
    }
    return mgi_order_entries(archive, zip, error);
}

mgeo_status mgi_zip_open(mgi_zip *zip, const unsigned char *data, size_t size, const char *file,
                         mgeo_error *error) {
    *zip = (mgi_zip){.file = file};
    mgi_archive archive = {.data = data, .size = size, .file = file};
    mgeo_status status = mgi_read_end(&archive, error);
    if (status != MGEO_OK) return status;
    zip->entries = mgi_calloc((size_t)archive.entries, sizeof *zip->entries);
    if (zip->entries == NULL) return mgi_fail_memory(error, "a zip directory", archive.entries);
    status = mgi_read_entries(&archive, zip, error);
    if (status != MGEO_OK) mgi_zip_close(zip);
    return status;
}

void mgi_zip_close(mgi_zip *zip) {
    mgi_free(zip->entries);
    zip->entries = NULL;
    zip->count = 0;
}

const mgi_zip_entry *mgi_zip_find(const mgi_zip *zip, const char *name, size_t name_bytes) {
    const mgi_zip_entry key = {.name = name, .name_bytes = name_bytes};
    if (zip->count == 0) return NULL;
    return bsearch(&key, zip->entries, zip->count, sizeof key, mgi_compare_entries);
}
