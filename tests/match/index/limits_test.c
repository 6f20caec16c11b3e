/* SPDX-License-Identifier: Apache-2.0 */
/* Out of memory at any moment, over a limit, or cancelled: nothing changes, and the next call
 * works.
 */
#include "index_fixture.h"

#include "core/alloc.h"

#include <stdlib.h>
#include <string.h>

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

/* ---- out of memory --------------------------------------------------------------------------- */

/* What is tried again with one allocation after the other failing. */
typedef mgeo_status attempt(mgeo_index *index, const addresses *made, mgeo_error *error);

static mgeo_status put(mgeo_index *index, const addresses *made, mgeo_error *error) {
    return mgi_index_put(index, made->records, made->count, error);
}

static mgeo_status remove_half(mgeo_index *index, const addresses *made, mgeo_error *error) {
    uint64_t removed;
    return mgi_index_remove(index, made->records, made->count / 2, &removed, error);
}

static mgeo_status compact(mgeo_index *index, const addresses *made, mgeo_error *error) {
    (void)made;
    return mgi_index_compact(index, error);
}

static mgeo_status save(mgeo_index *index, const addresses *made, mgeo_error *error) {
    (void)made;
    return mgi_index_save(index, in_folder("saved"), error);
}

static mgeo_status swap(mgeo_index *index, const addresses *made, mgeo_error *error) {
    (void)made;
    return mgi_index_swap(index, in_folder("other"), error);
}

static mgeo_status search(mgeo_index *index, const addresses *made, mgeo_error *error) {
    const mgeo_search_options options = full_search(5);
    const mgeo_text query = {made->texts[0], MGEO_NUL_TERMINATED};
    mgeo_candidates *candidates = NULL;
    const mgeo_status status =
        mgi_candidates_search(index, &query, 1, &options, &candidates, error);
    assert_true((status == MGEO_OK) == (candidates != NULL));
    mgi_candidates_destroy(candidates);
    return status;
}

/* Where it fails the index is as it was; in the end it succeeds. */
static void check_every_allocation(attempt *what) {
    addresses made = make_addresses(40, 0, 41), more = make_addresses(30, 20, 42);
    for (long nth = 1;; nth++) {
        mgeo_index *index = create_filled(&made);
        mgeo_error error;
        remove_one(index, "r3");
        mgi_alloc_fail_at(nth);
        const mgeo_status status = what(index, &more, &error);
        const long failures = mgi_alloc_failures();
        mgi_alloc_fail_at(0);
        if (status != MGEO_OK) {
            assert_int_equal(status, MGEO_E_MEMORY);
            assert_int_equal(info_of(index).records, 39);
            assert_int_equal(info_of(index).generation, 3);
            assert_int_equal(what(index, &more, &error), MGEO_OK);
        }
        mgi_index_destroy(index);
        if (failures == 0) {
            assert_true(nth > 2);
            break;
        }
    }
    free_addresses(&made);
    free_addresses(&more);
}

static void test_changes_without_memory(void **state) {
    (void)state;
    check_every_allocation(put);
    check_every_allocation(remove_half);
    check_every_allocation(compact);
}

static void test_files_without_memory(void **state) {
    (void)state;
    addresses made = make_addresses(20, 0, 43);
    mgeo_index *other = create_filled(&made);
    save_index(other, in_folder("other"));
    check_every_allocation(save);
    check_every_allocation(swap);
    mgi_index_destroy(other);
    free_addresses(&made);
}

static void test_searches_without_memory(void **state) {
    (void)state;
    check_every_allocation(search);
}

static void test_creating_without_memory(void **state) {
    (void)state;
    const mgeo_index_options options = {.struct_size = sizeof options};
    mgeo_index *index = NULL;
    mgeo_error error;
    for (long nth = 1; nth <= 2; nth++) {
        mgi_alloc_fail_at(nth);
        assert_int_equal(mgi_index_create(&options, &index, &error), MGEO_E_MEMORY);
        mgi_alloc_fail_at(0);
        assert_null(index);
    }
}

/* ---- a limit --------------------------------------------------------------------------------- */

