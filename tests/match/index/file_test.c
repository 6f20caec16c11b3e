/* SPDX-License-Identifier: Apache-2.0 */
/* The file of an index: the same answers from it, and every damage refused. */
#define _GNU_SOURCE
#include "index_fixture.h"

#include "match/index/file/segment_file.h"

#define XXH_INLINE_ALL
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

static int set_up(void **state) {
    (void)state;
    make_folder();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    remove_folder();
    return 0;
}

static void check_refused(const char *path, mgeo_status status, const char *part) {
    const mgeo_index_options options = {.struct_size = sizeof options};
    mgeo_index *index = NULL;
    mgeo_error error;
    const mgeo_status got = mgi_index_open(path, &options, &index, &error);
    if (got != status || strstr(error.message, part) == NULL) fail_msg("%s", error.message);
    assert_null(strchr(error.message, '\n'));
    assert_null(index);
}

/* ---- whole files ----------------------------------------------------------------------------- */

static void test_an_opened_index_answers_as_the_saved_one(void **state) {
    (void)state;
    addresses made = make_addresses(800, 0, 31), queries = make_addresses(50, 0, 32);
    mgeo_index *index = create_filled(&made);
    save_index(index, in_folder("index"));
    mgeo_index *opened = open_index(in_folder("index"));
    check_same_answers(index, opened, &queries);
    assert_int_equal(info_of(opened).records, 800);
    assert_int_equal(info_of(opened).terms, info_of(index).terms);
    assert_int_equal(info_of(opened).bytes_memory, 0);
    save_index(opened, in_folder("again"));
    check_same_files(in_folder("index"), in_folder("again"));
    mgi_index_destroy(index);
    mgi_index_destroy(opened);
    free_addresses(&made);
    free_addresses(&queries);
}

static void test_an_empty_index_is_saved_and_opened(void **state) {
    (void)state;
    mgeo_index *index = create_index(NULL);
    char ids[16];
    save_index(index, in_folder("empty"));
    mgi_index_destroy(index);
    index = open_index(in_folder("empty"));
    assert_int_equal(info_of(index).records, 0);
    assert_string_equal(find_ids(index, "张江路", 3, ids, sizeof ids), "");
    put_one(index, "a", "张江路12号");
    assert_string_equal(find_ids(index, "张江路", 3, ids, sizeof ids), "a ");
    mgi_index_destroy(index);
}

static void test_saving_over_the_file_that_is_mapped(void **state) {
    (void)state;
    addresses made = make_addresses(300, 0, 33), queries = make_addresses(20, 0, 34);
    mgeo_index *index = create_filled(&made);
    save_index(index, in_folder("mapped"));
    mgeo_index *opened = open_index(in_folder("mapped"));
    put_one(opened, "new", "永昌街77号");
    save_index(opened, in_folder("mapped"));
    mgeo_index *again = open_index(in_folder("mapped"));
    char ids[16];
    assert_string_equal(find_ids(again, "永昌街77号", 1, ids, sizeof ids), "new ");
    assert_int_equal(mgi_index_compact(opened, NULL), MGEO_OK);
    check_same_answers(opened, again, &queries);
    mgi_index_destroy(index);
    mgi_index_destroy(opened);
    mgi_index_destroy(again);
    free_addresses(&made);
    free_addresses(&queries);
}

static void test_where_it_cannot_be_saved(void **state) {
    (void)state;
    mgeo_index *index = create_index(NULL);
    mgeo_error error;
    put_one(index, "a", "张江路12号");
    assert_int_equal(mgi_index_save(index, "/nowhere/index", &error), MGEO_E_IO);
    assert_non_null(strstr(error.message, "cannot be created beside it"));
    assert_int_equal(mkdir(in_folder("folder"), 0700), 0);
    assert_int_equal(mgi_index_save(index, in_folder("folder"), &error), MGEO_E_IO);
    assert_int_not_equal(access(in_folder("folder.new"), F_OK), 0);
    assert_int_equal(rmdir(in_folder("folder")), 0);
    mgi_index_destroy(index);
}

