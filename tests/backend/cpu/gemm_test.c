/* SPDX-License-Identifier: Apache-2.0 */
/* Every compilation of the products that this processor can run, against sums written out: odd
 * shapes, what follows the sums, rows that know nothing of one another, and nothing but their own
 * memory touched. */
#define _GNU_SOURCE /* setenv */
#include "backend/cpu/kernels/dispatch.h"
#include "backend/cpu/kernels/gemm_variants.h"
#include "backend/cpu/kernels/isa_variant.h"
#include "support/random_encoder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 40, MARGIN = 3, VARIANTS = 3 * MGK_DISPATCH_MOST };

#if defined(MGK_HAVE_X86_VARIANTS)
/* The loops of AVX-VNNI and AVX512_BF16 with their one instruction made of others; part of this
 * test alone. */
extern const mgk_gemm mgk_gemm_int8_avxvnni_in_avx2;
extern const mgk_gemm mgk_gemm_bf16_avx512bf16_in_avx512;
#endif

static size_t variants(const mgk_gemm *all[VARIANTS]) {
    size_t count = 0;
    for (int kind = MGK_FP32; kind <= MGK_INT8; kind++) {
        count += mgk_dispatch_usable_gemm((mgk_dtype)kind, all + count);
    }
#if defined(MGK_HAVE_X86_VARIANTS)
    bool avx2 = false, avx512 = false;
    for (size_t i = 0; i < count; i++) {
        avx2 = avx2 || all[i] == &mgk_gemm_fp32_avx2;
        avx512 = avx512 || all[i] == &mgk_gemm_fp32_avx512;
    }
    if (avx2) all[count++] = &mgk_gemm_int8_avxvnni_in_avx2;
    if (avx512) all[count++] = &mgk_gemm_bf16_avx512bf16_in_avx512;
#endif
    return count;
}

/* A weight and ROWS rows: as a kernel takes them, and as plain numbers. */
typedef struct product {
    const mgk_gemm *gemm;
    size_t inputs, outputs;
    mgk_gemm_weight weight;
    mgk_input input;
    float *scale, *bias;
    float *x, *w;   /* [ROWS, inputs], [outputs, inputs] */
    double *sum;    /* [ROWS, outputs]: product and bias */
    double *around; /* [ROWS, outputs]: of sizes, what rounding is measured by */
} product;

static void *zeros(size_t count, size_t size) {
    size_t bytes = (count * size + 63) / 64 * 64 + 64;
    void *memory = aligned_alloc(64, bytes);
    assert_non_null(memory);
    return memset(memory, 0, bytes);
}

/* Exact in every number type: whole steps for int8, extremes among them; else eight bits. */
static float any_number(const mgk_gemm *gemm, uint64_t *seed) {
    uint64_t random = random_encoder_next_u64(seed);
    if (gemm->kind == MGK_INT8 && random % 8 == 0) return random & 8 ? 127 : -127;
    int steps = (int)(random / 16 % 255) - 127;
    return gemm->kind == MGK_INT8 ? (float)steps : (float)steps / 64;
}

static void put(void *to, mgk_dtype dtype, size_t at, float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    switch (dtype) {
    case MGK_FP32: ((float *)to)[at] = x; break;
    case MGK_BF16: ((uint16_t *)to)[at] = (uint16_t)(bits >> 16); break;
    case MGK_INT8: ((int8_t *)to)[at] = (int8_t)x; break;
    case MGK_INT8_WIDE: ((int16_t *)to)[at] = (int16_t)x; break;
    }
}

