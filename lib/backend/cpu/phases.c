/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the kernels over a batch, in parts where a team shares it. */
#include "backend/cpu/phases.h"

/* Of each core in a phase, so that one that comes late or is interrupted costs less than its whole
 * share; fewer rows than MIN_ROWS are not worth another thread. */
enum { PARTS_PER_CORE = 3, MIN_ROWS = 8, MAX_CORES = 1024 };

static void enter(const mgk_gemm *gemm) {
    if (gemm->enter != NULL) gemm->enter();
}

static void leave(const mgk_gemm *gemm) {
    if (gemm->leave != NULL) gemm->leave();
}

mgeo_status mgi_cpu_phases_begin(mgi_cpu_pass *p, mgeo_error *error) {
    mgi_lane *lane = p->lane;
    p->cores = p->team->cores < 1 ? 1 : p->team->cores > MAX_CORES ? MAX_CORES : p->team->cores;
    if (!mgi_cpu_workspace_reserve_scratch(lane, p->cores)) {
        return mgi_fail_memory(error, "attention", 0);
    }
    for (uint32_t row = 0; row < p->batch->rows; row++) {
        for (uint32_t t = p->batch->offsets[row]; t < p->batch->offsets[row + 1]; t++) {
            lane->positions[t] = t - p->batch->offsets[row];
        }
    }
    /* A team's threads enter for each part, as does the caller's when it works on one. */
    if (p->cores == 1) enter(p->encoder->gemm);
    return MGEO_OK;
}

void mgi_cpu_phases_end_layers(const mgi_cpu_pass *p) {
    if (p->cores == 1) leave(p->encoder->gemm);
}

/* ---- products ---- */

typedef struct product {
    const mgk_gemm *gemm;
    const mgk_gemm_job *job;
    size_t panels;
    unsigned parts;
} product;

static void multiply_part(void *context, unsigned part) {
    const product *w = context;
    enter(w->gemm);
    w->gemm->multiply(w->job, w->panels * part / w->parts, w->panels * (part + 1) / w->parts);
    leave(w->gemm);
}

void mgi_cpu_phases_multiply(const mgi_cpu_pass *p, const mgk_gemm *gemm, const mgk_gemm_job *job) {
    product w = {gemm, job, mgk_gemm_panels(gemm, job->weight->outputs), 1};
    if (p->cores == 1) {
        gemm->multiply(job, 0, w.panels);
        return;
    }
    size_t parts = (size_t)PARTS_PER_CORE * p->cores;
    w.parts = (unsigned)(parts < w.panels ? parts : w.panels);
    mgi_team_share(p->team, w.parts, multiply_part, &w);
}

/* ---- rows ---- */

/* A kernel's work over rows, in equal parts. */
typedef struct row_work {
    const mgi_cpu_pass *pass;
    void (*work)(const struct row_work *work, size_t from, size_t to);
    size_t count;
    unsigned parts;
    const mgi_cpu_rows *rows;
    const mgk_norm *norm;
    const mgk_embedding *embedding;
    const float *from;
    size_t stride, width;
    const mgk_input *input;
} row_work;

static void rows_part(void *context, unsigned part) {
    const row_work *w = context;
    w->work(w, w->count * part / w->parts, w->count * (part + 1) / w->parts);
}

static void run_rows(const mgi_cpu_pass *p, row_work *w) {
    size_t useful = (w->count + MIN_ROWS - 1) / MIN_ROWS;
    w->pass = p;
    w->parts = p->cores < useful ? p->cores : (unsigned)useful;
    if (w->parts <= 1) {
        w->work(w, 0, w->count);
    } else {
        mgi_team_share(p->team, w->parts, rows_part, w);
    }
}

static mgk_norm norm_of(const mgi_encoder *e, const mgi_cpu_norm *norm) {
    return (mgk_norm){norm->weight, norm->bias, e->spec.hidden, e->spec.norm_eps};
}

static void do_embed(const row_work *w, size_t from, size_t to) {
    const mgi_cpu_pass *p = w->pass;
    p->encoder->kernels->embed(w->embedding, w->rows->x, &w->rows->input, from, to);
}

void mgi_cpu_phases_embed(const mgi_cpu_pass *p, const mgi_cpu_rows *rows) {
    const mgi_encoder *e = p->encoder;
    const mgk_embedding embedding = {.ids = p->batch->ids,
                                     .types = p->batch->types,
                                     .positions = p->lane->positions,
                                     .words = e->words,
                                     .words_type = e->words_type,
                                     .position_rows = e->positions,
                                     .type_rows = e->types,
                                     .norm = norm_of(e, &e->embedding_norm),
                                     .x_stride = p->lane->x_stride};
    row_work w = {.work = do_embed, .count = rows->count, .embedding = &embedding, .rows = rows};
    run_rows(p, &w);
}