/* What is no file would be replaced by one, and what reads it would be cut off. */
static void test_what_is_no_file_is_not_replaced(void **state) {
    (void)state;
    mgeo_index *index = create_index(NULL);
    mgeo_error error;
    struct stat found;
    put_one(index, "a", "张江路12号");
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    assert_int_equal(mgi_index_save(index, in_folder("pipe"), &error), MGEO_E_IO);
    assert_non_null(strstr(error.message, "not a regular file"));
    assert_int_equal(stat(in_folder("pipe"), &found), 0);
    assert_true(S_ISFIFO(found.st_mode));
    /* Nor does one under the other name keep it waiting for a reader. */
    assert_int_equal(mkfifo(in_folder("saved.new"), 0600), 0);
    assert_int_equal(mgi_index_save(index, in_folder("saved"), &error), MGEO_E_IO);
    assert_int_not_equal(access(in_folder("saved"), F_OK), 0);
    assert_int_equal(unlink(in_folder("saved.new")), 0);
    mgi_index_destroy(index);
}

static void test_what_is_no_index_is_refused(void **state) {
    (void)state;
    write_file(in_folder("text"), "id,address\n1,张江路\n", 20);
    write_file(in_folder("nothing"), "", 0);
    check_refused(in_folder("text"), MGEO_E_FORMAT, "not an index of mgeo_index_save");
    check_refused(in_folder("nothing"), MGEO_E_FORMAT, "empty");
    check_refused(in_folder("absent"), MGEO_E_IO, "cannot be opened");
    check_refused("/dev/null", MGEO_E_FORMAT, "not a regular file");
}

/* ---- damage ---------------------------------------------------------------------------------- */

/* A small index's file. */
static char *make_file(size_t *bytes) {
    addresses made = make_addresses(60, 0, 35);
    mgeo_index *index = create_filled(&made);
    save_index(index, in_folder("sound"));
    mgi_index_destroy(index);
    free_addresses(&made);
    return read_file(in_folder("sound"), bytes);
}

static mgeo_status read_status(const char *memory, size_t bytes, mgeo_error *error) {
    mgi_segment *segment = NULL;
    const mgeo_status status = mgi_segment_file_read(memory, bytes, "index", &segment, error);
    mgi_segment_release(segment);
    return status;
}

static void test_every_flipped_byte_is_refused(void **state) {
    (void)state;
    size_t bytes;
    char *file = make_file(&bytes);
    mgeo_error error;
    assert_int_equal(read_status(file, bytes, &error), MGEO_OK);
    for (size_t i = 0; i < bytes; i++) {
        file[i] = (char)(file[i] ^ 1 << (i % 8));
        const mgeo_status status = read_status(file, bytes, &error);
        if (status != MGEO_E_FORMAT && status != MGEO_E_UNSUPPORTED) fail_msg("byte %zu", i);
        file[i] = (char)(file[i] ^ 1 << (i % 8));
    }
    free(file);
}

static void test_every_cut_is_refused(void **state) {
    (void)state;
    size_t bytes;
    char *file = make_file(&bytes);
    mgeo_error error;
    for (size_t cut = 0; cut < bytes; cut += cut < 1024 ? 1 : 61) {
        char *part = aligned_alloc(64, (cut + 64) / 64 * 64);
        assert_non_null(part);
        memcpy(part, file, cut);
        assert_int_equal(read_status(part, cut, &error), MGEO_E_FORMAT);
        free(part);
    }
    write_file(in_folder("longer"), file, bytes);
    FILE *longer = fopen(in_folder("longer"), "ab");
    assert_non_null(longer);
    fputc(0, longer);
    fclose(longer);
    check_refused(in_folder("longer"), MGEO_E_FORMAT, "something was added");
    free(file);
}

/* Makes the checksums hold again, as whoever forges a file would. */
static void seal(char *file) {
    mgi_segment_file_header *header = (mgi_segment_file_header *)(void *)file;
    for (int i = 0; i < MGI_SECTIONS; i++) {
        header->sections[i].digest =
            XXH3_64bits(file + header->sections[i].offset, header->sections[i].bytes);
    }
    header->digest = XXH3_64bits(header, offsetof(mgi_segment_file_header, digest));
}

static void test_versions_and_byte_orders_are_told(void **state) {
    (void)state;
    size_t bytes;
    char *file = make_file(&bytes);
    mgi_segment_file_header *header = (mgi_segment_file_header *)(void *)file;
    header->version = 2;
    write_file(in_folder("later"), file, bytes);
    check_refused(in_folder("later"), MGEO_E_UNSUPPORTED, "an index of version 2");
    header->version = MGI_SEGMENT_FILE_VERSION;
    header->terms_version += 1;
    seal(file);
    write_file(in_folder("terms"), file, bytes);
    check_refused(in_folder("terms"), MGEO_E_UNSUPPORTED, "build it anew");
    header->terms_version -= 1;
    header->endian = __builtin_bswap32(header->endian);
    write_file(in_folder("order"), file, bytes);
    check_refused(in_folder("order"), MGEO_E_UNSUPPORTED, "the other byte order");
    free(file);
}

