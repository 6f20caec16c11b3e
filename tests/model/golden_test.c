/* SPDX-License-Identifier: Apache-2.0 */
/* The golden models: what the reference answers, libmgeo answers, from every format and layout.
 * golden_test [DEVICE PRECISION TOLERANCE]: the tolerance is of probabilities; without arguments on
 * the CPU in fp32. Skipped where the device cannot be used. */
#include "scoring.h"

#include "support/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODELS MGI_SOURCE_ROOT "/tests/golden/models/"

/* Against numbers that were computed in fp32 as well. */
static double tolerance = 1e-5;
static double logit_tolerance = 1e-4;

static void check_ids(const scored *found, const json_t *row) {
    const json_t *ids = json_object_get(row, "ids");
    const json_t *types = json_object_get(row, "types");
    assert_int_equal(found->length, json_array_size(ids));
    for (uint32_t i = 0; i < found->length; i++) {
        assert_int_equal(found->ids[i], json_integer_value(json_array_get(ids, i)));
        assert_int_equal(found->types[i], json_integer_value(json_array_get(types, i)));
    }
}

static void check_near(const char *what, const char *text, float found, double expected,
                       double most) {
    if (!(fabs((double)found - expected) <= most)) {
        fail_msg("%s of \"%.60s\": %.9f, but the reference says %.9f", what, text, (double)found,
                 expected);
    }
}

static void check_row(const mgi_model *model, const mgeo_model_info *info, const json_t *row) {
    const char *a = json_string_value(json_object_get(row, "a"));
    const char *b = json_string_value(json_object_get(row, "b"));
    const json_t *probabilities = json_object_get(row, "probabilities");
    scored found;
    scoring_pair(model, info->max_length, a, b, &found);
    check_ids(&found, row);
    assert_int_equal(json_array_size(probabilities), info->label_count);
    for (uint32_t i = 0; i < info->label_count; i++) {
        double logit = json_number_value(json_array_get(json_object_get(row, "logits"), i));
        check_near("logit", a, found.logits[i], logit, logit_tolerance);
        check_near("probability", a, found.probabilities[i],
                   json_number_value(json_array_get(probabilities, i)), tolerance);
    }
    check_near("similarity", a, found.similarity,
               json_number_value(json_object_get(row, "similarity")), tolerance);
}

/* Scores all pairs of a golden model; the caller closes it. */
static mgi_model *check_model(const char *name, mgeo_model_info *info) {
    char path[512];
    snprintf(path, sizeof path, MODELS "%s", name);
    mgi_model *model = scoring_open(path);
    memset(info, 0, sizeof *info);
    mgi_model_describe(model, info);
    snprintf(path, sizeof path, MODELS "%s/expected.jsonl", name);
    json_t *rows = scoring_rows(path);
    size_t index;
    json_t *row;
    json_array_foreach(rows, index, row) check_row(model, info, row);
    assert_int_equal(index, 20);
    json_decref(rows);
    return model;
}

static void check_plain(const char *name) {
    mgeo_model_info info;
    mgi_model *model = check_model(name, &info);
    assert_int_equal(info.layers, 3);
    assert_int_equal(info.hidden, 32);
    assert_int_equal(info.heads, 4);
    assert_int_equal(info.vocabulary, 1285);
    assert_int_equal(info.unused_tensors, 0);
    assert_int_equal(strlen(info.fingerprint), 32);
    assert_string_equal(info.version, name);
    mgi_model_close(model);
}

static void two_labels_score_as_the_reference_does(void **state) {
    (void)state;
    check_plain("two_labels");
}

static void weights_of_half_precision_score_as_the_reference_does(void **state) {
    (void)state;
    check_plain("fp16");
    check_plain("bf16");
}

static void every_activation_scores_as_the_reference_does(void **state) {
    (void)state;
    check_plain("gelu_new");
    check_plain("relu");
    check_plain("tanh");
}

static void shards_of_both_kinds_are_one_model(void **state) {
    (void)state;
    mgeo_model_info first, second;
    mgi_model_close(check_model("shards_safetensors", &first));
    mgi_model_close(check_model("shards_bin", &second));
    assert_string_equal(first.fingerprint, second.fingerprint);
    assert_int_equal(first.parameters, second.parameters);
    assert_string_equal(first.labels[1], "exact_match");
}

