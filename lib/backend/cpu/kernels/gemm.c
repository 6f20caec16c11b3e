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
#elif defined(MGK_GEMM_INT8) && defined(MGK_DOTPROD)
#include "backend/cpu/kernels/gemm_int8_dot.h"
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
    const char *ahead; /* a part of the next panel, which is brought nearer meanwhile */
    size_t pace;       /* bytes of it for each step */
    size_t row, input; /* the first ones */
    float *to;
    size_t to_stride;
    bool add; /* to what is there */
} block;

/* What follows the sums, once for all rows of a block: the compiler cannot keep in registers what
 * the next store might change. */
typedef struct ending {
    float *to;
    size_t stride;
    bool add;
    const float *row_scale; /* int8 */
    mgk_vec low_scale, high_scale;
    mgk_vec low_bias, high_bias;
} ending;

static MGK_VEC_INLINE ending ending_of(const block *b) {
    ending e = {.to = b->to, .stride = b->to_stride, .add = b->add};
    e.low_bias = mgk_vec_load(b->bias, LANES);
    e.high_bias = mgk_vec_load(b->bias + LANES, LANES);
#if !defined(MGK_GEMM_FLOAT_SUMS)
    e.row_scale = b->job->input->scale + b->row;
    e.low_scale = mgk_vec_load(b->scale, LANES);
    e.high_scale = mgk_vec_load(b->scale + LANES, LANES);
#endif
    return e;
}

#if defined(MGK_GEMM_FLOAT_SUMS)

/* Sums begin with what is added to. */
#define START(r)                                                                                   \
    vector low##r = start(b, r, 0), high##r = start(b, r, LANES);                                  \
    (void)row_sums;

static MGK_VEC_INLINE vector start(const block *b, size_t r, size_t at) {
    return b->add ? (vector)mgk_vec_load(b->to + r * b->to_stride + at, LANES) : (vector){0};
}

static MGK_VEC_INLINE void finish(const ending *e, size_t r, vector low, vector high) {
    float *to = e->to + r * e->stride;
    mgk_vec_store(to, (mgk_vec)low + e->low_bias, LANES);
    mgk_vec_store(to + LANES, (mgk_vec)high + e->high_bias, LANES);
}

#else

#define START(r) vector low##r = first_sum(row_sums, r), high##r = low##r;

