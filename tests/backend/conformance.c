/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance.h"

#include "core/alloc.h"
#include "support/random_encoder.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MIXED = 8, LABELS = 3, THREADS = 4, TURNS = 10 };
static const uint32_t mixed[MIXED] = {1, 5, 5, 7, 16, 17, 39, 40};

/* An encoder on a random model, with one lane. */
typedef struct stage {
    const conformance_case *subject;
    random_encoder *model;
    mgi_encoder *encoder;
    mgi_encoder_info info;
    mgi_lane *lane;
} stage;

static void must(mgeo_status status, const mgeo_error *error) {
    if (status != MGEO_OK) fail_msg("%s: %s", mgeo_status_name(status), error->message);
}

static mgi_encoder_spec spec_for(const conformance_case *c) {
    mgi_encoder_spec spec = random_encoder_spec();
    if (c->hidden != 0) {
        spec.hidden = c->hidden;
        spec.intermediate = 2 * c->hidden;
    }
    return spec;
}

static random_encoder *make_model(const conformance_case *c) {
    random_encoder_options options = {.spec = spec_for(c), .seed = 3};
    assert_int_equal(options.spec.labels, LABELS);
    return random_encoder_create(&options);
}

static stage begin(const conformance_case *subject, uint32_t batch_tokens) {
    mgeo_error error;
    stage s = {.subject = subject, .model = make_model(subject)};
    mgi_encoder_request request =
        random_encoder_request(s.model, subject->device, subject->precision);
    request.batch_tokens = batch_tokens;
    must(subject->backend->open(&request, &s.encoder, &error), &error);
    subject->backend->describe(s.encoder, &s.info);
    must(subject->backend->open_lane(s.encoder, &s.lane, &error), &error);
    return s;
}

static void end(stage *s) {
    s->subject->backend->close_lane(s->lane);
    s->subject->backend->close(s->encoder);
    random_encoder_destroy(s->model);
}

static float *run_on(const stage *s, mgi_lane *lane, const random_encoder_batch *b,
                     unsigned cores) {
    mgeo_error error;
    float *logits = calloc((size_t)b->batch.rows * LABELS, sizeof *logits);
    assert_non_null(logits);
    mgi_team team = {.cores = cores};
    must(s->subject->backend->run(lane, &b->batch, &team, logits, &error), &error);
    return logits;
}

static float *run(const stage *s, const random_encoder_batch *b) {
    return run_on(s, s->lane, b, 1);
}

static double apart(const float *a, const float *b, size_t count) {
    double difference = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        double d = fabs((double)a[i] - (double)b[i]);
        difference = d <= difference ? difference : d; /* NaN shows */
        size = fmax(size, fabs((double)a[i]));
    }
    return size > 0 ? difference / size : difference;
}

static void same(const stage *s, const float *a, const float *b, size_t count, const char *what) {
    double difference = apart(a, b, count);
    if (!(difference <= s->subject->rounding)) {
        fail_msg("%s: %g apart, more than %g", what, difference, s->subject->rounding);
    }
}

static random_encoder_batch *mixed_batch(const stage *s, uint64_t seed) {
    return random_encoder_batch_create(&s->model->spec, mixed, MIXED, seed);
}

static void check_device_name(const conformance_case *c, const char *name) {
    if (c->described == NULL) {
        assert_string_equal(name, c->device);
    } else {
        assert_memory_equal(name, c->described, strlen(c->described));
    }
}

static void test_can_be_used(void **state) {
    const conformance_case *c = *state;
    mgeo_error error = {0};
    uint64_t bytes = 0;
    if (c->backend->usable != NULL) must(c->backend->usable(c->device, &error), &error);
    if (c->backend->available == NULL) return;
    must(c->backend->available(c->device, &bytes, &error), &error);
    assert_true(bytes > 0);
}

