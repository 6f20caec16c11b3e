/* SPDX-License-Identifier: Apache-2.0 */
/* Products on tiles: blocks of 32 rows by 32 outputs, two tiles by two, so that each tile that is
 * loaded is used twice. Inputs are loaded from their rows as they lie, weights from panels of 16
 * outputs.
 *
 * Only tiles can be stored, so a block's sums go through memory that stays in L1, and vectors do
 * what follows them a few rows at a time while tiles make the next block. The tiles of sums are
 * stored between the next block's first products, as all of them wait for their last sums.
 *
 * Rows that are no multiple of 16 are made by tiles that overlap: some are made twice, and are the
 * same both times. */
#include "backend/cpu/kernels/gemm_amx.h"

#include "backend/cpu/kernels/gemm_amx_finish.h"
#include "backend/cpu/kernels/tiles_ops.h"

/* A step is a tile's width: 64 inputs of int8, 32 of bf16; 64 bytes of a row, 1 KiB of a panel. */
enum { ROWS = MGK_TILE_ROWS, COLUMNS = MGK_TILE_COLUMNS, STEP_BYTES = MGK_TILE_ROW_BYTES };
enum { LINE = 64, BLOCK = MGK_GEMM_AMX_BLOCK, SUMS_STRIDE = BLOCK * 4 };

enum { SPAN_BYTES = 1024 * 1024 }; /* of inputs that stay in L2 while all panels pass */

typedef enum number { INT8, BF16 } number;

typedef struct sums_block {
    int32_t at[BLOCK][BLOCK]; /* or fp32 */
} sums_block;

/* Where sums go that still lie in four tiles: the upper two's place, and the lower two's. */
typedef struct held_sums {
    char *upper, *lower; /* NULL: there are none */
} held_sums;

/* Weights that are wanted soon, and bytes of them to fetch in each step. */
typedef struct fetch {
    const char *at, *end;
    size_t pace;
} fetch;

/* Up to 32 rows. */
typedef struct block {
    size_t row;    /* of the first tile */
    size_t second; /* rows from there to the second tile; 0: there is none */
    size_t skip;   /* rows at the beginning that are done already */
    size_t end;    /* rows of the block */
} block;

/* One or two panels. */
typedef struct panels {
    const char *at;
    size_t count;
    size_t first; /* output */
} panels;

typedef struct run {
    const mgk_gemm_job *job;
    mgk_gemm_amx_finish *finish;
    mgk_gemm_amx_waiting waiting;
    held_sums held;
    size_t steps;  /* of a row */
    size_t pace;   /* rows to finish in a step */
    size_t stride; /* bytes from row to row */
    fetch ahead;
    sums_block *places; /* two, in turn */
    size_t place;
} run;

static void finish_all(run *m) {
    if (m->waiting.next < m->waiting.end) m->finish(&m->waiting, BLOCK);
}

static void store_held(run *m) {
    if (m->held.upper == NULL) return;
    MGK_TILE_STORE(0, m->held.upper, SUMS_STRIDE);
    MGK_TILE_STORE(1, m->held.upper + LINE, SUMS_STRIDE);
    MGK_TILE_STORE(2, m->held.lower, SUMS_STRIDE);
    MGK_TILE_STORE(3, m->held.lower + LINE, SUMS_STRIDE);
    m->held = (held_sums){NULL, NULL};
}

static MGK_VEC_INLINE void fetch_ahead(fetch *f) {
    const char *at = f->at, *end = (size_t)(f->end - at) > f->pace ? at + f->pace : f->end;
    for (; at < end; at += LINE) __builtin_prefetch(at, 0, 2);
    f->at = at;
}

/* The lines that some rows' numbers will be written to. */
static MGK_VEC_INLINE void fetch_out(const mgk_gemm_job *job, const block *b, const panels *p,
                                     size_t from, size_t to) {
    size_t bytes = job->out_type == MGI_F32 ? 4 : 2;
    for (size_t r = from; r < to && r < b->end; r++) {
        const char *row =
            (const char *)job->out + ((b->row + r) * job->out_stride + p->first) * bytes;
        __builtin_prefetch(row, 1, 3);
        if (bytes == 4 && p->count == 2) __builtin_prefetch(row + LINE, 1, 3);
    }
}

/* One step's inputs and weights of a block. */
typedef struct operands {
    const char *upper, *lower; /* rows */
    size_t stride;
    const char *left, *right; /* panels */
} operands;

