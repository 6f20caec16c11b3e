/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU's encoder against the naive one: every activation, depth, odd size and type; and a row's
 * numbers, which are the same in any company, on any team. */
#define _DEFAULT_SOURCE /* setenv */
#include "backend/reference.h"
#include "backend/team.h"
#include "support/random_encoder.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

/* ---- rows in any company ---- */

/* What MGEO_CPU_ISA may say. A processor that lacks one runs what it has below. */
static const char *const sets[] = {"base",       "avx2",       "avxvnni", "avx512",
                                   "avx512vnni", "avx512bf16", "amx"};

/* A team that comes in an odd order, or with threads of its own. */
typedef enum order { BACKWARDS, ODD_FIRST, AT_ONCE, ORDERS } order;

typedef struct odd_team {
    mgi_team team;
    order order;
    unsigned parts, stride;
    void (*work)(void *context, unsigned part);
    void *context;
} odd_team;

static void *do_every_third(void *argument) {
    odd_team *t = argument;
    unsigned first = __atomic_fetch_add(&t->stride, 1, __ATOMIC_RELAXED);
    for (unsigned part = first; part < t->parts; part += 3) t->work(t->context, part);
    return NULL;
}

static void share_at_once(odd_team *t) {
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, do_every_third, t) != 0) abort();
    }
    do_every_third(t);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
}

static void share_oddly(mgi_team *team, unsigned parts, void (*work)(void *, unsigned),
                        void *context) {
    odd_team *t = (odd_team *)team;
    t->parts = parts;
    t->stride = 0;
    t->work = work;
    t->context = context;
    switch (t->order) {
    case BACKWARDS:
        for (unsigned part = parts; part-- > 0;) work(context, part);
        break;
    case ODD_FIRST:
        for (unsigned part = 1; part < parts; part += 2) work(context, part);
        for (unsigned part = 0; part < parts; part += 2) work(context, part);
        break;
    default: share_at_once(t);
    }
}

typedef struct placed {
    random_encoder *model;
    mgi_encoder *encoder;
    mgi_lane *lane;
} placed;

static placed place(const random_encoder_options *options, int32_t precision) {
    mgeo_error error;
    placed p = {.model = random_encoder_create(options)};
    mgi_encoder_request request = random_encoder_request(p.model, "cpu", precision);
    if (mgi_cpu_backend.open(&request, &p.encoder, &error) != MGEO_OK ||
        mgi_cpu_backend.open_lane(p.encoder, &p.lane, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    return p;
}

static void remove_placed(placed *p) {
    mgi_cpu_backend.close_lane(p->lane);
    mgi_cpu_backend.close(p->encoder);
    random_encoder_destroy(p->model);
}

static void run_on(const placed *p, const random_encoder_batch *b, mgi_team *team, float *logits) {
    mgeo_error error;
    if (mgi_cpu_backend.run(p->lane, &b->batch, team, logits, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
}

/* All rows on every odd team. */
static void check_teams(const placed *p, const random_encoder_batch *b, const float *expected) {
    static const unsigned cores[] = {2, 3, 5, 16};
    size_t bytes = (size_t)b->batch.rows * p->model->spec.labels * sizeof(float);
    for (size_t i = 0; i < sizeof cores / sizeof *cores; i++) {
        for (int how = 0; how < ORDERS; how++) {
            odd_team t = {.team = {cores[i], share_oddly}, .order = (order)how};
            float logits[ROWS * MAX_LABELS] = {0};
            run_on(p, b, &t.team, logits);
            assert_memory_equal(logits, expected, bytes);
        }
    }
}

static void check_company(const random_encoder_options *options, int32_t precision) {
    mgi_team alone = {.cores = 1};
    placed p = place(options, precision);
    uint32_t labels = p.model->spec.labels;
    random_encoder_batch *all = random_encoder_batch_create(&p.model->spec, lengths, ROWS, 31);
    float together[ROWS * MAX_LABELS], one[MAX_LABELS];
    run_on(&p, all, &alone, together);
    check_teams(&p, all, together);
    for (uint32_t row = 0; row < ROWS; row++) {
        random_encoder_batch *b = random_encoder_batch_row(all, row);
        run_on(&p, b, &alone, one);
        assert_memory_equal(one, together + (size_t)row * labels, labels * sizeof *one);
        check_teams(&p, b, one);
        random_encoder_batch_destroy(b);
    }
    random_encoder_batch_destroy(all);
    remove_placed(&p);
}

/* Not only within rounding: the same bits, so that no answer hangs on what else was asked. */
static void test_rows_are_the_same_in_any_company(void **state) {
    (void)state;
    random_encoder_options odd = {.spec = random_encoder_spec(), .seed = 17};
    random_encoder_options wide = {.spec = random_encoder_spec(), .seed = 19};
    odd.spec.hidden = 60;
    odd.spec.heads = 5;
    odd.spec.intermediate = 131;
    wide.spec.hidden = 256;
    wide.spec.intermediate = 520;
    for (size_t set = 0; set < sizeof sets / sizeof *sets; set++) {
        setenv("MGEO_CPU_ISA", sets[set], 1);
        for (size_t i = 0; i < sizeof precisions / sizeof *precisions; i++) {
            check_company(&odd, precisions[i].precision);
            check_company(&wide, precisions[i].precision);
        }
    }
    unsetenv("MGEO_CPU_ISA");
}

static void test_every_instruction_set_matches_the_reference(void **state) {
    (void)state;
    random_encoder_options o = {.spec = random_encoder_spec(), .seed = 23};
    o.spec.hidden = 96;
    o.spec.heads = 3;
    o.spec.intermediate = 200;
    for (size_t set = 0; set < sizeof sets / sizeof *sets; set++) {
        setenv("MGEO_CPU_ISA", sets[set], 1);
        check(&o, sets[set]);
    }
    unsetenv("MGEO_CPU_ISA");
}

/* The precision and the instructions, by which an operator knows what speed to expect. */
static void test_what_computes_is_said(void **state) {
    (void)state;
    random_encoder_options options = {.spec = random_encoder_spec(), .seed = 29};
    static const char *const expected[] = {"native, fp32 on ", "native, bf16 on ",
                                           "native, int8 on "};
    for (size_t i = 0; i < sizeof precisions / sizeof *precisions; i++) {
        mgi_encoder_info info;
        placed p = place(&options, precisions[i].precision);
        mgi_cpu_backend.describe(p.encoder, &info);
        assert_memory_equal(info.library, expected[i], strlen(expected[i]));
        assert_true(strlen(info.library) > strlen(expected[i]));
        assert_false(info.keeps_weights);
        remove_placed(&p);
    }
    setenv("MGEO_CPU_ISA", "base", 1);
    placed p = place(&options, MGEO_INT8);
    mgi_encoder_info info;
    mgi_cpu_backend.describe(p.encoder, &info);
    assert_string_equal(info.library, "native, int8 on portable");
    remove_placed(&p);
    unsetenv("MGEO_CPU_ISA");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_activation_and_depth_matches_the_reference),
        cmocka_unit_test(test_odd_sizes_match_the_reference),
        cmocka_unit_test(test_every_file_type_matches_the_reference),
        cmocka_unit_test(test_rows_are_the_same_in_any_company),
        cmocka_unit_test(test_every_instruction_set_matches_the_reference),
        cmocka_unit_test(test_what_computes_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
