/* SPDX-License-Identifier: Apache-2.0 */
/* The real MGeo, where MGEO_TEST_MODEL names a directory that holds it; else skipped. */
#include "scoring.h"

#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN MGI_SOURCE_ROOT "/tests/golden/mgeo_golden.jsonl"

/* Published to seven digits, computed by another build of the same arithmetic. */
#define TOLERANCE 1e-3

static const mgi_model *model;
static mgeo_model_info info;

static void check(double found, double expected, const char *pair) {
    if (!(fabs(found - expected) <= TOLERANCE)) {
        fail_msg("%s: %.6f, but %.6f is published", pair, found, expected);
    }
}

static float probability_of(const scored *found, const char *label) {
    for (uint32_t i = 0; i < info.label_count; i++) {
        if (strcmp(info.labels[i], label) == 0) return found->probabilities[i];
    }
    fail_msg("the model has no label %s", label);
    return NAN;
}

static void check_alignment(const json_t *row) {
    const char *a = json_string_value(json_object_get(row, "sentence1"));
    const char *b = json_string_value(json_object_get(row, "sentence2"));
    const char *top = json_string_value(json_object_get(row, "top"));
    scored found;
    scoring_pair(model, info.max_length, a, b, &found);
    if (top != NULL) {
        assert_string_equal(info.labels[found.label], top);
        check(probability_of(&found, top), json_number_value(json_object_get(row, "score")), a);
    }
    const char *label;
    json_t *share;
    json_object_foreach(json_object_get(row, "probs"), label, share) {
        check(probability_of(&found, label), json_number_value(share), a);
    }
}

static void check_rank(const json_t *row) {
    const char *query = json_string_value(json_object_get(row, "query"));
    const json_t *candidates = json_object_get(row, "candidates");
    for (size_t i = 0; i < json_array_size(candidates); i++) {
        scored found;
        const char *candidate = json_string_value(json_array_get(candidates, i));
        scoring_pair(model, info.max_length, query, candidate, &found);
        check(found.similarity,
              json_number_value(json_array_get(json_object_get(row, "scores"), i)), candidate);
    }
}

static void answers_are_those_published(void **state) {
    (void)state;
    json_t *rows = scoring_rows(GOLDEN);
    size_t index, compared = 0;
    json_t *row;
    json_array_foreach(rows, index, row) {
        bool ranks = json_object_get(row, "candidates") != NULL;
        if (!ranks && json_object_get(row, "sentence1") == NULL) continue; /* needs maps */
        if (ranks != (info.label_count == 1)) continue;
        if (ranks) {
            check_rank(row);
        } else {
            check_alignment(row);
        }
        compared++;
    }
    json_decref(rows);
    assert_true(compared > 0);
}

int main(void) {
    const char *path = getenv("MGEO_TEST_MODEL");
    if (path == NULL || path[0] == '\0') return 77; /* meson: skipped */
    mgi_model *opened = NULL;
    mgeo_error error;
    const mgi_model_options options = {.device = "cpu", .precision = MGEO_FP32};
    if (mgi_model_open(path, &options, &opened, &error) != MGEO_OK) {
        print_error("%s\n", error.message);
        return 1;
    }
    mgi_model_describe(opened, &info);
    model = opened;
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers_are_those_published)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mgi_model_close(opened);
    return failed;
}