static void test_describes_itself(void **state) {
    const conformance_case *c = *state;
    stage s = begin(c, 0);
    assert_true(c->backend->serves(c->device));
    assert_false(c->backend->serves("no such device"));
    assert_int_not_equal(s.info.precision, MGEO_PRECISION_AUTO);
    if (c->precision != MGEO_PRECISION_AUTO) assert_int_equal(s.info.precision, c->precision);
    assert_true(s.info.batch_tokens >= s.model->spec.positions);
    assert_true(s.info.bytes_on_device > 0);
    check_device_name(c, s.info.device);
    assert_true(s.info.on_cpu || s.info.lanes > 0);
    assert_true(s.info.min_split_tokens <= s.info.batch_tokens);
    assert_true(strlen(s.info.library) > 0);
    assert_null(strchr(s.info.warning, '\n'));
    end(&s);
    s = begin(c, 123);
    assert_int_equal(s.info.batch_tokens, 123);
    end(&s);
}

static void test_rows_stand_alone(void **state) {
    stage s = begin(*state, 0);
    random_encoder_batch *all = mixed_batch(&s, 50);
    float *together = run(&s, all);
    for (uint32_t r = 0; r < MIXED; r++) {
        random_encoder_batch *one = random_encoder_batch_row(all, r);
        float *alone = run(&s, one);
        same(&s, together + r * LABELS, alone, LABELS, "a row alone and among others");
        free(alone);
        random_encoder_batch_destroy(one);
    }
    free(together);
    random_encoder_batch_destroy(all);
    end(&s);
}

static void test_rows_differ(void **state) {
    stage s = begin(*state, 0);
    random_encoder_batch *all = mixed_batch(&s, 50);
    float *logits = run(&s, all);
    for (uint32_t r = 1; r < MIXED; r++) {
        assert_true(apart(logits, logits + r * LABELS, LABELS) > 1e-4);
    }
    free(logits);
    random_encoder_batch_destroy(all);
    end(&s);
}

static void test_neighbours_do_not_matter(void **state) {
    stage s = begin(*state, 0);
    random_encoder_batch *all = mixed_batch(&s, 50), *other = mixed_batch(&s, 5000);
    uint32_t first = all->offsets[3], length = mixed[3];
    memcpy(other->ids + first, all->ids + first, length * sizeof *all->ids);
    float *a = run(&s, all), *b = run(&s, other);
    same(&s, a + 3 * LABELS, b + 3 * LABELS, LABELS, "a row among other neighbours");
    free(a);
    free(b);
    random_encoder_batch_destroy(all);
    random_encoder_batch_destroy(other);
    end(&s);
}

static void test_order_is_kept(void **state) {
    stage s = begin(*state, 0);
    static const uint32_t equal[2] = {9, 9};
    random_encoder_batch *ab = random_encoder_batch_create(&s.model->spec, equal, 2, 70);
    random_encoder_batch *ba = random_encoder_batch_create(&s.model->spec, equal, 2, 70);
    memcpy(ba->ids, ab->ids + 9, 9 * sizeof *ab->ids);
    memcpy(ba->ids + 9, ab->ids, 9 * sizeof *ab->ids);
    float *a = run(&s, ab), *b = run(&s, ba);
    same(&s, a, b + LABELS, LABELS, "the first row, now second");
    same(&s, a + LABELS, b, LABELS, "the second row, now first");
    free(a);
    free(b);
    random_encoder_batch_destroy(ab);
    random_encoder_batch_destroy(ba);
    end(&s);
}

static void check_full(const stage *s, uint32_t length) {
    uint32_t rows = s->info.batch_tokens / length;
    uint32_t *lengths = calloc(rows, sizeof *lengths);
    assert_non_null(lengths);
    for (uint32_t r = 0; r < rows; r++) lengths[r] = length;
    random_encoder_batch *b = random_encoder_batch_create(&s->model->spec, lengths, rows, 80);
    random_encoder_batch *last = random_encoder_batch_row(b, rows - 1);
    float *full = run(s, b), *alone = run(s, last);
    same(s, full + (size_t)(rows - 1) * LABELS, alone, LABELS, "the last row of a full batch");
    free(full);
    free(alone);
    free(lengths);
    random_encoder_batch_destroy(b);
    random_encoder_batch_destroy(last);
}

static void test_full_batches_are_computed(void **state) {
    static const uint32_t budgets[] = {40, 77, 400};
    for (size_t i = 0; i < sizeof budgets / sizeof *budgets; i++) {
        stage s = begin(*state, budgets[i]);
        check_full(&s, 1);
        check_full(&s, 11);
        check_full(&s, 40);
        end(&s);
    }
}

