/* SPDX-License-Identifier: Apache-2.0 */
/* What is estimated of real model directories on the CPU, against what placing them takes. */
#include "model/model.h"

#include "support/check.h"

#include <stdio.h>

static const char *const directories[] = {"bare", "bf16",       "fp16",
                                          "mgeo", "rank",       "shards_bin",
                                          "tanh", "two_labels", "shards_safetensors"};
static const int32_t precisions[] = {MGEO_FP32, MGEO_BF16, MGEO_INT8};

static void must(mgeo_status status, const mgeo_error *error) {
    if (status != MGEO_OK) fail_msg("%s", error->message);
}

static mgi_model *read_model(const char *path, const mgi_model_options *options) {
    mgi_model *model = NULL;
    mgeo_error error;
    must(mgi_model_read(path, options, &model, &error), &error);
    return model;
}

static mgi_encoder_estimate estimate_of(const mgi_model *model, const mgi_model_options *options,
                                        int32_t precision, unsigned cores) {
    mgi_encoder_estimate estimate;
    mgeo_error error;
    must(mgi_model_estimate(model, options, precision, cores, &estimate, &error), &error);
    return estimate;
}

static void check_directory(const char *name, int32_t precision) {
    char path[512];
    mgeo_error error;
    snprintf(path, sizeof path, "%s/tests/golden/models/%s", MGI_SOURCE_ROOT, name);
    mgi_model_options options = {.device = "cpu", .precision = precision};
    mgi_model *model = read_model(path, &options);
    mgi_encoder_estimate estimate = estimate_of(model, &options, precision, 2);
    must(mgi_model_place(model, &options, &error), &error);
    const mgi_encoder_info *info = mgi_model_encoder_info(model);
    assert_int_equal(estimate.weights, info->bytes_on_device);
    assert_int_equal(estimate.keeps_weights, info->keeps_weights);
    assert_int_equal(estimate.precision, info->precision);
    assert_int_equal(estimate.batch_tokens, info->batch_tokens);
    assert_true(estimate.opening >= estimate.weights);
    assert_true(estimate.lane > 0);
    mgi_model_close(model);
}

static void weights_are_estimated_to_the_byte(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        for (size_t p = 0; p < 3; p++) check_directory(directories[i], precisions[p]);
    }
}

/* A model of some size: tables that do not shrink with the weights would hide the rest. */
static void less_precision_needs_less(void **state) {
    (void)state;
    mgi_model_options options = {.device = "cpu"};
    mgi_model *model = read_model(MGI_SOURCE_ROOT "/models/mini", &options);
    mgi_encoder_estimate fp32 = estimate_of(model, &options, MGEO_PRECISION_AUTO, 2);
    mgi_encoder_estimate bf16 = estimate_of(model, &options, MGEO_BF16, 2);
    mgi_encoder_estimate int8 = estimate_of(model, &options, MGEO_INT8, 2);
    assert_int_equal(fp32.precision, MGEO_FP32);
    assert_true(bf16.weights < fp32.weights);
    assert_true(int8.weights < bf16.weights);
    mgi_model_close(model);
}

static void larger_batches_and_more_cores_need_more(void **state) {
    (void)state;
    mgi_model_options options = {.device = "cpu", .batch_tokens = 256};
    mgi_model *model = read_model(MGI_SOURCE_ROOT "/models/mini", &options);
    mgi_encoder_estimate small = estimate_of(model, &options, MGEO_FP32, 1);
    mgi_encoder_estimate more = estimate_of(model, &options, MGEO_FP32, 4);
    assert_true(more.lane > small.lane); /* attention's scratch, for each core */
    assert_int_equal(more.workspace, 4 * small.workspace);
    options.batch_tokens = 1024;
    mgi_encoder_estimate large = estimate_of(model, &options, MGEO_FP32, 1);
    assert_true(large.lane > 3 * small.lane);
    assert_int_equal(large.weights, small.weights);
    uint64_t bytes = 0;
    mgeo_error error;
    must(mgi_model_available(model, &bytes, &error), &error);
    assert_true(bytes > 0);
    mgi_model_close(model);
}

static void what_cannot_be_placed_cannot_be_estimated(void **state) {
    (void)state;
    mgi_model_options options = {.device = "cpu"};
    mgi_model *model = read_model(MGI_SOURCE_ROOT "/models/mini", &options);
    mgi_encoder_estimate estimate;
    mgeo_error error;
    assert_int_equal(mgi_model_estimate(model, &options, MGEO_FP8, 1, &estimate, &error),
                     MGEO_E_UNSUPPORTED);
    assert_int_equal(mgi_model_estimate(model, &options, 99, 1, &estimate, &error),
                     MGEO_E_ARGUMENT);
    mgi_model_close(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_estimated_to_the_byte),
        cmocka_unit_test(less_precision_needs_less),
        cmocka_unit_test(larger_batches_and_more_cores_need_more),
        cmocka_unit_test(what_cannot_be_placed_cannot_be_estimated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
