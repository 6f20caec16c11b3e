/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions' manners: what they refuse, what they leave alone, what they say. */
#define _GNU_SOURCE
#include "backend/fake.h"
#include "model/model.h"
#include "support/check.h"
#include "support/fake_oracle.h"
#include "support/tiny_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static char root[TINY_PATH_BYTES];
static char path[TINY_PATH_BYTES];
static mgeo_engine *engine;
static mgeo_error error;

static mgeo_load_options fake_options(void) {
    return (mgeo_load_options){
        .struct_size = sizeof(mgeo_load_options), .device = "fake", .threads = 1};
}

static int begin(void **state) {
    (void)state;
    mgi_backend_register(&mgi_fake_backend);
    tiny_models_begin(root);
    tiny_model_write(root, "tiny", &(tiny_model){.variant = 3, .labels = 2}, path);
    mgeo_load_options options = fake_options();
    if (mgeo_engine_create(NULL, &engine, &error) != MGEO_OK) return -1;
    return mgeo_load(engine, path, &options, NULL, &error);
}

static int end(void **state) {
    (void)state;
    mgeo_engine_destroy(engine);
    tiny_models_end(root);
    return 0;
}

static void check_refused(mgeo_status status, mgeo_status wanted, const char *part) {
    assert_int_equal(status, wanted);
    assert_int_equal(error.status, wanted);
    if (strstr(error.message, part) == NULL) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
    assert_null(strchr(error.message, '\n'));
}

/* ---- NULL ------------------------------------------------------------------------------------ */

static void test_null_where_something_is_needed(void **state) {
    (void)state;
    mgeo_scores scores = {.struct_size = sizeof scores};
    mgeo_pair pair = {"1", 1, "2", 1};
    check_refused(mgeo_engine_create(NULL, NULL, &error), MGEO_E_ARGUMENT, "engine is NULL");
    check_refused(mgeo_load(NULL, path, NULL, NULL, &error), MGEO_E_ARGUMENT, "engine is NULL");
    check_refused(mgeo_unload(NULL, &error), MGEO_E_ARGUMENT, "engine is NULL");
    check_refused(mgeo_swap_model(NULL, NULL, NULL, &error), MGEO_E_ARGUMENT, "engine is NULL");
    check_refused(mgeo_score(NULL, &pair, 1, &scores, &error), MGEO_E_ARGUMENT, "engine is NULL");
    check_refused(mgeo_score(engine, &pair, 1, NULL, &error), MGEO_E_ARGUMENT, "scores is NULL");
    check_refused(mgeo_score(engine, &pair, 1, &scores, &error), MGEO_E_ARGUMENT, "similarity");
    float similarity = 7;
    scores.similarity = &similarity;
    check_refused(mgeo_score(engine, NULL, 1, &scores, &error), MGEO_E_ARGUMENT, "pairs is NULL");
    check_refused(mgeo_get_info(engine, MGEO_LIVE, NULL, &error), MGEO_E_ARGUMENT, "info is NULL");
    check_refused(mgeo_get_stats(engine, MGEO_LIVE, NULL, &error), MGEO_E_ARGUMENT,
                  "stats is NULL");
    check_refused(mgeo_get_unused_tensor(engine, MGEO_LIVE, 0, NULL, 9, &error), MGEO_E_ARGUMENT,
                  "name is NULL");
    check_refused(mgeo_get_unused_field(engine, MGEO_LIVE, 0, NULL, &error), MGEO_E_ARGUMENT,
                  "field is NULL");
    assert_float_equal(similarity, 7, 0);
    mgeo_engine_destroy(NULL);
    mgeo_progress_cancel(NULL);
}

static void test_null_texts_name_their_row(void **state) {
    (void)state;
    float similarity[3] = {7, 7, 7};
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    mgeo_pair pairs[3] = {{"1", 1, "2", 1}, {"1", 1, "2", 1}, {"1", 1, NULL, 3}};
    check_refused(mgeo_score(engine, pairs, 3, &scores, &error), MGEO_E_ARGUMENT, "pairs[2].b");
    pairs[1].a = NULL;
    pairs[1].a_len = MGEO_NUL_TERMINATED;
    check_refused(mgeo_score(engine, pairs, 3, &scores, &error), MGEO_E_ARGUMENT, "pairs[1].a");
    assert_float_equal(similarity[0], 7, 0); /* nothing was scored */
    pairs[1].a_len = 0;
    pairs[2].b_len = 0; /* NULL of length 0 is an empty text */
    assert_int_equal(mgeo_score(engine, pairs, 3, &scores, &error), MGEO_OK);
    assert_int_equal(scores.bad_rows, 2);
    assert_false(isnan(similarity[0]));
    assert_true(isnan(similarity[1]) && isnan(similarity[2]));
}

