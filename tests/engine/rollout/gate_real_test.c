/* SPDX-License-Identifier: Apache-2.0 */
/* Real model directories, each worse than the bundled model in its own way: the gate refuses all of
 * them, each for its own reason, and lets a faithful copy through. */
#define _GNU_SOURCE
#include "support/check.h"
#include "support/degraded_model.h"

#include <math.h>
#include <mgeo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef MGI_SOURCE_ROOT
#define MGI_SOURCE_ROOT "."
#endif

enum { MAX_PAIRS = 200, LINE_BYTES = 1024, FEW = 24, MANY = 120 };

static const char base[] = MGI_SOURCE_ROOT "/models/mini";
static char root[TINY_PATH_BYTES];
static char lines[MAX_PAIRS][LINE_BYTES]; /* the texts' memory */
static mgeo_pair pairs[MAX_PAIRS];
static const char *gold[MAX_PAIRS];
static size_t count;
static mgeo_engine *engine;
static mgeo_error error;

/* ---- the pairs ------------------------------------------------------------------------------- */

static int read_pairs(void **state) {
    (void)state;
    char heading[LINE_BYTES];
    FILE *file = fopen(MGI_SOURCE_ROOT "/examples/data/pairs.tsv", "r");
    assert_non_null(file);
    assert_non_null(fgets(heading, LINE_BYTES, file));
    for (count = 0; count < MAX_PAIRS && fgets(lines[count], LINE_BYTES, file) != NULL; count++) {
        char *a = lines[count];
        char *b = strchr(a, '\t');
        char *label = b == NULL ? NULL : strchr(b + 1, '\t');
        assert_non_null(label);
        *b++ = '\0';
        *label++ = '\0';
        label[strcspn(label, "\r\n")] = '\0';
        pairs[count] = (mgeo_pair){a, MGEO_NUL_TERMINATED, b, MGEO_NUL_TERMINATED};
        gold[count] = label;
    }
    fclose(file);
    assert_true(count >= MANY);
    return 0;
}

/* ---- one engine per test --------------------------------------------------------------------- */

static void load(const char *path) {
    mgeo_load_options options = {.struct_size = sizeof options,
                                 .device = "cpu",
                                 .precision = MGEO_FP32,
                                 .threads = 1,
                                 .skip_warm_up = 1};
    if (mgeo_load(engine, path, &options, NULL, &error) != MGEO_OK) fail_msg("%s", error.message);
}

static int begin(void **state) {
    (void)state;
    assert_int_equal(mgeo_engine_create(NULL, &engine, &error), MGEO_OK);
    tiny_models_begin(root);
    load(base);
    return 0;
}

static int end(void **state) {
    (void)state;
    mgeo_engine_destroy(engine);
    tiny_models_end(root);
    return 0;
}

/* ---- the gate -------------------------------------------------------------------------------- */

/* As docs/rollout.md recommends to begin with, but for PSI, which so few pairs can hardly tell, and
 * for latency, which only the slow model is held to: a busy machine makes any model slow. */
static mgeo_status swap_to(degraded_kind kind, size_t most_pairs, mgeo_swap_receipt *receipt) {
    char path[TINY_PATH_BYTES];
    degraded_model_write(base, root, kind, path);
    load(path);
    mgeo_gate gate = {.struct_size = sizeof gate,
                      .pairs = pairs,
                      .count = count < most_pairs ? count : most_pairs,
                      .gold = gold,
                      .full_speed = 1,
                      .max_flip_share = 0.05,
                      .max_accuracy_loss = 0.01,
                      .max_macro_f1_loss = 0.01,
                      .max_latency_ratio = kind == DEGRADED_SLOW ? 2 : 0};
    mgeo_swap_options options = {.struct_size = sizeof options, .gate = &gate};
    *receipt = (mgeo_swap_receipt){.struct_size = sizeof *receipt};
    mgeo_status status = mgeo_swap_model(engine, &options, receipt, &error);
    for (uint32_t i = 0; i < receipt->check_count; i++) {
        print_message("    %-14s %8.4f  limit %8.4f  %d\n", receipt->checks[i].name,
                      receipt->checks[i].measured, receipt->checks[i].limit,
                      (int)receipt->checks[i].passed);
    }
    return status;
}

static uint64_t live_generation(void) {
    float similarity;
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &similarity};
    assert_int_equal(mgeo_score(engine, pairs, 1, &scores, NULL), MGEO_OK);
    assert_true(similarity >= 0 && similarity <= 1);
    return scores.generation;
}

/* The gate refused, and names this check among those that are broken. */
static void check_refused(mgeo_status status, const mgeo_swap_receipt *receipt, const char *name) {
    assert_int_equal(status, MGEO_E_REFUSED);
    if (strstr(error.message, name) == NULL) fail_msg("%s: %s", name, error.message);
    assert_int_equal(live_generation(), 1);
    for (uint32_t i = 0; i < receipt->check_count; i++) {
        if (strcmp(receipt->checks[i].name, name) != 0) continue;
        assert_int_equal(receipt->checks[i].passed, 0);
        return;
    }
    fail_msg("no check %s", name);
}

static uint32_t count_broken(const mgeo_swap_receipt *receipt) {
    uint32_t broken = 0;
    for (uint32_t i = 0; i < receipt->check_count; i++) broken += receipt->checks[i].passed == 0;
    return broken;
}

/* ---- the models ------------------------------------------------------------------------------ */

static void test_a_faithful_copy_goes_live(void **state) {
    (void)state;
    mgeo_swap_receipt receipt;
    if (swap_to(DEGRADED_NONE, FEW, &receipt) != MGEO_OK) fail_msg("%s", error.message);
    assert_int_equal(live_generation(), 2);
    assert_int_equal(count_broken(&receipt), 0);
    assert_true(receipt.checks[0].measured < 1e-4); /* the largest shift */
}

static void test_nan_is_refused(void **state) {
    (void)state;
    mgeo_swap_receipt receipt;
    check_refused(swap_to(DEGRADED_NAN, FEW, &receipt), &receipt, "lost_pairs");
}

static void test_permuted_labels_are_refused(void **state) {
    (void)state;
    mgeo_swap_receipt receipt;
    mgeo_status status = swap_to(DEGRADED_LABELS, FEW, &receipt);
    check_refused(status, &receipt, "flip_share");
    check_refused(status, &receipt, "accuracy_loss");
}

/* The same answers, so that nothing but time can give it away. */
static void test_slow_is_refused(void **state) {
    (void)state;
    mgeo_swap_receipt receipt;
    check_refused(swap_to(DEGRADED_SLOW, FEW, &receipt), &receipt, "latency_ratio");
    assert_int_equal(count_broken(&receipt), 1);
}

static void test_subtly_worse_is_refused(void **state) {
    (void)state;
    mgeo_swap_receipt receipt;
    check_refused(swap_to(DEGRADED_SUBTLE, MANY, &receipt), &receipt, "accuracy_loss");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_faithful_copy_goes_live),   TEST(test_nan_is_refused),
        TEST(test_permuted_labels_are_refused), TEST(test_slow_is_refused),
        TEST(test_subtly_worse_is_refused),
    };
    return cmocka_run_group_tests(tests, read_pairs, NULL);
}
