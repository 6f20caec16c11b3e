/* SPDX-License-Identifier: Apache-2.0 */
/* Activations, embeddings, LayerNorm and packed rows of every compilation that this processor can
 * run, against formulas and sums written out, over widths that fill whole vectors and that do not.
 */
#include "kernel_sets.h"
#include "vec_probe.h"

enum { ROWS = 13, FIRST = 2, END = 11, WIDEST = 200 }; /* rows FIRST..END-1 are asked for */

static const size_t widths[] = {1,  2,  3,  7,  8,  15, 16,  17,  31,
                                32, 33, 48, 63, 64, 65, 100, 130, 200};
enum { WIDTHS = sizeof widths / sizeof *widths };

/* ---- Activations ---- */

static double exact(mgi_activation activation, double x) {
    switch (activation) {
    case MGI_GELU: return x / 2 * erfc(-x / sqrt(2));
    case MGI_GELU_TANH: return x / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
    case MGI_RELU: return x > 0 ? x : 0;
    case MGI_TANH: break;
    }
    return tanh(x);
}

static size_t probes(vec_probe *probe[KERNEL_SETS]) {
    const mgk_kernels *sets[KERNEL_SETS];
    size_t count = kernel_sets(sets);
    probe[0] = vec_probe_base;
#if defined(MGK_HAVE_X86_VARIANTS)
    probe[1] = vec_probe_avx2;
    probe[2] = vec_probe_avx512;
#endif
    return count;
}

/* From far left to far right, so that every branch of every fit is seen. */
static void test_activations_follow_their_formulas(void **state) {
    (void)state;
    enum { COUNT = 48000 };
    float *x = calloc(COUNT, sizeof *x);
    assert_non_null(x);
    const mgk_kernels *sets[KERNEL_SETS];
    vec_probe *probe[KERNEL_SETS];
    kernel_sets(sets);
    for (size_t s = 0; s < probes(probe); s++) {
        for (int turn = 0; turn < 2 * (MGI_TANH + 1); turn++) {
            mgi_activation activation = (mgi_activation)(turn / 2);
            bool fast = turn % 2 != 0;
            for (int i = 0; i < COUNT; i++) x[i] = (float)(i - COUNT / 2) / 1234.5f;
            probe[s](activation, fast, x, COUNT);
            for (int i = 0; i < COUNT; i++) {
                float from = (float)(i - COUNT / 2) / 1234.5f;
                double bound = 1e-6 * fmax(1, fabs((double)from));
                if (fast && activation <= MGI_GELU_TANH) bound = 1e-4;
                close_to(x[i], exact(activation, (double)from), bound, fast ? "fast" : "exact",
                         sets[s]->name);
            }
        }
    }
    free(x);
}

/* Also by the fast ones: what is far from 0 is 0 or stays. */
static void test_far_ends_of_gelu_are_exact(void **state) {
    (void)state;
    static const float far[] = {6, 7.5f, 20, 100, 1e4f, 1e10f, 1e18f, 1e30f};
    enum { COUNT = sizeof far / sizeof *far };
    vec_probe *probe[KERNEL_SETS];
    for (size_t s = 0; s < probes(probe); s++) {
        for (int fast = 0; fast < 2; fast++) {
            float x[2 * COUNT];
            for (int i = 0; i < COUNT; i++) x[i] = far[i], x[COUNT + i] = -far[i];
            probe[s](MGI_GELU, fast != 0, x, 2 * COUNT);
            for (int i = 0; i < COUNT; i++) {
                assert_true(x[i] == far[i]);
                assert_true(x[COUNT + i] == 0);
            }
        }
    }
}

static void test_nan_and_infinity_go_through(void **state) {
    (void)state;
    vec_probe *probe[KERNEL_SETS];
    for (size_t s = 0; s < probes(probe); s++) {
        for (int turn = 0; turn < 2 * (MGI_TANH + 1); turn++) {
            float x[16] = {NAN, INFINITY, 1, -NAN};
            probe[s]((mgi_activation)(turn / 2), turn % 2 != 0, x, 16);
            assert_true(isnan(x[0]) && isnan(x[3]) && x[4] == 0);
            assert_true(turn / 2 == MGI_TANH ? x[1] == 1.0f : isinf(x[1]));
        }
    }
}

/* ---- A product's input ---- */

/* Rows in each dtype, wider than what is written to them. */
typedef struct packed {
    mgk_input input;
    size_t bytes;
} packed;

