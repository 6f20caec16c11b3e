/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of the products, compiled once for each number type and instruction set.
 *
 * A block is some rows times one panel. Its sums stay in registers: two vectors for each row. The
 * headers that are included say what a vector is and how products are added to it (GROUP_OF). */
#include "backend/cpu/kernels/epilogue.h"
#include "backend/cpu/kernels/gemm_variants.h"

enum { LANES = MGK_VEC_LANES, COLUMNS = 2 * LANES };

/* Sixteen registers are just enough for the sums of six rows. Compilers would load the inputs of
 * all rows at once, which drives sums out into memory; this makes them wait for the row before. */
#if defined(__AVX2__) && !defined(__AVX512F__)
#define ROW_DONE(low, high) __asm__ volatile("" : "+x"(low), "+x"(high) : : "memory");
#else
#define ROW_DONE(low, high)
#endif

#if defined(MGK_GEMM_INT8) && (defined(MGK_AVX512VNNI) || defined(MGK_AVXVNNI) || defined(MGK_AVX2))
#include "backend/cpu/kernels/gemm_int8_x86.h"
#elif defined(MGK_GEMM_INT8)
#include "backend/cpu/kernels/gemm_int8_base.h"
#elif defined(MGK_AVX512BF16)
#include "backend/cpu/kernels/gemm_bf16_x86.h"
#else
#include "backend/cpu/kernels/gemm_float.h"
#endif

/* `row` and the next ones times one panel, and where their numbers go. */
typedef struct block {
    const mgk_gemm_job *job;
    const weight_number *panel;
    const float *scale, *bias; /* the panel's; scale: int8 */
    size_t steps;
    size_t row;
    float *to;
    size_t to_stride;
    bool add; /* to what is there */
} block;

#if defined(MGK_GEMM_FLOAT_SUMS)

static MGK_VEC_INLINE vector start(const block *b, size_t r, size_t half) {
    if (!b->add) return (vector)mgk_vec_of(0);
    return (vector)mgk_vec_load(b->to + r * b->to_stride + half * LANES, LANES);
}

static MGK_VEC_INLINE void finish(const block *b, size_t r, size_t half, vector sum) {
    mgk_vec y = (mgk_vec)sum + mgk_vec_load(b->bias + half * LANES, LANES);
    mgk_vec_store(b->to + r * b->to_stride + half * LANES, y, LANES);
}

#else

static MGK_VEC_INLINE vector start(const block *b, size_t r, size_t half) {
    (void)half;
    return first_sum(b->job->input, b->row + r);
}

static MGK_VEC_INLINE void finish(const block *b, size_t r, size_t half, vector sum) {
    size_t at = half * LANES;
    float *to = b->to + r * b->to_stride + at;
    mgk_vec scale = mgk_vec_of(b->job->input->scale[b->row + r]);
    mgk_vec y = mgk_epilogue_scale((mgk_vec_i32)sum, scale, b->scale + at, b->bias + at);
    if (b->add) y += mgk_vec_load(to, LANES);
    mgk_vec_store(to, y, LANES);
}

#endif

/* The rows of a block are written out one by one: a compiler keeps sums in registers that have
 * names, but not those of an array. EACH_3(X) is X(0) X(1) X(2). */
#define EACH_1(X) X(0)
#define EACH_2(X) EACH_1(X) X(1)
#define EACH_3(X) EACH_2(X) X(2)
#define EACH_4(X) EACH_3(X) X(3)
#define EACH_5(X) EACH_4(X) X(4)
#define EACH_6(X) EACH_5(X) X(5)
#define EACH_7(X) EACH_6(X) X(6)
#define EACH_8(X) EACH_7(X) X(7)
#define EACH_9(X) EACH_8(X) X(8)
#define EACH_10(X) EACH_9(X) X(9)
#define EACH_11(X) EACH_10(X) X(10)
#define EACH_12(X) EACH_11(X) X(11)

#define ROW(r) (x##r)
#define START(r)                                                                                   \
    vector low##r = start(b, r, 0), high##r = start(b, r, 1);                                      \
    const number *x##r = input + (r)*stride;
#define NEXT(r) x##r += STEP;
#define FINISH(r) finish(b, r, 0, low##r), finish(b, r, 1, high##r);
#define CASE(n)                                                                                    \
    case n: {                                                                                      \
        EACH_##n(START) for (; at < end; at += COLUMNS * STEP){                                    \
            GROUP_OF(EACH_##n) EACH_##n(NEXT)} EACH_##n(FINISH) break;                             \
    }

static void multiply_block(const block *b, size_t rows) {
    const mgk_input *in = b->job->input;
    size_t stride = in->stride;
    const number *input = (const number *)in->data + b->row * stride;
    const weight_number *at = b->panel, *end = at + b->steps * COLUMNS * STEP;
    switch (rows) {
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
#if defined(__AVX2__) || defined(MGK_GEMM_FLOAT_SUMS)
        CASE(5)
        CASE(6)
#endif
#if defined(__AVX512F__)
        CASE(7)
        CASE(8)
        CASE(9)
        CASE(10)
        CASE(11)
        CASE(12)
#endif
    default: break;
    }
}

/* Whole panels go to out at once; what is still to be activated, and what must not be written
 * beyond the last output, takes its way through memory that stays in the first cache. */
static void make_block(block *b, size_t rows, size_t column) {
    const mgk_gemm_job *job = b->job;
    size_t columns = job->weight->outputs - column;
    if (columns > COLUMNS) columns = COLUMNS;
    if (columns == COLUMNS && job->epilogue != MGK_GEMM_ACTIVATE) {
        b->to = (float *)job->out + b->row * job->out_stride + column;
        b->to_stride = job->out_stride;
        b->add = job->epilogue == MGK_GEMM_ADD;
        multiply_block(b, rows);
        return;
    }
    _Alignas(64) float tile[ROWS * COLUMNS];
    b->to = tile;
    b->to_stride = COLUMNS;
    b->add = false;
    multiply_block(b, rows);
    mgk_epilogue e = {job, tile, COLUMNS, b->row, rows, column, columns};
    mgk_epilogue_run(&e);
}

/* Blocks of about the same size, so that none is left with a single row. */
static void multiply(const mgk_gemm_job *job, size_t from, size_t to) {
    const mgk_gemm_weight *weight = job->weight;
    block b = {.job = job, .steps = (weight->inputs + STEP - 1) / STEP};
    size_t blocks = (job->rows + ROWS - 1) / ROWS;
    for (size_t panel = from; panel < to; panel++) {
        size_t column = panel * COLUMNS;
        b.panel = (const weight_number *)weight->panels + column * b.steps * STEP;
        b.bias = weight->bias + column;
        b.scale = weight->scale != NULL ? weight->scale + column : NULL;
        for (size_t i = 0; i < blocks; i++) {
            b.row = job->rows * i / blocks;
            make_block(&b, job->rows * (i + 1) / blocks - b.row, column);
        }
    }
}

const mgk_gemm MGK_GEMM_TABLE = {
    .name = MGK_GEMM_NAME,
    .kind = (mgk_dtype)KIND,
    .dtype = (mgk_dtype)DTYPE,
    .layout = {.columns = COLUMNS, .group = GROUP, .inputs_step = STEP, .flip = FLIP},
    .multiply = multiply,
};
