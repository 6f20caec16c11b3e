/* SPDX-License-Identifier: Apache-2.0 */
/* The encoder on CUDA against the naive one, with heads as wide as BERT's, so that the tensor cores
 * take attention and products; rows on either side of every size at which another kernel begins.
 * Skipped without a card. For tools that slow a kernel down a thousandfold "small" is batches of a
 * few rows alone, "hopper" Hopper's kernels for many rows alone. */
#include "backend/backend.h"
#include "backend/cuda/cublas.h"
#include "backend/cuda/kernels/gemm_sm90.h"
#include "backend/cuda/kernels/qkv_attention_sm90.h"
#include "backend/reference.h"
#include "support/random_encoder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY_BATCHES = 3 }; /* of check_many */
enum { SKIPPED = 77, LONGEST = 160, SMALL_BATCH = 1024, LARGE_BATCH = 5632 };
enum { UNTIMED_BATCH = 4095 }; /* the largest that is not autotuned at load */

typedef struct kind {
    const char *name;
    int32_t precision;
    double bound; /* of the difference from the reference, against the largest logit */
} kind;

static const kind kinds[] = {{"fp32", MGEO_FP32, 1e-5},
                             {"bf16", MGEO_BF16, 0.05},
                             {"fp16", MGEO_FP16, 0.01},
                             {"int8", MGEO_INT8, 0.08},
                             {"fp8", MGEO_FP8, 0.25}};

enum { NAN_WORD = 5 };
static bool has_nan; /* models made from now on: in that word's embedding */

static random_encoder *make_model(void) {
    random_encoder_options options = {.spec = random_encoder_spec(), .seed = 21};
    options.spec.hidden = 128;
    options.spec.heads = 2;
    options.spec.intermediate = 512;
    options.spec.positions = LONGEST;
    random_encoder *model = random_encoder_create(&options);
    float *words = (float *)(uintptr_t)model->weights.word_embeddings.data;
    if (has_nan) words[(size_t)NAN_WORD * options.spec.hidden] = NAN;
    return model;
}

static void must(mgeo_status status, const mgeo_error *error) {
    if (status != MGEO_OK) fail_msg("%s: %s", mgeo_status_name(status), error->message);
}

enum { MAX_LABELS = 8, MAX_BATCHES = 20 };

/* Naive logits of the batch, kept for the precisions after the first. */
static const double *expected_of(const random_encoder *model, const random_encoder_batch *b,
                                 unsigned number) {
    static double *known[MAX_BATCHES];
    assert_true(number < MAX_BATCHES);
    if (known[number] != NULL) return known[number];
    known[number] = calloc((size_t)b->batch.rows * MAX_LABELS, sizeof(double));
    assert_non_null(known[number]);
    for (uint32_t r = 0; r < b->batch.rows; r++) {
        const uint32_t first = b->offsets[r];
        reference_logits(&model->spec, &model->weights, b->ids + first, b->types + first,
                         b->offsets[r + 1] - first, known[number] + (size_t)r * MAX_LABELS);
    }
    return known[number];
}

/* The largest difference over a batch. */
static double apart(const random_encoder *model, const random_encoder_batch *b,
                    const double *expected, const float *logits) {
    const uint32_t labels = model->spec.labels;
    double difference = 0, size = 0;
    for (uint32_t r = 0; r < b->batch.rows; r++) {
        for (uint32_t i = 0; i < labels; i++) {
            const double right = expected[(size_t)r * MAX_LABELS + i];
            const double some = fabs(right - (double)logits[r * labels + i]);
            difference = some <= difference ? difference : some; /* NaN shows */
            size = fmax(size, fabs(right));
        }
    }
    return difference / size;
}

/* `number` tells batches apart. */
static void check_batch(const random_encoder *model, mgi_lane *lane, const kind *k, unsigned number,
                        const uint32_t *lengths, uint32_t rows) {
    mgeo_error error;
    random_encoder_batch *b = random_encoder_batch_create(&model->spec, lengths, rows, 99);
    float *logits = calloc((size_t)rows * model->spec.labels, sizeof *logits);
    assert_non_null(logits);
    mgi_team team = {.cores = 1};
    must(mgi_cuda_backend.run(lane, &b->batch, &team, logits, &error), &error);
    const double found = apart(model, b, expected_of(model, b, number), logits);
    printf("%s, %u rows of up to %u tokens: %.2g from the reference\n", k->name, rows,
           lengths[rows - 1], found);
    if (!(found <= k->bound)) fail_msg("more than %g", k->bound);
    free(logits);
    random_encoder_batch_destroy(b);
}