/* A batch must leave nothing behind for the next, whatever their sizes. */
static void test_lanes_forget(void **state) {
    stage s = begin(*state, 0);
    random_encoder_batch *big = mixed_batch(&s, 1),
                         *small = random_encoder_batch_create(&s.model->spec, mixed, 3, 2);
    float *before = run(&s, small), *between = run(&s, big), *after = run(&s, small);
    assert_memory_equal(before, after, 3 * LABELS * sizeof *before);
    free(before);
    free(between);
    free(after);
    random_encoder_batch_destroy(big);
    random_encoder_batch_destroy(small);
    end(&s);
}

static void test_cores_do_not_matter(void **state) {
    stage s = begin(*state, 0);
    random_encoder_batch *all = mixed_batch(&s, 50),
                         *one = random_encoder_batch_row(all, MIXED - 1);
    const random_encoder_batch *const batches[] = {all, one};
    for (size_t i = 0; i < 2; i++) {
        float *expected = run(&s, batches[i]);
        for (unsigned cores = 2; cores <= 5; cores++) {
            float *logits = run_on(&s, s.lane, batches[i], cores);
            same(&s, expected, logits, batches[i]->batch.rows * LABELS, "one core and several");
            free(logits);
        }
        free(expected);
    }
    random_encoder_batch_destroy(all);
    random_encoder_batch_destroy(one);
    end(&s);
}

typedef struct runner {
    const stage *stage;
    const random_encoder_batch *batch;
    const float *expected;
    unsigned cores;
    double worst;
    bool failed;
} runner;

static void *run_lane(void *argument) { /* cmocka's assertions belong to the main thread */
    runner *r = argument;
    const mgi_backend *backend = r->stage->subject->backend;
    mgi_lane *lane = NULL;
    float logits[MIXED * LABELS];
    mgi_team team = {.cores = r->cores};
    r->failed = backend->open_lane(r->stage->encoder, &lane, NULL) != MGEO_OK;
    for (int turn = 0; !r->failed && turn < TURNS; turn++) {
        r->failed = backend->run(lane, &r->batch->batch, &team, logits, NULL) != MGEO_OK;
        r->worst = fmax(r->worst, apart(r->expected, logits, MIXED * LABELS));
    }
    backend->close_lane(lane);
    return NULL;
}

static void test_lanes_run_at_once(void **state) {
    stage s = begin(*state, 0);
    random_encoder_batch *batches[THREADS];
    float *expected[THREADS];
    runner runners[THREADS];
    pthread_t threads[THREADS];
    for (unsigned t = 0; t < THREADS; t++) {
        batches[t] = mixed_batch(&s, 100 * t);
        expected[t] = run(&s, batches[t]);
        runners[t] = (runner){&s, batches[t], expected[t], 1 + t % 2, 0, false};
    }
    for (unsigned t = 0; t < THREADS; t++) {
        assert_int_equal(pthread_create(&threads[t], NULL, run_lane, &runners[t]), 0);
    }
    for (unsigned t = 0; t < THREADS; t++) pthread_join(threads[t], NULL);
    for (unsigned t = 0; t < THREADS; t++) {
        assert_false(runners[t].failed);
        if (!(runners[t].worst <= s.subject->rounding)) {
            fail_msg("a lane next to others: %g apart", runners[t].worst);
        }
        free(expected[t]);
        random_encoder_batch_destroy(batches[t]);
    }
    end(&s);
}

/* Lanes go from thread to thread, one at a time. */
static void *run_stage(void *argument) {
    runner *r = argument;
    float logits[MIXED * LABELS];
    mgi_team team = {.cores = r->cores};
    r->failed = r->stage->subject->backend->run(r->stage->lane, &r->batch->batch, &team, logits,
                                                NULL) != MGEO_OK;
    r->worst = apart(r->expected, logits, MIXED * LABELS);
    return NULL;
}