/* What a forged file may be: refused, or one that can be searched without harm. */
static bool try_forged(char *file, size_t bytes) {
    mgi_segment *segment = NULL;
    mgeo_error error;
    seal(file);
    const mgeo_status status = mgi_segment_file_read(file, bytes, "index", &segment, &error);
    if (status != MGEO_OK) {
        assert_true(status == MGEO_E_FORMAT || status == MGEO_E_UNSUPPORTED);
        return false;
    }
    mgi_snapshot *snapshot = mgi_snapshot_create(1);
    mgi_scratch scratch = {0};
    const mgi_search_limits limits = {.top = 5, .effort = 100};
    size_t count;
    assert_non_null(snapshot);
    mgi_snapshot_add(snapshot, segment, NULL);
    assert_true(mgi_search_text(snapshot, "上海市张江路12号", strlen("上海市张江路12号"), &limits,
                                &scratch, &count));
    assert_true(mgi_search_row(snapshot, 3, &limits, &scratch, &count));
    mgi_snapshot_release(snapshot);
    mgi_scratch *heap = calloc(1, sizeof *heap);
    assert_non_null(heap);
    *heap = scratch;
    mgi_scratch_destroy(heap);
    return true;
}

/* In every section: some damages are found, and none does harm, though the checksums hold. */
static void test_forged_sections_do_no_harm(void **state) {
    (void)state;
    size_t bytes;
    uint32_t seed = 77;
    char *file = make_file(&bytes);
    char *copy = aligned_alloc(64, (bytes + 64) / 64 * 64);
    const mgi_segment_file_header *header = (const mgi_segment_file_header *)(const void *)file;
    assert_non_null(copy);
    for (int section = 0; section < MGI_SECTIONS; section++) {
        size_t refused = 0;
        const mgi_segment_file_section *at = &header->sections[section];
        for (int trial = 0; trial < 400; trial++) {
            memcpy(copy, file, bytes);
            const size_t byte = at->offset + next_random(&seed) % at->bytes;
            copy[byte] = (char)(copy[byte] ^ 1 << (next_random(&seed) % 8));
            refused += !try_forged(copy, bytes);
        }
        assert_true(refused > 0);
    }
    free(copy);
    free(file);
}

/* A document twice in one list would make its sum overflow: refused, though all else is in order.
 */
static void test_a_document_twice_in_a_list_is_refused(void **state) {
    (void)state;
    size_t bytes;
    char *file = make_file(&bytes);
    const mgi_segment_file_header *header = (const mgi_segment_file_header *)(const void *)file;
    const uint32_t *groups =
        (const uint32_t *)(const void *)(file + header->sections[MGI_SECTION_GROUPS].offset);
    uint32_t *postings = (uint32_t *)(void *)(file + header->sections[MGI_SECTION_POSTINGS].offset);
    size_t group = 0, posting = 0;
    while ((groups[group] & MGI_GROUP_MOST) < 2) posting += groups[group++] & MGI_GROUP_MOST;
    postings[posting + 1] = postings[posting];
    assert_false(try_forged(file, bytes));
    free(file);
}

/* Weights so small that shares are 0: nothing could be added up, nor divided by. */
static void test_weights_that_vanish_are_refused(void **state) {
    (void)state;
    static const float weights[] = {0.0f, 1e-40f, 1e-30f, 1e-20f};
    size_t bytes;
    char *file = make_file(&bytes);
    const mgi_segment_file_header *header = (const mgi_segment_file_header *)(const void *)file;
    mgi_segment_term *terms =
        (mgi_segment_term *)(void *)(file + header->sections[MGI_SECTION_TERMS].offset);
    for (size_t w = 0; w < sizeof weights / sizeof *weights; w++) {
        for (uint64_t i = 0; i < header->terms; i++) terms[i].weight = weights[w];
        assert_false(try_forged(file, bytes));
    }
    free(file);
}

