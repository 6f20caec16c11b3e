/* SPDX-License-Identifier: Apache-2.0 */
/* Products on tiles: blocks of 32 rows by 32 outputs, two tiles by two, so that each tile that is loaded
 * is used twice. Inputs are loaded from their rows as they lie, weights from panels of 16 outputs.
 *
 * A block's sums go through memory that stays in L1, as only tiles can be stored to it. Rows that are no
 * multiple of 16 are made up by tiles that overlap: those rows are made twice, the same both times. */
#include "backend/cpu/kernels/gemm_amx.h"

#include "backend/cpu/kernels/gemm_amx_finish.h"
#include "backend/cpu/kernels/tiles_ops.h"
#include "backend/cpu/kernels/vec.h"

#define IN_LOOP static inline __attribute__((always_inline))

#ifndef AMX_STEPS
#define AMX_STEPS 12
#endif
#ifndef AMX_GROUP
#define AMX_GROUP 2
#endif
#ifndef AMX_PIPELINE
#define AMX_PIPELINE 1
#endif
#ifndef AMX_AHEAD
#define AMX_AHEAD 1
#endif
#ifndef AMX_OUT_AHEAD
#define AMX_OUT_AHEAD 1
#endif
#ifndef AMX_IN_AHEAD
#define AMX_IN_AHEAD 0
#endif
#ifndef AMX_SPAN_BYTES
#define AMX_SPAN_BYTES (1024 * 1024)
#endif

/* A step is a tile's width: 64 inputs of int8, 32 of bf16, 64 bytes of a row, 1 KiB of a panel. */
enum { ROWS = MGK_TILE_ROWS, COLUMNS = MGK_TILE_COLUMNS, STEP_BYTES = MGK_TILE_ROW_BYTES };
enum { LINE = 64, SUMS_STRIDE = MGK_AMX_BLOCK * 4 };

/* Steps that are made at a time of all blocks of a group, so that the weights of these steps stay in L1
 * from block to block; and the blocks of a group. One block's sums can wait beside. */
enum { PART_STEPS = AMX_STEPS, GROUP = AMX_GROUP, PLACES = GROUP < 2 ? 2 : GROUP };

enum { SPAN_BYTES = AMX_SPAN_BYTES }; /* of inputs that stay in L2 while all panels pass */

typedef enum number { INT8, BF16 } number;

typedef struct sums_block {
    int32_t at[MGK_AMX_BLOCK][MGK_AMX_BLOCK]; /* or fp32 */
} sums_block;

/* Weights that are wanted soon, and how many lines of them are fetched in a step. */
typedef struct fetch {
    const char *at, *end;
    size_t lines;
} fetch;

typedef struct run run;
typedef struct block block;
typedef struct panels panels;
typedef void block_function(run *m, const block *b, const panels *p, sums_block *sums);

struct run {
    const mgk_gemm_job *job;
    amx_finish *finish;
    amx_waiting waiting;
    size_t steps;  /* of a whole row */
    size_t stride; /* bytes from row to row */
    fetch ahead;
    block_function *const (*shapes)[2];
    size_t place; /* of the sums of the group's first block */
    sums_block *places;
};

/* Up to 32 rows of one or two panels. */
struct block {
    size_t row;    /* of the first tile */
    size_t second; /* rows from there to the second tile; 0: there is none */
    size_t skip;   /* rows at the beginning that are done already */
    size_t end;    /* rows of the block */
};

struct panels {
    const char *at;    /* the first panel */
    size_t count;      /* 1 or 2 */
    size_t first;      /* output */
    size_t from, to;   /* steps */
};

static void finish_all(run *m) {
    if (m->waiting.next < m->waiting.end) m->finish(&m->waiting, MGK_AMX_BLOCK);
}

IN_LOOP void fetch_ahead(fetch *f) {
#if AMX_AHEAD
    const char *at = f->at;
    const char *end = (size_t)(f->end - at) > f->lines * LINE ? at + f->lines * LINE : f->end;
    for (; at < end; at += LINE) __builtin_prefetch(at, 0, 2);
    f->at = at;
#else
    (void)f;
#endif
}

