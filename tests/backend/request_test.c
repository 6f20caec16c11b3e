/* SPDX-License-Identifier: Apache-2.0 */
/* What all devices make of a request: sizes, and the lines for those that cannot be. */
#include "backend/request.h"

#include "support/check.h"

static const mgi_request_batch batch = {.preferred = 256, .most = 1024};

static mgi_encoder_spec a_spec(void) {
    return (mgi_encoder_spec){
        .layers = 2, .hidden = 32, .heads = 4, .intermediate = 64, .positions = 512, .labels = 3};
}

static uint32_t resolved(uint32_t max_length, uint32_t batch_tokens) {
    const mgi_encoder_spec spec = a_spec();
    const mgi_encoder_request request = {
        .spec = &spec, .max_length = max_length, .batch_tokens = batch_tokens};
    mgeo_error error = {0};
    uint32_t tokens = 0;
    if (mgi_request_resolve_batch(&request, batch, &tokens, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    return tokens;
}

static void refused(mgi_encoder_spec spec, uint32_t max_length, uint32_t batch_tokens,
                    const char *line) {
    const mgi_encoder_request request = {
        .spec = &spec, .max_length = max_length, .batch_tokens = batch_tokens};
    mgeo_error error = {0};
    uint32_t tokens;
    assert_int_equal(mgi_request_resolve_batch(&request, batch, &tokens, &error), MGEO_E_ARGUMENT);
    assert_string_equal(error.message, line);
}

static void test_an_open_choice_is_the_devices(void **state) {
    (void)state;
    assert_int_equal(resolved(40, 0), 256);
    assert_int_equal(resolved(300, 0), 300); /* a batch holds a row of any length */
}

static void test_a_choice_is_kept(void **state) {
    (void)state;
    assert_int_equal(resolved(40, 40), 40);
    assert_int_equal(resolved(40, 1024), 1024);
}

static void test_sizes_out_of_range_are_named(void **state) {
    (void)state;
    refused(a_spec(), 0, 0, "max_length 0 is not within 1..512, the model's positions");
    refused(a_spec(), 513, 0, "max_length 513 is not within 1..512, the model's positions");
    refused(a_spec(), 40, 39, "batch_tokens 39 is not within 40 (max_length) ..1024");
    refused(a_spec(), 40, 1025, "batch_tokens 1025 is not within 40 (max_length) ..1024");
}

static void test_a_model_without_shape_is_refused(void **state) {
    (void)state;
    mgi_encoder_spec spec = a_spec();
    spec.heads = 5;
    refused(spec, 40, 0,
            "a model of 2 layers, 32 hidden, 5 heads, 64 intermediate and 3 labels cannot be "
            "placed");
    spec.heads = 0;
    refused(spec, 40, 0,
            "a model of 2 layers, 32 hidden, 0 heads, 64 intermediate and 3 labels cannot be "
            "placed");
}

static void test_a_number_that_is_no_precision_is_refused(void **state) {
    (void)state;
    mgi_encoder_request request = {.precision = MGEO_FP8};
    mgeo_error error = {0};
    assert_int_equal(mgi_request_check_precision(&request, &error), MGEO_OK);
    request.precision = MGEO_PRECISION_AUTO;
    assert_int_equal(mgi_request_check_precision(&request, &error), MGEO_OK);
    request.precision = 99;
    assert_int_equal(mgi_request_check_precision(&request, &error), MGEO_E_ARGUMENT);
    assert_string_equal(error.message, "99 is not an mgeo_precision");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_number_that_is_no_precision_is_refused),
        cmocka_unit_test(test_an_open_choice_is_the_devices),
        cmocka_unit_test(test_a_choice_is_kept),
        cmocka_unit_test(test_sizes_out_of_range_are_named),
        cmocka_unit_test(test_a_model_without_shape_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
