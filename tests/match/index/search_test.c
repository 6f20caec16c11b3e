/* SPDX-License-Identifier: Apache-2.0 */
/* What a search finds, against scoring every record. */
#include "index_fixture.h"

#include <stdlib.h>
#include <string.h>

/* ---- against scoring all --------------------------------------------------------------------- */

/* Whether the two share a term. */
static bool has_any(const mgi_rank_query *rank, const mgi_rank_document *document) {
    float features[MGI_RANK_FEATURES];
    mgi_rank_features(rank, document, features);
    return features[MGI_RANK_QUERY_FEATURES] > 0.0f;
}

/* The score by the definition, without any index: 1 where the forms are the same. */
static float score_directly(const mgi_snapshot *snapshot, const mgi_terms *query, uint64_t digest,
                            uint64_t row) {
    const mgi_segment *segment = snapshot->parts[0].segment;
    const mgi_segment_document *document =
        mgi_segment_documents(segment) + mgi_segment_at_row(segment, row);
    if (document->digest == digest) return 1.0f;
    const uint32_t *forward = mgi_segment_words(segment, MGI_SECTION_FORWARD) + document->forward;
    const size_t count = (size_t)(document[1].forward - document->forward);
    mgi_rank_query rank = {0};
    mgi_rank_totals totals = {0};
    for (size_t i = 0; i < query->count; i++) {
        uint32_t number;
        const float weight = mgi_segment_find_term(segment, query->keys[i], &number)
                                 ? mgi_segment_terms(segment)[number].weight
                                 : mgi_rank_weight(query->keys[i], 0, snapshot->rows);
        mgi_rank_count(&totals, query->keys[i], mgi_rank_share(weight));
    }
    assert_true(mgi_rank_begin(&rank, query->count, &totals, query->facts));
    for (size_t i = 0; i < query->count; i++) {
        uint32_t number;
        if (!mgi_segment_find_term(segment, query->keys[i], &number)) continue;
        mgi_rank_add(&rank, number, query->keys[i],
                     mgi_rank_share(mgi_segment_terms(segment)[number].weight));
    }
    const mgi_rank_document ranked = {forward, count, document->total, document->facts};
    const float score = has_any(&rank, &ranked) ? mgi_rank_score(&rank, &ranked) : 0.0f;
    mgi_rank_finish(&rank);
    return score;
}

