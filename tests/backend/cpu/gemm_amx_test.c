/* SPDX-License-Identifier: Apache-2.0 */
/* Products on tiles: right in every shape, row by row the same, and only their own memory is
 * touched. Made of plain C on any machine, and by the instructions where the machine has them. */
#include "backend/cpu/kernels/gemm_amx.h"
#include "backend/cpu/kernels/tiles.h"

#include "support/random_encoder.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { TABLES = 4, COLUMNS = 16 };

static size_t tables(const mgk_gemm *all[TABLES]) {
    size_t count = 0;
    all[count++] = &mgk_gemm_amx_int8_emulated;
    all[count++] = &mgk_gemm_amx_bf16_emulated;
#if defined(MGK_HAVE_AMX)
    if (mgk_tiles_usable()) {
        all[count++] = &mgk_gemm_amx_int8;
        all[count++] = &mgk_gemm_amx_bf16;
    }
#endif
    return count;
}

/* One product: its numbers, and the same in double. The input's last byte is the last one that can
 * be read. */
typedef struct product {
    const mgk_gemm *gemm;
    size_t rows, inputs, outputs, padded_inputs, padded_outputs;
    mgk_gemm_weight weight;
    mgk_input input;
    void *pages;
    size_t page_bytes;
    double *expected; /* [rows, outputs], with bias */
    double *size;     /* [rows, outputs]: sum of what was added, without signs */
} product;

static size_t round_up(size_t n, size_t step) { return (n + step - 1) / step * step; }

static void *zeros(size_t count, size_t bytes) {
    void *memory = aligned_alloc(64, round_up(count * bytes + 1, 64));
    assert_non_null(memory);
    return memset(memory, 0, round_up(count * bytes + 1, 64));
}

