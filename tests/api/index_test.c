/* SPDX-License-Identifier: Apache-2.0 */
/* The public index: what its functions refuse, and that they do what the header says. */
#include "mgeo.h"
#include "support/check.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static mgeo_error error;

static void expect_refused(mgeo_status status, const char *part) {
    assert_int_equal(status, MGEO_E_ARGUMENT);
    assert_int_equal(error.status, MGEO_E_ARGUMENT);
    if (strstr(error.message, part) == NULL) fail_msg("%s", error.message);
}

static mgeo_index *create(void) {
    mgeo_index *index = NULL;
    assert_int_equal(mgeo_index_create(NULL, &index, &error), MGEO_OK);
    assert_string_equal(error.message, "");
    return index;
}

static void test_options_are_checked(void **state) {
    (void)state;
    mgeo_index *index = (mgeo_index *)(uintptr_t)1;
    mgeo_index_options options = {.struct_size = sizeof options, .threads = MGEO_MAX_THREADS + 1};
    expect_refused(mgeo_index_create(&options, &index, &error), "threads");
    assert_null(index);
    options = (mgeo_index_options){.struct_size = sizeof options, .reserved = 1};
    expect_refused(mgeo_index_create(&options, &index, &error), "reserved is not 0");
    options.struct_size = 3;
    expect_refused(mgeo_index_create(&options, &index, &error), "struct_size");
    expect_refused(mgeo_index_create(NULL, NULL, &error), "index is NULL");
    expect_refused(mgeo_index_open(NULL, NULL, &index, &error), "path is NULL");
    expect_refused(mgeo_index_open("", NULL, &index, &error), "path is empty");
    expect_refused(mgeo_index_open("x", NULL, NULL, &error), "index is NULL");
}

static void test_records_are_checked(void **state) {
    (void)state;
    mgeo_index *index = create();
    mgeo_record record = {"a", 1, "张江路1号", MGEO_NUL_TERMINATED};
    expect_refused(mgeo_index_put(NULL, &record, 1, &error), "index is NULL");
    expect_refused(mgeo_index_put(index, NULL, 1, &error), "records is NULL");
    expect_refused(mgeo_index_put(index, &record, SIZE_MAX / 8, &error), "no array is that large");
    record.id_len = 0;
    expect_refused(mgeo_index_put(index, &record, 1, &error), "records[0].id is empty");
    record = (mgeo_record){"", MGEO_NUL_TERMINATED, "x", 1};
    expect_refused(mgeo_index_put(index, &record, 1, &error), "records[0].id is empty");
    record = (mgeo_record){NULL, 3, "x", 1};
    expect_refused(mgeo_index_put(index, &record, 1, &error), "records[0].id is NULL");
    record = (mgeo_record){"\xC3", 1, "x", 1};
    expect_refused(mgeo_index_put(index, &record, 1, &error), "records[0].id is not UTF-8");
    record = (mgeo_record){"a", 1, NULL, 4};
    expect_refused(mgeo_index_put(index, &record, 1, &error), "records[0].text is NULL");
    record = (mgeo_record){"a", 1, "x", SIZE_MAX - 1};
    expect_refused(mgeo_index_put(index, &record, 1, &error), "no text is that long");
    record = (mgeo_record){"a", 1, "\xFF", 1};
    expect_refused(mgeo_index_put(index, &record, 1, &error), "records[0].text is not UTF-8");
    assert_int_equal(mgeo_index_put(index, NULL, 0, &error), MGEO_OK);
    mgeo_index_destroy(index);
    mgeo_index_destroy(NULL);
}