/* In two pieces that do not end with a panel, into memory that held something else. */
static void pack(product *p) {
    size_t stride = p->inputs + MARGIN, size = mgk_kernels_dtype_bytes(p->gemm->kind);
    size_t bytes = mgk_gemm_panel_bytes(p->gemm, p->outputs, p->inputs);
    p->weight.panels = memset(zeros(bytes, 1), 0xa5, bytes);
    void *rows = zeros(p->outputs * stride, size);
    for (size_t o = 0; o < p->outputs; o++) {
        for (size_t i = 0; i < p->inputs; i++) {
            put(rows, p->gemm->kind, o * stride + i, p->w[o * p->inputs + i]);
        }
    }
    size_t first = p->outputs / 3;
    mgk_gemm_clear_panels(p->gemm, &p->weight, 0, mgk_gemm_panels(p->gemm, p->outputs));
    mgk_gemm_pack(p->gemm, &p->weight, 0, first, rows, stride);
    mgk_gemm_pack(p->gemm, &p->weight, first, p->outputs - first,
                  (const char *)rows + first * stride * size, stride);
    free(rows);
}

static void add_up(product *p) {
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t o = 0; o < p->outputs; o++) {
            double sum = 0, around = 0;
            for (size_t i = 0; i < p->inputs; i++) {
                double part = (double)p->x[r * p->inputs + i] * (double)p->w[o * p->inputs + i];
                sum += part;
                around += fabs(part);
            }
            double scale =
                p->gemm->kind == MGK_INT8 ? (double)p->scale[o] * (double)p->input.scale[r] : 1;
            p->sum[r * p->outputs + o] = sum * scale + (double)p->bias[o];
            p->around[r * p->outputs + o] = around * scale + fabs((double)p->bias[o]);
        }
    }
}

/* Scales are powers of two, so that int8 has one right answer. */
static product make(const mgk_gemm *gemm, size_t outputs, size_t inputs) {
    product p = {.gemm = gemm, .inputs = inputs, .outputs = outputs};
    size_t columns = mgk_gemm_panels(gemm, outputs) * gemm->layout.columns;
    size_t stride = mgk_gemm_input_stride(gemm, inputs);
    uint64_t seed = outputs * 1000 + inputs;
    p.scale = zeros(columns, sizeof(float)), p.bias = zeros(columns, sizeof(float));
    p.x = zeros(ROWS * inputs, sizeof(float)), p.w = zeros(outputs * inputs, sizeof(float));
    p.sum = zeros(ROWS * outputs, sizeof(double));
    p.around = zeros(ROWS * outputs, sizeof(double));
    p.weight =
        (mgk_gemm_weight){NULL, gemm->kind == MGK_INT8 ? p.scale : NULL, p.bias, outputs, inputs};
    p.input = (mgk_input){.dtype = gemm->dtype, .stride = stride};
    p.input.data = zeros(ROWS * stride, mgk_kernels_dtype_bytes(gemm->dtype));
    p.input.scale = zeros(ROWS, sizeof(float)), p.input.sums = zeros(ROWS, sizeof(int32_t));
    for (size_t o = 0; o < outputs; o++) {
        p.scale[o] = ldexpf(1, (int)(o % 5) - 9), p.bias[o] = (float)(o % 7) - 2.5f;
        for (size_t i = 0; i < inputs; i++) p.w[o * inputs + i] = any_number(gemm, &seed);
    }
    for (size_t r = 0; r < ROWS; r++) {
        p.input.scale[r] = ldexpf(1, (int)(r % 3) - 5);
        for (size_t i = 0; i < inputs; i++) {
            float x = p.x[r * inputs + i] = any_number(gemm, &seed);
            put(p.input.data, gemm->dtype, r * stride + i, x);
            if (gemm->kind == MGK_INT8) p.input.sums[r] += (int32_t)x;
        }
    }
    pack(&p);
    add_up(&p);
    return p;
}