/* One encoder and lane for each precision that the card has. */
static void each_kind(uint32_t batch_tokens,
                      void (*check)(const random_encoder *model, mgi_lane *lane, const kind *k)) {
    random_encoder *model = make_model();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        mgi_encoder_request request = random_encoder_request(model, "cuda", kinds[i].precision);
        mgi_encoder *encoder = NULL;
        mgi_lane *lane = NULL;
        mgeo_error error;
        request.batch_tokens = batch_tokens;
        const mgeo_status status = mgi_cuda_backend.open(&request, &encoder, &error);
        if (status == MGEO_E_UNSUPPORTED) continue; /* an older card */
        must(status, &error);
        must(mgi_cuda_backend.open_lane(encoder, &lane, &error), &error);
        check(model, lane, &kinds[i]);
        mgi_cuda_backend.close_lane(lane);
        mgi_cuda_backend.close(encoder);
    }
    random_encoder_destroy(model);
}

static void check_few(const random_encoder *model, mgi_lane *lane, const kind *k) {
    static const uint32_t lone[] = {1, 16, 17, 45, 64, 65, LONGEST};
    static const uint32_t to_32[] = {1, 2, 7, 15, 16, 17, 31, 32};
    static const uint32_t to_48[] = {1, 16, 31, 33, 47, 48};
    static const uint32_t to_end[] = {3, 32, 48, 49, 63, 64, 65, 128, LONGEST};
    unsigned number = 0;
    for (size_t i = 0; i < sizeof lone / sizeof *lone; i++) {
        check_batch(model, lane, k, number++, &lone[i], 1);
    }
    check_batch(model, lane, k, number++, to_32, sizeof to_32 / sizeof *to_32);
    check_batch(model, lane, k, number++, to_48, sizeof to_48 / sizeof *to_48);
    check_batch(model, lane, k, number++, to_end, sizeof to_end / sizeof *to_end);
}

static void test_few_rows_match_the_reference(void **state) {
    (void)state;
    each_kind(SMALL_BATCH, check_few);
}

/* Launched kernel by kernel, our products for many rows among them. */
static void check_many(const random_encoder *model, mgi_lane *lane, const kind *k) {
    enum { ROWS = 60, FIRST_NUMBER = 12 };
    unsigned number = FIRST_NUMBER;
    uint32_t lengths[ROWS];
    for (uint32_t most = 32; most <= 64; most += 16) {
        for (uint32_t r = 0; r < ROWS; r++) lengths[r] = most / 2 + r * (most / 2) / (ROWS - 1);
        check_batch(model, lane, k, number++, lengths, ROWS);
    }
}

static void test_many_rows_match_the_reference(void **state) {
    (void)state;
    each_kind(LARGE_BATCH, check_many);
}

/* ---- Hopper's kernels for many rows: the linker sends launches by here ---- */

static unsigned gemms, qkv_attentions;

int __real_mgk_gemm_sm90_launch(const mgk_gemm_sm90_plan *plan, uint32_t rows, bool dependent,
                                mgk_cuda_stream stream);
int __wrap_mgk_gemm_sm90_launch(const mgk_gemm_sm90_plan *plan, uint32_t rows, bool dependent,
                                mgk_cuda_stream stream);
int __real_mgk_qkv_attention_sm90_launch(const mgk_qkv_attention_plan *plan,
                                         const mgk_qkv_tile *tiles, uint32_t count,
                                         const mgk_qkv_bounds *bounds, bool dependent,
                                         mgk_cuda_stream stream);
int __wrap_mgk_qkv_attention_sm90_launch(const mgk_qkv_attention_plan *plan,
                                         const mgk_qkv_tile *tiles, uint32_t count,
                                         const mgk_qkv_bounds *bounds, bool dependent,
                                         mgk_cuda_stream stream);

int __wrap_mgk_gemm_sm90_launch(const mgk_gemm_sm90_plan *plan, uint32_t rows, bool dependent,
                                mgk_cuda_stream stream) {
    gemms++;
    return __real_mgk_gemm_sm90_launch(plan, rows, dependent, stream);
}

int __wrap_mgk_qkv_attention_sm90_launch(const mgk_qkv_attention_plan *plan,
                                         const mgk_qkv_tile *tiles, uint32_t count,
                                         const mgk_qkv_bounds *bounds, bool dependent,
                                         mgk_cuda_stream stream) {
    qkv_attentions++;
    return __real_mgk_qkv_attention_sm90_launch(plan, tiles, count, bounds, dependent, stream);
}

/* As if autotuning had chosen our products when the model was loaded, or others. It does not run:
 * racecheck does not get through it. */