static packed packed_alloc(mgk_dtype dtype, size_t width) {
    packed p = {.input = {.dtype = dtype, .stride = width + 3}};
    p.bytes = ROWS * p.input.stride * mgk_kernels_dtype_bytes(dtype);
    p.input.data = watched_alloc(p.bytes);
    p.input.scale = watched_alloc(ROWS * sizeof(float));
    p.input.sums = watched_alloc(ROWS * sizeof(int32_t));
    return p;
}

static void *packed_row(const packed *p, size_t row) {
    return (char *)p->input.data + row * p->input.stride * mgk_kernels_dtype_bytes(p->input.dtype);
}

/* Only rows FIRST..END-1 were written, and these no further than they are wide. */
static void assert_only_asked_rows(const packed *p, size_t width) {
    size_t size = mgk_kernels_dtype_bytes(p->input.dtype);
    for (size_t r = 0; r < ROWS; r++) {
        bool asked = r >= FIRST && r < END;
        size_t from = asked ? width * size : 0;
        assert_true(is_untouched((char *)packed_row(p, r) + from, p->input.stride * size - from));
        if (asked && mgk_kernels_is_quantised(p->input.dtype)) continue;
        assert_true(is_untouched(p->input.scale + r, sizeof(float)));
        assert_true(is_untouched(p->input.sums + r, sizeof(int32_t)));
    }
}

static void packed_free(packed *p) {
    watched_free(p->input.data, p->bytes);
    watched_free(p->input.scale, ROWS * sizeof(float));
    watched_free(p->input.sums, ROWS * sizeof(int32_t));
}

static void assert_same_rows(const packed *a, const packed *b, size_t width) {
    for (size_t r = FIRST; r < END; r++) {
        size_t bytes = width * mgk_kernels_dtype_bytes(a->input.dtype);
        assert_memory_equal(packed_row(a, r), packed_row(b, r), bytes);
        if (!mgk_kernels_is_quantised(a->input.dtype)) continue;
        assert_memory_equal(a->input.scale + r, b->input.scale + r, sizeof(float));
        assert_int_equal(a->input.sums[r], b->input.sums[r]);
    }
}

static void check_bf16(const packed *p, size_t r, size_t width, const float *x, const char *set) {
    const uint16_t *halves = packed_row(p, r);
    for (size_t i = 0; i < width; i++) {
        uint32_t bits = (uint32_t)halves[i] << 16;
        float back;
        memcpy(&back, &bits, sizeof back);
        if (isfinite(x[i])) {
            close_to(back, (double)x[i], fabs((double)x[i]) / 256, "bf16", set);
        } else {
            assert_true(isnan(x[i]) ? isnan(back) : isinf(back));
        }
    }
}

/* The rule that every backend follows: x 127 / top, halves away from zero. */
static void check_int8(const packed *p, size_t r, size_t width, const float *x) {
    bool wide = p->input.dtype == MGK_INT8_WIDE, finite = true;
    const int8_t *bytes = packed_row(p, r);
    const int16_t *shorts = packed_row(p, r);
    float top = 0;
    int32_t sum = 0;
    for (size_t i = 0; i < width; i++) {
        finite = finite && isfinite(x[i]);
        top = fmaxf(top, fabsf(x[i]));
    }
    for (size_t i = 0; i < width; i++) {
        volatile float steps = finite && top > 0 ? x[i] * (127.0f / top) : 0;
        int32_t expected = (int32_t)(steps + copysignf(0.5f, steps));
        assert_int_equal(wide ? shorts[i] : bytes[i], expected);
        sum += expected;
    }
    assert_int_equal(p->input.sums[r], sum);
    assert_true(finite ? p->input.scale[r] == top / 127.0f : isnan(p->input.scale[r]));
}

