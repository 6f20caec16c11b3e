/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU's encoder against the naive one: every activation, depth, odd size and type. */
#include "backend/reference.h"
#include "support/random_encoder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 7, MAX_LABELS = 16 };
static const uint32_t lengths[ROWS] = {1, 5, 5, 6, 17, 33, 40};

/* The largest difference from the reference over a batch, against the largest logit. */
static double worst(const random_encoder_options *options, int32_t precision, unsigned cores) {
    mgeo_error error = {0};
    random_encoder *t = random_encoder_create(options);
    random_encoder_batch *b = random_encoder_batch_create(&t->spec, lengths, ROWS, 99);
    mgi_encoder_request request = random_encoder_request(t, "cpu", precision);
    mgi_encoder *encoder = NULL;
    mgi_lane *lane = NULL;
    if (mgi_cpu_backend.open(&request, &encoder, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    if (mgi_cpu_backend.open_lane(encoder, &lane, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    float logits[ROWS * MAX_LABELS];
    mgi_team team = {.cores = cores};
    if (mgi_cpu_backend.run(lane, &b->batch, &team, logits, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    double difference = 0, size = 0;
    for (uint32_t r = 0; r < ROWS; r++) {
        double expected[MAX_LABELS];
        uint32_t first = b->offsets[r];
        reference_logits(&t->spec, &t->weights, b->ids + first, b->types + first, lengths[r],
                         expected);
        for (uint32_t i = 0; i < t->spec.labels; i++) {
            double apart = fabs(expected[i] - (double)logits[r * t->spec.labels + i]);
            difference = apart <= difference ? difference : apart; /* NaN shows */
            size = fmax(size, fabs(expected[i]));
        }
    }
    mgi_cpu_backend.close_lane(lane);
    mgi_cpu_backend.close(encoder);
    random_encoder_batch_destroy(b);
    random_encoder_destroy(t);
    return difference / size;
}

static const struct {
    int32_t precision;
    double bound;
} precisions[] = {{MGEO_FP32, 1e-5}, {MGEO_BF16, 0.05}, {MGEO_INT8, 0.08}};

static void check(const random_encoder_options *options, const char *what) {
    for (size_t i = 0; i < sizeof precisions / sizeof precisions[0]; i++) {
        for (unsigned cores = 1; cores <= 3; cores += 2) {
            double apart = worst(options, precisions[i].precision, cores);
            if (!(apart <= precisions[i].bound)) {
                fail_msg("%s, precision %d, %u cores: %g from the reference, more than %g", what,
                         precisions[i].precision, cores, apart, precisions[i].bound);
            }
        }
    }
}

static void test_every_activation_and_depth_matches_the_reference(void **state) {
    (void)state;
    static const char *const names[] = {"gelu", "gelu_new", "relu", "tanh"};
    for (int activation = MGI_GELU; activation <= MGI_TANH; activation++) {
        for (uint32_t layers = 1; layers <= 3; layers++) {
            random_encoder_options o = {.spec = random_encoder_spec(), .seed = 5};
            o.spec.activation = (mgi_activation)activation;
            o.spec.layers = layers;
            char what[64];
            snprintf(what, sizeof what, "%s, %u layers", names[activation], layers);
            check(&o, what);
        }
    }
}

static void test_odd_sizes_match_the_reference(void **state) {
    (void)state;
    static const uint32_t table[][5] = {
        /* hidden, heads, intermediate, labels, types */
        {48, 4, 64, 2, 2},  {60, 5, 36, 1, 1},    {21, 3, 19, 4, 2},
        {64, 1, 256, 3, 2}, {128, 2, 512, 16, 2}, {96, 32, 100, 2, 3},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        random_encoder_options o = {.spec = random_encoder_spec(), .seed = 7 + i};
        o.spec.hidden = table[i][0];
        o.spec.heads = table[i][1];
        o.spec.intermediate = table[i][2];
        o.spec.labels = table[i][3];
        o.spec.types = table[i][4];
        char what[64];
        snprintf(what, sizeof what, "hidden %u, heads %u", table[i][0], table[i][1]);
        check(&o, what);
    }
}

static void test_every_file_type_matches_the_reference(void **state) {
    (void)state;
    for (int type = MGI_F32; type <= MGI_BF16; type++) {
        for (int misaligned = 0; misaligned < 2; misaligned++) {
            random_encoder_options o = {.spec = random_encoder_spec(), .seed = 11};
            o.dtype = (mgi_dtype)type;
            o.misaligned = misaligned != 0;
            char what[64];
            snprintf(what, sizeof what, "file type %d, misaligned %d", type, misaligned);
            check(&o, what);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_activation_and_depth_matches_the_reference),
        cmocka_unit_test(test_odd_sizes_match_the_reference),
        cmocka_unit_test(test_every_file_type_matches_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