static void drop(product *p) {
    void *all[] = {p->weight.panels, p->input.data, p->input.scale, p->input.sums, p->scale,
                   p->bias,          p->x,          p->w,           p->sum,        p->around};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

/* What follows the sums, and where it goes: rows first.. of the product, MARGIN numbers apart. */
typedef struct run {
    mgk_gemm_epilogue epilogue;
    mgi_activation activation;
    mgi_dtype type;
    size_t first, rows;
    size_t cut; /* panels of a first part, as two threads would */
} run;

static float before(size_t at) { return (float)(at % 13) - 6; }

/* Memory of its own, with room around that holds what it held. */
static float *compute(const product *p, const run *asked) {
    size_t stride = p->outputs + MARGIN, numbers = (asked->rows + 1) * stride;
    size_t size = asked->type == MGI_BF16 ? 2 : 4, panels = mgk_gemm_panels(p->gemm, p->outputs);
    float *out = zeros(numbers, sizeof *out);
    for (size_t i = 0; i < numbers; i++) {
        put(out, asked->type == MGI_BF16 ? MGK_BF16 : MGK_FP32, i, before(i));
    }
    mgk_input input = p->input;
    input.data =
        (char *)input.data + asked->first * input.stride * mgk_kernels_dtype_bytes(p->gemm->dtype);
    input.scale += asked->first;
    input.sums += asked->first;
    mgk_gemm_job job = {.weight = &p->weight,
                        .input = &input,
                        .rows = asked->rows,
                        .epilogue = asked->epilogue,
                        .activation = asked->activation,
                        .out_type = asked->type,
                        .out = out,
                        .out_stride = stride};
    if (p->gemm->enter != NULL) p->gemm->enter();
    size_t cut = asked->cut < panels ? asked->cut : panels;
    if (cut > 0) p->gemm->multiply(&job, 0, cut);
    p->gemm->multiply(&job, cut, panels);
    if (p->gemm->leave != NULL) p->gemm->leave();
    for (size_t i = 0; i < numbers; i++) {
        if (i / stride < asked->rows && i % stride < p->outputs) continue;
        float kept = before(i);
        assert_memory_equal((const char *)out + i * size, (const char *)&kept + (size == 2 ? 2 : 0),
                            size);
    }
    return out;
}

static double number_at(const float *out, mgi_dtype type, size_t at) {
    if (type == MGI_F32) return (double)out[at];
    uint32_t bits = (uint32_t)((const uint16_t *)out)[at] << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return (double)x;
}

static double activated(mgi_activation activation, double x) {
    switch (activation) {
    case MGI_GELU: return x / 2 * (1 + erf(x / sqrt(2)));
    case MGI_GELU_TANH: return x / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
    case MGI_RELU: return x > 0 ? x : 0;
    case MGI_TANH: break;
    }
    return tanh(x);
}

static void expect(const product *p, const run *asked, const float *out) {
    size_t stride = p->outputs + MARGIN;
    bool store = asked->epilogue == MGK_GEMM_STORE;
    for (size_t r = 0; r < asked->rows; r++) {
        for (size_t o = 0; o < p->outputs; o++) {
            size_t from = (asked->first + r) * p->outputs + o, at = r * stride + o;
            double x = p->sum[from], y = number_at(out, asked->type, at);
            double bound = 2e-6 * (1 + p->around[from]);
            if (asked->epilogue == MGK_GEMM_ADD) x += (double)before(at);
            if (asked->epilogue == MGK_GEMM_ACTIVATE) {
                x = activated(asked->activation, x);
                if (p->gemm->kind != MGK_FP32) bound += 1e-4;
            }
            if (asked->type == MGI_BF16) bound += fabs(x) / 256;
            if (p->gemm->kind == MGK_INT8 && store) x = (double)(float)x, bound = 0;
            if (!(fabs(y - x) <= bound)) {
                fail_msg("%s, %zu -> %zu, row %zu of %zu, output %zu: %.9g, not %.9g",
                         p->gemm->name, p->inputs, p->outputs, r, asked->rows, o, y, x);
            }
        }
    }
}

static void check(const product *p, run asked) {
    float *out = compute(p, &asked);
    expect(p, &asked, out);
    free(out);
}

static void test_products_are_their_sums(void **state) {
    (void)state;
    static const size_t outputs[] = {1, 31, 33, 100}, inputs[] = {1, 3, 63, 65, 768, 2309};
    const mgk_gemm *all[VARIANTS];
    size_t count = variants(all);
    for (size_t v = 0; v < count; v++) {
        for (size_t o = 0; o < sizeof outputs / sizeof *outputs; o++) {
            for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
                product p = make(all[v], outputs[o], inputs[i]);
                check(&p, (run){MGK_GEMM_STORE, MGI_GELU, MGI_F32, 0, ROWS, 1});
                check(&p, (run){MGK_GEMM_ADD, MGI_GELU, MGI_F32, 5, 7, 0});
                drop(&p);
            }
        }
    }
}

