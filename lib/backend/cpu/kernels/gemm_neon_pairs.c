/* SPDX-License-Identifier: Apache-2.0 */
/* Products on aarch64's matrix instructions, which multiply two rows by two outputs: int8 (i8mm)
 * and bf16; compiled once for each. */
#include "backend/cpu/kernels/epilogue.h"
#include "backend/cpu/kernels/gemm_variants.h"

#include <arm_neon.h>

/* A panel is four pairs of outputs, a block at most four pairs of rows: sixteen registers of sums.
 */
enum { COLUMNS = 8, COLUMN_PAIRS = 4, ROW_PAIRS = 4, ROWS = 2 * ROW_PAIRS };

#if defined(MGK_GEMM_INT8)

enum { KIND = MGK_INT8, GROUP = 8 };
#define MGK_GEMM_NAME "NEON i8mm"
typedef int8_t number;
typedef int8x16_t numbers;
typedef int32x4_t sums;

static MGK_VEC_INLINE numbers pair_at(const number *first, const number *second) {
    return vcombine_s8(vld1_s8(first), vld1_s8(second));
}
static MGK_VEC_INLINE numbers weights_at(const number *at) { return vld1q_s8(at); }
static MGK_VEC_INLINE sums add_products(sums sum, numbers x, numbers w) {
    return vmmlaq_s32(sum, x, w);
}

#else

enum { KIND = MGK_BF16, GROUP = 4 };
#define MGK_GEMM_NAME "NEON bf16"
typedef uint16_t number;
typedef bfloat16x8_t numbers;
typedef float32x4_t sums;

static MGK_VEC_INLINE numbers pair_at(const number *first, const number *second) {
    return vreinterpretq_bf16_u16(vcombine_u16(vld1_u16(first), vld1_u16(second)));
}
static MGK_VEC_INLINE numbers weights_at(const number *at) {
    return vreinterpretq_bf16_u16(vld1q_u16(at));
}
static MGK_VEC_INLINE sums add_products(sums sum, numbers x, numbers w) {
    return vbfmmlaq_f32(sum, x, w);
}

#endif

/* Rows `row` .. of a job times one panel. */
typedef struct block {
    const mgk_gemm_job *job;
    const number *panel;
    const float *scale, *bias; /* the panel's; scale: int8 */
    size_t groups;
    size_t row, rows;
    size_t column, columns;
} block;

/* Four outputs of a row, from the sums of two pairs of outputs; half: 0 the first row of the pair.
 */
static MGK_VEC_INLINE mgk_vec row_of(sums a, sums b, unsigned half, const block *e, size_t r,
                                     size_t at) {
#if defined(MGK_GEMM_INT8)
    sums four = half == 0 ? vcombine_s32(vget_low_s32(a), vget_low_s32(b))
                          : vcombine_s32(vget_high_s32(a), vget_high_s32(b));
    mgk_vec scale = mgk_vec_of(e->job->input->scale[e->row + r]);
    return mgk_epilogue_scale((mgk_vec_i32)four, scale, e->scale + at, e->bias + at);
#else
    sums four = half == 0 ? vcombine_f32(vget_low_f32(a), vget_low_f32(b))
                          : vcombine_f32(vget_high_f32(a), vget_high_f32(b));
    (void)r;
    return (mgk_vec)four + mgk_vec_load(e->bias + at, MGK_VEC_LANES);
#endif
}

/* Where a pair has one row, the row stands for both, and its second numbers are left out. */
static MGK_VEC_INLINE void multiply_pairs(const block *b, float *tile, size_t pairs) {
    const mgk_input *in = b->job->input;
    const number *x[ROWS];
    sums sum[ROW_PAIRS][COLUMN_PAIRS] = {0};
    for (size_t r = 0; r < 2 * pairs; r++) {
        size_t row = r < b->rows ? r : b->rows - 1;
        x[r] = (const number *)in->data + (b->row + row) * in->stride;
    }
    const number *w = b->panel;
    for (size_t g = 0; g < b->groups; g++, w += COLUMNS * GROUP) {
        for (size_t c = 0; c < COLUMN_PAIRS; c++) {
            numbers two = weights_at(w + c * 2 * GROUP);
            for (size_t p = 0; p < pairs; p++) {
                numbers rows = pair_at(x[2 * p] + g * GROUP, x[2 * p + 1] + g * GROUP);
                sum[p][c] = add_products(sum[p][c], rows, two);
            }
        }
    }
    for (size_t r = 0; r < b->rows; r++) {
        for (size_t c = 0; c < COLUMN_PAIRS; c += 2) {
            const sums *s = sum[r / 2] + c;
            mgk_vec_store(tile + r * COLUMNS + 2 * c, row_of(s[0], s[1], r % 2, b, r, 2 * c),
                          MGK_VEC_LANES);
        }
    }
}

/* A loop of its own for each number of pairs, so that sums stay in registers. */
static void make_block(const block *b) {
    _Alignas(64) float tile[ROWS * COLUMNS];
    switch ((b->rows + 1) / 2) {
    case 1: multiply_pairs(b, tile, 1); break;
    case 2: multiply_pairs(b, tile, 2); break;
    case 3: multiply_pairs(b, tile, 3); break;
    default: multiply_pairs(b, tile, 4); break;
    }
    mgk_epilogue e = {b->job, tile, COLUMNS, b->row, b->rows, b->column, b->columns};
    mgk_epilogue_run(&e, false);
}

static void multiply(const mgk_gemm_job *job, size_t from, size_t to) {
    const mgk_gemm_weight *weight = job->weight;
    block b = {.job = job, .groups = (weight->inputs + GROUP - 1) / GROUP};
    for (size_t panel = from; panel < to; panel++) {
        b.column = panel * COLUMNS;
        b.columns = weight->outputs - b.column < COLUMNS ? weight->outputs - b.column : COLUMNS;
        b.panel = (const number *)weight->panels + panel * b.groups * COLUMNS * GROUP;
        b.bias = weight->bias + b.column;
        b.scale = weight->scale != NULL ? weight->scale + b.column : NULL;
        for (b.row = 0; b.row < job->rows; b.row += b.rows) {
            b.rows = job->rows - b.row < ROWS ? job->rows - b.row : ROWS;
            make_block(&b);
        }
    }
}

const mgk_gemm MGK_GEMM_TABLE = {
    .name = MGK_GEMM_NAME,
    .kind = (mgk_dtype)KIND,
    .dtype = (mgk_dtype)KIND,
    .layout = {.columns = COLUMNS, .group = GROUP, .inputs_step = GROUP, .flip = 0},
    .multiply = multiply,
};
