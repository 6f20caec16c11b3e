/* SPDX-License-Identifier: Apache-2.0 */
/* Names of CUDA devices, and what is said where there is none; needs no card. */
#include "backend/cuda/device.h"

#include "backend/backend.h"
#include "support/random_encoder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_device_names_are_known(void **state) {
    static const char *const good[] = {
        "cuda", "cuda:0", "cuda:15", "cuda:0,cuda:1", "cuda:3,cuda:1,cuda:2", "cuda:*"};
    static const char *const bad[] = {
        "",        "cpu",     "auto",          "cud",           "cuda:",         "cuda:x",
        "cuda:-1", "cuda:0,", "cuda:*,cuda:1", "cuda:0,cuda:*", "cuda:0;cuda:1", "cuda:123456",
        "cuda:0 ", "CUDA"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!mgi_cuda_device_is_name(good[i])) fail_msg("\"%s\" is a name", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (mgi_cuda_device_is_name(bad[i])) fail_msg("\"%s\" is no name", bad[i]);
    }
    assert_false(mgi_cuda_device_is_name(NULL));
}

static void test_too_many_cards_are_refused(void **state) {
    char name[512] = "cuda:0";
    (void)state;
    for (int i = 1; i <= MGI_CUDA_MAX_CARDS; i++) {
        size_t length = strlen(name);
        snprintf(name + length, sizeof name - length, ",cuda:%d", i);
    }
    assert_false(mgi_cuda_device_is_name(name));
}

static void test_a_card_named_twice_is_refused(void **state) {
    mgi_cuda_cards cards;
    mgeo_error error;
    (void)state;
    assert_int_equal(mgi_cuda_device_find("cuda:1,cuda:1", &cards, &error), MGEO_E_ARGUMENT);
    assert_non_null(strstr(error.message, "twice"));
}

static void test_names_are_written_as_they_are_read(void **state) {
    mgi_cuda_cards cards = {.count = 2, .card = {{.ordinal = 0}, {.ordinal = 12}}};
    char name[64], narrow[8];
    (void)state;
    mgi_cuda_device_name(&cards, name, sizeof name);
    assert_string_equal(name, "cuda:0,cuda:12");
    mgi_cuda_device_name(&cards, narrow, sizeof narrow);
    assert_int_equal(strlen(narrow), sizeof narrow - 1);
}

/* One line that says what is missing and what to do, from each way in; nothing is half open. */
static void test_what_is_missing_is_said_in_one_line(void **state) {
    mgi_cuda_cards cards;
    mgeo_error usable, error;
    (void)state;
    if (mgi_cuda_backend.usable("cuda", &usable) == MGEO_OK) skip();
    assert_int_equal(usable.status, MGEO_E_DEVICE);
    assert_non_null(strstr(usable.message, "device \"cpu\""));
    assert_null(strchr(usable.message, '\n'));
    assert_int_equal(mgi_cuda_device_find("cuda:*", &cards, &error), MGEO_E_DEVICE);

    random_encoder_options options = {.spec = random_encoder_spec(), .seed = 1};
    random_encoder *model = random_encoder_create(&options);
    mgi_encoder_request request = random_encoder_request(model, "cuda", MGEO_BF16);
    mgi_encoder_estimate needs;
    mgi_encoder *encoder = (mgi_encoder *)&needs;
    assert_int_equal(mgi_cuda_backend.predict(&request, 1, &needs, &error), MGEO_E_DEVICE);
    assert_string_equal(error.message, usable.message);
    assert_int_equal(mgi_cuda_backend.open(&request, &encoder, &error), MGEO_E_DEVICE);
    assert_string_equal(error.message, usable.message);
    assert_null(encoder);
    uint64_t bytes = 1;
    assert_int_equal(mgi_cuda_backend.available("cuda", &bytes, &error), MGEO_E_DEVICE);
    random_encoder_destroy(model);
}

static void test_a_missing_card_is_named(void **state) {
    mgi_cuda_cards cards;
    mgeo_error error;
    (void)state;
    if (mgi_cuda_backend.usable("cuda", NULL) != MGEO_OK) skip();
    assert_int_equal(mgi_cuda_device_find("cuda:999", &cards, &error), MGEO_E_DEVICE);
    assert_non_null(strstr(error.message, "cuda:999"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_device_names_are_known),
        cmocka_unit_test(test_too_many_cards_are_refused),
        cmocka_unit_test(test_a_card_named_twice_is_refused),
        cmocka_unit_test(test_names_are_written_as_they_are_read),
        cmocka_unit_test(test_what_is_missing_is_said_in_one_line),
        cmocka_unit_test(test_a_missing_card_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