static void on_hopper(bool own_gemms, bool tiled,
                      void (*check)(const random_encoder *model, mgi_lane *lane, const kind *k)) {
    enum { HOPPER = 90 };
    random_encoder *model = make_model();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].precision == MGEO_FP32 || kinds[i].precision == MGEO_INT8) continue;
        mgi_encoder_request request = random_encoder_request(model, "cuda", kinds[i].precision);
        mgi_encoder *encoder = NULL;
        mgi_lane *lane = NULL;
        mgeo_error error;
        request.batch_tokens = UNTIMED_BATCH;
        const mgeo_status status = mgi_cuda_backend.open(&request, &encoder, &error);
        if (status == MGEO_E_UNSUPPORTED) continue; /* an older card */
        must(status, &error);
        for (int g = MGI_CUDA_GEMM_QKV; g <= MGI_CUDA_GEMM_UP; g++) {
            encoder->replicas[0].algorithms->own[g] =
                own_gemms &&
                (g == MGI_CUDA_GEMM_QKV || g == MGI_CUDA_GEMM_KEY_VALUE || g == MGI_CUDA_GEMM_UP);
        }
        if (encoder->replicas[0].card.capability == HOPPER) {
            assert_true(encoder->tiled);
            encoder->tiled = tiled;
            must(mgi_cuda_backend.open_lane(encoder, &lane, &error), &error);
            gemms = qkv_attentions = 0;
            check(model, lane, &kinds[i]);
            mgi_cuda_backend.close_lane(lane);
        }
        mgi_cuda_backend.close(encoder);
    }
    random_encoder_destroy(model);
}

static void check_own_gemms(const random_encoder *model, mgi_lane *lane, const kind *k) {
    check_many(model, lane, k);
    /* The first layer's queries, keys and values, and up; the second's keys and values. */
    assert_int_equal(gemms, 3 * MANY_BATCHES);
    assert_int_equal(qkv_attentions, 0);
}

static void test_hopper_gemms_run_where_they_won(void **state) {
    (void)state;
    on_hopper(true, false, check_own_gemms);
}

/* Rows of lengths up to what a tile takes, across its middle and not, the last tile not full; then
 * one row more, which no tile takes. */
static void check_tiles(const random_encoder *model, mgi_lane *lane, const kind *k) {
    enum { ROWS = 63, FIRST_NUMBER = 15 };
    static const uint32_t steps[] = {2, 1};
    uint32_t lengths[ROWS + 1];
    unsigned number = FIRST_NUMBER;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        for (uint32_t r = 0; r < ROWS; r++) lengths[r] = 1 + r * steps[i];
        lengths[ROWS - 1] = MGK_QKV_TILE_ROWS;
        check_batch(model, lane, k, number++, lengths, ROWS);
        assert_int_equal(qkv_attentions, i + 1); /* of two layers the first */
    }
    lengths[ROWS] = MGK_QKV_TILE_ROWS + 1;
    check_batch(model, lane, k, number, lengths, ROWS + 1);
    assert_int_equal(qkv_attentions, 2);
}

static void test_hopper_tiles_run(void **state) {
    (void)state;
    on_hopper(false, true, check_tiles);
}

/* One word's NaN stays in its rows, though others share their tiles. */
static void check_nan(const random_encoder *model, mgi_lane *lane, const kind *k) {
    enum { ROWS = 40, LENGTH = 40, OTHER = NAN_WORD + 1 };
    static float logits[ROWS * MAX_LABELS];
    const uint32_t labels = model->spec.labels;
    uint32_t lengths[ROWS];
    mgeo_error error;
    (void)k;
    for (uint32_t r = 0; r < ROWS; r++) lengths[r] = LENGTH;
    random_encoder_batch *b = random_encoder_batch_create(&model->spec, lengths, ROWS, 3);
    for (uint32_t i = 0; i < b->batch.tokens; i++) {
        if (b->ids[i] == NAN_WORD) b->ids[i] = OTHER;
    }
    for (uint32_t r = 0; r < ROWS; r += 7) b->ids[b->offsets[r] + 3] = NAN_WORD;
    mgi_team team = {.cores = 1};
    must(mgi_cuda_backend.run(lane, &b->batch, &team, logits, &error), &error);
    assert_int_equal(qkv_attentions, 1);
    for (uint32_t i = 0; i < ROWS * labels; i++) {
        assert_int_equal(isnan(logits[i]) != 0, i / labels % 7 == 0);
    }
    random_encoder_batch_destroy(b);
}

static void test_hopper_nan_stays_in_its_row(void **state) {
    (void)state;
    has_nan = true;
    on_hopper(false, true, check_nan);
    has_nan = false;
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_few_rows_match_the_reference),
                                       cmocka_unit_test(test_many_rows_match_the_reference),
                                       cmocka_unit_test(test_hopper_gemms_run_where_they_won),
                                       cmocka_unit_test(test_hopper_tiles_run),
                                       cmocka_unit_test(test_hopper_nan_stays_in_its_row)};
    const char *part = argc > 1 ? argv[1] : "";
    mgeo_error error;
    if (mgi_cuda_backend.usable("cuda", &error) != MGEO_OK) {
        fprintf(stderr, "skipped: %s\n", error.message);
        return SKIPPED;
    }
    if (strcmp(part, "small") == 0) cmocka_set_test_filter("test_few_rows_*");
    if (strcmp(part, "hopper") == 0) cmocka_set_test_filter("test_hopper_*");
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
