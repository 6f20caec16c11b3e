/* SPDX-License-Identifier: Apache-2.0 */
/* Loads that fit and loads that do not: what is predicted, what is refused, and that nothing was
 * read by then. */
#include "core/fixed_text.h"
#include "support/engine_fixture.h"

#include "core/memory.h"

#include <stdio.h>
#include <string.h>

enum { MB = 1000000 };

/* ---- a device of known appetite -------------------------------------------------------------- */

static unsigned opened;        /* encoders so far: nothing is read without one */
static uint64_t opening_bytes; /* the highest point of open, where above the rest */
static uint64_t device_free;
static bool beside_cpu; /* the device has its memory, and needs some of the process's */

static bool sized_serves(const char *device) { return strcmp(device, "sized") == 0; }

static uint64_t sized_weights(int32_t precision) {
    switch (precision) {
    case MGEO_PRECISION_AUTO:
    case MGEO_FP32: return 400 * MB;
    case MGEO_BF16: return 200 * MB;
    case MGEO_INT8: return 100 * MB;
    default: return 0;
    }
}

static mgeo_status sized_predict(const mgi_encoder_request *request, unsigned cores,
                                 mgi_encoder_estimate *needs, mgeo_error *failure) {
    uint64_t weights = sized_weights(request->precision);
    if (weights == 0) return mgi_fail(failure, MGEO_E_UNSUPPORTED, "sized: not this precision");
    *needs = (mgi_encoder_estimate){.precision = request->precision,
                                    .batch_tokens = 256,
                                    .weights = weights,
                                    .opening = weights + opening_bytes,
                                    .lane = cores * MB,
                                    .workspace = 5 * MB,
                                    .on_cpu = !beside_cpu};
    if (beside_cpu) {
        needs->lanes = 3;
        needs->host_workspace = 60 * MB;
    }
    if (needs->precision == MGEO_PRECISION_AUTO) needs->precision = MGEO_FP32;
    mgi_fixed_text_copy(needs->device, sizeof needs->device, "sized");
    return mgi_succeed(failure);
}

static mgeo_status sized_open(const mgi_encoder_request *request, mgi_encoder **encoder,
                              mgeo_error *failure) {
    mgi_encoder_request plain = *request;
    plain.precision = MGEO_PRECISION_AUTO;
    opened++;
    return mgi_fake_backend.open(&plain, encoder, failure);
}

static mgeo_status sized_available(const char *device, uint64_t *bytes, mgeo_error *failure) {
    assert_string_equal(device, "sized");
    *bytes = device_free;
    return mgi_succeed(failure);
}

static mgi_backend sized;

static int make_all(void **state) {
    sized = mgi_fake_backend;
    sized.name = "sized";
    sized.serves = sized_serves;
    sized.predict = sized_predict;
    sized.open = sized_open;
    int failed = make_models(state);
    mgi_backend_register(&sized);
    return failed;
}

static int begin_free(void **state) {
    opened = 0;
    opening_bytes = 0;
    sized.available = NULL;
    beside_cpu = false;
    mgi_memory_pretend(1000ull * MB);
    return begin(state);
}

static int end_free(void **state) {
    mgi_memory_pretend(0);
    return end(state);
}