static void test_sums_are_followed_by_what_was_asked(void **state) {
    (void)state;
    const mgk_gemm *all[VARIANTS];
    size_t count = variants(all);
    for (size_t v = 0; v < count; v++) {
        product p = make(all[v], 100, 24);
        for (int a = MGI_GELU; a <= MGI_TANH; a++) {
            check(&p, (run){MGK_GEMM_ACTIVATE, (mgi_activation)a, MGI_F32, 0, 17, 0});
            check(&p, (run){MGK_GEMM_ACTIVATE, (mgi_activation)a, MGI_BF16, 0, 17, 0});
        }
        check(&p, (run){MGK_GEMM_ADD, MGI_GELU, MGI_F32, 0, 17, 0});
        drop(&p);
    }
}

/* Any number of rows, beginning anywhere, in one part or two: the same bits. */
static void rows_are_alone(const product *p, run whole) {
    whole.first = 0, whole.rows = ROWS, whole.cut = 0;
    size_t stride = p->outputs + MARGIN, size = whole.type == MGI_BF16 ? 2 : 4;
    float *expected = compute(p, &whole);
    for (size_t rows = 1; rows <= ROWS; rows++) {
        run part = whole;
        part.first =
            whole.epilogue == MGK_GEMM_ADD ? 0 : ROWS - rows; /* what is added to differs */
        part.rows = rows;
        part.cut = rows % 3;
        float *out = compute(p, &part);
        for (size_t r = 0; r < rows; r++) {
            assert_memory_equal((const char *)out + r * stride * size,
                                (const char *)expected + (part.first + r) * stride * size,
                                p->outputs * size);
        }
        free(out);
    }
    free(expected);
}

static void test_a_row_depends_on_no_other(void **state) {
    (void)state;
    const mgk_gemm *all[VARIANTS];
    size_t count = variants(all);
    for (size_t v = 0; v < count; v++) {
        static const size_t inputs[] = {65, 1601}; /* in one part and in two */
        for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
            product p = make(all[v], 100, inputs[i]);
            rows_are_alone(&p, (run){.epilogue = MGK_GEMM_STORE, .type = MGI_F32});
            rows_are_alone(&p, (run){.epilogue = MGK_GEMM_ADD, .type = MGI_F32});
            rows_are_alone(&p, (run){.epilogue = MGK_GEMM_ACTIVATE, .type = MGI_F32});
            rows_are_alone(&p, (run){.epilogue = MGK_GEMM_ACTIVATE, .type = MGI_BF16});
            drop(&p);
        }
    }
}

/* A NaN or an infinity, in int8 in the row's scale, makes its own row NaN or infinite. */
static void test_nan_and_infinity_stay_in_their_rows(void **state) {
    (void)state;
    enum { COUNT = 14, INPUTS = 64, OUTPUTS = 48, BAD = 5 };
    const mgk_gemm *all[VARIANTS];
    size_t count = variants(all);
    for (size_t v = 0; v < count; v++) {
        product p = make(all[v], OUTPUTS, INPUTS);
        run whole = {MGK_GEMM_STORE, MGI_GELU, MGI_F32, 0, COUNT, 0};
        float *expected = compute(&p, &whole);
        for (int infinite = 0; infinite < 2; infinite++) {
            float bad = infinite ? INFINITY : NAN;
            if (p.gemm->kind == MGK_INT8) {
                p.input.scale[BAD] = bad;
            } else {
                put(p.input.data, p.gemm->dtype, BAD * p.input.stride + 9, bad);
            }
            float *out = compute(&p, &whole);
            for (size_t r = 0; r < COUNT; r++) {
                const float *row = out + r * (OUTPUTS + MARGIN);
                const float *same = expected + r * (OUTPUTS + MARGIN);
                if (r != BAD) assert_memory_equal(row, same, OUTPUTS * sizeof *row);
                for (size_t o = 0; r == BAD && o < OUTPUTS; o++) assert_false(isfinite(row[o]));
            }
            free(out);
        }
        free(expected);
        drop(&p);
    }
}