/* FIRST: sums begin with 0. FIRST_HELD: and the tiles' sums of the block before are stored. */
typedef enum phase { FIRST, FIRST_HELD, NEXT } phase;

/* Tile 0 has the sums of the upper rows and the left panel, 1 upper right, 2 lower left, 3 lower
 * right. All conditions are constants. */
#define BEGIN(tile, place)                                                                         \
    if (at == FIRST_HELD) MGK_TILE_STORE(tile, place, SUMS_STRIDE);                                \
    if (at != NEXT) MGK_TILE_ZERO(tile);
#define DOT(sums, rows, panel)                                                                     \
    if (type == INT8) MGK_TILE_DOT_INT8(sums, rows, panel);                                        \
    if (type == BF16) MGK_TILE_DOT_BF16(sums, rows, panel);

static MGK_VEC_INLINE void multiply_step(const operands *o, number type, bool two_rows,
                                         bool two_panels, phase at, const held_sums *held) {
    MGK_TILE_LOAD(4, o->upper, o->stride);
    MGK_TILE_LOAD(6, o->left, STEP_BYTES);
    BEGIN(0, held->upper)
    DOT(0, 4, 6)
    if (two_panels) {
        MGK_TILE_LOAD(7, o->right, STEP_BYTES);
        BEGIN(1, held->upper + LINE)
        DOT(1, 4, 7)
    }
    if (two_rows) {
        MGK_TILE_LOAD(5, o->lower, o->stride);
        BEGIN(2, held->lower)
        DOT(2, 5, 6)
    }
    if (two_rows && two_panels) {
        BEGIN(3, held->lower + LINE)
        DOT(3, 5, 7)
    }
}

#undef BEGIN
#undef DOT

static operands operands_of(const run *m, const block *b, const panels *p) {
    operands o = {.stride = m->stride, .left = p->at};
    o.right = p->at + m->steps * MGK_TILE_BYTES;
    o.upper = (const char *)m->job->input->data + b->row * m->stride;
    o.lower = o.upper + b->second * m->stride;
    return o;
}

static MGK_VEC_INLINE void advance(operands *o) {
    o->upper += STEP_BYTES, o->lower += STEP_BYTES;
    o->left += MGK_TILE_BYTES, o->right += MGK_TILE_BYTES;
}

/* All steps of a block. What waits is finished between them, after the first: it may be in the
 * tiles until then. */
static MGK_VEC_INLINE void multiply_steps(run *m, const block *b, const panels *p, number type,
                                          bool two_rows, bool two_panels) {
    const size_t steps = m->steps, pace = m->pace;
    operands o = operands_of(m, b, p);
    if (two_rows && two_panels && m->held.upper != NULL) {
        multiply_step(&o, type, two_rows, two_panels, FIRST_HELD, &m->held);
    } else {
        multiply_step(&o, type, two_rows, two_panels, FIRST, &m->held);
    }
    fetch_ahead(&m->ahead);
    for (size_t s = 1; s < steps; s++) {
        advance(&o);
        multiply_step(&o, type, two_rows, two_panels, NEXT, &m->held);
        if (m->waiting.next < m->waiting.end) m->finish(&m->waiting, pace);
        fetch_out(m->job, b, p, (s - 1) * pace, s * pace);
        fetch_ahead(&m->ahead);
    }
}

__attribute__((noinline)) static void multiply_int8_whole(run *m, const block *b, const panels *p) {
    multiply_steps(m, b, p, INT8, true, true);
}

__attribute__((noinline)) static void multiply_bf16_whole(run *m, const block *b, const panels *p) {
    multiply_steps(m, b, p, BF16, true, true);
}

/* Blocks at an edge: fewer than 17 rows, or one panel. */
static void multiply_int8_edge(run *m, const block *b, const panels *p) {
    if (b->second == 0 && p->count == 1) multiply_steps(m, b, p, INT8, false, false);
    if (b->second == 0 && p->count == 2) multiply_steps(m, b, p, INT8, false, true);
    if (b->second != 0) multiply_steps(m, b, p, INT8, true, false);
}

static void multiply_bf16_edge(run *m, const block *b, const panels *p) {
    if (b->second == 0 && p->count == 1) multiply_steps(m, b, p, BF16, false, false);
    if (b->second == 0 && p->count == 2) multiply_steps(m, b, p, BF16, false, true);
    if (b->second != 0) multiply_steps(m, b, p, BF16, true, false);
}