/* Records of texts at random, which have far more terms than addresses. */
static char *make_file_of_many_terms(size_t *bytes) {
    enum { RECORDS = 3000, LENGTH = 30 };
    addresses made = make_addresses(RECORDS, 0, 38);
    uint32_t seed = 39;
    for (size_t i = 0; i < RECORDS; i++) {
        for (size_t k = 0; k < LENGTH; k++) {
            const uint32_t character = 0x4E00 + next_random(&seed) % 0x5000;
            made.texts[i][3 * k] = (char)(0xE0 | character >> 12);
            made.texts[i][3 * k + 1] = (char)(0x80 | (character >> 6 & 0x3F));
            made.texts[i][3 * k + 2] = (char)(0x80 | (character & 0x3F));
        }
        made.texts[i][3 * LENGTH] = '\0';
        made.records[i].text_len = MGEO_NUL_TERMINATED;
    }
    mgeo_index *index = create_filled(&made);
    save_index(index, in_folder("many"));
    mgi_index_destroy(index);
    free_addresses(&made);
    return read_file(in_folder("many"), bytes);
}

/* A record that has every term there is: more lists than a search can tell apart. */
static void test_a_record_of_more_terms_than_can_be_is_refused(void **state) {
    (void)state;
    size_t bytes;
    char *file = make_file_of_many_terms(&bytes);
    const mgi_segment_file_header *header = (const mgi_segment_file_header *)(const void *)file;
    const mgi_segment_file_section *sections = header->sections;
    mgi_segment_document *documents =
        (mgi_segment_document *)(void *)(file + sections[MGI_SECTION_DOCUMENTS].offset);
    uint32_t *forward = (uint32_t *)(void *)(file + sections[MGI_SECTION_FORWARD].offset);
    const uint32_t *order =
        (const uint32_t *)(const void *)(file + sections[MGI_SECTION_ROW_ORDER].offset);
    const uint64_t all = sections[MGI_SECTION_FORWARD].bytes / sizeof *forward;
    assert_true(header->terms > UINT16_MAX);
    for (uint64_t i = 0; i < all; i++) forward[i] = (uint32_t)(i % header->terms);
    for (uint64_t i = 0; i <= header->documents; i++) {
        documents[i].forward = i <= order[3] ? 0 : header->terms;
    }
    documents[header->documents].forward = all;
    assert_false(try_forged(file, bytes));
    free(file);
}

/* ---- killed while saving --------------------------------------------------------------------- */

/* Saves one index and the other in turns until it is killed. */
static void save_for_ever(mgeo_index *a, mgeo_index *b, const char *path) {
    for (;;) {
        if (mgi_index_save(a, path, NULL) != MGEO_OK) _exit(1);
        if (mgi_index_save(b, path, NULL) != MGEO_OK) _exit(1);
    }
}

static void test_a_kill_leaves_the_old_or_the_new_file(void **state) {
    (void)state;
    addresses few = make_addresses(200, 0, 36), more = make_addresses(900, 0, 37);
    mgeo_index *a = create_filled(&few), *b = create_filled(&more);
    uint32_t seed = 9;
    save_index(a, in_folder("killed"));
    for (int trial = 0; trial < 60; trial++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) save_for_ever(a, b, in_folder("killed"));
        usleep(next_random(&seed) % 20000);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        mgeo_index *left = open_index(in_folder("killed"));
        const uint64_t records = info_of(left).records;
        assert_true(records == 200 || records == 900);
        mgi_index_destroy(left);
    }
    save_index(b, in_folder("killed")); /* over whatever was left beside it */
    assert_int_not_equal(access(in_folder("killed.new"), F_OK), 0);
    mgi_index_destroy(a);
    mgi_index_destroy(b);
    free_addresses(&few);
    free_addresses(&more);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_opened_index_answers_as_the_saved_one),
        cmocka_unit_test(test_an_empty_index_is_saved_and_opened),
        cmocka_unit_test(test_saving_over_the_file_that_is_mapped),
        cmocka_unit_test(test_where_it_cannot_be_saved),
        cmocka_unit_test(test_what_is_no_file_is_not_replaced),
        cmocka_unit_test(test_what_is_no_index_is_refused),
        cmocka_unit_test(test_every_flipped_byte_is_refused),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_versions_and_byte_orders_are_told),
        cmocka_unit_test(test_forged_sections_do_no_harm),
        cmocka_unit_test(test_a_document_twice_in_a_list_is_refused),
        cmocka_unit_test(test_a_record_of_more_terms_than_can_be_is_refused),
        cmocka_unit_test(test_weights_that_vanish_are_refused),
        cmocka_unit_test(test_a_kill_leaves_the_old_or_the_new_file),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