IN_LOOP void fetch_out(const run *m, const block *b, const panels *p, size_t from, size_t to) {
#if AMX_OUT_AHEAD
    const mgk_gemm_job *job = m->job;
    size_t bytes = job->out_type == MGI_F32 ? 4 : 2;
    for (size_t r = from; r < to && r < b->end; r++) {
        const char *row = (const char *)job->out + ((b->row + r) * job->out_stride + p->first) * bytes;
        __builtin_prefetch(row, 1, 3);
        if (bytes == 4) __builtin_prefetch(row + LINE, 1, 3);
    }
#else
    (void)m, (void)b, (void)p, (void)from, (void)to;
#endif
}

IN_LOOP void fetch_inputs(const char *x, size_t stride) {
#if AMX_IN_AHEAD
    for (size_t r = 0; r < ROWS; r++) __builtin_prefetch(x + r * stride + AMX_IN_AHEAD * STEP_BYTES, 0, 3);
#else
    (void)x, (void)stride;
#endif
}

/* One part's steps of one block, without its sums' way from and to memory. The conditions are constants. */
IN_LOOP void multiply_steps(run *m, const block *b, const panels *p, number type, bool two_rows,
                            bool two_panels) {
    const char *x0 = (const char *)m->job->input->data + b->row * m->stride + p->from * STEP_BYTES;
    const char *x1 = x0 + b->second * m->stride;
    const char *w0 = p->at + p->from * MGK_TILE_BYTES, *w1 = w0 + m->steps * MGK_TILE_BYTES;
    const size_t steps = p->to - p->from, rows = (MGK_AMX_BLOCK + steps - 1) / steps;
    const size_t stride = m->stride;
    const bool last = p->to == m->steps;
    for (size_t s = 0; s < steps; s++, x0 += STEP_BYTES, x1 += STEP_BYTES) {
#define DOT(sums, left, right)                                                                     \
    if (type == INT8) {                                                                            \
        MGK_TILE_DOT_INT8(sums, left, right);                                                      \
    } else {                                                                                       \
        MGK_TILE_DOT_BF16(sums, left, right);                                                      \
    }
        MGK_TILE_LOAD(4, x0, stride);
        fetch_inputs(x0, stride);
        MGK_TILE_LOAD(6, w0 + s * MGK_TILE_BYTES, STEP_BYTES);
        DOT(0, 4, 6)
        if (two_panels) {
            MGK_TILE_LOAD(7, w1 + s * MGK_TILE_BYTES, STEP_BYTES);
            DOT(1, 4, 7)
        }
        if (two_rows) {
            MGK_TILE_LOAD(5, x1, stride);
            fetch_inputs(x1, stride);
            DOT(2, 5, 6)
            if (two_panels) { DOT(3, 5, 7) }
        }
#undef DOT
#if AMX_PIPELINE
        if (m->waiting.next < m->waiting.end) m->finish(&m->waiting, rows);
#endif
        fetch_ahead(&m->ahead);
        if (last) fetch_out(m, b, p, s * rows, s * rows + rows);
    }
}

IN_LOOP void multiply_block(run *m, const block *b, const panels *p, sums_block *sums, number type,
                            bool two_rows, bool two_panels) {
    char *low = (char *)sums->at, *high = low + b->second * SUMS_STRIDE;
    const size_t right = STEP_BYTES; /* of the second panel's sums */
    if (p->from == 0) {
        MGK_TILE_ZERO(0);
        if (two_panels) MGK_TILE_ZERO(1);
        if (two_rows) MGK_TILE_ZERO(2);
        if (two_rows && two_panels) MGK_TILE_ZERO(3);
    } else {
        MGK_TILE_LOAD(0, low, SUMS_STRIDE);
        if (two_panels) MGK_TILE_LOAD(1, low + right, SUMS_STRIDE);
        if (two_rows) MGK_TILE_LOAD(2, high, SUMS_STRIDE);
        if (two_rows && two_panels) MGK_TILE_LOAD(3, high + right, SUMS_STRIDE);
    }
    multiply_steps(m, b, p, type, two_rows, two_panels);
    finish_all(m);
    MGK_TILE_STORE(0, low, SUMS_STRIDE);
    if (two_panels) MGK_TILE_STORE(1, low + right, SUMS_STRIDE);
    if (two_rows) MGK_TILE_STORE(2, high, SUMS_STRIDE);
    if (two_rows && two_panels) MGK_TILE_STORE(3, high + right, SUMS_STRIDE);
}