static void the_layout_of_mgeo_is_read(void **state) {
    (void)state;
    mgeo_model_info info;
    mgi_model *model = check_model("mgeo", &info);
    assert_int_equal(info.layers, 2);
    assert_int_equal(info.label_count, 3);
    assert_string_equal(info.labels[0], "exact_match");
    assert_string_equal(info.labels[1], "partial_match");
    assert_string_equal(info.labels[2], "not_match");
    assert_int_equal(info.positive_label, 0);
    /* position_ids, 16 of layer 2, 8 of its cross-attention, 4 of the maps' branch */
    assert_int_equal(info.unused_tensors, 1 + 16 + 8 + 4);
    assert_string_equal(mgi_model_unused_tensor(model, 0),
                        "bert.text_encoder.embeddings.position_ids");
    assert_string_equal(mgi_model_unused_tensor(model, 28), "bert.gis_type.weight");
    assert_null(mgi_model_unused_tensor(model, 29));
    mgi_model_close(model);
}

static void one_logit_scores_by_its_sigmoid(void **state) {
    (void)state;
    mgeo_model_info info;
    mgi_model *model = check_model("rank", &info);
    assert_int_equal(info.label_count, 1);
    assert_int_equal(info.positive_label, -1);
    assert_string_equal(info.labels[0], "score");
    mgi_model_close(model);
}

static void names_without_a_prefix_are_read(void **state) {
    (void)state;
    mgeo_model_info info;
    mgi_model *model = check_model("bare", &info);
    assert_int_equal(info.positive_label, 0);
    assert_int_equal(info.unused_tensors, 0);
    mgi_model_close(model);
}

static void check_refused(const char *name, const char *part) {
    char path[512];
    mgi_model *model = NULL;
    mgeo_error error;
    snprintf(path, sizeof path, MODELS "others/%s", name);
    assert_int_equal(mgi_model_open(path, NULL, &model, &error), MGEO_E_FORMAT);
    assert_null(model);
    assert_non_null(strstr(error.message, name));
    if (strstr(error.message, part) == NULL) fail_msg("%s", error.message);
}

static void encoders_without_classifier_are_refused(void **state) {
    (void)state;
    check_refused("coldfire", "tensor classifier.weight: missing");
    check_refused("jammi", "tensor classifier.weight: missing");
}

enum { SKIPPED = 77, USAGE = 2 };

static int32_t precision_of(const char *name) {
#define SPELLED(constant, number, text)                                                            \
    if (strcmp(text, name) == 0) return constant;
    MGEO_PRECISION_LIST(SPELLED)
#undef SPELLED
    return -1;
}

/* 0: go on. */
static int choose_device(const char *device, const char *precision, const char *most) {
    const mgi_backend *backend = NULL;
    const char *name;
    mgeo_error error;
    tolerance = strtod(most, NULL);
    logit_tolerance = 10 * tolerance;
    if (precision_of(precision) < 0 || !(tolerance > 0)) return USAGE;
    scoring_use(device, precision_of(precision));
    mgeo_status status = mgi_backend_find(device, &backend, &name, &error);
    if (status == MGEO_OK && backend->usable != NULL) status = backend->usable(device, &error);
    if (status == MGEO_OK) return 0;
    fprintf(stderr, "%s\n", error.message);
    return strncmp(device, "cuda", strlen("cuda")) == 0 ? SKIPPED : 1; /* a card may be missing */
}

int main(int argc, char **argv) {
    if (argc != 1 && argc != 4) return USAGE;
    int chosen = argc == 4 ? choose_device(argv[1], argv[2], argv[3]) : 0;
    if (chosen != 0) return chosen;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_labels_score_as_the_reference_does),
        cmocka_unit_test(weights_of_half_precision_score_as_the_reference_does),
        cmocka_unit_test(every_activation_scores_as_the_reference_does),
        cmocka_unit_test(shards_of_both_kinds_are_one_model),
        cmocka_unit_test(the_layout_of_mgeo_is_read),
        cmocka_unit_test(one_logit_scores_by_its_sigmoid),
        cmocka_unit_test(names_without_a_prefix_are_read),
        cmocka_unit_test(encoders_without_classifier_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