static void test_lanes_change_threads(void **state) {
    stage s = begin(*state, 0);
    random_encoder_batch *b = mixed_batch(&s, 9);
    float *expected = run(&s, b);
    for (unsigned i = 0; i < 3; i++) {
        pthread_t thread;
        runner r = {&s, b, expected, 1 + i, 0, false};
        assert_int_equal(pthread_create(&thread, NULL, run_stage, &r), 0);
        pthread_join(thread, NULL);
        assert_false(r.failed);
        assert_true(r.worst <= s.subject->rounding);
    }
    free(expected);
    random_encoder_batch_destroy(b);
    end(&s);
}

static void test_bad_requests_leave_nothing(void **state) {
    const conformance_case *c = *state;
    random_encoder *model = make_model(c);
    mgeo_error error = {0};
    mgi_encoder *encoder = NULL;
    mgi_encoder_request request = random_encoder_request(model, c->device, 99);
    assert_int_not_equal(c->backend->open(&request, &encoder, &error), MGEO_OK);
    assert_null(encoder);
    assert_int_not_equal(error.status, MGEO_OK);
    assert_true(strlen(error.message) > 10);
    assert_null(strchr(error.message, '\n'));
    assert_int_not_equal(c->backend->open(&request, &encoder, NULL), MGEO_OK);
    assert_null(encoder);
    random_encoder_destroy(model);
}

static void test_cancelled_requests_leave_nothing(void **state) {
    const conformance_case *c = *state;
    random_encoder *model = make_model(c);
    mgeo_error error;
    mgeo_progress progress = {{0}};
    mgi_encoder *encoder = NULL;
    mgi_encoder_request request = random_encoder_request(model, c->device, c->precision);
    request.progress = &progress;
    mgeo_progress_cancel(&progress);
    assert_int_equal(c->backend->open(&request, &encoder, &error), MGEO_E_CANCELLED);
    assert_null(encoder);
    random_encoder_destroy(model);
}

static void test_estimates_say_what_open_does(void **state) {
    const conformance_case *c = *state;
    stage s = begin(c, 0);
    mgi_encoder_estimate needs, more;
    mgeo_error error;
    mgi_encoder_request request = random_encoder_request(s.model, c->device, c->precision);
    must(c->backend->predict(&request, 2, &needs, &error), &error);
    assert_int_equal(needs.precision, s.info.precision);
    assert_int_equal(needs.batch_tokens, s.info.batch_tokens);
    assert_int_equal(needs.weights, s.info.bytes_on_device);
    assert_int_equal(needs.keeps_weights, s.info.keeps_weights);
    assert_int_equal(needs.on_cpu, s.info.on_cpu);
    assert_int_equal(needs.lanes, s.info.lanes);
    assert_true(needs.host_workspace == 0 || !needs.on_cpu);
    assert_string_equal(needs.device, s.info.device);
    assert_true(needs.opening >= needs.weights);
    request.batch_tokens = 2 * needs.batch_tokens;
    must(c->backend->predict(&request, 2, &more, &error), &error);
    assert_int_equal(more.weights, needs.weights);
    assert_true(more.lane >= needs.lane);
    assert_true(more.lane > needs.lane || !c->reads_all_weights);
    request.precision = 99;
    assert_int_not_equal(c->backend->predict(&request, 2, &needs, &error), MGEO_OK);
    assert_true(strlen(error.message) > 10);
    end(&s);
}

/* What cannot round to TF32 refuses, rather than look as if it did. */
static void test_tf32_is_taken_or_refused(void **state) {
    const conformance_case *c = *state;
    random_encoder *model = make_model(c);
    mgi_encoder_estimate needs;
    mgi_encoder *encoder = NULL;
    mgeo_error error = {0};
    mgi_encoder_request request = random_encoder_request(model, c->device, c->precision);
    request.allow_tf32 = true;
    mgeo_status expected = c->has_tf32 ? MGEO_OK : MGEO_E_UNSUPPORTED;
    assert_int_equal(c->backend->predict(&request, 1, &needs, &error), expected);
    assert_int_equal(c->backend->open(&request, &encoder, &error), expected);
    if (!c->has_tf32) assert_null(encoder);
    c->backend->close(encoder);
    random_encoder_destroy(model);
}