/* Sums at their largest, of either sign. */
static void test_int8_sums_have_room(void **state) {
    (void)state;
    const mgk_gemm *all[VARIANTS];
    size_t count = variants(all);
    for (size_t v = 0; v < count; v++) {
        if (all[v]->kind != MGK_INT8) continue;
        product p = make(all[v], 2, MGK_GEMM_MAX_INT8_INPUTS);
        for (size_t r = 0; r < ROWS; r++) {
            p.input.sums[r] = 0;
            for (size_t i = 0; i < p.inputs; i++) {
                float x = p.x[r * p.inputs + i] = r % 2 ? -127 : 127;
                put(p.input.data, p.gemm->dtype, r * p.input.stride + i, x);
                p.input.sums[r] += (int32_t)x;
            }
        }
        for (size_t i = 0; i < p.inputs; i++) p.w[i] = 127, p.w[p.inputs + i] = -127;
        free(p.weight.panels);
        pack(&p);
        add_up(&p);
        check(&p, (run){MGK_GEMM_STORE, MGI_GELU, MGI_F32, 0, 13, 0});
        drop(&p);
    }
}

static void expect_packed(const product *p) {
    const mgk_gemm_layout *l = &p->gemm->layout;
    size_t size = mgk_kernels_dtype_bytes(p->gemm->kind);
    size_t height = (p->inputs + l->inputs_step - 1) / l->inputs_step * l->inputs_step;
    size_t columns = mgk_gemm_panels(p->gemm, p->outputs) * l->columns;
    assert_int_equal(columns * height * size, mgk_gemm_panel_bytes(p->gemm, p->outputs, p->inputs));
    for (size_t o = 0; o < columns; o++) {
        for (size_t i = 0; i < height; i++) {
            uint8_t expected[4] = {0};
            if (o < p->outputs && i < p->inputs) {
                put(expected, p->gemm->kind, 0, p->w[o * p->inputs + i]);
            }
            for (size_t k = 0; k < size; k++) expected[k] ^= l->flip;
            size_t at = o / l->columns * l->columns * height +
                        i / l->group * l->group * l->columns + o % l->columns * l->group +
                        i % l->group;
            assert_memory_equal((const char *)p->weight.panels + at * size, expected, size);
        }
    }
}

static void test_weights_lie_as_the_layout_says(void **state) {
    (void)state;
    const mgk_gemm *all[VARIANTS];
    size_t count = variants(all);
    for (size_t v = 0; v < count; v++) {
        static const size_t shapes[][2] = {{1, 1}, {33, 63}, {64, 64}, {100, 130}};
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
            product p = make(all[v], shapes[s][0], shapes[s][1]);
            expect_packed(&p);
            drop(&p);
        }
    }
}

static void test_sizes_that_overflow_are_none(void **state) {
    (void)state;
    const mgk_gemm *all[VARIANTS];
    size_t count = variants(all);
    for (size_t v = 0; v < count; v++) {
        assert_int_equal(mgk_gemm_panel_bytes(all[v], SIZE_MAX, 2), 0);
        assert_int_equal(mgk_gemm_panel_bytes(all[v], 2, SIZE_MAX), 0);
        assert_int_equal(mgk_gemm_panel_bytes(all[v], SIZE_MAX / 64, 64), 0);
        size_t bytes = mgk_kernels_dtype_bytes(all[v]->dtype);
        for (size_t inputs = 1; inputs < 4000; inputs += 61) {
            size_t stride = mgk_gemm_input_stride(all[v], inputs);
            assert_true(stride >= inputs && stride % all[v]->layout.inputs_step == 0);
            assert_int_equal(stride * bytes % 128, 64);
        }
    }
}

