/* SPDX-License-Identifier: Apache-2.0 */
/* Every compilation of the kernels that this processor can run, against one another and against
 * sums written out, over widths that fill whole vectors and that do not. */
#include "backend/cpu/kernels/dispatch.h"
#include "backend/cpu/kernels/isa_variant.h"
#include "support/random_encoder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 13, WIDEST = 130, SETS = 3 };

static float uniform(uint64_t *state) {
    return (float)((double)(random_encoder_next_u64(state) >> 11) * 0x1p-52 - 1);
}

static void fill(float *to, size_t count, float size, uint64_t seed) {
    for (size_t i = 0; i < count; i++) to[i] = size * uniform(&seed);
}

static size_t kernel_sets(const mgk_kernels *sets[SETS]) {
    size_t count = 0;
    sets[count++] = &mgk_kernels_base;
#if defined(MGK_HAVE_X86_VARIANTS)
    if (mgk_dispatch_kernels() != &mgk_kernels_base) sets[count++] = &mgk_kernels_avx2;
    if (mgk_dispatch_kernels() == &mgk_kernels_avx512) sets[count++] = &mgk_kernels_avx512;
#endif
    return count;
}

static void close_to(float a, double b, double bound, const char *what, const char *set) {
    if (!(fabs((double)a - b) <= bound)) fail_msg("%s, %s: %g, not %g", what, set, (double)a, b);
}

static double exact(mgi_activation activation, double x) {
    switch (activation) {
    case MGI_GELU: return x / 2 * (1 + erf(x / sqrt(2)));
    case MGI_GELU_TANH: return x / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
    case MGI_RELU: return x > 0 ? x : 0;
    case MGI_TANH: break;
    }
    return tanh(x);
}

/* From far left to far right, so that every branch of every fit is seen. */
static void test_activations_follow_their_formulas(void **state) {
    (void)state;
    enum { COUNT = 40001 };
    float *in = calloc(COUNT, sizeof *in), *out = calloc(COUNT, sizeof *out);
    float *bias = calloc(COUNT, sizeof *bias);
    assert_true(in && out && bias);
    const mgk_kernels *sets[SETS];
    size_t count = kernel_sets(sets);
    for (size_t s = 0; s < count; s++) {
        for (int activation = MGI_GELU; activation <= MGI_TANH; activation++) {
            for (int i = 0; i < COUNT; i++) in[i] = (float)(i - COUNT / 2) / 1000.0f;
            mgk_output y = {MGI_F32, in, COUNT, bias};
            mgk_input to = {MGK_FP32, out, COUNT, NULL, NULL};
            sets[s]->activate((mgi_activation)activation, &y, COUNT, &to, 0, 1);
            for (int i = 0; i < COUNT; i++) {
                close_to(out[i], exact((mgi_activation)activation, (double)in[i]),
                         1e-6 * fmax(1, fabs((double)in[i])), "an activation", sets[s]->name);
            }
        }
    }
    free(in);
    free(out);
    free(bias);
}

static void test_nan_and_infinity_go_through(void **state) {
    (void)state;
    const mgk_kernels *sets[SETS];
    size_t count = kernel_sets(sets);
    for (size_t s = 0; s < count; s++) {
        for (int activation = MGI_GELU; activation <= MGI_TANH; activation++) {
            float in[3] = {NAN, INFINITY, 1}, out[3], bias[3] = {0};
            mgk_output y = {MGI_F32, in, 3, bias};
            mgk_input to = {MGK_FP32, out, 3, NULL, NULL};
            sets[s]->activate((mgi_activation)activation, &y, 3, &to, 0, 1);
            assert_true(isnan(out[0]));
            assert_true(activation == MGI_TANH ? out[1] == 1.0f : isinf(out[1]));
        }
    }
}

static void add_norm_at(const mgk_kernels *set, size_t width) {
    float x[ROWS * WIDEST], y[ROWS * WIDEST], bias[WIDEST], gamma[WIDEST], beta[WIDEST];
    float before[ROWS * WIDEST];
    fill(x, ROWS * width, 2, 1);
    fill(y, ROWS * width, 3, 2);
    fill(bias, width, 1, 3);
    fill(gamma, width, 1, 4);
    fill(beta, width, 1, 5);
    memcpy(before, x, sizeof x);
    mgk_output product = {MGI_F32, y, width, bias};
    mgk_norm norm = {gamma, beta, width, 1e-12f};
    mgk_input input = {MGK_FP32, x, width, NULL, NULL};
    set->add_norm(x, &product, &norm, &input, 0, ROWS);
    for (size_t r = 0; r < ROWS; r++) {
        double mean = 0, spread = 0, sum[WIDEST];
        for (size_t i = 0; i < width; i++) {
            sum[i] = (double)before[r * width + i] + (double)y[r * width + i] + (double)bias[i];
            mean += sum[i] / (double)width;
        }
        for (size_t i = 0; i < width; i++) spread += (sum[i] - mean) * (sum[i] - mean);
        for (size_t i = 0; i < width; i++) {
            close_to(x[r * width + i],
                     (sum[i] - mean) / sqrt(spread / (double)width) * (double)gamma[i] +
                         (double)beta[i],
                     1e-5, "residual and LayerNorm", set->name);
        }
    }
}