/* Nobody reads the weights before the load is admitted. */
static void test_estimates_look_at_no_weights(void **state) {
    const conformance_case *c = *state;
    random_encoder *model = make_model(c);
    mgi_encoder_estimate needs, blind;
    mgi_encoder_request request = random_encoder_request(model, c->device, c->precision);
    must(c->backend->predict(&request, 1, &needs, NULL), &(mgeo_error){0});
    mgi_weights weights = *request.weights;
    weights.word_embeddings.data = (void *)64; /* aligned, and nothing is there */
    weights.pooler.weight.data = (void *)64;
    weights.classifier.bias.data = (void *)64;
    request.weights = &weights;
    must(c->backend->predict(&request, 1, &blind, NULL), &(mgeo_error){0});
    assert_int_equal(blind.weights, needs.weights);
    random_encoder_destroy(model);
}

static void test_destructors_take_null(void **state) {
    const conformance_case *c = *state;
    c->backend->close_lane(NULL);
    c->backend->close(NULL);
}

/* Every allocation of ours fails once, in turn: the call says so, and works when asked again. */
static void test_allocations_may_fail(void **state) {
    const conformance_case *c = *state;
    random_encoder *model = make_model(c);
    mgi_encoder_request request = random_encoder_request(model, c->device, c->precision);
    mgi_encoder *encoder = NULL;
    mgi_lane *lane = NULL;
    mgeo_error error = {0};
    for (long n = 1; encoder == NULL; n++) {
        mgi_alloc_fail_at(n);
        mgeo_status status = c->backend->open(&request, &encoder, &error);
        if (status != MGEO_OK) {
            assert_int_equal(status, MGEO_E_MEMORY);
            assert_null(encoder);
        }
        assert_true(n < 100000);
    }
    for (long n = 1; lane == NULL; n++) {
        mgi_alloc_fail_at(n);
        mgeo_status status = c->backend->open_lane(encoder, &lane, &error);
        if (status != MGEO_OK) {
            assert_int_equal(status, MGEO_E_MEMORY);
            assert_null(lane);
        }
        assert_true(n < 100000);
    }
    random_encoder_batch *b = random_encoder_batch_create(&model->spec, mixed, MIXED, 4);
    float logits[MIXED * LABELS];
    mgi_team team = {.cores = 3};
    mgeo_status status = MGEO_E_MEMORY;
    for (long n = 1; status != MGEO_OK; n++) {
        mgi_alloc_fail_at(n);
        status = c->backend->run(lane, &b->batch, &team, logits, &error);
        if (status != MGEO_OK) assert_int_equal(status, MGEO_E_MEMORY);
        assert_true(n < 100000);
    }
    mgi_alloc_fail_at(0);
    for (size_t i = 0; i < MIXED * LABELS; i++) assert_true(isfinite(logits[i]));
    random_encoder_batch_destroy(b);
    c->backend->close_lane(lane);
    c->backend->close(encoder);
    random_encoder_destroy(model);
}

static void test_runs_allocate_nothing(void **state) {
    stage s = begin(*state, 0);
    random_encoder_batch *b = mixed_batch(&s, 4);
    free(run(&s, b));
    mgi_alloc_fail_at(0);
    free(run(&s, b));
    assert_int_equal(mgi_alloc_count(), 0);
    random_encoder_batch_destroy(b);
    end(&s);
}

static void poison(const mgi_tensor *tensor) {
    memset((void *)(uintptr_t)tensor->data, 0xff, tensor->bytes); /* NaN in every type */
}

/* Weights that the encoder says it does not keep may go once it is open. */
static void test_weights_may_go(void **state) {
    stage s = begin(*state, 0);
    if (!s.info.keeps_weights) {
        random_encoder_batch *b = mixed_batch(&s, 4);
        float *before = run(&s, b);
        mgi_weights *w = &s.model->weights;
        poison(&w->word_embeddings);
        poison(&w->position_embeddings);
        poison(&w->embedding_norm.weight);
        poison(&w->layers[0].query.weight);
        poison(&w->layers[0].key.bias);
        poison(&w->layers[1].value.weight);
        poison(&w->layers[1].output.weight);
        poison(&w->layers[1].output_norm.bias);
        poison(&w->pooler.weight);
        poison(&w->classifier.weight);
        poison(&w->classifier.bias);
        float *after = run(&s, b);
        assert_memory_equal(before, after, MIXED * LABELS * sizeof *before);
        free(before);
        free(after);
        random_encoder_batch_destroy(b);
    }
    end(&s);
}