static void *at_the_end_of_a_page(product *p, size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    p->page_bytes = round_up(bytes, page) + page;
    p->pages =
        mmap(NULL, p->page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(p->pages != MAP_FAILED);
    char *end = (char *)p->pages + p->page_bytes - page;
    assert_int_equal(mprotect(end, page, PROT_NONE), 0);
    return end - bytes;
}

static double of_bf16(uint16_t half) {
    uint32_t bits = (uint32_t)half << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return (double)x;
}

/* Any step of int8, extremes among them; bf16 between 2^-8 and 2 of either sign. */
static double put_number(const product *p, void *to, size_t at, uint64_t *seed) {
    uint64_t random = random_encoder_next_u64(seed);
    if (p->gemm->dtype == MGK_INT8) {
        int8_t step = (int8_t)(random % 8 == 0 ? 127 : (int)(random / 8 % 255) - 127);
        ((int8_t *)to)[at] = step;
        return step;
    }
    uint16_t half = (uint16_t)((random & 0x83ff) | 0x3b80);
    ((uint16_t *)to)[at] = half;
    return of_bf16(half);
}

/* Where gemm.h says that a weight lies. */
static size_t place_of(const product *p, size_t output, size_t input) {
    size_t group = p->gemm->layout.group;
    return output / COLUMNS * COLUMNS * p->padded_inputs + input / group * group * COLUMNS +
           output % COLUMNS * group + input % group;
}

static void add_up(product *p, const double *x, const double *w) {
    for (size_t r = 0; r < p->rows; r++) {
        for (size_t o = 0; o < p->outputs; o++) {
            double sum = 0, size = 0;
            for (size_t i = 0; i < p->inputs; i++) {
                double part = x[r * p->inputs + i] * w[o * p->inputs + i];
                sum += part, size += fabs(part);
            }
            double scale = p->gemm->dtype == MGK_INT8
                               ? (double)p->weight.scale[o] * (double)p->input.scale[r]
                               : 1;
            p->expected[r * p->outputs + o] = sum * scale + (double)p->weight.bias[o];
            p->size[r * p->outputs + o] = size * scale;
        }
    }
}

static product make(const mgk_gemm *gemm, size_t rows, size_t inputs, size_t outputs) {
    product p = {.gemm = gemm, .rows = rows, .inputs = inputs, .outputs = outputs};
    p.padded_inputs = round_up(inputs, gemm->layout.inputs_step);
    p.padded_outputs = round_up(outputs, COLUMNS);
    size_t bytes = mgk_kernels_dtype_bytes(gemm->dtype);
    float *scale = zeros(p.padded_outputs, sizeof *scale),
          *bias = zeros(p.padded_outputs, sizeof *bias);
    p.weight = (mgk_gemm_weight){zeros(p.padded_outputs * p.padded_inputs, bytes), scale, bias,
                                 outputs, inputs};
    p.input = (mgk_input){.dtype = gemm->dtype, .stride = p.padded_inputs};
    p.input.data = at_the_end_of_a_page(&p, rows * p.padded_inputs * bytes);
    p.input.scale = zeros(rows, sizeof(float));
    p.input.sums = zeros(rows, sizeof(int32_t));
    double *x = zeros(rows * inputs, sizeof *x), *w = zeros(outputs * inputs, sizeof *w);
    uint64_t seed = rows * 1000003 + inputs * 1009 + outputs;
    for (size_t o = 0; o < outputs; o++) {
        scale[o] = 0.001f * (float)(o % 7 + 1), bias[o] = (float)(o % 11) - 5;
        for (size_t i = 0; i < inputs; i++) {
            w[o * inputs + i] = put_number(&p, p.weight.panels, place_of(&p, o, i), &seed);
        }
    }
    for (size_t r = 0; r < rows; r++) {
        p.input.scale[r] = 0.001f * (float)(r % 5 + 1);
        for (size_t i = 0; i < inputs; i++) {
            x[r * inputs + i] = put_number(&p, p.input.data, r * p.input.stride + i, &seed);
        }
    }
    p.expected = zeros(rows * outputs, sizeof *p.expected);
    p.size = zeros(rows * outputs, sizeof *p.size);
    add_up(&p, x, w);
    free(x);
    free(w);
    return p;
}

static void drop(product *p) {
    munmap(p->pages, p->page_bytes);
    free(p->weight.panels);
    free((void *)p->weight.scale);
    free((void *)p->weight.bias);
    free(p->input.scale);
    free(p->input.sums);
    free(p->expected);
    free(p->size);
}

static mgk_gemm_job job_of(const product *p, float *out, size_t stride) {
    return (mgk_gemm_job){.weight = &p->weight,
                          .input = &p->input,
                          .rows = p->rows,
                          .epilogue = MGK_GEMM_STORE,
                          .out_type = MGI_F32,
                          .out = out,
                          .out_stride = stride};
}

static void run_panels(const product *p, const mgk_gemm_job *job, size_t from, size_t to) {
    p->gemm->enter();
    p->gemm->multiply(job, from, to);
    p->gemm->leave();
}

static void run_all(const product *p, const mgk_gemm_job *job) {
    run_panels(p, job, 0, p->padded_outputs / COLUMNS);
}

static void check(const product *p, size_t at, double got, double expected, double tolerance) {
    double limit = 1e-6 * (fabs(expected) + 1) + tolerance;
    if (p->gemm->dtype == MGK_BF16) limit += 1e-6 * p->size[at];
    if (fabs(got - expected) <= limit) return;
    fail_msg("%s, %zu rows, %zu inputs, %zu outputs: row %zu output %zu is %.9g, not %.9g",
             p->gemm->name, p->rows, p->inputs, p->outputs, at / p->outputs, at % p->outputs, got,
             expected);
}

static void product_at(const mgk_gemm *gemm, size_t rows, size_t inputs, size_t outputs) {
    product p = make(gemm, rows, inputs, outputs);
    size_t stride = outputs + 3;
    float *out = zeros(rows * stride, sizeof *out);
    for (size_t i = 0; i < rows * stride; i++) out[i] = 77;
    mgk_gemm_job job = job_of(&p, out, stride);
    run_all(&p, &job);
    for (size_t r = 0; r < rows; r++) {
        for (size_t o = 0; o < outputs; o++) {
            size_t at = r * outputs + o;
            check(&p, at, (double)out[r * stride + o], p.expected[at], 0);
        }
        for (size_t o = outputs; o < stride; o++) assert_true(out[r * stride + o] == 77);
    }
    free(out);
    drop(&p);
}

static void test_products_of_any_shape_are_right(void **state) {
    (void)state;
    const mgk_gemm *all[TABLES];
    size_t count = tables(all);
    for (size_t t = 0; t < count; t++) {
        for (size_t rows = 1; rows <= 100; rows++) product_at(all[t], rows, 70, 37);
        for (size_t outputs = 1; outputs <= 66; outputs++) product_at(all[t], 21, 33, outputs);
        for (size_t inputs = 1; inputs <= 140; inputs++) product_at(all[t], 3, inputs, 17);
    }
}

/* As long as a row's steps are made in several parts, and as many rows as are made in several
 * spans. */
static void test_large_products_are_right(void **state) {
    (void)state;
    const mgk_gemm *all[TABLES];
    size_t count = tables(all);
    for (size_t t = 0; t < count; t++) {
        for (size_t rows = 1; rows <= 100; rows += 11) product_at(all[t], rows, 1700, 33);
        product_at(all[t], 5, 65536, 2);
        product_at(all[t], 400, 3072, 17);
        product_at(all[t], 700, 1540, 5);
    }
}

/* Whatever rows and panels a call is about, a row has the same bits. */
static void test_rows_do_not_depend_on_each_other(void **state) {
    (void)state;
    enum { ROWS = 77, INPUTS = 1500, OUTPUTS = 70, PANELS = 5 };
    const mgk_gemm *all[TABLES];
    size_t count = tables(all);
    float *whole = zeros(ROWS * OUTPUTS, sizeof *whole),
          *part = zeros(ROWS * OUTPUTS, sizeof *part);
    for (size_t t = 0; t < count; t++) {
        product p = make(all[t], ROWS, INPUTS, OUTPUTS);
        mgk_gemm_job job = job_of(&p, whole, OUTPUTS);
        run_all(&p, &job);
        for (size_t from = 0; from < ROWS; from += 9) {
            mgk_input input = p.input;
            input.data = (char *)p.input.data +
                         from * p.input.stride * mgk_kernels_dtype_bytes(all[t]->dtype);
            input.scale = p.input.scale + from;
            job = job_of(&p, part, OUTPUTS);
            job.input = &input;
            job.rows = from * 7 % (ROWS - from) + 1;
            for (size_t at = 0; at < PANELS; at += from % 3 + 1) {
                size_t end = at + from % 3 + 1;
                run_panels(&p, &job, at, end < PANELS ? end : PANELS);
            }
            assert_memory_equal(part, whole + from * OUTPUTS, job.rows * OUTPUTS * sizeof *part);
        }
        drop(&p);
    }
    free(whole);
    free(part);
}

/* Rows that two tiles make are added once. */
static void test_the_residual_is_added_once(void **state) {
    (void)state;
    const mgk_gemm *all[TABLES];
    size_t count = tables(all);
    for (size_t t = 0; t < count; t++) {
        for (size_t rows = 1; rows <= 70; rows++) {
            product p = make(all[t], rows, 100, 40);
            float *out = zeros(rows * 40, sizeof *out);
            for (size_t i = 0; i < rows * 40; i++) out[i] = (float)(i % 100);
            mgk_gemm_job job = job_of(&p, out, 40);
            job.epilogue = MGK_GEMM_ADD;
            run_all(&p, &job);
            for (size_t i = 0; i < rows * 40; i++) {
                check(&p, i, (double)out[i], p.expected[i] + (double)(i % 100), 1e-4);
            }
            free(out);
            drop(&p);
        }
    }
}

static double activated(mgi_activation activation, double x) {
    switch (activation) {
    case MGI_GELU: return 0.5 * x * (1 + erf(x * 0.70710678118654752));
    case MGI_GELU_TANH:
        return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
    case MGI_RELU: return x < 0 ? 0 : x;
    case MGI_TANH: break;
    }
    return tanh(x);
}

static void activate_at(const product *p, mgi_activation activation, mgi_dtype type) {
    size_t numbers = p->rows * p->outputs;
    float *out = zeros(numbers, sizeof *out);
    mgk_gemm_job job = job_of(p, out, p->outputs);
    job.epilogue = MGK_GEMM_ACTIVATE;
    job.activation = activation;
    job.out_type = type;
    run_all(p, &job);
    for (size_t i = 0; i < numbers; i++) {
        double got = type == MGI_F32 ? (double)out[i] : of_bf16(((uint16_t *)out)[i]);
        double expected = activated(activation, p->expected[i]);
        check(p, i, got, expected, 1.1e-4 + (type == MGI_BF16 ? fabs(expected) / 256 : 0));
    }
    free(out);
}

static void test_activations_follow_the_product(void **state) {
    (void)state;
    static const mgi_activation activations[] = {MGI_GELU, MGI_GELU_TANH, MGI_RELU, MGI_TANH};
    const mgk_gemm *all[TABLES];
    size_t count = tables(all);
    for (size_t t = 0; t < count; t++) {
        product p = make(all[t], 43, 90, 39);
        for (size_t a = 0; a < sizeof activations / sizeof *activations; a++) {
            activate_at(&p, activations[a], MGI_F32);
            activate_at(&p, activations[a], MGI_BF16);
        }
        drop(&p);
    }
}

/* A row of NaN stays one, and its neighbours stay numbers. */
static void test_nan_stays_in_its_row(void **state) {
    (void)state;
    enum { ROWS = 20, OUTPUTS = 18 };
    const mgk_gemm *all[TABLES];
    size_t count = tables(all);
    float out[ROWS * OUTPUTS];
    for (size_t t = 0; t < count; t++) {
        product p = make(all[t], ROWS, 50, OUTPUTS);
        p.input.scale[7] = NAN;
        if (all[t]->dtype == MGK_BF16) ((uint16_t *)p.input.data)[7 * p.input.stride + 3] = 0x7fc0;
        mgk_gemm_job job = job_of(&p, out, OUTPUTS);
        run_all(&p, &job);
        for (size_t i = 0; i < ROWS * OUTPUTS; i++) {
            assert_int_equal(isnan(out[i]) != 0, i / OUTPUTS == 7);
        }
        drop(&p);
    }
}

/* The answer is the same every time, and asking is not seen from outside. */
static void test_tiles_are_asked_for_silently(void **state) {
    (void)state;
    errno = 12345;
    bool usable = mgk_tiles_usable();
    assert_int_equal(errno, 12345);
    for (int i = 0; i < 3; i++) assert_int_equal(mgk_tiles_usable(), usable);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products_of_any_shape_are_right),
        cmocka_unit_test(test_large_products_are_right),
        cmocka_unit_test(test_rows_do_not_depend_on_each_other),
        cmocka_unit_test(test_the_residual_is_added_once),
        cmocka_unit_test(test_activations_follow_the_product),
        cmocka_unit_test(test_nan_stays_in_its_row),
        cmocka_unit_test(test_tiles_are_asked_for_silently),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