static mgeo_memory predict(const mgeo_load_options *options) {
    mgeo_memory memory = {.struct_size = sizeof memory};
    if (mgeo_predict_memory(paths[0], options, &memory, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(memory.total, memory.weights + memory.activations + memory.workspace);
    assert_int_equal(opened, 0);
    return memory;
}

static mgeo_status load_with(const mgeo_load_options *options, mgeo_model_info *info) {
    return mgeo_load(engine, paths[0], options, info, &error);
}

static uint64_t failed_loads(void) {
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    assert_int_equal(mgeo_get_rollout(engine, &rollout, NULL), MGEO_OK);
    return rollout.failed_loads;
}

/* ---- predictions ----------------------------------------------------------------------------- */

static void test_a_prediction_adds_up(void **state) {
    (void)state;
    mgeo_load_options options = on("sized");
    mgeo_memory memory = predict(&options);
    assert_int_equal(memory.weights, 400 * MB);
    assert_int_equal(memory.activations, 2 * 2 * MB); /* two lanes, each for two cores */
    assert_true(memory.workspace > 5 * MB);           /* and the queue, the tokenizer */
    assert_in_range(memory.workspace, 5 * MB, 10 * MB);
    assert_int_equal(memory.available, 1000ull * MB);
    assert_int_equal(memory.limit, 0);
    assert_int_equal(memory.precision, MGEO_FP32);
    assert_int_equal(memory.fits, 1);
    assert_int_equal(memory.fitting_precision, MGEO_FP32);
    assert_string_equal(memory.device, "sized");
    options.threads = 4;
    assert_int_equal(predict(&options).activations, 4 * 4 * MB);
}

static void test_the_best_precision_that_fits_is_named(void **state) {
    (void)state;
    mgeo_load_options options = on("sized");
    const struct {
        uint64_t limit;
        int32_t asked, fits, fitting;
    } cases[] = {
        {420, MGEO_PRECISION_AUTO, 1, MGEO_FP32}, {300, MGEO_PRECISION_AUTO, 0, MGEO_BF16},
        {150, MGEO_FP32, 0, MGEO_INT8},           {150, MGEO_BF16, 0, MGEO_INT8},
        {300, MGEO_BF16, 1, MGEO_BF16},           {50, MGEO_FP32, 0, MGEO_PRECISION_AUTO},
        {50, MGEO_INT8, 0, MGEO_PRECISION_AUTO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        options.memory_limit = cases[i].limit * MB;
        options.precision = cases[i].asked;
        mgeo_memory memory = predict(&options);
        assert_int_equal(memory.fits, cases[i].fits);
        assert_int_equal(memory.fitting_precision, cases[i].fitting);
        assert_int_equal(memory.limit, cases[i].limit * MB);
        options.memory_limit = 0; /* the same of what is free */
        mgi_memory_pretend(cases[i].limit * MB);
        memory = predict(&options);
        assert_int_equal(memory.fits, cases[i].fits);
        assert_int_equal(memory.fitting_precision, cases[i].fitting);
        mgi_memory_pretend(1000ull * MB);
    }
}

static void test_converting_may_be_the_highest_point(void **state) {
    (void)state;
    mgeo_load_options options = on("sized");
    uint64_t scoring = predict(&options).total;
    opening_bytes = 300 * MB;
    assert_int_equal(predict(&options).total, 700 * MB);
    opening_bytes = 1;
    assert_int_equal(predict(&options).total, scoring);
}

static void test_a_device_is_asked_for_its_own_memory(void **state) {
    (void)state;
    mgeo_load_options options = on("sized");
    sized.available = sized_available;
    device_free = 250 * MB;
    mgeo_memory memory = predict(&options);
    assert_int_equal(memory.available, 250 * MB);
    assert_int_equal(memory.fitting_precision, MGEO_BF16);
}

static void test_a_device_and_the_machine_are_weighed_apart(void **state) {
    (void)state;
    mgeo_load_options options = on("sized");
    sized.available = sized_available;
    beside_cpu = true;
    device_free = 500 * MB;
    mgeo_memory memory = predict(&options);
    assert_int_equal(memory.activations, 3 * 2 * MB); /* three lanes */
    assert_int_equal(memory.workspace, 5 * MB);
    assert_int_equal(memory.total, 411 * MB);
    assert_in_range(memory.host_bytes, 60 * MB, 70 * MB);
    assert_int_equal(memory.host_available, 1000ull * MB);
    assert_int_equal(memory.available, 500 * MB);
    assert_int_equal(memory.fits, 1);
    mgi_memory_pretend(100 * MB); /* far less than the weights: they do not lie there */
    assert_int_equal(predict(&options).fits, 1);
    mgi_memory_pretend(50 * MB);
    memory = predict(&options);
    assert_int_equal(memory.fits, 0);
    assert_int_equal(memory.fitting_precision, MGEO_PRECISION_AUTO);
    mgi_memory_pretend(100 * MB);
    device_free = 300 * MB;
    memory = predict(&options);
    assert_int_equal(memory.fits, 0);
    assert_int_equal(memory.fitting_precision, MGEO_BF16);
}

static void test_what_cannot_be_predicted(void **state) {
    (void)state;
    mgeo_memory memory = {.struct_size = sizeof memory};
    mgeo_load_options options = on("sized");
    options.precision = MGEO_FP8;
    assert_int_equal(mgeo_predict_memory(paths[0], &options, &memory, &error), MGEO_E_UNSUPPORTED);
    options = on("nowhere");
    assert_int_equal(mgeo_predict_memory(paths[0], &options, &memory, &error), MGEO_E_ARGUMENT);
    options = on("sized");
    assert_int_equal(mgeo_predict_memory("/no/such/model", &options, &memory, &error), MGEO_E_IO);
    for (long nth = 1;; nth++) {
        mgi_alloc_fail_at(nth);
        mgeo_status status = mgeo_predict_memory(paths[0], &options, &memory, &error);
        mgi_alloc_fail_at(0);
        if (status == MGEO_OK) break;
        assert_int_equal(status, MGEO_E_MEMORY);
        assert_true(nth < 10000);
    }
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void check_refused(const mgeo_load_options *options, mgeo_status expected_status,
                          const char *bound, const char *advice) {
    uint64_t before = failed_loads();
    assert_int_equal(load_with(options, NULL), expected_status);
    if (strstr(error.message, bound) == NULL || strstr(error.message, advice) == NULL) {
        fail_msg("\"%s\" and \"%s\" are expected in: %s", bound, advice, error.message);
    }
    assert_non_null(strstr(error.message, "weights 400.0"));
    assert_int_equal(opened, 0);
    assert_int_equal(failed_loads(), before + 1);
    assert_true(was_logged("1 load failed, nothing has changed: "));
}

static void test_a_load_over_its_limit_is_refused_unread(void **state) {
    (void)state;
    load(1);
    mgeo_load_options options = on("sized");
    options.memory_limit = 300 * MB;
    check_refused(&options, MGEO_E_REFUSED, "memory_limit is 300.0 MB", "bf16 would need 2");
    options.memory_limit = 20 * MB;
    check_refused(&options, MGEO_E_REFUSED, "memory_limit is 20.0 MB", "no precision here");
    check_answer(1, 1);
    assert_int_equal(load(2), 2); /* failed loads take no generation */
}

static void test_a_load_over_what_is_free_is_refused_unread(void **state) {
    (void)state;
    mgeo_load_options options = on("sized");
    mgi_memory_pretend(150 * MB);
    check_refused(&options, MGEO_E_MEMORY, "150.0 MB are free", "int8 would need 1");
    options.memory_limit = 100 * MB; /* the caller's own limit is named first */
    mgi_memory_pretend(110 * MB);
    check_refused(&options, MGEO_E_REFUSED, "memory_limit is 100.0 MB", "no precision here");
    mgi_memory_pretend(0);
    assert_int_equal(mgeo_unload(engine, NULL), MGEO_E_NO_MODEL);
}

static void test_a_load_over_what_a_device_has_is_refused_unread(void **state) {
    (void)state;
    mgeo_load_options options = on("sized");
    sized.available = sized_available;
    beside_cpu = true;
    device_free = 150 * MB;
    check_refused(&options, MGEO_E_MEMORY, "411.0 MB", "150.0 MB are free on sized: int8 would");
    device_free = 500 * MB;
    mgi_memory_pretend(50 * MB);
    assert_int_equal(load_with(&options, NULL), MGEO_E_MEMORY);
    assert_non_null(strstr(error.message, "beside device sized 6"));
    assert_non_null(strstr(error.message, "50.0 MB are free"));
    assert_int_equal(opened, 0);
}

static void test_a_load_that_fits_says_what_was_predicted(void **state) {
    (void)state;
    mgeo_load_options options = on("sized");
    mgeo_model_info info = {.struct_size = sizeof info};
    uint64_t predicted = predict(&options).total;
    options.memory_limit = predicted;
    assert_int_equal(load_with(&options, &info), MGEO_OK);
    assert_int_equal(info.predicted_bytes, predicted);
    assert_int_equal(opened, 1);
    options.memory_limit = predicted - 1;
    assert_int_equal(load_with(&options, &info), MGEO_E_REFUSED);
    assert_int_equal(opened, 1);
}

static void test_a_standby_model_in_use_keeps_loads_from_beginning(void **state) {
    (void)state;
    load(0);
    load(1);
    mgeo_load_options options = on("sized");
    assert_int_equal(mgeo_set_canary(engine, 100, NULL, &error), MGEO_OK);
    assert_int_equal(load_with(&options, NULL), MGEO_E_BUSY);
    assert_int_equal(mgeo_set_canary(engine, 0, NULL, &error), MGEO_OK);
    mgeo_job *job = NULL;
    mgeo_job_options standby = {.struct_size = sizeof standby, .standby = 1};
    assert_int_equal(mgeo_job_begin(engine, &standby, &job, &error), MGEO_OK);
    assert_int_equal(load_with(&options, NULL), MGEO_E_BUSY);
    mgeo_job_end(job);
    assert_int_equal(opened, 0);
    assert_int_equal(failed_loads(), 0); /* none had begun */
    assert_int_equal(load_with(&options, NULL), MGEO_OK);
}

#define ADMISSION(name) cmocka_unit_test_setup_teardown(name, begin_free, end_free)

int main(void) {
    const struct CMUnitTest tests[] = {
        ADMISSION(test_a_prediction_adds_up),
        ADMISSION(test_the_best_precision_that_fits_is_named),
        ADMISSION(test_converting_may_be_the_highest_point),
        ADMISSION(test_a_device_is_asked_for_its_own_memory),
        ADMISSION(test_a_device_and_the_machine_are_weighed_apart),
        ADMISSION(test_what_cannot_be_predicted),
        ADMISSION(test_a_load_over_its_limit_is_refused_unread),
        ADMISSION(test_a_load_over_what_is_free_is_refused_unread),
        ADMISSION(test_a_load_over_what_a_device_has_is_refused_unread),
        ADMISSION(test_a_load_that_fits_says_what_was_predicted),
        ADMISSION(test_a_standby_model_in_use_keeps_loads_from_beginning),
    };
    return cmocka_run_group_tests(tests, make_all, remove_models);
}
