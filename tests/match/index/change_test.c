/* SPDX-License-Identifier: Apache-2.0 */
/* Records put in, replaced and removed; compaction; swaps and the way back. */
#include "index_fixture.h"

#include <stdio.h>
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

/* ---- records --------------------------------------------------------------------------------- */

static void test_a_record_is_put_replaced_and_removed(void **state) {
    (void)state;
    mgeo_index *index = create_index(NULL);
    char ids[64];
    put_one(index, "a", "张江路12号");
    put_one(index, "b", "张江路14号");
    assert_string_equal(find_ids(index, "张江路12号", 5, ids, sizeof ids), "a b ");
    put_one(index, "a", "世纪大道100号");
    assert_string_equal(find_ids(index, "张江路12号", 1, ids, sizeof ids), "b ");
    assert_string_equal(find_ids(index, "世纪大道100号", 1, ids, sizeof ids), "a ");
    assert_int_equal(info_of(index).records, 2);
    assert_int_equal(remove_one(index, "a"), 1);
    assert_int_equal(remove_one(index, "a"), 0);
    assert_int_equal(remove_one(index, "never there"), 0);
    assert_string_equal(find_ids(index, "世纪大道100号", 1, ids, sizeof ids), "b ");
    assert_int_equal(info_of(index).records, 1);
    put_one(index, "a", "世纪大道100号");
    assert_string_equal(find_ids(index, "世纪大道100号", 1, ids, sizeof ids), "a ");
    mgi_index_destroy(index);
}

static void test_of_one_id_in_a_batch_the_last_counts(void **state) {
    (void)state;
    mgeo_index *index = create_index(NULL);
    const mgeo_record records[] = {
        {"x", 1, "张江路1号", MGEO_NUL_TERMINATED},   {"y", 1, "张江路2号", MGEO_NUL_TERMINATED},
        {"x", 1, "世纪大道3号", MGEO_NUL_TERMINATED}, {"z", 1, "张江路4号", MGEO_NUL_TERMINATED},
        {"x", 1, "丰潭路5号", MGEO_NUL_TERMINATED},
    };
    mgeo_error error;
    char ids[64];
    assert_int_equal(mgi_index_put(index, records, 5, &error), MGEO_OK);
    assert_int_equal(info_of(index).records, 3);
    assert_int_equal(info_of(index).removed, 0);
    assert_string_equal(find_ids(index, "丰潭路5号", 1, ids, sizeof ids), "x ");
    assert_string_equal(find_ids(index, "张江路1号", 5, ids, sizeof ids)[0] == 'x' ? "x" : "", "");
    mgi_index_destroy(index);
}

/* Puts and removals in any order leave what a table of ids would hold. */
static void test_many_changes_leave_what_they_should(void **state) {
    (void)state;
    enum { IDS = 40, CHANGES = 400 };
    addresses texts = make_addresses(CHANGES, 0, 21);
    const char *held[IDS] = {NULL};
    uint32_t seed = 5;
    mgeo_index *index = create_index(NULL);
    for (size_t i = 0; i < CHANGES; i++) {
        const uint32_t id = next_random(&seed) % IDS;
        char name[16];
        snprintf(name, sizeof name, "%u", id);
        if (next_random(&seed) % 3 == 0) {
            assert_int_equal(remove_one(index, name), held[id] != NULL);
            held[id] = NULL;
        } else {
            put_one(index, name, texts.texts[i]);
            held[id] = texts.texts[i];
        }
        if (i % 90 == 89) assert_int_equal(mgi_index_compact(index, NULL), MGEO_OK);
    }
    const mgeo_search_options options = full_search(IDS);
    size_t count, records = 0;
    for (uint32_t id = 0; id < IDS; id++) records += held[id] != NULL;
    assert_int_equal(info_of(index).records, records);
    mgeo_candidates *candidates = search_one(index, "路街道1号2室中关村", &options);
    const mgeo_candidate *found = mgi_candidates_of(candidates, 0, &count);
    assert_int_equal(count, records);
    for (size_t i = 0; i < count; i++) assert_string_equal(found[i].text, held[atoi(found[i].id)]);
    mgi_candidates_destroy(candidates);
    mgi_index_destroy(index);
    free_addresses(&texts);
}