static void test_errors_are_optional_and_cleared(void **state) {
    (void)state;
    assert_int_equal(mgeo_unload(NULL, NULL), MGEO_E_ARGUMENT);
    mgeo_unload(NULL, &error);
    assert_int_equal(error.status, MGEO_E_ARGUMENT);
    float similarity;
    mgeo_pair pair = {"1", 1, "2", 1};
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &similarity};
    assert_int_equal(mgeo_score(engine, &pair, 1, &scores, &error), MGEO_OK);
    assert_int_equal(error.status, MGEO_OK);
    assert_string_equal(error.message, "");
}

/* ---- sizes of structs ------------------------------------------------------------------------ */

static void test_struct_sizes_that_cannot_be(void **state) {
    (void)state;
    mgeo_load_options load = fake_options();
    mgeo_model_info info = {.struct_size = 0};
    load.struct_size = 3;
    check_refused(mgeo_load(engine, path, &load, NULL, &error), MGEO_E_ARGUMENT,
                  "mgeo_load_options.struct_size");
    load.struct_size = sizeof load;
    check_refused(mgeo_load(engine, path, &load, &info, &error), MGEO_E_ARGUMENT,
                  "mgeo_model_info.struct_size");
    check_refused(mgeo_get_info(engine, MGEO_LIVE, &info, &error), MGEO_E_ARGUMENT,
                  "mgeo_model_info.struct_size");
    mgeo_stats stats = {.struct_size = SIZE_MAX};
    check_refused(mgeo_get_stats(engine, MGEO_LIVE, &stats, &error), MGEO_E_ARGUMENT,
                  "mgeo_stats.struct_size");
    mgeo_swap_receipt receipt = {.struct_size = 1};
    check_refused(mgeo_swap_model(engine, NULL, &receipt, &error), MGEO_E_ARGUMENT,
                  "mgeo_swap_receipt.struct_size");
    mgeo_scores scores = {.struct_size = 0};
    check_refused(mgeo_score(engine, NULL, 0, &scores, &error), MGEO_E_ARGUMENT,
                  "mgeo_scores.struct_size");
    mgeo_engine_options options = {.struct_size = 1};
    mgeo_engine *other = engine;
    check_refused(mgeo_engine_create(&options, &other, &error), MGEO_E_ARGUMENT,
                  "mgeo_engine_options.struct_size");
    assert_null(other);
}

/* A host that was compiled against a newer header. */
typedef struct newer_scores {
    mgeo_scores known;
    uint64_t unknown[2];
} newer_scores;

static void test_newer_callers_are_served(void **state) {
    (void)state;
    float similarity;
    mgeo_pair pair = {"1", 1, "2", 1};
    newer_scores scores = {.known = {.struct_size = sizeof scores, .similarity = &similarity}};
    assert_int_equal(mgeo_score(engine, &pair, 1, &scores.known, &error), MGEO_OK);
    assert_int_equal(scores.known.struct_size, sizeof scores);
    assert_int_equal(scores.known.generation, 1);
    scores.unknown[1] = 1;
    check_refused(mgeo_score(engine, &pair, 1, &scores.known, &error), MGEO_E_ARGUMENT,
                  "does not know");
    struct {
        mgeo_model_info known;
        uint64_t unknown[2];
    } info = {.known = {.struct_size = sizeof info}, .unknown = {5, 6}};
    assert_int_equal(mgeo_get_info(engine, MGEO_LIVE, &info.known, &error), MGEO_OK);
    assert_int_equal(info.unknown[0] + info.unknown[1], 0); /* unknown here: zero */
    assert_int_equal(info.known.struct_size, sizeof info);
}