static void pack_at(const mgk_kernels *set, mgk_dtype dtype, size_t width) {
    size_t stride = width + 5;
    float *rows = watched_alloc(ROWS * stride * sizeof *rows);
    packed p = packed_alloc(dtype, width);
    kernel_fill(rows, ROWS * stride, 5, 8);
    for (size_t i = 0; i < width; i++) rows[3 * stride + i] = 0;
    rows[4 * stride + width - 1] = NAN;
    rows[5 * stride] = -INFINITY;
    for (size_t i = 0; i < width; i++) { /* halves, of both signs */
        rows[6 * stride + i] = i == 0 ? 127.0f : ((float)(i % 127) + 0.5f) * (i % 2 ? 1 : -1);
    }
    set->pack(rows, stride, width, &p.input, FIRST, END);
    for (size_t r = FIRST; r < END; r++) {
        const float *x = rows + r * stride;
        if (dtype == MGK_FP32) assert_memory_equal(packed_row(&p, r), x, width * sizeof *x);
        if (dtype == MGK_BF16) check_bf16(&p, r, width, x, set->name);
        if (mgk_kernels_is_quantised(dtype)) check_int8(&p, r, width, x);
    }
    assert_only_asked_rows(&p, width);
    packed_free(&p);
    watched_free(rows, ROWS * stride * sizeof *rows);
}

static void test_packed_rows_are_the_nearest(void **state) {
    (void)state;
    const mgk_kernels *sets[KERNEL_SETS];
    size_t count = kernel_sets(sets);
    for (size_t s = 0; s < count; s++) {
        for (int dtype = MGK_FP32; dtype <= MGK_INT8_WIDE; dtype++) {
            for (size_t i = 0; i < WIDTHS; i++) pack_at(sets[s], (mgk_dtype)dtype, widths[i]);
        }
    }
}

/* ---- LayerNorm ---- */

static void check_norm(const float *before, const float *after, const mgk_norm *norm,
                       const char *set) {
    double mean = 0, spread = 0, width = (double)norm->width;
    for (size_t i = 0; i < norm->width; i++) mean += (double)before[i] / width;
    for (size_t i = 0; i < norm->width; i++) {
        spread += ((double)before[i] - mean) * ((double)before[i] - mean) / width;
    }
    for (size_t i = 0; i < norm->width; i++) {
        double y = ((double)before[i] - mean) / sqrt(spread + (double)norm->eps);
        close_to(after[i], y * (double)norm->weight[i] + (double)norm->bias[i], 1e-5, "LayerNorm",
                 set);
    }
}

/* x and the product's input, which is what packing x would make. */
static void norm_at(const mgk_kernels *set, mgk_dtype dtype, size_t width) {
    size_t stride = width + 2, bytes = ROWS * stride * sizeof(float);
    float *before = watched_alloc(bytes), *x = watched_alloc(bytes);
    float weight[WIDEST], bias[WIDEST];
    packed p = packed_alloc(dtype, width), again = packed_alloc(dtype, width);
    mgk_norm norm = {weight, bias, width, 1e-5f};
    kernel_fill(before, ROWS * stride, 2, 1);
    kernel_fill(weight, width, 1, 4);
    kernel_fill(bias, width, 1, 5);
    before[4 * stride + width / 2] = NAN;
    for (size_t i = 0; i < width; i++) before[5 * stride + i] = 3; /* no spread at all */
    memcpy(x, before, bytes);
    set->norm(x, stride, &norm, &p.input, FIRST, END);
    for (size_t r = 0; r < ROWS; r++) {
        size_t written = r >= FIRST && r < END ? width : 0;
        assert_memory_equal(x + r * stride + written, before + r * stride + written,
                            (stride - written) * sizeof *x);
        for (size_t i = 0; r == 4 && i < width; i++) assert_true(isnan(x[r * stride + i]));
        if (written != 0 && r != 4) {
            check_norm(before + r * stride, x + r * stride, &norm, set->name);
        }
    }
    set->pack(x, stride, width, &again.input, FIRST, END);
    assert_same_rows(&p, &again, width);
    assert_only_asked_rows(&p, width);
    packed_free(&p);
    packed_free(&again);
    watched_free(before, bytes);
    watched_free(x, bytes);
}

static void test_norm_writes_rows_and_input(void **state) {
    (void)state;
    const mgk_kernels *sets[KERNEL_SETS];
    size_t count = kernel_sets(sets);
    for (size_t s = 0; s < count; s++) {
        for (int dtype = MGK_FP32; dtype <= MGK_INT8_WIDE; dtype++) {
            for (size_t i = 0; i < WIDTHS; i++) norm_at(sets[s], (mgk_dtype)dtype, widths[i]);
        }
    }
}

