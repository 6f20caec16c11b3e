/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the kernels of one batch, in parallel where the batch may use several cores. */
#include "backend/torch/parallel.h"

enum { MIN_ROWS_PER_CORE = 8, MAX_CORES = 1024 };

mgeo_status mgi_torch_parallel_begin(mgi_torch_pass *p, unsigned cores, mgeo_error *error) {
    mgi_lane *lane = p->lane;
    p->cores = cores < 1 ? 1 : cores > MAX_CORES ? MAX_CORES : cores;
    if (!mgi_torch_workspace_reserve_scratch(lane, p->cores)) {
        return mgi_fail_memory(error, "attention", 0);
    }
    for (uint32_t row = 0; row < p->batch->rows; row++) {
        for (uint32_t t = p->batch->offsets[row]; t < p->batch->offsets[row + 1]; t++) {
            lane->positions[t] = t - p->batch->offsets[row];
        }
    }
    mgt_scope_enter(lane->scope, p->cores);
    return MGEO_OK;
}

typedef struct int8_work {
    const mgk_int8 *kernels;
    const mgk_int8_weight *weight;
    const mgk_input *input;
    size_t rows, panels;
    unsigned parts;
    float *out;
    size_t stride;
} int8_work;

static void multiply_part(void *context, unsigned part) {
    const int8_work *w = context;
    w->kernels->multiply(w->weight, w->input, w->rows, w->panels * part / w->parts,
                         w->panels * (part + 1) / w->parts, w->out, w->stride);
}

void mgi_torch_parallel_gemm_int8(mgi_torch_pass *p, const mgk_int8_weight *weight,
                                  const mgk_input *input, size_t rows, float *out, size_t stride) {
    int8_work w = {p->encoder->int8, weight, input, rows, mgk_int8_panels(weight->outputs),
                   p->cores,         out,    stride};
    if (w.parts > w.panels) w.parts = (unsigned)w.panels;
    mgt_parallel(p->scope, w.parts, multiply_part, &w);
}

/* A kernel's work over rows, in equal parts. */
typedef struct row_work {
    const mgi_torch_pass *pass;
    void (*work)(const struct row_work *work, size_t from, size_t to);
    size_t rows;
    unsigned parts;
    const mgk_input *input;
    const mgk_output *y;
    const mgk_norm *norm;
    const mgk_embedding *embedding;
    const float *from;
    float *x;
    size_t width;
    mgi_activation activation;
} row_work;

static void run_part(void *context, unsigned part) {
    const row_work *w = context;
    w->work(w, w->rows * part / w->parts, w->rows * (part + 1) / w->parts);
}

static void run_rows(mgi_torch_pass *p, row_work *w) {
    size_t useful = w->rows / MIN_ROWS_PER_CORE + 1;
    w->pass = p;
    w->parts = p->cores < useful ? p->cores : (unsigned)useful;
    mgt_parallel(p->scope, w->parts, run_part, w);
}

static void do_embed(const row_work *w, size_t from, size_t to) {
    w->pass->encoder->kernels->embed(w->embedding, w->x, w->input, from, to);
}

static mgk_norm norm_of(const mgi_encoder *e, const mgi_torch_norm *norm) {
    return (mgk_norm){norm->weight, norm->bias, e->spec.hidden, e->spec.norm_eps};
}

void mgi_torch_parallel_embed(mgi_torch_pass *p, float *x, const mgk_input *input) {
    const mgi_encoder *e = p->encoder;
    mgk_embedding embedding = {.ids = p->batch->ids,
                               .types = p->batch->types,
                               .positions = p->lane->positions,
                               .words = e->words,
                               .words_type = e->words_type,
                               .position_rows = e->positions,
                               .type_rows = e->types,
                               .norm = norm_of(e, &e->embedding_norm)};
    row_work w = {.work = do_embed,
                  .rows = p->batch->tokens,
                  .embedding = &embedding,
                  .x = x,
                  .input = input};
    run_rows(p, &w);
}

static void do_pack(const row_work *w, size_t from, size_t to) {
    w->pass->encoder->kernels->pack(w->from, w->width, w->width, w->input, from, to);
}

void mgi_torch_parallel_pack(mgi_torch_pass *p, const float *from, const mgk_input *input,
                             size_t rows) {
    if (input->dtype == MGK_FP32 && input->data == from) return;
    row_work w = {.work = do_pack,
                  .rows = rows,
                  .from = from,
                  .width = p->encoder->spec.hidden,
                  .input = input};
    run_rows(p, &w);
}

static void do_add_norm(const row_work *w, size_t from, size_t to) {
    w->pass->encoder->kernels->add_norm(w->x, w->y, w->norm, w->input, from, to);
}

void mgi_torch_parallel_add_norm(mgi_torch_pass *p, float *x, const mgk_output *y,
                                 const mgi_torch_norm *norm, const mgk_input *input, size_t rows) {
    mgk_norm full = norm_of(p->encoder, norm);
    row_work w = {.work = do_add_norm, .rows = rows, .x = x, .y = y, .norm = &full, .input = input};
    run_rows(p, &w);
}

static void do_activate(const row_work *w, size_t from, size_t to) {
    w->pass->encoder->kernels->activate(w->activation, w->y, w->width, w->input, from, to);
}

void mgi_torch_parallel_activate(mgi_torch_pass *p, mgi_activation activation, const mgk_output *y,
                                 size_t width, const mgk_input *input, size_t rows) {
    row_work w = {.work = do_activate,
                  .rows = rows,
                  .activation = activation,
                  .y = y,
                  .width = width,
                  .input = input};
    run_rows(p, &w);
}

typedef struct attend_work {
    const mgi_torch_pass *pass;
    const mgk_attention *attention;
    bool first_only;
    unsigned parts;
} attend_work;

/* Heads of all sequences are dealt out in turn: lengths differ, so ranges would not be equal. */
static void attend_part(void *context, unsigned part) {
    const attend_work *w = context;
    const mgi_torch_pass *p = w->pass;
    uint32_t heads = w->attention->heads;
    size_t items = (size_t)p->batch->rows * heads;
    for (size_t item = part; item < items; item += w->parts) {
        uint32_t row = (uint32_t)(item / heads);
        uint32_t first = p->batch->offsets[row];
        mgk_sequence sequence = {
            .first = first, .length = p->batch->offsets[row + 1] - first, .first_query = first};
        sequence.queries = sequence.length;
        if (w->first_only) {
            sequence.first_query = row;
            sequence.queries = 1;
        }
        p->encoder->kernels->attend(w->attention, &sequence, (uint32_t)(item % heads),
                                    p->lane->scratch[part]);
    }
}

void mgi_torch_parallel_attend(mgi_torch_pass *p, const mgk_attention *attention, bool first_only) {
    attend_work w = {p, attention, first_only, p->cores};
    mgt_parallel(p->scope, p->cores, attend_part, &w);
}