static void test_older_callers_are_served_to_their_size(void **state) {
    (void)state;
    mgeo_model_info info;
    memset(&info, 0x5A, sizeof info);
    info.struct_size = offsetof(mgeo_model_info, parameters);
    assert_int_equal(mgeo_get_info(engine, MGEO_LIVE, &info, &error), MGEO_OK);
    assert_int_equal(info.generation, 1);
    assert_int_equal(info.parameters, UINT64_C(0x5A5A5A5A5A5A5A5A)); /* beyond what they know */
    float similarity;
    mgeo_pair pair = {"1", 1, "2", 1};
    mgeo_scores scores;
    memset(&scores, 0x5A, sizeof scores);
    scores.struct_size = offsetof(mgeo_scores, label);
    scores.similarity = &similarity;
    assert_int_equal(mgeo_score(engine, &pair, 1, &scores, &error), MGEO_OK);
    assert_int_equal(scores.tokens, UINT64_C(0x5A5A5A5A5A5A5A5A));
    mgeo_load_options load;
    memset(&load, 0x5A, sizeof load);
    load.struct_size = offsetof(mgeo_load_options, precision);
    load.device = "fake";
    mgeo_engine *own = NULL;
    assert_int_equal(mgeo_engine_create(NULL, &own, &error), MGEO_OK);
    assert_int_equal(mgeo_load(own, path, &load, NULL, &error), MGEO_OK);
    mgeo_engine_destroy(own);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void test_values_that_cannot_be(void **state) {
    (void)state;
    mgeo_load_options load = fake_options();
    load.threads = 1000000;
    check_refused(mgeo_load(engine, path, &load, NULL, &error), MGEO_E_ARGUMENT, "threads");
    load = fake_options();
    load.skip_warm_up = 2;
    check_refused(mgeo_load(engine, path, &load, NULL, &error), MGEO_E_ARGUMENT, "skip_warm_up");
    load = fake_options();
    load.keep_unknown = 2;
    check_refused(mgeo_load(engine, path, &load, NULL, &error), MGEO_E_ARGUMENT, "keep_unknown");
    load = fake_options();
    load.precision = 77;
    check_refused(mgeo_load(engine, path, &load, NULL, &error), MGEO_E_ARGUMENT, "precision");
    load = fake_options();
    load.max_length = 2;
    check_refused(mgeo_load(engine, path, &load, NULL, &error), MGEO_E_ARGUMENT, "max_length");
    load = fake_options();
    load.partial_weight = 1.5f;
    check_refused(mgeo_load(engine, path, &load, NULL, &error), MGEO_E_ARGUMENT, "partial_weight");
    load = fake_options();
    load.positive_label = "no such label";
    check_refused(mgeo_load(engine, path, &load, NULL, &error), MGEO_E_ARGUMENT, "positive_label");
    mgeo_model_info info = {.struct_size = sizeof info};
    check_refused(mgeo_get_info(engine, 4, &info, &error), MGEO_E_ARGUMENT, "slot is 4");
    check_refused(mgeo_get_info(engine, -1, &info, &error), MGEO_E_ARGUMENT, "slot is -1");
    char name[4];
    check_refused(mgeo_get_unused_tensor(engine, MGEO_LIVE, 0, name, 0, &error), MGEO_E_ARGUMENT,
                  "capacity");
}

/* ---- characters that the vocabulary lacks ---------------------------------------------------- */

/* A model that says exact_match of everything, asked about texts that differ unseen. */
static void answer_unseen(const char *of, uint32_t keep_unknown, int32_t *label, float shares[3],
                          uint32_t *flags) {
    mgeo_engine *own = NULL;
    float similarity;
    const mgeo_pair unseen = {"1日路", MGEO_NUL_TERMINATED, "1月路", MGEO_NUL_TERMINATED};
    mgeo_scores scores = {.struct_size = sizeof scores,
                          .similarity = &similarity,
                          .label = label,
                          .probabilities = shares,
                          .probability_stride = 3,
                          .flags = flags};
    mgeo_load_options load = fake_options();
    load.keep_unknown = keep_unknown;
    assert_int_equal(mgeo_engine_create(NULL, &own, &error), MGEO_OK);
    assert_int_equal(mgeo_load(own, of, &load, NULL, &error), MGEO_OK);
    assert_int_equal(mgeo_score(own, &unseen, 1, &scores, &error), MGEO_OK);
    assert_float_equal(similarity, shares[2] + 0.5f * shares[1], 1e-6);
    mgeo_engine_destroy(own);
}

static void test_texts_that_differ_unseen(void **state) {
    (void)state;
    static const float sure[] = {0, 1, 9};
    char exact[TINY_PATH_BYTES];
    tiny_model_write(root, "exact", &(tiny_model){.variant = 0, .labels = 3}, exact);
    tiny_model_set_bias(exact, sure, 3);
    int32_t label;
    uint32_t flags;
    float kept[3], capped[3];
    const uint32_t differ = MGEO_ROW_UNKNOWN_CHARACTERS | MGEO_ROW_UNKNOWN_DIFFER;
    answer_unseen(exact, 1, &label, kept, &flags);
    assert_int_equal(flags, differ);
    assert_int_equal(label, 2);
    answer_unseen(exact, 0, &label, capped, &flags);
    assert_int_equal(flags, differ | MGEO_ROW_CAPPED);
    assert_int_equal(flags & MGEO_ROW_BAD, 0);
    assert_int_equal(label, 1);
    assert_true(capped[0] == kept[0] && capped[2] == 0);
    assert_float_equal(capped[1], kept[1] + kept[2], 1e-6);
}

static void test_arrays_that_cannot_be(void **state) {
    (void)state;
    float similarity = 7, probability = 7;
    mgeo_pair pair = {"1", 1, "2", 1};
    mgeo_scores scores = {.struct_size = sizeof scores,
                          .similarity = &similarity,
                          .probabilities = &probability,
                          .probability_stride = 1};
    check_refused(mgeo_score(engine, &pair, 1, &scores, &error), MGEO_E_CAPACITY,
                  "probability_stride");
    assert_int_equal(scores.label_count, 2); /* so that the caller knows what to make room for */
    assert_float_equal(similarity, 7, 0);
    assert_float_equal(probability, 7, 0);
    scores.probability_stride = SIZE_MAX;
    check_refused(mgeo_score(engine, &pair, 2, &scores, &error), MGEO_E_ARGUMENT,
                  "probability_stride");
}

static void test_counts_and_lengths_that_cannot_be(void **state) {
    (void)state;
    float similarity = 7;
    mgeo_pair pair = {"1", 1, "2", 1};
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &similarity};
    static const size_t counts[] = {SIZE_MAX, SIZE_MAX / sizeof pair, SIZE_MAX / sizeof pair + 2,
                                    PTRDIFF_MAX / sizeof pair + 1};
    mgeo_job *job;
    assert_int_equal(mgeo_job_begin(engine, NULL, &job, &error), MGEO_OK);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        check_refused(mgeo_score(engine, &pair, counts[i], &scores, &error), MGEO_E_ARGUMENT,
                      "pairs: no array is that large");
        check_refused(mgeo_job_score(job, &pair, counts[i], &scores, &error), MGEO_E_ARGUMENT,
                      "pairs: no array is that large");
    }
    static const size_t lengths[] = {SIZE_MAX - 1, (size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4095};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        pair = (mgeo_pair){"1", lengths[i], "2", 1};
        check_refused(mgeo_score(engine, &pair, 1, &scores, &error), MGEO_E_ARGUMENT,
                      "pairs[0].a_len");
        pair = (mgeo_pair){"1", 1, "2", lengths[i]};
        check_refused(mgeo_job_score(job, &pair, 1, &scores, &error), MGEO_E_ARGUMENT,
                      "pairs[0].b_len");
    }
    mgeo_job_end(job);
    assert_float_equal(similarity, 7, 0);
    size_t length;
    char text[8];
    check_refused(mgeo_write_metrics(engine, 0, text, sizeof text, &length, &error),
                  MGEO_E_CAPACITY, "");
    assert_string_equal(text, "");
}