static void test_a_failed_put_leaves_all_as_it_was(void **state) {
    (void)state;
    mgeo_index *index = create_index(NULL);
    addresses made = make_addresses(3000, 0, 22);
    mgeo_error error;
    put_one(index, "a", "张江路12号");
    made.records[1234].text = "\xE5\xBC";
    made.records[1234].text_len = 2;
    made.records[2900].text = "\xFF";
    made.records[2900].text_len = 1;
    assert_int_equal(mgi_index_put(index, made.records, made.count, &error), MGEO_E_ARGUMENT);
    assert_string_equal(error.message, "records[1234].text is not UTF-8");
    assert_int_equal(info_of(index).records, 1);
    assert_int_equal(info_of(index).generation, 2);
    mgi_index_destroy(index);
    free_addresses(&made);
}

/* ---- segments -------------------------------------------------------------------------------- */

static void test_small_puts_make_few_segments(void **state) {
    (void)state;
    addresses made = make_addresses(300, 0, 23);
    mgeo_index *index = create_index(NULL);
    for (size_t i = 0; i < made.count; i++) {
        put_one(index, made.ids[i], made.texts[i]);
        assert_true(info_of(index).segments <= 9);
        assert_int_equal(info_of(index).records, i + 1);
        assert_int_equal(info_of(index).generation, i + 2);
    }
    mgi_index_destroy(index);
    free_addresses(&made);
}

/* Wherever they are cut into puts, and whatever was removed before: the file is the same. */
static void test_a_compacted_index_is_one_built_at_once(void **state) {
    (void)state;
    addresses made = make_addresses(2500, 0, 24), gone = make_addresses(700, 10000, 25);
    mgeo_index *whole = create_filled(&made), *parts = create_index(NULL);
    mgeo_error error;
    for (size_t i = 0; i < made.count;) {
        size_t count = i % 7 * 60 + 1;
        if (count > made.count - i) count = made.count - i;
        assert_int_equal(mgi_index_put(parts, made.records + i, count, &error), MGEO_OK);
        assert_int_equal(mgi_index_put(parts, gone.records + i / 4, 3, &error), MGEO_OK);
        i += count;
    }
    assert_int_equal(mgi_index_remove(parts, gone.records, gone.count, &(uint64_t){0}, &error), 0);
    assert_true(info_of(parts).segments > 1);
    assert_true(info_of(parts).removed > 0);
    save_index(parts, in_folder("parts"));
    save_index(whole, in_folder("whole"));
    check_same_files(in_folder("parts"), in_folder("whole"));
    assert_true(info_of(parts).segments > 1); /* what is saved is compacted, not what is there */
    assert_int_equal(mgi_index_compact(parts, &error), MGEO_OK);
    assert_int_equal(info_of(parts).segments, 1);
    assert_int_equal(info_of(parts).removed, 0);
    save_index(parts, in_folder("compacted"));
    check_same_files(in_folder("compacted"), in_folder("whole"));
    check_same_answers(parts, whole, &gone);
    mgi_index_destroy(whole);
    mgi_index_destroy(parts);
    free_addresses(&made);
    free_addresses(&gone);
}

static void test_the_file_does_not_depend_on_threads(void **state) {
    (void)state;
    addresses made = make_addresses(5000, 0, 26);
    const char *names[] = {"1", "2", "5"};
    for (size_t i = 0; i < 3; i++) {
        const mgeo_index_options options = {.struct_size = sizeof options,
                                            .threads = (uint32_t)atoi(names[i])};
        mgeo_index *index = create_index(&options);
        put_all(index, &made);
        save_index(index, in_folder(names[i]));
        mgi_index_destroy(index);
    }
    check_same_files(in_folder("1"), in_folder("2"));
    check_same_files(in_folder("1"), in_folder("5"));
    free_addresses(&made);
}

/* What is put after the first build weighs what it does there, so that nothing found before gets
 * another score for a little more. */