static MGK_VEC_INLINE void finish(const ending *e, size_t r, vector low, vector high) {
    float *to = e->to + r * e->stride;
    mgk_vec scale = mgk_vec_of(e->row_scale[r]);
    mgk_vec x = __builtin_convertvector((mgk_vec_i32)low, mgk_vec) * (e->low_scale * scale);
    mgk_vec y = __builtin_convertvector((mgk_vec_i32)high, mgk_vec) * (e->high_scale * scale);
    x += e->low_bias;
    y += e->high_bias;
    if (e->add) {
        x += mgk_vec_load(to, LANES);
        y += mgk_vec_load(to + LANES, LANES);
    }
    mgk_vec_store(to, x, LANES);
    mgk_vec_store(to + LANES, y, LANES);
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

/* A pointer for each three rows: so they all stay in registers, and their sums are addresses. */
#define THREE(r) ((r) / 3 == 0 ? x0 : (r) / 3 == 1 ? x3 : (r) / 3 == 2 ? x6 : x9)
#define ROW(r) (THREE(r) + (r) % 3 * stride)
#define FINISH(r) finish(&e, r, low##r, high##r);
#define CASE(n)                                                                                    \
    case n: {                                                                                      \
        EACH_##n(START);                                                                           \
        for (; at < end; at += COLUMNS * STEP, ahead += pace) {                                    \
            __builtin_prefetch(ahead, 0, 2);                                                       \
            GROUP_OF(EACH_##n);                                                                    \
            x0 += STEP, x3 += STEP, x6 += STEP, x9 += STEP;                                        \
        }                                                                                          \
        const ending e = ending_of(b);                                                             \
        EACH_##n(FINISH);                                                                          \
        break;                                                                                     \
    }

static void multiply_block(const block *b, size_t rows) {
    const mgk_input *in = b->job->input;
    size_t stride = in->stride;
    const number *x0 = (const number *)in->data + b->row * stride + b->input;
    const number *x3 = rows > 3 ? x0 + 3 * stride : x0, *x6 = rows > 6 ? x3 + 3 * stride : x0;
    const number *x9 = rows > 9 ? x6 + 3 * stride : x0;
    const weight_number *at = b->panel, *end = at + b->steps * COLUMNS * STEP;
    const char *ahead = b->ahead;
    const size_t pace = b->pace;
    const int32_t *row_sums = (mgk_dtype)DTYPE == MGK_INT8 ? in->sums + b->row : NULL;
    switch (rows) {
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
#if defined(__AVX2__) || defined(MGK_GEMM_FLOAT_SUMS) || defined(MGK_DOTPROD)
        CASE(5)
        CASE(6)
#endif
#if defined(__AVX512F__) || defined(__aarch64__)
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
        b->add = job->epilogue == MGK_GEMM_ADD || b->input > 0;
        multiply_block(b, rows);
        return;
    }
    _Alignas(64) float tile[ROWS * COLUMNS];
    b->to = tile;
    b->to_stride = COLUMNS;
    b->add = false;
    multiply_block(b, rows);
    mgk_epilogue e = {job, tile, COLUMNS, b->row, rows, column, columns};
    mgk_epilogue_run(&e, (mgk_dtype)KIND == MGK_FP32);
    b->to = NULL; /* the tile is no more */
}

/* Panels of all rows, and of those of their inputs that are `steps` groups from `step` on. */
typedef struct part {
    const mgk_gemm_job *job;
    size_t from, to;
    size_t step, steps;
    size_t all_steps;
    bool last; /* the bias follows */
} part;

/* Blocks of about the same size, so that none is left with a single row. */
static void multiply_part(const part *p) {
    static const float nothing[COLUMNS];
    const mgk_gemm_job *job = p->job;
    const mgk_gemm_weight *weight = job->weight;
    block b = {.job = job, .steps = p->steps, .input = p->step * STEP};
    size_t blocks = (job->rows + ROWS - 1) / ROWS;
    size_t numbers = p->all_steps * COLUMNS * STEP;
    size_t pace = (COLUMNS * STEP * sizeof(weight_number) + blocks - 1) / blocks;
    for (size_t panel = p->from; panel < p->to; panel++) {
        size_t column = panel * COLUMNS;
        b.panel = (const weight_number *)weight->panels + panel * numbers + b.input * COLUMNS;
        b.ahead = (const char *)(b.panel + numbers);
        b.pace = panel + 1 < p->to ? pace : 0;
        b.bias = p->last ? weight->bias + column : nothing;
        b.scale = weight->scale != NULL ? weight->scale + column : NULL;
        for (size_t i = 0; i < blocks; i++) {
            b.row = job->rows * i / blocks;
            make_block(&b, job->rows * (i + 1) / blocks - b.row, column);
            b.ahead += b.steps * b.pace;
        }
    }
}

/* In how many parts inputs are taken, so that a part of all rows stays in the second cache while
 * panels go by; where weights are narrower, or vectors, that cache keeps up anyway. The sums so far
 * wait in out, so there must be room for them as they are. That this depends on the inputs alone
 * keeps a row's additions in the same order in every batch. */
static size_t parts_of(const mgk_gemm_job *job) {
    enum { ENOUGH = 768, WIDE_LANES = 16 };
    if ((mgk_dtype)KIND != MGK_FP32 || (int)LANES < (int)WIDE_LANES) return 1;
    if (job->epilogue == MGK_GEMM_ACTIVATE || job->weight->inputs < ENOUGH) return 1;
    return job->weight->inputs / ENOUGH;
}

static void multiply(const mgk_gemm_job *job, size_t from, size_t to) {
    size_t steps = (job->weight->inputs + STEP - 1) / STEP, parts = parts_of(job);
    size_t whole = job->weight->outputs / COLUMNS; /* panels */
    if (parts > 1 && to > whole) {                 /* the last one's sums have no room in out */
        part p = {job, from > whole ? from : whole, to, 0, steps, steps, true};
        multiply_part(&p);
        to = whole;
    }
    for (size_t i = 0; i < parts && from < to; i++) {
        size_t step = steps * i / parts, next = steps * (i + 1) / parts;
        part p = {job, from, to, step, next - step, steps, i + 1 == parts};
        multiply_part(&p);
    }
}

const mgk_gemm MGK_GEMM_TABLE = {
    .name = MGK_GEMM_NAME,
    .kind = (mgk_dtype)KIND,
    .dtype = (mgk_dtype)DTYPE,
    .layout = {.columns = COLUMNS, .group = GROUP, .inputs_step = STEP, .flip = FLIP},
    .multiply = multiply,
};