/* A function for each shape. */
#define SHAPE(name, type, two_rows, two_panels)                                                    \
    static void name(run *m, const block *b, const panels *p, sums_block *sums) {                  \
        multiply_block(m, b, p, sums, type, two_rows, two_panels);                                 \
    }
SHAPE(multiply_int8_1x1, INT8, false, false)
SHAPE(multiply_int8_1x2, INT8, false, true)
SHAPE(multiply_int8_2x1, INT8, true, false)
SHAPE(multiply_int8_2x2, INT8, true, true)
SHAPE(multiply_bf16_1x1, BF16, false, false)
SHAPE(multiply_bf16_1x2, BF16, false, true)
SHAPE(multiply_bf16_2x1, BF16, true, false)
SHAPE(multiply_bf16_2x2, BF16, true, true)
#undef SHAPE

static block_function *const shapes[2][2][2] = {
    [INT8] = {{multiply_int8_1x1, multiply_int8_1x2}, {multiply_int8_2x1, multiply_int8_2x2}},
    [BF16] = {{multiply_bf16_1x1, multiply_bf16_1x2}, {multiply_bf16_2x1, multiply_bf16_2x2}},
};

/* The block of rows from `row` to `to`, of which there are more than none. */
static block block_at(size_t row, size_t to) {
    size_t left = to - row;
    if (left >= MGK_AMX_BLOCK) return (block){row, ROWS, 0, MGK_AMX_BLOCK};
    if (left > ROWS) return (block){row, left - ROWS, 0, left};
    if (to >= ROWS) return (block){to - ROWS, 0, ROWS - left, ROWS};
    return (block){row, 0, 0, left}; /* fewer rows in all than a tile has: it is configured so */
}

static void wait_for_finish(run *m, const block *b, const panels *p, const sums_block *sums) {
    size_t left = m->job->weight->outputs - p->first, columns = p->count * COLUMNS;
    m->waiting = (amx_waiting){.job = m->job,
                                   .sums = sums,
                                   .row = b->row,
                                   .next = b->skip,
                                   .end = b->end,
                                   .first = p->first,
                                   .columns = left < columns ? left : columns};
}

/* All steps of up to GROUP blocks. */
static void multiply_group(run *m, const block *blocks, size_t count, panels *p) {
    for (p->from = 0; p->from < m->steps; p->from = p->to) {
        p->to = m->steps - p->from <= PART_STEPS * 3 / 2 ? m->steps : p->from + PART_STEPS;
        for (size_t i = 0; i < count; i++) {
            sums_block *sums = &m->places[(m->place + i) % PLACES];
            m->shapes[blocks[i].second != 0][p->count - 1](m, &blocks[i], p, sums);
            if (p->to == m->steps) wait_for_finish(m, &blocks[i], p, sums);
#if !AMX_PIPELINE
            if (p->to == m->steps) finish_all(m);
#endif
        }
    }
    m->place = (m->place + count) % PLACES;
}

/* Rows from..to-1, for which the panels are read once. */
static void multiply_rows(run *m, size_t from, size_t to, panels *p) {
    block blocks[GROUP];
    size_t count = 0;
    for (size_t row = from; row < to; row += MGK_AMX_BLOCK) {
        blocks[count++] = block_at(row, to);
        if (count == GROUP || to - row <= MGK_AMX_BLOCK) {
            multiply_group(m, blocks, count, p);
            count = 0;
        }
    }
}