/* In fp32 x is the input; and a row alone is what it is among others, to the last bit. */
static void test_norm_of_one_row_is_that_of_many(void **state) {
    (void)state;
    const mgk_kernels *sets[KERNEL_SETS];
    size_t count = kernel_sets(sets), width = 77, bytes = ROWS * 77 * sizeof(float);
    float weight[77], bias[77];
    kernel_fill(weight, width, 1, 4);
    kernel_fill(bias, width, 1, 5);
    mgk_norm norm = {weight, bias, width, 1e-12f};
    for (size_t s = 0; s < count; s++) {
        float *many = watched_alloc(bytes), *one = watched_alloc(bytes);
        kernel_fill(many, ROWS * width, 2, 1);
        memcpy(one, many, bytes);
        mgk_input input = {MGK_FP32, many, width, NULL, NULL};
        sets[s]->norm(many, width, &norm, &input, 0, ROWS);
        input.data = one;
        for (size_t r = ROWS; r-- > 0;) sets[s]->norm(one, width, &norm, &input, r, r + 1);
        assert_memory_equal(one, many, bytes);
        watched_free(many, bytes);
        watched_free(one, bytes);
    }
}

/* ---- Embeddings ---- */

static void embed_at(const mgk_kernels *set, mgi_dtype words_type, size_t width) {
    enum { WORDS = 9 };
    static float words[WORDS * WIDEST], positions[ROWS * WIDEST], types[2 * WIDEST];
    static uint16_t halves[WORDS * WIDEST];
    float weight[WIDEST], bias[WIDEST], sum[WIDEST];
    int32_t ids[ROWS];
    uint8_t kinds[ROWS];
    uint32_t places[ROWS];
    for (size_t i = 0; i < WORDS * width; i++) { /* numbers that both kinds of two bytes hold */
        static const uint16_t f16[] = {0x3c00, 0xbc00, 0x4000, 0x3800, 0xb400, 0x0000};
        static const uint16_t bf16[] = {0x3f80, 0xbf80, 0x4000, 0x3f00, 0xbe80, 0x0000};
        static const float same[] = {1, -1, 2, 0.5f, -0.25f, 0};
        size_t which = i * 7 % 11 % 6;
        words[i] = same[which];
        halves[i] = words_type == MGI_F16 ? f16[which] : bf16[which];
    }
    kernel_fill(positions, ROWS * width, 1, 2);
    kernel_fill(types, 2 * width, 1, 3);
    kernel_fill(weight, width, 1, 4);
    kernel_fill(bias, width, 1, 5);
    for (size_t r = 0; r < ROWS; r++) {
        ids[r] = (int32_t)(r * 5 % WORDS);
        kinds[r] = (uint8_t)(r % 2);
        places[r] = (uint32_t)(ROWS - 1 - r);
    }
    mgk_embedding e = {
        ids,        kinds,     places, words_type == MGI_F32 ? (void *)words : halves,
        words_type, positions, types,  {weight, bias, width, 1e-12f},
        width + 1};
    float *x = watched_alloc(ROWS * e.x_stride * sizeof *x);
    packed p = packed_alloc(MGK_BF16, width);
    set->embed(&e, x, &p.input, FIRST, END);
    for (size_t r = FIRST; r < END; r++) {
        for (size_t i = 0; i < width; i++) {
            sum[i] = words[(size_t)ids[r] * width + i] + positions[places[r] * width + i] +
                     types[kinds[r] * width + i];
        }
        check_norm(sum, x + r * e.x_stride, &e.norm, set->name);
        check_bf16(&p, r, width, x + r * e.x_stride, set->name);
        assert_true(is_untouched(x + r * e.x_stride + width, sizeof *x));
    }
    assert_only_asked_rows(&p, width);
    packed_free(&p);
    watched_free(x, ROWS * e.x_stride * sizeof *x);
}

static void test_embeddings_are_looked_up(void **state) {
    (void)state;
    const mgk_kernels *sets[KERNEL_SETS];
    size_t count = kernel_sets(sets);
    for (size_t s = 0; s < count; s++) {
        for (int type = MGI_F32; type <= MGI_BF16; type++) {
            for (size_t width = 20; width <= 64; width += 11) {
                embed_at(sets[s], (mgi_dtype)type, width);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activations_follow_their_formulas),
        cmocka_unit_test(test_far_ends_of_gelu_are_exact),
        cmocka_unit_test(test_nan_and_infinity_go_through),
        cmocka_unit_test(test_packed_rows_are_the_nearest),
        cmocka_unit_test(test_norm_writes_rows_and_input),
        cmocka_unit_test(test_norm_of_one_row_is_that_of_many),
        cmocka_unit_test(test_embeddings_are_looked_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