static void store_edge(const block *b, const panels *p, char *upper, char *lower) {
    MGK_TILE_STORE(0, upper, SUMS_STRIDE);
    if (p->count == 2) MGK_TILE_STORE(1, upper + LINE, SUMS_STRIDE);
    if (b->second != 0) MGK_TILE_STORE(2, lower, SUMS_STRIDE);
}

static void wait_for_finish(run *m, const block *b, const panels *p, const sums_block *sums) {
    size_t left = m->job->weight->outputs - p->first, columns = p->count * COLUMNS;
    m->waiting = (mgk_gemm_amx_waiting){.job = m->job,
                                        .sums = sums,
                                        .row = b->row,
                                        .next = b->skip,
                                        .end = b->end,
                                        .first = p->first,
                                        .columns = left < columns ? left : columns};
}

static void multiply_block(run *m, const block *b, const panels *p, number type) {
    sums_block *sums = &m->places[m->place ^= 1];
    char *upper = (char *)sums->at, *lower = upper + b->second * SUMS_STRIDE;
    if (b->second != 0 && p->count == 2) {
        type == INT8 ? multiply_int8_whole(m, b, p) : multiply_bf16_whole(m, b, p);
        m->held = (held_sums){upper, lower};
    } else {
        store_held(m);
        type == INT8 ? multiply_int8_edge(m, b, p) : multiply_bf16_edge(m, b, p);
        store_edge(b, p, upper, lower);
    }
    finish_all(m);
    wait_for_finish(m, b, p, sums);
}

/* The block of rows row..to-1, of which there is at least one. */
static block block_at(size_t row, size_t to) {
    size_t left = to - row;
    if (left >= BLOCK) return (block){row, ROWS, 0, BLOCK};
    if (left > ROWS) return (block){row, left - ROWS, 0, left};
    if (to >= ROWS) return (block){to - ROWS, 0, ROWS - left, ROWS};
    return (block){row, 0, 0, left}; /* fewer in all than a tile has: it is configured so */
}

/* The panels that come next, up to `end`, are in L2 when it is their turn: `rows` rows' steps share
 * the fetching. */
static void plan_ahead(run *m, const char *next, const char *end, size_t rows) {
    size_t bytes = 2 * m->steps * MGK_TILE_BYTES;
    size_t steps = ((rows - 1) / BLOCK + 1) * m->steps;
    m->ahead.at = next;
    m->ahead.end = (size_t)(end - next) > bytes ? next + bytes : end;
    m->ahead.pace = (bytes / LINE + steps - 1) / steps * LINE;
}

static void multiply_rows(run *m, size_t row, size_t to, size_t panel, size_t panel_to,
                          number type) {
    size_t panel_bytes = m->steps * MGK_TILE_BYTES;
    const char *weights = m->job->weight->panels;
    for (; panel < panel_to; panel += 2) {
        panels p = {.at = weights + panel * panel_bytes, .first = panel * COLUMNS};
        p.count = panel_to - panel < 2 ? 1 : 2;
        plan_ahead(m, p.at + p.count * panel_bytes, weights + panel_to * panel_bytes, to - row);
        for (size_t at = row; at < to; at += BLOCK) {
            block b = block_at(at, to);
            multiply_block(m, &b, &p, type);
        }
    }
}

/* Inputs and sums have so many rows, weights always those of a whole tile. */
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
    size_t rows = SPAN_BYTES / row_bytes / BLOCK * BLOCK;
    return rows == 0 ? BLOCK : rows;
}

static void multiply(const mgk_gemm_job *job, size_t from, size_t to, number type) {
    _Alignas(LINE) sums_block places[2];
    size_t bytes = type == INT8 ? 1 : 2;
    run m = {.job = job, .finish = mgk_gemm_amx_choose_finish(job, type == INT8), .places = places};
    m.steps = (job->weight->inputs * bytes + STEP_BYTES - 1) / STEP_BYTES;
    if (job->rows == 0 || m.steps == 0) return;
    m.pace = m.steps > 1 ? (BLOCK + m.steps - 2) / (m.steps - 1) : BLOCK;
    m.stride = job->input->stride * bytes;
    if (job->rows < ROWS) configure(job->rows);
    size_t span = rows_in_cache(m.steps * STEP_BYTES);
    for (size_t row = 0; row < job->rows; row += span) {
        multiply_rows(&m, row, job->rows - row < span ? job->rows : row + span, from, to, type);
    }
    store_held(&m);
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