static void test_a_limit_of_memory_is_kept(void **state) {
    (void)state;
    addresses made = make_addresses(5000, 0, 44);
    mgeo_index_options options = {.struct_size = sizeof options, .threads = 2};
    bool refused = false, done = false;
    for (options.memory_limit = 4096; !done; options.memory_limit *= 2) {
        mgeo_index *index = create_index(&options);
        mgeo_error error;
        const mgeo_status status = mgi_index_put(index, made.records, made.count, &error);
        if (status == MGEO_OK) {
            done = true;
            assert_int_equal(info_of(index).records, 5000);
            assert_true(info_of(index).bytes_memory <= options.memory_limit);
        } else {
            refused = true;
            assert_int_equal(status, MGEO_E_MEMORY);
            assert_non_null(strstr(error.message, "memory_limit is"));
            assert_int_equal(info_of(index).records, 0);
        }
        mgi_index_destroy(index);
    }
    assert_true(refused);
    free_addresses(&made);
}

/* ---- cancelled ------------------------------------------------------------------------------- */

static void test_a_cancelled_change_changes_nothing(void **state) {
    (void)state;
    addresses made = make_addresses(300, 0, 45);
    mgeo_progress progress = {0};
    const mgeo_index_options options = {
        .struct_size = sizeof options, .threads = 1, .progress = &progress};
    mgeo_index *index = create_index(&options);
    mgeo_error error;
    put_one(index, "a", "张江路12号");
    mgeo_progress_cancel(&progress);
    assert_int_equal(mgi_index_put(index, made.records, made.count, &error), MGEO_E_CANCELLED);
    assert_int_equal(info_of(index).records, 1);
    assert_int_equal(info_of(index).generation, 2);
    assert_int_equal(mgi_index_save(index, in_folder("cancelled"), &error), MGEO_E_CANCELLED);
    mgi_index_destroy(index);
    free_addresses(&made);
}

static void test_a_cancelled_search_finds_nothing(void **state) {
    (void)state;
    addresses made = make_addresses(300, 0, 46);
    mgeo_index *index = create_filled(&made);
    mgeo_progress progress = {0};
    mgeo_search_options options = full_search(5);
    mgeo_candidates *candidates = NULL;
    mgeo_error error;
    uint64_t generation = 0, done, total;
    int32_t stage;
    options.progress = &progress;
    assert_int_equal(mgi_candidates_search_rows(index, 0, 300, false, &generation, &options,
                                                &candidates, &error),
                     MGEO_OK);
    mgeo_progress_read(&progress, &stage, &done, &total);
    assert_int_equal(stage, MGEO_STAGE_SCORING);
    assert_int_equal(done, 300);
    assert_int_equal(total, 300);
    mgi_candidates_destroy(candidates);
    candidates = NULL;
    mgeo_progress_cancel(&progress);
    assert_int_equal(mgi_candidates_search_rows(index, 0, 300, false, &generation, &options,
                                                &candidates, &error),
                     MGEO_E_CANCELLED);
    assert_null(candidates);
    mgi_index_destroy(index);
    free_addresses(&made);
}

/* A query of megabytes leaves no room of megabytes behind, for each thread that searches. */
static void test_room_for_a_long_text_is_not_kept(void **state) {
    (void)state;
    enum { BYTES = 3 << 20 };
    addresses made = make_addresses(20, 0, 46);
    mgeo_index *index = create_filled(&made);
    char *text = malloc(BYTES + 1);
    assert_non_null(text);
    memset(text, 'a', BYTES);
    text[BYTES] = '\0';
    const mgeo_search_options options = full_search(5);
    mgi_candidates_destroy(search_one(index, text, &options));
    mgi_candidates_destroy(search_one(index, made.texts[0], &options));
    mgi_scratch *scratch = mgi_scratch_take(&index->scratch);
    assert_non_null(scratch);
    assert_true(scratch->form.character_capacity > 0);
    assert_true(scratch->form.character_capacity < BYTES);
    mgi_scratch_destroy(scratch);
    mgi_index_destroy(index);
    free_addresses(&made);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_without_memory),
        cmocka_unit_test(test_files_without_memory),
        cmocka_unit_test(test_searches_without_memory),
        cmocka_unit_test(test_creating_without_memory),
        cmocka_unit_test(test_a_limit_of_memory_is_kept),
        cmocka_unit_test(test_a_cancelled_change_changes_nothing),
        cmocka_unit_test(test_a_cancelled_search_finds_nothing),
        cmocka_unit_test(test_room_for_a_long_text_is_not_kept),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