static void test_searches_are_checked(void **state) {
    (void)state;
    mgeo_index *index = create();
    mgeo_candidates *candidates = NULL;
    const mgeo_text query = {"张江路1号", MGEO_NUL_TERMINATED}, none = {NULL, 2};
    uint64_t generation = 0;
    mgeo_search_options options = {.struct_size = sizeof options, .top = MGEO_MAX_CANDIDATES + 1};
    expect_refused(mgeo_index_search(index, &query, 1, &options, &candidates, &error), "top");
    options = (mgeo_search_options){.struct_size = sizeof options, .least = NAN};
    expect_refused(mgeo_index_search(index, &query, 1, &options, &candidates, &error), "least");
    expect_refused(mgeo_index_search(index, NULL, 1, NULL, &candidates, &error), "queries is NULL");
    expect_refused(mgeo_index_search(index, &none, 1, NULL, &candidates, &error),
                   "queries[0].text is NULL");
    expect_refused(mgeo_index_search(index, &query, 1, NULL, NULL, &error), "candidates is NULL");
    expect_refused(mgeo_index_search(NULL, &query, 1, NULL, &candidates, &error), "index is NULL");
    expect_refused(mgeo_index_search_rows(index, 0, 0, 2, &generation, NULL, &candidates, &error),
                   "later is 2");
    expect_refused(mgeo_index_search_rows(index, 0, 0, 0, NULL, NULL, &candidates, &error),
                   "generation is NULL");
    expect_refused(mgeo_index_search_rows(index, 0, 1, 0, &generation, NULL, &candidates, &error),
                   "the index has 0");
    assert_null(candidates);
    mgeo_index_destroy(index);
}

static void test_usual_options_find_twenty(void **state) {
    (void)state;
    mgeo_index *index = create();
    mgeo_candidates *candidates = NULL;
    const mgeo_text query = {"张江路1号", MGEO_NUL_TERMINATED};
    char id[] = "a";
    for (int i = 0; i < 25; i++, id[0]++) {
        const mgeo_record record = {id, 1, "张江路1号", MGEO_NUL_TERMINATED};
        assert_int_equal(mgeo_index_put(index, &record, 1, &error), MGEO_OK);
    }
    assert_int_equal(mgeo_index_search(index, &query, 1, NULL, &candidates, &error), MGEO_OK);
    size_t count = 0;
    const mgeo_candidate *found = mgeo_candidates_of(candidates, 0, &count);
    assert_int_equal(count, 20);
    assert_string_equal(found[0].id, "a");
    assert_true(found == mgeo_candidates_of(candidates, 0, NULL));
    assert_null(mgeo_candidates_of(candidates, 1, &count));
    assert_int_equal(count, 0);
    mgeo_candidates_destroy(candidates);
    mgeo_candidates_destroy(NULL);
    mgeo_index_destroy(index);
}

static void test_info_and_the_rest(void **state) {
    (void)state;
    mgeo_index *index = create();
    mgeo_index_info info = {.struct_size = sizeof info};
    const mgeo_record records[] = {{"a", 1, "张江路1号", MGEO_NUL_TERMINATED},
                                   {"b", 1, "张江路2号", MGEO_NUL_TERMINATED}};
    assert_int_equal(mgeo_index_put(index, records, 2, &error), MGEO_OK);
    assert_int_equal(mgeo_index_remove(index, records, 1, NULL, &error), MGEO_OK);
    assert_int_equal(mgeo_index_get_info(index, &info, &error), MGEO_OK);
    assert_int_equal(info.generation, 3);
    assert_int_equal(info.records, 1);
    assert_int_equal(info.removed, 1);
    assert_int_equal(info.segments, 1);
    assert_true(info.bytes_memory > 0 && info.bytes_mapped == 0);
    assert_int_equal(mgeo_index_compact(index, &error), MGEO_OK);
    assert_int_equal(mgeo_index_get_info(index, &info, &error), MGEO_OK);
    assert_int_equal(info.removed, 0);
    assert_int_equal(mgeo_index_roll_back(index, &error), MGEO_E_REFUSED);
    expect_refused(mgeo_index_get_info(index, NULL, &error), "info is NULL");
    expect_refused(mgeo_index_save(index, NULL, &error), "path is NULL");
    expect_refused(mgeo_index_swap(index, "", &error), "path is empty");
    expect_refused(mgeo_index_compact(NULL, &error), "index is NULL");
    assert_string_equal(mgeo_candidate_flag_name(MGEO_CANDIDATE_SAME_TEXT), "same_text");
    assert_string_equal(mgeo_candidate_flag_name(MGEO_CANDIDATE_SAME_FORM), "same_form");
    assert_string_equal(mgeo_candidate_flag_name(3), "unknown");
    mgeo_index_destroy(index);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_are_checked),
        cmocka_unit_test(test_records_are_checked),
        cmocka_unit_test(test_searches_are_checked),
        cmocka_unit_test(test_usual_options_find_twenty),
        cmocka_unit_test(test_info_and_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