/* Each struct that grows, at its function, with a size that cuts a member, and one of a giant. */
static void test_struct_sizes_between_members(void **state) {
    (void)state;
    static const size_t steps[] = {1, 2, 4, 7};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        mgeo_engine *other;
        mgeo_job *job;
        mgeo_engine_options create = {.struct_size = sizeof create - steps[i]};
        mgeo_load_options load = {.struct_size = sizeof load + steps[i]};
        mgeo_job_options begin_job = {.struct_size = sizeof begin_job - steps[i]};
        mgeo_model_info info = {.struct_size = offsetof(mgeo_model_info, device) + 8 * steps[i]};
        mgeo_memory memory = {.struct_size = offsetof(mgeo_memory, device) + 8 * steps[i]};
        mgeo_stats stats = {.struct_size = offsetof(mgeo_stats, failed_by) + steps[i]};
        mgeo_scores scores = {.struct_size = offsetof(mgeo_scores, tokens) + steps[i]};
        check_refused(mgeo_engine_create(&create, &other, &error), MGEO_E_ARGUMENT, "struct_size");
        check_refused(mgeo_load(engine, path, &load, NULL, &error), MGEO_E_ARGUMENT, "struct_size");
        check_refused(mgeo_job_begin(engine, &begin_job, &job, &error), MGEO_E_ARGUMENT,
                      "struct_size");
        check_refused(mgeo_get_info(engine, MGEO_LIVE, &info, &error), MGEO_E_ARGUMENT,
                      "struct_size");
        check_refused(mgeo_predict_memory(path, NULL, &memory, &error), MGEO_E_ARGUMENT,
                      "struct_size");
        check_refused(mgeo_get_stats(engine, MGEO_LIVE, &stats, &error), MGEO_E_ARGUMENT,
                      "struct_size");
        check_refused(mgeo_score(engine, NULL, 0, &scores, &error), MGEO_E_ARGUMENT, "struct_size");
    }
}