/* One word's NaN is the trouble of the rows that hold it, and no failure. */
static void test_nan_stays_in_its_row(void **state) {
    const conformance_case *c = *state;
    if (!c->reads_all_weights) skip();
    stage s = {.subject = c, .model = make_model(c)};
    mgeo_error error;
    uint32_t width = s.model->spec.hidden;
    float *word = (float *)(uintptr_t)s.model->weights.word_embeddings.data + (size_t)96 * width;
    word[5] = NAN;
    mgi_encoder_request request = random_encoder_request(s.model, c->device, c->precision);
    must(c->backend->open(&request, &s.encoder, &error), &error);
    must(c->backend->open_lane(s.encoder, &s.lane, &error), &error);
    random_encoder_batch *b = mixed_batch(&s, 4);
    for (uint32_t i = 0; i < b->batch.tokens; i++) {
        if (b->ids[i] == 96) b->ids[i] = 95;
    }
    float *before = run(&s, b);
    b->ids[b->offsets[4] + 2] = 96;
    float *after = run(&s, b);
    for (uint32_t r = 0; r < MIXED; r++) {
        for (uint32_t i = 0; i < LABELS; i++) {
            assert_true(isfinite(before[r * LABELS + i]));
            assert_int_equal(isnan(after[r * LABELS + i]) != 0, r == 4);
        }
    }
    free(before);
    free(after);
    random_encoder_batch_destroy(b);
    end(&s);
}

bool conformance_applies(const conformance_case *c) {
    random_encoder_options options = {.spec = spec_for(c), .seed = 3};
    random_encoder *model = random_encoder_create(&options);
    mgi_encoder_estimate needs;
    mgi_encoder_request request = random_encoder_request(model, c->device, c->precision);
    mgeo_status status = c->backend->predict(&request, 1, &needs, NULL);
    random_encoder_destroy(model);
    return status != MGEO_E_UNSUPPORTED;
}

int conformance_run(const conformance_case *c) {
    const struct {
        const char *name;
        CMUnitTestFunction function;
    } list[] = {
#define CONFORMANCE(function) {#function, function}
        CONFORMANCE(test_can_be_used),
        CONFORMANCE(test_describes_itself),
        CONFORMANCE(test_rows_stand_alone),
        CONFORMANCE(test_rows_differ),
        CONFORMANCE(test_neighbours_do_not_matter),
        CONFORMANCE(test_order_is_kept),
        CONFORMANCE(test_full_batches_are_computed),
        CONFORMANCE(test_lanes_forget),
        CONFORMANCE(test_cores_do_not_matter),
        CONFORMANCE(test_lanes_run_at_once),
        CONFORMANCE(test_lanes_change_threads),
        CONFORMANCE(test_bad_requests_leave_nothing),
        CONFORMANCE(test_cancelled_requests_leave_nothing),
        CONFORMANCE(test_estimates_say_what_open_does),
        CONFORMANCE(test_tf32_is_taken_or_refused),
        CONFORMANCE(test_estimates_look_at_no_weights),
        CONFORMANCE(test_destructors_take_null),
        CONFORMANCE(test_allocations_may_fail),
        CONFORMANCE(test_runs_allocate_nothing),
        CONFORMANCE(test_weights_may_go),
        CONFORMANCE(test_nan_stays_in_its_row),
#undef CONFORMANCE
    };
    enum { COUNT = sizeof list / sizeof list[0] };
    struct CMUnitTest tests[COUNT];
    char names[COUNT][96];
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "%s: %s", c->name, list[i].name);
        tests[i] =
            (struct CMUnitTest){names[i], list[i].function, NULL, NULL, (void *)(uintptr_t)c};
    }
    return _cmocka_run_group_tests(c->name, tests, COUNT, NULL, NULL);
}