static void do_norm(const row_work *w, size_t from, size_t to) {
    const mgi_cpu_pass *p = w->pass;
    p->encoder->kernels->norm(w->rows->x, p->lane->x_stride, w->norm, &w->rows->input, from, to);
}

void mgi_cpu_phases_norm(const mgi_cpu_pass *p, const mgi_cpu_norm *norm,
                         const mgi_cpu_rows *rows) {
    const mgk_norm full = norm_of(p->encoder, norm);
    row_work w = {.work = do_norm, .count = rows->count, .rows = rows, .norm = &full};
    run_rows(p, &w);
}

static void do_pack(const row_work *w, size_t from, size_t to) {
    w->pass->encoder->kernels->pack(w->from, w->stride, w->width, w->input, from, to);
}

void mgi_cpu_phases_pack(const mgi_cpu_pass *p, const float *from, size_t stride, size_t width,
                         const mgk_input *input, size_t count) {
    row_work w = {.work = do_pack,
                  .count = count,
                  .from = from,
                  .stride = stride,
                  .width = width,
                  .input = input};
    run_rows(p, &w);
}

/* ---- attention ---- */

typedef struct attention {
    const mgi_cpu_pass *pass;
    const mgk_heads *heads;
    bool first_only;
    unsigned parts;
} attention;

static mgk_sequence sequence_of(const attention *a, uint32_t row) {
    const mgi_batch *batch = a->pass->batch;
    uint32_t first = batch->offsets[row], length = batch->offsets[row + 1] - first;
    if (a->first_only) return (mgk_sequence){first, length, row, 1};
    return (mgk_sequence){first, length, first, length};
}

/* A sequence's context becomes the next product's input while it is in the cache. */
static void attend_whole(const attention *a, uint32_t row, float *scratch) {
    const mgi_encoder *e = a->pass->encoder;
    const mgi_lane *lane = a->pass->lane;
    mgk_sequence sequence = sequence_of(a, row);
    e->kernels->attend_heads(a->heads, &sequence, 0, e->spec.heads, scratch);
    if (!mgk_kernels_is_quantised(e->gemm->dtype)) return;
    e->kernels->pack(lane->mixed, e->spec.hidden, e->spec.hidden, &lane->context,
                     sequence.first_query, (size_t)sequence.first_query + sequence.queries);
}

/* Sequences are dealt out in turn: lengths differ, so ranges would not be equal. */
static void sequences_part(void *context, unsigned part) {
    const attention *a = context;
    for (uint32_t row = part; row < a->pass->batch->rows; row += a->parts) {
        attend_whole(a, row, a->pass->lane->scratch[part]);
    }
}

/* Of each sequence some heads. */
static void heads_part(void *context, unsigned part) {
    const attention *a = context;
    const mgi_encoder *e = a->pass->encoder;
    uint32_t from = (uint32_t)((uint64_t)e->spec.heads * part / a->parts);
    uint32_t to = (uint32_t)((uint64_t)e->spec.heads * (part + 1) / a->parts);
    for (uint32_t row = 0; row < a->pass->batch->rows; row++) {
        mgk_sequence sequence = sequence_of(a, row);
        e->kernels->attend_heads(a->heads, &sequence, from, to, a->pass->lane->scratch[part]);
    }
}

void mgi_cpu_phases_attend(const mgi_cpu_pass *p, const mgk_heads *heads, bool first_only) {
    const mgi_encoder *e = p->encoder;
    const mgi_lane *lane = p->lane;
    uint32_t rows = p->batch->rows;
    attention a = {p, heads, first_only, p->cores};
    if (p->cores == 1 || rows >= 4 * (uint64_t)p->cores) {
        mgi_team_share(p->team, a.parts, sequences_part, &a);
        return;
    }
    if (a.parts > e->spec.heads) a.parts = e->spec.heads;
    mgi_team_share(p->team, a.parts, heads_part, &a);
    if (!mgk_kernels_is_quantised(e->gemm->dtype)) return;
    mgi_cpu_phases_pack(p, lane->mixed, e->spec.hidden, e->spec.hidden, &lane->context,
                        first_only ? rows : p->batch->tokens);
}