static void test_no_model_no_answer(void **state) {
    (void)state;
    mgeo_engine *empty = NULL;
    assert_int_equal(mgeo_engine_create(NULL, &empty, &error), MGEO_OK);
    float similarity = 7;
    mgeo_pair pair = {"1", 1, "2", 1};
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &similarity};
    check_refused(mgeo_score(empty, &pair, 1, &scores, &error), MGEO_E_NO_MODEL, "mgeo_load");
    assert_float_equal(similarity, 7, 0);
    mgeo_engine_destroy(empty);
}

static void test_no_pairs_are_legal(void **state) {
    (void)state;
    mgeo_scores scores = {.struct_size = sizeof scores};
    assert_int_equal(mgeo_score(engine, NULL, 0, &scores, &error), MGEO_OK);
    assert_int_equal(scores.generation, 1);
    assert_int_equal(scores.label_count, 2);
    assert_int_equal(scores.tokens, 0);
}

static void test_lengths_and_c_strings_agree(void **state) {
    (void)state;
    float similarity[2];
    mgeo_pair pairs[2] = {{"1路2号", MGEO_NUL_TERMINATED, "1路", MGEO_NUL_TERMINATED},
                          {"1路2号和其余", strlen("1路2号"), "1路x", strlen("1路")}};
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    assert_int_equal(mgeo_score(engine, pairs, 2, &scores, &error), MGEO_OK);
    assert_float_equal(similarity[0], similarity[1], 0);
}

static void test_bindings_may_zero_what_they_do_not_use(void **state) {
    (void)state;
    mgeo_load_options load = fake_options();
    load.version = "a name of its own";
    mgeo_model_info info = {.struct_size = sizeof info};
    assert_int_equal(mgeo_load(engine, path, &load, &info, &error), MGEO_OK);
    assert_string_equal(info.version, "a name of its own");
    assert_string_equal(info.path, path);
    assert_int_equal(info.label_count, 2);
    assert_int_equal(info.positive_label, 1);
    assert_int_equal(info.max_length, TINY_MAX_LENGTH);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null_where_something_is_needed),
        cmocka_unit_test(test_null_texts_name_their_row),
        cmocka_unit_test(test_errors_are_optional_and_cleared),
        cmocka_unit_test(test_struct_sizes_that_cannot_be),
        cmocka_unit_test(test_newer_callers_are_served),
        cmocka_unit_test(test_older_callers_are_served_to_their_size),
        cmocka_unit_test(test_values_that_cannot_be),
        cmocka_unit_test(test_texts_that_differ_unseen),
        cmocka_unit_test(test_arrays_that_cannot_be),
        cmocka_unit_test(test_counts_and_lengths_that_cannot_be),
        cmocka_unit_test(test_struct_sizes_between_members),
        cmocka_unit_test(test_no_model_no_answer),
        cmocka_unit_test(test_no_pairs_are_legal),
        cmocka_unit_test(test_lengths_and_c_strings_agree),
        cmocka_unit_test(test_bindings_may_zero_what_they_do_not_use),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