static void test_add_norm_normalises_the_sum(void **state) {
    (void)state;
    static const size_t widths[] = {2, 3, 8, 15, 16, 17, 48, 64, 100, 130};
    const mgk_kernels *sets[SETS];
    size_t count = kernel_sets(sets);
    for (size_t s = 0; s < count; s++) {
        for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) add_norm_at(sets[s], widths[i]);
    }
}

/* Rows to bf16 are the nearest, to int8 within half a step; sums and scales are right. */
static void test_packed_rows_are_the_nearest(void **state) {
    (void)state;
    const mgk_kernels *sets[SETS];
    size_t count = kernel_sets(sets), width = 77, stride = 128;
    float rows[ROWS * 77], scale[ROWS];
    int32_t sums[ROWS];
    uint16_t halves[ROWS * 77];
    int8_t *bytes = calloc(ROWS, stride);
    int16_t *shorts = calloc(ROWS, stride * sizeof *shorts);
    assert_true(bytes && shorts);
    fill(rows, ROWS * width, 5, 8);
    for (size_t i = 0; i < width; i++) rows[3 * width + i] = 0;
    rows[4 * width + 76] = NAN;
    rows[5 * width] = INFINITY;
    for (size_t s = 0; s < count; s++) {
        mgk_input half = {MGK_BF16, halves, width, NULL, NULL};
        mgk_input byte = {MGK_INT8, bytes, stride, scale, sums};
        sets[s]->pack(rows, width, width, &half, 0, ROWS);
        mgk_input wide = {MGK_INT8_WIDE, shorts, stride, scale, sums};
        sets[s]->pack(rows, width, width, &wide, 0, ROWS);
        sets[s]->pack(rows, width, width, &byte, 0, ROWS);
        for (size_t r = 0; r < ROWS; r++) {
            int32_t sum = 0;
            for (size_t i = 0; i < width; i++) {
                float x = rows[r * width + i], back;
                uint32_t bits = (uint32_t)halves[r * width + i] << 16;
                memcpy(&back, &bits, sizeof back);
                if (isfinite(x)) {
                    close_to(back, (double)x, fabs((double)x) / 256, "bf16", sets[s]->name);
                } else {
                    assert_true(isnan(x) ? isnan(back) : isinf(back));
                }
                sum += bytes[r * stride + i];
                assert_int_equal(shorts[r * stride + i], bytes[r * stride + i]);
                if (r < 4 || r > 5) {
                    close_to(scale[r] * (float)bytes[r * stride + i], (double)x,
                             0.501 * (double)scale[r], "int8", sets[s]->name);
                }
            }
            assert_int_equal(sum, sums[r]);
            assert_int_equal(isnan(scale[r]) != 0, r == 4 || r == 5);
        }
    }
    free(bytes);
    free(shorts);
}

/* A wider machine's answers are a narrower one's, up to rounding. */
static void test_attention_is_the_same_on_every_isa(void **state) {
    (void)state;
    enum { LENGTH = 37, HIDDEN = 3 * 20 };
    static float qkv[LENGTH * 3 * HIDDEN], bias[3 * HIDDEN], context[SETS][LENGTH * HIDDEN];
    const mgk_kernels *sets[SETS];
    size_t count = kernel_sets(sets), floats = mgk_kernels_attention_scratch(LENGTH, 20);
    float *scratch = calloc(floats, sizeof *scratch);
    assert_non_null(scratch);
    fill(qkv, sizeof qkv / sizeof *qkv, 2, 1);
    fill(bias, 3 * HIDDEN, 1, 2);
    mgk_attention a = {.heads = 3, .head_width = 20, .context_stride = HIDDEN};
    a.query = (mgk_output){MGI_F32, qkv, 3 * HIDDEN, bias};
    a.key = (mgk_output){MGI_F32, qkv + HIDDEN, 3 * HIDDEN, bias + HIDDEN};
    a.value = (mgk_output){MGI_F32, qkv + 2 * HIDDEN, 3 * HIDDEN, bias + 2 * HIDDEN};
    for (uint32_t length = 1; length <= LENGTH; length += 4) {
        for (size_t s = 0; s < count; s++) {
            mgk_sequence sequence = {LENGTH - length, length, LENGTH - length, length};
            a.context = context[s];
            for (uint32_t head = 0; head < 3; head++) {
                for (size_t i = 0; i < floats; i++) scratch[i] = NAN; /* nothing stale is used */
                sets[s]->attend(&a, &sequence, head, scratch);
            }
            for (size_t i = (size_t)(LENGTH - length) * HIDDEN; i < LENGTH * HIDDEN; i++) {
                close_to(context[s][i], (double)context[0][i], 1e-5, "attention", sets[s]->name);
            }
        }
    }
    free(scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activations_follow_their_formulas),
        cmocka_unit_test(test_nan_and_infinity_go_through),
        cmocka_unit_test(test_add_norm_normalises_the_sum),
        cmocka_unit_test(test_packed_rows_are_the_nearest),
        cmocka_unit_test(test_attention_is_the_same_on_every_isa),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