static int best_first(const void *a, const void *b) {
    const mgi_found *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static size_t score_all(mgeo_index *index, const char *text, mgi_found *all) {
    mgi_snapshot *snapshot = mgi_index_take(index);
    mgi_normal_form form = {0};
    mgi_terms terms = {0};
    size_t count = 0;
    assert_int_equal(mgi_normal_form_make(&form, text, strlen(text)), MGI_NORMAL_OK);
    assert_true(mgi_terms_make(&terms, &form));
    for (uint64_t row = 0; row < snapshot->rows; row++) {
        const float score = score_directly(snapshot, &terms, form.digest, row);
        if (score > 0.0f) all[count++] = (mgi_found){row, score, 0};
    }
    qsort(all, count, sizeof *all, best_first);
    mgi_terms_finish(&terms);
    mgi_normal_form_finish(&form);
    mgi_snapshot_release(snapshot);
    return count;
}

static void test_a_search_of_everything_finds_the_best_scores(void **state) {
    (void)state;
    enum { ROWS = 700, TOP = 25 };
    addresses made = make_addresses(ROWS, 0, 1), queries = make_addresses(60, 0, 2);
    mgeo_index *index = create_filled(&made);
    const mgeo_search_options options = full_search(TOP);
    mgi_found all[ROWS];
    for (size_t i = 0; i < queries.count; i++) {
        size_t expected = score_all(index, queries.texts[i], all), count;
        mgeo_candidates *candidates = search_one(index, queries.texts[i], &options);
        const mgeo_candidate *found = mgi_candidates_of(candidates, 0, &count);
        if (expected > TOP) expected = TOP;
        assert_int_equal(count, expected);
        for (size_t k = 0; k < count; k++) {
            assert_int_equal(found[k].row, all[k].row);
            assert_true(found[k].score == all[k].score);
            assert_string_equal(found[k].text, made.texts[all[k].row]);
        }
        mgi_candidates_destroy(candidates);
    }
    mgi_index_destroy(index);
    free_addresses(&made);
    free_addresses(&queries);
}

/* The same when nearly all is left to a few postings: fewer are found, but what comes is right. */
static void test_little_effort_still_orders_by_score(void **state) {
    (void)state;
    addresses made = make_addresses(3000, 0, 3);
    mgeo_index *index = create_filled(&made);
    const mgeo_search_options options = {
        .struct_size = sizeof options, .top = 5, .threads = 1, .effort = 1};
    for (size_t i = 0; i < 100; i++) {
        size_t count;
        mgeo_candidates *candidates = search_one(index, made.texts[i], &options);
        const mgeo_candidate *found = mgi_candidates_of(candidates, 0, &count);
        assert_true(count > 0 && count <= 5);
        assert_true((found[0].flags & MGEO_CANDIDATE_SAME_FORM) != 0);
        for (size_t k = 1; k < count; k++) {
            assert_true(found[k - 1].score > found[k].score ||
                        (found[k - 1].score == found[k].score && found[k - 1].row < found[k].row));
        }
        mgi_candidates_destroy(candidates);
    }
    mgi_index_destroy(index);
    free_addresses(&made);
}

/* ---- the same form --------------------------------------------------------------------------- */

static void test_the_same_form_is_found_with_any_effort(void **state) {
    (void)state;
    addresses made = make_addresses(4000, 0, 4);
    mgeo_index *index = create_filled(&made);
    const mgeo_search_options options = {
        .struct_size = sizeof options, .top = 1, .threads = 1, .effort = 1};
    put_one(index, "odd", "永昌街１２号");
    put_one(index, "even", "完全不同的地方");
    size_t count;
    mgeo_candidates *candidates = search_one(index, "永昌街12号", &options);
    const mgeo_candidate *found = mgi_candidates_of(candidates, 0, &count);
    assert_int_equal(count, 1);
    assert_true((found->flags & MGEO_CANDIDATE_SAME_FORM) != 0);
    mgi_candidates_destroy(candidates);
    mgi_index_destroy(index);
    free_addresses(&made);
}

static void test_flags_say_what_is_the_same(void **state) {
    (void)state;
    mgeo_index *index = create_index(NULL);
    const mgeo_search_options options = full_search(10);
    put_one(index, "wide", "张江路１２号");
    put_one(index, "narrow", "张江路12号");
    put_one(index, "other", "张江路13号");
    size_t count;
    mgeo_candidates *candidates = search_one(index, "张江路12号", &options);
    const mgeo_candidate *found = mgi_candidates_of(candidates, 0, &count);
    assert_int_equal(count, 3);
    assert_string_equal(found[0].id, "wide");
    assert_int_equal(found[0].flags, MGEO_CANDIDATE_SAME_FORM);
    assert_string_equal(found[1].id, "narrow");
    assert_int_equal(found[1].flags, MGEO_CANDIDATE_SAME_FORM | MGEO_CANDIDATE_SAME_TEXT);
    assert_int_equal(found[1].text_len, strlen("张江路12号"));
    assert_int_equal(found[2].flags, 0);
    assert_true(found[0].score > found[2].score);
    mgi_candidates_destroy(candidates);
    mgi_index_destroy(index);
}

/* More records of one form than are looked at: the first of them come. */
static void test_of_many_same_forms_the_first_rows_come(void **state) {
    (void)state;
    enum { COPIES = 1500 };
    addresses made = make_addresses(COPIES, 0, 5);
    mgeo_index *index = create_index(NULL);
    for (size_t i = 0; i < COPIES; i++) {
        made.records[i].text = "世纪大道8号";
        made.records[i].text_len = MGEO_NUL_TERMINATED;
    }
    put_all(index, &made);
    const mgeo_search_options options = {
        .struct_size = sizeof options, .top = 20, .threads = 1, .effort = 100};
    mgeo_candidates *candidates;
    mgeo_error error;
    uint64_t generation = 0;
    size_t count;
    assert_int_equal(mgi_candidates_search_rows(index, 0, COPIES, true, &generation, &options,
                                                &candidates, &error),
                     MGEO_OK);
    for (size_t i = 0; i < COPIES; i++) {
        const mgeo_candidate *found = mgi_candidates_of(candidates, i, &count);
        assert_int_equal(count, COPIES - i - 1 < 20 ? COPIES - i - 1 : 20);
        for (size_t k = 0; k < count; k++) assert_int_equal(found[k].row, i + k + 1);
    }
    mgi_candidates_destroy(candidates);
    mgi_index_destroy(index);
    free_addresses(&made);
}

/* ---- rows as queries ------------------------------------------------------------------------- */

static void test_a_row_finds_what_its_text_finds_but_itself(void **state) {
    (void)state;
    enum { ROWS = 300 };
    addresses made = make_addresses(ROWS, 0, 6);
    mgeo_index *index = create_filled(&made);
    const mgeo_search_options options = full_search(ROWS);
    mgeo_candidates *rows;
    mgeo_error error;
    uint64_t generation = 0;
    assert_int_equal(
        mgi_candidates_search_rows(index, 0, ROWS, false, &generation, &options, &rows, &error),
        MGEO_OK);
    assert_int_equal(generation, info_of(index).generation);
    for (size_t i = 0; i < ROWS; i++) {
        size_t count, text_count, k = 0;
        const mgeo_candidate *found = mgi_candidates_of(rows, i, &count);
        mgeo_candidates *text = search_one(index, made.texts[i], &options);
        const mgeo_candidate *by_text = mgi_candidates_of(text, 0, &text_count);
        assert_int_equal(count + 1, text_count);
        for (size_t t = 0; t < text_count; t++) {
            if (by_text[t].row == i) continue;
            assert_int_equal(found[k].row, by_text[t].row);
            assert_true(found[k].score == by_text[t].score);
            assert_int_equal(found[k++].flags, by_text[t].flags);
        }
        mgi_candidates_destroy(text);
    }
    mgi_candidates_destroy(rows);
    mgi_index_destroy(index);
    free_addresses(&made);
}

static void test_later_rows_make_each_pair_once(void **state) {
    (void)state;
    enum { ROWS = 200 };
    addresses made = make_addresses(ROWS, 0, 7);
    mgeo_index *index = create_filled(&made);
    const mgeo_search_options options = full_search(ROWS);
    mgeo_candidates *both, *later;
    mgeo_error error;
    uint64_t generation = 0;
    assert_int_equal(
        mgi_candidates_search_rows(index, 0, ROWS, false, &generation, &options, &both, &error),
        MGEO_OK);
    assert_int_equal(
        mgi_candidates_search_rows(index, 0, ROWS, true, &generation, &options, &later, &error),
        MGEO_OK);
    size_t all = 0, half = 0;
    for (size_t i = 0; i < ROWS; i++) {
        size_t count;
        mgi_candidates_of(both, i, &count);
        all += count;
        const mgeo_candidate *found = mgi_candidates_of(later, i, &count);
        half += count;
        for (size_t k = 0; k < count; k++) assert_true(found[k].row > i);
    }
    assert_int_equal(all, 2 * half);
    mgi_candidates_destroy(both);
    mgi_candidates_destroy(later);
    mgi_index_destroy(index);
    free_addresses(&made);
}

static void test_rows_that_are_none_are_refused(void **state) {
    (void)state;
    addresses made = make_addresses(10, 0, 8);
    mgeo_index *index = create_filled(&made);
    const mgeo_search_options options = full_search(5);
    mgeo_candidates *candidates = NULL;
    mgeo_error error;
    uint64_t generation = 0;
    assert_int_equal(
        mgi_candidates_search_rows(index, 5, 6, false, &generation, &options, &candidates, &error),
        MGEO_E_ARGUMENT);
    assert_non_null(strstr(error.message, "the index has 10"));
    generation = 7;
    assert_int_equal(
        mgi_candidates_search_rows(index, 0, 1, false, &generation, &options, &candidates, &error),
        MGEO_E_REFUSED);
    assert_non_null(strstr(error.message, "generation 7 is no longer there"));
    assert_null(candidates);
    mgi_index_destroy(index);
    free_addresses(&made);
}

/* ---- queries --------------------------------------------------------------------------------- */

static void test_what_names_nothing_finds_nothing(void **state) {
    (void)state;
    addresses made = make_addresses(50, 0, 9);
    mgeo_index *index = create_filled(&made), *empty = create_index(NULL);
    char ids[64];
    assert_string_equal(find_ids(index, "", 5, ids, sizeof ids), "");
    assert_string_equal(find_ids(index, "\xff\xfe", 5, ids, sizeof ids), "");
    assert_string_equal(find_ids(index, "，。", 5, ids, sizeof ids), "");
    assert_string_equal(find_ids(empty, "张江路12号", 5, ids, sizeof ids), "");
    mgi_index_destroy(index);
    mgi_index_destroy(empty);
    free_addresses(&made);
}

/* One run of text that is longer than what is looked at has the terms of its beginning. */
static void test_a_long_text_is_found_by_its_beginning(void **state) {
    (void)state;
    enum { CHARACTERS = 700 };
    mgeo_index *index = create_index(NULL);
    char text[3 * CHARACTERS + 1] = "", ids[16];
    for (int i = 0; i < CHARACTERS; i++) {
        const unsigned character = 0x6000 + 7 * (unsigned)i;
        text[3 * i] = (char)(0xE0 | character >> 12);
        text[3 * i + 1] = (char)(0x80 | (character >> 6 & 0x3F));
        text[3 * i + 2] = (char)(0x80 | (character & 0x3F));
    }
    put_one(index, "long", text);
    put_one(index, "short", "张江路12号");
    text[3 * CHARACTERS - 3] = '\0'; /* another form: it lacks the last character */
    assert_string_equal(find_ids(index, text, 1, ids, sizeof ids), "long ");
    mgi_index_destroy(index);
}

static void test_a_least_score_leaves_out_the_rest(void **state) {
    (void)state;
    addresses made = make_addresses(500, 0, 10);
    mgeo_index *index = create_filled(&made);
    mgeo_search_options options = full_search(500);
    size_t all, count, above = 0;
    mgeo_candidates *candidates = search_one(index, made.texts[0], &options);
    const mgeo_candidate *found = mgi_candidates_of(candidates, 0, &all);
    while (above < all && found[above].score >= 0.5f) above++;
    mgi_candidates_destroy(candidates);
    options.least = 0.5f;
    candidates = search_one(index, made.texts[0], &options);
    mgi_candidates_of(candidates, 0, &count);
    assert_true(above > 0 && above < all);
    assert_int_equal(count, above);
    mgi_candidates_destroy(candidates);
    mgi_index_destroy(index);
    free_addresses(&made);
}

static void test_answers_do_not_depend_on_threads(void **state) {
    (void)state;
    addresses made = make_addresses(2000, 0, 11);
    mgeo_index *index = create_filled(&made);
    mgeo_search_options options = {
        .struct_size = sizeof options, .top = 10, .threads = 1, .effort = 20};
    mgeo_text *queries = calloc(made.count, sizeof *queries);
    mgeo_candidates *one, *many;
    mgeo_error error;
    assert_non_null(queries);
    for (size_t i = 0; i < made.count; i++) {
        queries[i] = (mgeo_text){made.texts[i], MGEO_NUL_TERMINATED};
    }
    assert_int_equal(mgi_candidates_search(index, queries, made.count, &options, &one, &error), 0);
    options.threads = 4;
    assert_int_equal(mgi_candidates_search(index, queries, made.count, &options, &many, &error), 0);
    for (size_t i = 0; i < made.count; i++) {
        size_t a_count, b_count;
        const mgeo_candidate *a = mgi_candidates_of(one, i, &a_count);
        const mgeo_candidate *b = mgi_candidates_of(many, i, &b_count);
        assert_int_equal(a_count, b_count);
        for (size_t k = 0; k < a_count; k++) {
            assert_int_equal(a[k].row, b[k].row);
            assert_true(a[k].score == b[k].score);
        }
    }
    size_t none;
    assert_null(mgi_candidates_of(one, made.count, &none));
    assert_int_equal(none, 0);
    mgi_candidates_destroy(one);
    mgi_candidates_destroy(many);
    mgi_index_destroy(index);
    free(queries);
    free_addresses(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_search_of_everything_finds_the_best_scores),
        cmocka_unit_test(test_little_effort_still_orders_by_score),
        cmocka_unit_test(test_the_same_form_is_found_with_any_effort),
        cmocka_unit_test(test_flags_say_what_is_the_same),
        cmocka_unit_test(test_of_many_same_forms_the_first_rows_come),
        cmocka_unit_test(test_a_row_finds_what_its_text_finds_but_itself),
        cmocka_unit_test(test_later_rows_make_each_pair_once),
        cmocka_unit_test(test_rows_that_are_none_are_refused),
        cmocka_unit_test(test_what_names_nothing_finds_nothing),
        cmocka_unit_test(test_a_long_text_is_found_by_its_beginning),
        cmocka_unit_test(test_a_least_score_leaves_out_the_rest),
        cmocka_unit_test(test_answers_do_not_depend_on_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