static void test_the_environment_caps_instructions(void **state) {
    (void)state;
#if defined(__aarch64__)
    const char *highest = "bf16";
#else
    const char *highest = "amx";
#endif
    const mgk_gemm *const base[] = {[MGK_FP32] = &mgk_gemm_fp32_base,
                                    [MGK_BF16] = &mgk_gemm_bf16_base,
                                    [MGK_INT8] = &mgk_gemm_int8_base};
    const mgk_gemm *best[3], *list[MGK_DISPATCH_MOST];
    unsetenv("MGEO_CPU_ISA");
    for (int kind = MGK_FP32; kind <= MGK_INT8; kind++) {
        best[kind] = mgk_dispatch_gemm((mgk_dtype)kind);
    }
    const mgk_kernels *rows = mgk_dispatch_kernels();
    assert_int_equal(setenv("MGEO_CPU_ISA", "base", 1), 0);
    for (int kind = MGK_FP32; kind <= MGK_INT8; kind++) {
        assert_int_equal(mgk_dispatch_usable_gemm((mgk_dtype)kind, list), 1);
        assert_ptr_equal(mgk_dispatch_gemm((mgk_dtype)kind), base[kind]);
    }
    assert_ptr_equal(mgk_dispatch_kernels(), &mgk_kernels_base);
    assert_int_equal(setenv("MGEO_CPU_ISA", highest, 1), 0);
    for (int kind = MGK_FP32; kind <= MGK_INT8; kind++) {
        assert_ptr_equal(mgk_dispatch_gemm((mgk_dtype)kind), best[kind]);
    }
    assert_int_equal(setenv("MGEO_CPU_ISA", "no such", 1), 0);
    for (int kind = MGK_FP32; kind <= MGK_INT8; kind++) {
        assert_ptr_equal(mgk_dispatch_gemm((mgk_dtype)kind), best[kind]);
    }
    assert_ptr_equal(mgk_dispatch_kernels(), rows);
    unsetenv("MGEO_CPU_ISA");
}

#if defined(MGK_HAVE_AVX512BF16)
static void test_slow_bf16_gives_way_to_widened_weights(void **state) {
    (void)state;
    const mgk_gemm *list[] = {&mgk_gemm_bf16_base, &mgk_gemm_bf16_avx512, &mgk_gemm_bf16_avx512bf16,
                              &mgk_gemm_fp32_base}; /* the last stands for any other */
    assert_ptr_equal(mgk_dispatch_best_gemm(list, 3, true), &mgk_gemm_bf16_avx512);
    assert_ptr_equal(mgk_dispatch_best_gemm(list, 3, false), &mgk_gemm_bf16_avx512bf16);
    assert_ptr_equal(mgk_dispatch_best_gemm(list, 2, true), &mgk_gemm_bf16_avx512);
    assert_ptr_equal(mgk_dispatch_best_gemm(list, 1, true), &mgk_gemm_bf16_base);
    assert_ptr_equal(mgk_dispatch_best_gemm(list, 4, true), &mgk_gemm_fp32_base);
}

/* Where it is there and nothing above it, its name chooses it on any processor. */
static void test_its_name_chooses_avx512bf16(void **state) {
    (void)state;
    const mgk_gemm *list[MGK_DISPATCH_MOST];
    assert_int_equal(setenv("MGEO_CPU_ISA", "avx512bf16", 1), 0);
    size_t count = mgk_dispatch_usable_gemm(MGK_BF16, list);
    assert_ptr_equal(mgk_dispatch_gemm(MGK_BF16), list[count - 1]);
    unsetenv("MGEO_CPU_ISA");
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products_are_their_sums),
        cmocka_unit_test(test_sums_are_followed_by_what_was_asked),
        cmocka_unit_test(test_a_row_depends_on_no_other),
        cmocka_unit_test(test_nan_and_infinity_stay_in_their_rows),
        cmocka_unit_test(test_int8_sums_have_room),
        cmocka_unit_test(test_weights_lie_as_the_layout_says),
        cmocka_unit_test(test_sizes_that_overflow_are_none),
        cmocka_unit_test(test_the_environment_caps_instructions),
#if defined(MGK_HAVE_AVX512BF16)
        cmocka_unit_test(test_slow_bf16_gives_way_to_widened_weights),
        cmocka_unit_test(test_its_name_chooses_avx512bf16),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