static void test_a_small_put_changes_no_other_score(void **state) {
    (void)state;
    addresses made = make_addresses(1000, 0, 27), few = make_addresses(5, 5000, 28);
    mgeo_index *index = create_filled(&made);
    const mgeo_search_options options = full_search(1000);
    size_t before_count, after_count, k = 0;
    mgeo_candidates *before = search_one(index, made.texts[3], &options);
    put_all(index, &few);
    mgeo_candidates *after = search_one(index, made.texts[3], &options);
    const mgeo_candidate *x = mgi_candidates_of(before, 0, &before_count);
    const mgeo_candidate *y = mgi_candidates_of(after, 0, &after_count);
    assert_int_equal(info_of(index).segments, 2);
    for (size_t i = 0; i < after_count; i++) {
        if (y[i].row >= 1000) continue;
        assert_int_equal(y[i].row, x[k].row);
        assert_true(y[i].score == x[k++].score);
    }
    assert_true(k > 900);
    mgi_candidates_destroy(before);
    mgi_candidates_destroy(after);
    mgi_index_destroy(index);
    free_addresses(&made);
    free_addresses(&few);
}

/* ---- candidates outlive changes -------------------------------------------------------------- */

static void test_candidates_stay_when_the_index_is_gone(void **state) {
    (void)state;
    mgeo_index *index = create_index(NULL);
    const mgeo_search_options options = full_search(5);
    put_one(index, "a", "张江路12号");
    mgeo_candidates *candidates = search_one(index, "张江路12号", &options);
    remove_one(index, "a");
    put_one(index, "b", "张江路12号");
    assert_int_equal(mgi_index_compact(index, NULL), MGEO_OK);
    mgi_index_destroy(index);
    size_t count;
    const mgeo_candidate *found = mgi_candidates_of(candidates, 0, &count);
    assert_int_equal(count, 1);
    assert_string_equal(found->id, "a");
    assert_string_equal(found->text, "张江路12号");
    mgi_candidates_destroy(candidates);
}

/* ---- swapping -------------------------------------------------------------------------------- */

static void test_swap_and_the_way_back(void **state) {
    (void)state;
    addresses old = make_addresses(50, 0, 29), new = make_addresses(70, 100, 30);
    mgeo_index *index = create_filled(&old), *other = create_filled(&new);
    mgeo_error error;
    char ids[64];
    save_index(other, in_folder("new"));
    assert_int_equal(mgi_index_roll_back(index, &error), MGEO_E_REFUSED);
    assert_int_equal(mgi_index_swap(index, in_folder("new"), &error), MGEO_OK);
    assert_int_equal(info_of(index).records, 70);
    assert_int_equal(info_of(index).previous_records, 50);
    assert_int_equal(info_of(index).generation, 3);
    assert_true(info_of(index).bytes_mapped > 0);
    assert_string_equal(info_of(index).path, in_folder("new"));
    check_same_answers(index, other, &old);
    put_one(index, "more", "永昌街9号");
    assert_int_equal(mgi_index_roll_back(index, &error), MGEO_OK);
    assert_int_equal(info_of(index).records, 50);
    assert_int_equal(info_of(index).previous_records, 71);
    assert_int_equal(info_of(index).generation, 5);
    assert_string_equal(info_of(index).path, "");
    assert_int_equal(mgi_index_roll_back(index, &error), MGEO_OK);
    assert_string_equal(find_ids(index, "永昌街9号", 1, ids, sizeof ids), "more ");
    assert_int_equal(mgi_index_swap(index, in_folder("nothing"), &error), MGEO_E_IO);
    assert_int_equal(info_of(index).records, 71);
    mgi_index_destroy(index);
    mgi_index_destroy(other);
    free_addresses(&old);
    free_addresses(&new);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_record_is_put_replaced_and_removed),
        cmocka_unit_test(test_of_one_id_in_a_batch_the_last_counts),
        cmocka_unit_test(test_many_changes_leave_what_they_should),
        cmocka_unit_test(test_a_failed_put_leaves_all_as_it_was),
        cmocka_unit_test(test_small_puts_make_few_segments),
        cmocka_unit_test(test_a_compacted_index_is_one_built_at_once),
        cmocka_unit_test(test_the_file_does_not_depend_on_threads),
        cmocka_unit_test(test_a_small_put_changes_no_other_score),
        cmocka_unit_test(test_candidates_stay_when_the_index_is_gone),
        cmocka_unit_test(test_swap_and_the_way_back),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