/* Has the panels that come next, until `end`, in L2 when it is their turn: a few lines in each step of these rows. */
static void plan_ahead(run *m, const char *next, const char *end, size_t rows) {
    size_t bytes = 2 * m->steps * MGK_TILE_BYTES;
    size_t times = (rows + MGK_AMX_BLOCK - 1) / MGK_AMX_BLOCK * m->steps;
    m->ahead.at = next;
    m->ahead.end = (size_t)(end - next) > bytes ? next + bytes : end;
    m->ahead.lines = (bytes / LINE + times - 1) / times;
}

static void multiply_span(run *m, size_t row_from, size_t row_to, size_t from, size_t to) {
    size_t panel_bytes = m->steps * MGK_TILE_BYTES;
    const char *weights = m->job->weight->panels;
    for (size_t panel = from; panel < to; panel += 2) {
        panels p = {.at = weights + panel * panel_bytes, .count = to - panel < 2 ? 1 : 2};
        p.first = panel * COLUMNS;
        plan_ahead(m, p.at + p.count * panel_bytes, weights + to * panel_bytes, row_to - row_from);
        multiply_rows(m, row_from, row_to, &p);
    }
}

/* What all sizes but the last few share: whole tiles. `rows` of inputs and sums where there are fewer. */
static void configure(size_t rows) {
    mgk_tiles_config config = {.palette = 1};
    for (size_t t = 0; t < MGK_TILES; t++) {
        config.row_bytes[t] = MGK_TILE_ROW_BYTES;
        config.rows[t] = (uint8_t)(t < 6 ? rows : MGK_TILE_ROWS);
    }
    MGK_TILES_CONFIGURE(&config);
}

static void enter(void) { configure(ROWS); }
static void leave(void) { MGK_TILES_RELEASE(); }

/* Rows whose inputs are looked at again for every panel. */
static size_t rows_in_cache(size_t row_bytes) {
    size_t rows = SPAN_BYTES / row_bytes / MGK_AMX_BLOCK * MGK_AMX_BLOCK;
    return rows == 0 ? MGK_AMX_BLOCK : rows;
}

static void multiply(const mgk_gemm_job *job, size_t from, size_t to, number type) {
    _Alignas(LINE) sums_block places[PLACES];
    size_t bytes = type == INT8 ? 1 : 2;
    run m = {.job = job, .shapes = shapes[type], .finish = amx_choose_finish(job, type == INT8), .places = places};
    m.steps = (job->weight->inputs * bytes + STEP_BYTES - 1) / STEP_BYTES;
    m.stride = job->input->stride * bytes;
    if (job->rows == 0) return;
    if (job->rows < ROWS) configure(job->rows);
    size_t span = rows_in_cache(m.steps * STEP_BYTES);
    for (size_t row = 0; row < job->rows; row += span) {
        size_t end = job->rows - row < span ? job->rows : row + span;
        multiply_span(&m, row, end, from, to);
    }
    finish_all(&m);
    if (job->rows < ROWS) configure(ROWS);
}

static void multiply_int8(const mgk_gemm_job *job, size_t from, size_t to) {
    multiply(job, from, to, INT8);
}

static void multiply_bf16(const mgk_gemm_job *job, size_t from, size_t to) {
    multiply(job, from, to, BF16);
}

#if defined(MGK_TILES_EMULATED)
#define TABLE(type) mgk_gemm_amx_##type##_emulated
#define NAME(type) "AMX-" type " in plain C"
#else
#define TABLE(type) mgk_gemm_amx_##type
#define NAME(type) "AMX-" type
#endif

const mgk_gemm TABLE(int8) = {
    .name = NAME("INT8"),
    .kind = MGK_INT8,
    .dtype = MGK_INT8,
    .layout = {.columns = COLUMNS, .group = 4, .inputs_step = STEP_BYTES},
    .enter = enter,
    .leave = leave,
    .multiply = multiply_int8,
};

const mgk_gemm TABLE(bf16) = {
    .name = NAME("BF16"),
    .kind = MGK_BF16,
    .dtype = MGK_BF16,
    .layout = {.columns = COLUMNS, .group = 2, .inputs_step = STEP_BYTES / 2},
    .enter = enter,
    .leave = leave,
    .multiply = multiply_bf16,
};
