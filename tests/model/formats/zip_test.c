/* SPDX-License-Identifier: Apache-2.0 */
/* zip: stored entries with and without zip64, and every way in which a directory can lie. */
#include "model/formats/zip.h"

#include "core/alloc.h"
#include "support/check.h"
#include "support/model_files.h"

#include <stdlib.h>
#include <string.h>

static model_files_entry entries[] = {
    {.name = "m/data.pkl", .data = "pickle", .size = 6},
    {.name = "m/data/0", .data = "01234567", .size = 8},
    {.name = "m/data/1", .data = "", .size = 0},
};
enum { ENTRIES = 3 };

static const mgi_zip_entry *find(const mgi_zip *zip, const char *name) {
    return mgi_zip_find(zip, name, strlen(name));
}

/* The archive is read from memory, which lives as long as the zip. */
static mgeo_status open_zip(mgi_zip *zip, const bytes *from, const char *path, mgeo_error *error) {
    static mgi_regular_file file;
    file = (mgi_regular_file){
        .path = path, .memory = from->data, .size = from->size, .descriptor = -1};
    return mgi_zip_open(zip, &file, error);
}

static void check_good(bool zip64) {
    model_files_zip made = model_files_zip_make(entries, ENTRIES, zip64);
    mgi_zip zip;
    mgeo_error error;
    if (open_zip(&zip, &made.file, "m.bin", &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(zip.count, ENTRIES);
    assert_int_equal(find(&zip, "m/data.pkl")->bytes, 6);
    assert_memory_equal(made.file.data + find(&zip, "m/data/0")->offset, "01234567", 8);
    assert_int_equal(find(&zip, "m/data/1")->bytes, 0);
    assert_null(find(&zip, "m/data/"));
    assert_null(find(&zip, "m/data/01"));
    mgi_zip_close(&zip);
    bytes_free(&made.file);
}

static void reads_good_files(void **state) {
    (void)state;
    check_good(false);
    check_good(true);
}

static void reads_an_empty_archive(void **state) {
    (void)state;
    model_files_zip made = model_files_zip_make(entries, 0, false);
    mgi_zip zip;
    mgeo_error error;
    assert_int_equal(open_zip(&zip, &made.file, "m.bin", &error), MGEO_OK);
    assert_null(find(&zip, "m/data.pkl"));
    mgi_zip_close(&zip);
    bytes_free(&made.file);
}

static void reads_a_comment_and_a_prefix_of_its_mark(void **state) {
    (void)state;
    model_files_zip made = model_files_zip_make(entries, ENTRIES, false);
    bytes_set_number(&made.file, made.end + 20, 5, 2);
    bytes_put_text(&made.file, "PK\5\6!");
    mgi_zip zip;
    mgeo_error error;
    assert_int_equal(open_zip(&zip, &made.file, "m.bin", &error), MGEO_OK);
    assert_int_equal(zip.count, ENTRIES);
    mgi_zip_close(&zip);
    bytes_free(&made.file);
}

/* Where a change is made: an offset from one of the records. */
typedef enum base { LOCAL, LOCAL_1, CENTRAL, CENTRAL_1, END64, LOCATOR, END } base;

static const struct {
    bool zip64;
    base base;
    size_t offset;
    uint64_t number;
    int width;
    mgeo_status status;
    const char *part;
} bad[] = {
    {false, CENTRAL, 8, 1, 2, MGEO_E_UNSUPPORTED, "zip entry m/data.pkl: encrypted"},
    {false, CENTRAL, 10, 8, 2, MGEO_E_UNSUPPORTED, "zip entry m/data.pkl: compressed"},
    {false, CENTRAL, 10, 99, 2, MGEO_E_UNSUPPORTED, "compressed"},
    {false, CENTRAL, 0, 0, 4, MGEO_E_FORMAT, "an entry is not where it should be"},
    {false, CENTRAL, 20, 5, 4, MGEO_E_FORMAT, "two sizes"},
    {false, CENTRAL, 24, 7, 4, MGEO_E_FORMAT, "two sizes"},
    {false, CENTRAL, 24, 0xFFFFFFFF, 4, MGEO_E_FORMAT, "zip64 field"},
    {false, CENTRAL, 28, 0, 2, MGEO_E_FORMAT, "name's length"},
    {false, CENTRAL, 28, 0xFFFF, 2, MGEO_E_FORMAT, "runs past its end"},
    {false, CENTRAL, 30, 0xFFFF, 2, MGEO_E_FORMAT, "runs past its end"},
    {false, CENTRAL, 32, 0xFFFF, 2, MGEO_E_FORMAT, "runs past its end"},
    {false, CENTRAL, 42, 0xFFFFFFF0, 4, MGEO_E_FORMAT, "local header: outside"},
    {false, CENTRAL, 42, 1, 4, MGEO_E_FORMAT, "local header: not there"},
    {false, CENTRAL, 46, 'x', 1, MGEO_E_FORMAT, "contradicts"},
    {false, CENTRAL_1, 42, 0, 4, MGEO_E_FORMAT, "zip entry m/data/0: local header contradicts"},
    {false, LOCAL, 0, 0, 4, MGEO_E_FORMAT, "local header: not there"},
    {false, LOCAL, 6, 1, 2, MGEO_E_FORMAT, "contradicts"},
    {false, LOCAL, 8, 8, 2, MGEO_E_FORMAT, "contradicts"},
    {false, LOCAL, 18, 7, 4, MGEO_E_FORMAT, "contradicts"},
    {false, LOCAL, 22, 0xFFFFFFFF, 4, MGEO_E_FORMAT, "contradicts"},
    {false, LOCAL, 26, 9, 2, MGEO_E_FORMAT, "contradicts"},
    {false, LOCAL, 26, 0xFFFF, 2, MGEO_E_FORMAT, "runs into the directory"},
    {false, LOCAL, 28, 0xFFFF, 2, MGEO_E_FORMAT, "runs into the directory"},
    {false, LOCAL_1, 30, 'x', 1, MGEO_E_FORMAT, "m/data/0: local header contradicts"},
    {false, END, 0, 0, 4, MGEO_E_FORMAT, "no end record"},
    {false, END, 4, 1, 2, MGEO_E_FORMAT, "several disks"},
    {false, END, 6, 1, 2, MGEO_E_FORMAT, "several disks"},
    {false, END, 8, 2, 2, MGEO_E_FORMAT, "several disks"},
    {false, END, 12, 0xFFFFFF00, 4, MGEO_E_FORMAT, "directory: runs past"},
    {false, END, 16, 0xFFFFFFFF, 4, MGEO_E_FORMAT, "directory: runs past"},
    {false, END, 12, 10, 4, MGEO_E_FORMAT, "bytes between the directory and its end"},
    {false, END, 8, 0x00010001, 4, MGEO_E_FORMAT, "bytes after its last entry"},
    {false, END, 8, 0x00040004, 4, MGEO_E_FORMAT, "more entries than it can hold"},
    {false, END, 8, 0xFFFFFFFF, 4, MGEO_E_FORMAT, "more entries than it can hold"},
    {false, END, 20, 1, 2, MGEO_E_FORMAT, "no end record"},
    {true, LOCATOR, 4, 1, 4, MGEO_E_FORMAT, "several disks"},
    {true, LOCATOR, 16, 2, 4, MGEO_E_FORMAT, "several disks"},
    {true, LOCATOR, 8, UINT64_MAX, 8, MGEO_E_FORMAT, "points outside"},
    {true, LOCATOR, 8, 0, 8, MGEO_E_FORMAT, "points at no zip64 record"},
    {true, END64, 16, 1, 4, MGEO_E_FORMAT, "several disks"},
    {true, END64, 24, 4, 8, MGEO_E_FORMAT, "several disks"},
    {true, END64, 40, UINT64_MAX, 8, MGEO_E_FORMAT, "directory: runs past"},
    {true, END64, 48, UINT64_MAX - 8, 8, MGEO_E_FORMAT, "directory: runs past"},
    {true, END, 10, 0, 2, MGEO_E_FORMAT, "several disks"},
    {true, END, 12, 1, 4, MGEO_E_FORMAT, "contradicts the end record"},
    {true, END, 16, 1, 4, MGEO_E_FORMAT, "contradicts the end record"},
    {true, CENTRAL, 46 + 10 + 2, 8, 2, MGEO_E_FORMAT, "zip64 field"},
    {true, CENTRAL, 46 + 10 + 2, 60, 2, MGEO_E_FORMAT, "zip64 field"},
    {true, CENTRAL, 46 + 10, 2, 2, MGEO_E_FORMAT, "zip64 field"},
    {true, CENTRAL, 46 + 10 + 4, UINT64_MAX, 8, MGEO_E_FORMAT, "two sizes"},
    {true, CENTRAL, 46 + 10 + 20, UINT64_MAX, 8, MGEO_E_FORMAT, "local header: outside"},
    {true, CENTRAL, 46 + 10 + 20, UINT64_MAX - 100, 8, MGEO_E_FORMAT, "local header: outside"},
    {true, LOCAL, 30 + 10 + 4, 7, 8, MGEO_E_FORMAT, "contradicts"},
    {true, LOCAL, 30 + 10, 9, 2, MGEO_E_FORMAT, "contradicts"},
};

static size_t place_of(const model_files_zip *zip, base from) {
    switch (from) {
    case LOCAL: return entries[0].local;
    case LOCAL_1: return entries[1].local;
    case CENTRAL: return entries[0].central;
    case CENTRAL_1: return entries[1].central;
    case END64: return zip->end64;
    case LOCATOR: return zip->locator;
    default: return zip->end;
    }
}

static void check_refused(const bytes *file, mgeo_status expected, const char *part) {
    bytes exact = bytes_cut(file, file->size);
    mgi_zip zip;
    mgeo_error error = {0};
    mgeo_status status = open_zip(&zip, &exact, "some/m.bin", &error);
    if (status != expected) fail_msg("%s: status %d, \"%s\"", part, status, error.message);
    check_line(&error, part);
    check_line(&error, "m.bin: zip");
    assert_null(zip.entries);
    bytes_free(&exact);
}

static void refuses_lies(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        model_files_zip made = model_files_zip_make(entries, ENTRIES, bad[i].zip64);
        bytes_set_number(&made.file, place_of(&made, bad[i].base) + bad[i].offset, bad[i].number,
                         bad[i].width);
        check_refused(&made.file, bad[i].status, bad[i].part);
        bytes_free(&made.file);
    }
}

/* Both headers of an entry claim more bytes than there are before the next one. */
static void refuses_overlaps(void **state) {
    (void)state;
    model_files_zip made = model_files_zip_make(entries, ENTRIES, false);
    bytes_set_number(&made.file, entries[0].local + 18, 9, 4);
    bytes_set_number(&made.file, entries[0].local + 22, 9, 4);
    bytes_set_number(&made.file, entries[0].central + 20, 9, 4);
    bytes_set_number(&made.file, entries[0].central + 24, 9, 4);
    check_refused(&made.file, MGEO_E_FORMAT, "zip entry m/data/0: overlaps another");
    bytes_free(&made.file);
}

static void refuses_one_name_twice(void **state) {
    (void)state;
    model_files_entry twice[] = {{.name = "m/data/0", .data = "a", .size = 1},
                                 {.name = "m/data/0", .data = "b", .size = 1}};
    model_files_zip made = model_files_zip_make(twice, 2, false);
    check_refused(&made.file, MGEO_E_FORMAT, "zip entry m/data/0: there twice");
    bytes_free(&made.file);
}

/* Bytes that belong to no entry: before the first, between two, before and after the directory. */
static void refuses_bytes_of_nobody(void **state) {
    (void)state;
    model_files_zip made = model_files_zip_make(entries, ENTRIES, false);
    const size_t places[] = {0, entries[1].local, made.directory, made.end};
    static const char *const parts[] = {
        "zip entry m/data.pkl: bytes before it", "zip entry m/data/0: bytes before it",
        "bytes before the directory", "bytes between the directory and its end"};
    for (size_t i = 0; i < 4; i++) {
        bytes longer = bytes_cut(&made.file, places[i]);
        bytes_put_number(&longer, 0, 1);
        bytes_put(&longer, made.file.data + places[i], made.file.size - places[i]);
        for (size_t k = 0; k < ENTRIES; k++) {
            size_t local = entries[k].local + (entries[k].local >= places[i]);
            size_t central = entries[k].central + (entries[k].central >= places[i]);
            bytes_set_number(&longer, central + 42, local, 4);
        }
        size_t directory = made.directory + (made.directory >= places[i]);
        bytes_set_number(&longer, made.end + 1 + 16, directory, 4);
        check_refused(&longer, MGEO_E_FORMAT, parts[i]);
        bytes_free(&longer);
    }
    bytes_free(&made.file);
}

/* One archive behind another: which of them a program reads depends on the program. */
static void refuses_two_archives(void **state) {
    (void)state;
    model_files_zip made = model_files_zip_make(entries, ENTRIES, false);
    bytes both = bytes_cut(&made.file, made.file.size);
    bytes_put(&both, made.file.data, made.file.size);
    check_refused(&both, MGEO_E_FORMAT, "bytes between the directory and its end");
    size_t shift = made.file.size; /* and with the second one's offsets put right */
    for (size_t k = 0; k < ENTRIES; k++) {
        bytes_set_number(&both, shift + entries[k].central + 42, shift + entries[k].local, 4);
    }
    bytes_set_number(&both, shift + made.end + 16, shift + made.directory, 4);
    check_refused(&both, MGEO_E_FORMAT, "zip entry m/data.pkl: bytes before it");
    bytes_free(&both);
    bytes_free(&made.file);
}

/* Streams write a stored entry's sizes behind it. */
static void reads_descriptors(void **state) {
    (void)state;
    model_files_zip made = model_files_zip_make(entries, 1, false);
    bytes longer = bytes_cut(&made.file, made.directory);
    bytes_put_text(&longer, "PK\7\010abcd");
    bytes_put_number(&longer, 6, 4);
    bytes_put_number(&longer, 6, 4);
    bytes_put(&longer, made.file.data + made.directory, made.file.size - made.directory);
    bytes_set_number(&longer, 6, 8, 2);
    bytes_set_number(&longer, 18, 0, 8);
    bytes_set_number(&longer, entries[0].central + 16 + 8, 8, 2);
    bytes_set_number(&longer, made.end + 16 + 16, made.directory + 16, 4);
    mgi_zip zip;
    mgeo_error error;
    if (open_zip(&zip, &longer, "m.bin", &error) != MGEO_OK) fail_msg("%s", error.message);
    assert_int_equal(zip.count, 1);
    mgi_zip_close(&zip);
    bytes_free(&longer);
    bytes_free(&made.file);
}

static void refuses_every_truncation(void **state) {
    (void)state;
    for (int zip64 = 0; zip64 < 2; zip64++) {
        model_files_zip made = model_files_zip_make(entries, ENTRIES, zip64 != 0);
        for (size_t size = 0; size < made.file.size; size++) {
            bytes cut = bytes_cut(&made.file, size);
            check_refused(&cut, MGEO_E_FORMAT, "no end record");
            bytes_free(&cut);
        }
        bytes_free(&made.file);
    }
}

static void survives_any_changed_byte(void **state) {
    (void)state;
    static const unsigned char values[] = {0, 1, 8, 0x7F, 0x80, 0xFF};
    for (int zip64 = 0; zip64 < 2; zip64++) {
        model_files_zip made = model_files_zip_make(entries, ENTRIES, zip64 != 0);
        for (size_t at = 0; at < made.file.size * sizeof values; at++) {
            bytes changed = bytes_cut(&made.file, made.file.size);
            changed.data[at / sizeof values] = values[at % sizeof values];
            mgi_zip zip;
            mgeo_error error;
            open_zip(&zip, &changed, "m.bin", &error);
            for (size_t i = 0; i < zip.count; i++) {
                assert_true(zip.entries[i].offset <= changed.size);
                assert_true(zip.entries[i].bytes <= changed.size - zip.entries[i].offset);
            }
            mgi_zip_close(&zip);
            bytes_free(&changed);
        }
        bytes_free(&made.file);
    }
}

static void survives_failing_memory(void **state) {
    (void)state;
    model_files_zip made = model_files_zip_make(entries, ENTRIES, false);
    mgi_zip zip;
    mgeo_error error;
    mgi_alloc_fail_at(1);
    assert_int_equal(open_zip(&zip, &made.file, "m.bin", &error), MGEO_E_MEMORY);
    mgi_alloc_fail_at(0);
    mgi_zip_close(&zip);
    bytes_free(&made.file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_good_files),
        cmocka_unit_test(reads_an_empty_archive),
        cmocka_unit_test(reads_a_comment_and_a_prefix_of_its_mark),
        cmocka_unit_test(refuses_lies),
        cmocka_unit_test(refuses_overlaps),
        cmocka_unit_test(refuses_one_name_twice),
        cmocka_unit_test(refuses_bytes_of_nobody),
        cmocka_unit_test(refuses_two_archives),
        cmocka_unit_test(reads_descriptors),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(survives_any_changed_byte),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
