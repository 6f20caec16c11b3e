/* SPDX-License-Identifier: Apache-2.0 */
/* The encoder, as the paper has it: embeddings, layers, pooler, classifier. */
#include "backend/cpu/forward.h"

#include "backend/cpu/phases.h"

#include <string.h>

static void multiply(const mgi_cpu_pass *p, const mgk_gemm_weight *weight, const mgk_input *input,
                     size_t rows, float *out, size_t stride) {
    const mgk_gemm_job job = {.weight = weight,
                              .input = input,
                              .rows = rows,
                              .epilogue = MGK_GEMM_STORE,
                              .out_type = MGI_F32,
                              .out = out,
                              .out_stride = stride};
    mgi_cpu_phases_multiply(p, p->encoder->gemm, &job);
}

/* x = LayerNorm(x + product). */
static void add_and_norm(const mgi_cpu_pass *p, const mgk_gemm_weight *weight,
                         const mgk_input *input, const mgi_cpu_norm *norm,
                         const mgi_cpu_rows *rows) {
    const mgk_gemm_job job = {.weight = weight,
                              .input = input,
                              .rows = rows->count,
                              .epilogue = MGK_GEMM_ADD,
                              .out_type = MGI_F32,
                              .out = rows->x,
                              .out_stride = p->lane->x_stride};
    mgi_cpu_phases_multiply(p, p->encoder->gemm, &job);
    mgi_cpu_phases_norm(p, norm, rows);
}

/* In the last layer a third of qkv is free. */
static float *query_of_first(const mgi_cpu_pass *p) {
    return p->lane->qkv + (size_t)2 * p->encoder->spec.hidden * p->batch->tokens;
}

/* Where attention reads; one row holds query, key and value, or in the last layer key and value. */
static mgk_heads heads_of(const mgi_cpu_pass *p, bool last) {
    const mgi_encoder *e = p->encoder;
    const mgi_lane *lane = p->lane;
    size_t hidden = e->spec.hidden;
    bool int8 = mgk_kernels_is_quantised(e->gemm->dtype);
    const float *keys = last ? lane->qkv : lane->qkv + hidden;
    return (mgk_heads){
        .query = last ? query_of_first(p) : lane->qkv,
        .query_stride = last ? hidden : MGI_CPU_QKV_PARTS * hidden,
        .key = keys,
        .value = keys + hidden,
        .key_value_stride = last ? 2 * hidden : MGI_CPU_QKV_PARTS * hidden,
        .head_width = e->spec.hidden / e->spec.heads,
        .context_type = e->gemm->dtype == MGK_BF16 ? MGI_BF16 : MGI_F32,
        .context = int8 ? lane->mixed : lane->context.data,
        .context_stride = int8 ? hidden : lane->context.stride,
    };
}

/* x = LayerNorm(x + attention(x)). */
static void attend(const mgi_cpu_pass *p, const mgi_cpu_layer *layer, const mgi_cpu_rows *all) {
    const mgi_lane *lane = p->lane;
    const mgk_heads heads = heads_of(p, false);
    multiply(p, &layer->qkv, &all->input, all->count, lane->qkv, heads.query_stride);
    mgi_cpu_phases_attend(p, &heads, false);
    add_and_norm(p, &layer->attention_output, &lane->context, &layer->attention_norm, all);
}

/* Of the last layer only [CLS] is read: its rows move together at the beginning of x, where nobody
 * needs the others any more. */
static mgi_cpu_rows only_first(const mgi_cpu_pass *p, const mgi_cpu_rows *all) {
    const mgi_encoder *e = p->encoder;
    size_t width = e->spec.hidden, stride = p->lane->x_stride;
    mgi_cpu_rows first = {all->x, all->input, p->batch->rows};
    for (size_t row = 0; row < first.count; row++) {
        memmove(first.x + row * stride, all->x + (size_t)p->batch->offsets[row] * stride,
                width * sizeof(float));
    }
    if (e->gemm->dtype != MGK_FP32) {
        mgi_cpu_phases_pack(p, first.x, stride, width, &first.input, first.count);
    }
    return first;
}

/* The same of the last layer, for the rows of [CLS] alone, which are returned: they attend to every
 * token. */
static mgi_cpu_rows attend_first(const mgi_cpu_pass *p, const mgi_cpu_layer *layer,
                                 const mgi_cpu_rows *all) {
    const mgi_lane *lane = p->lane;
    const mgk_heads heads = heads_of(p, true);
    multiply(p, &layer->key_value, &all->input, all->count, lane->qkv, heads.key_value_stride);
    const mgi_cpu_rows first = only_first(p, all);
    multiply(p, &layer->query, &first.input, first.count, query_of_first(p), heads.query_stride);
    mgi_cpu_phases_attend(p, &heads, true);
    add_and_norm(p, &layer->attention_output, &lane->context, &layer->attention_norm, &first);
    return first;
}

/* x = LayerNorm(x + W2 activation(W1 x)), for at most wide_rows. */
static void feed_some(const mgi_cpu_pass *p, const mgi_cpu_layer *layer, const mgi_cpu_rows *rows) {
    const mgi_encoder *e = p->encoder;
    const mgi_lane *lane = p->lane;
    size_t wide = e->spec.intermediate;
    bool int8 = mgk_kernels_is_quantised(e->gemm->dtype);
    const mgk_gemm_job job = {.weight = &layer->intermediate,
                              .input = &rows->input,
                              .rows = rows->count,
                              .epilogue = MGK_GEMM_ACTIVATE,
                              .activation = e->spec.activation,
                              .out_type = e->gemm->dtype == MGK_BF16 ? MGI_BF16 : MGI_F32,
                              .out = int8 ? lane->wide : lane->wide_input.data,
                              .out_stride = int8 ? wide : lane->wide_input.stride};
    mgi_cpu_phases_multiply(p, e->gemm, &job);
    if (int8) mgi_cpu_phases_pack(p, lane->wide, wide, wide, &lane->wide_input, rows->count);
    add_and_norm(p, &layer->output, &lane->wide_input, &layer->output_norm, rows);
}

static mgi_cpu_rows part_of(const mgi_cpu_pass *p, const mgi_cpu_rows *rows, size_t from,
                            size_t to) {
    mgi_cpu_rows part = *rows;
    mgk_input *input = &part.input;
    size_t bytes = mgk_kernels_dtype_bytes(input->dtype);
    part.x += from * p->lane->x_stride;
    part.count = to - from;
    input->data = (char *)input->data + from * input->stride * bytes;
    if (input->scale != NULL) input->scale += from;
    if (input->sums != NULL) input->sums += from;
    return part;
}

static void feed_forward(const mgi_cpu_pass *p, const mgi_cpu_layer *layer,
                         const mgi_cpu_rows *rows) {
    size_t most = p->encoder->wide_rows, parts = (rows->count + most - 1) / most;
    for (size_t i = 0; i < parts; i++) {
        const mgi_cpu_rows part =
            part_of(p, rows, rows->count * i / parts, rows->count * (i + 1) / parts);
        feed_some(p, layer, &part);
    }
}

static void classify(const mgi_cpu_pass *p, const mgi_cpu_rows *first, float *logits) {
    const mgi_encoder *e = p->encoder;
    size_t width = e->spec.hidden, stride = p->lane->x_stride;
    const mgk_input x = {.dtype = MGK_FP32, .data = first->x, .stride = stride};
    const mgk_input pooled = {.dtype = MGK_FP32, .data = p->lane->qkv, .stride = stride};
    for (size_t row = 0; row < first->count; row++) { /* products read to the row's end */
        memset(p->lane->qkv + row * stride + width, 0, (stride - width) * sizeof(float));
    }
    mgk_gemm_job job = {.weight = &e->pooler,
                        .input = &x,
                        .rows = first->count,
                        .epilogue = MGK_GEMM_ACTIVATE,
                        .activation = MGI_TANH,
                        .out_type = MGI_F32,
                        .out = pooled.data,
                        .out_stride = stride};
    mgi_cpu_phases_multiply(p, e->finish, &job);
    job.weight = &e->classifier;
    job.input = &pooled;
    job.epilogue = MGK_GEMM_STORE;
    job.out = logits;
    job.out_stride = e->spec.labels;
    mgi_cpu_phases_multiply(p, e->finish, &job);
}

mgeo_status mgi_cpu_forward_run(mgi_lane *lane, const mgi_batch *batch, mgi_team *team,
                                float *logits, mgeo_error *error) {
    const mgi_encoder *e = lane->encoder;
    mgi_cpu_pass pass = {.lane = lane, .encoder = e, .batch = batch, .team = team};
    mgeo_status status = mgi_cpu_phases_begin(&pass, error);
    if (status != MGEO_OK) return status;
    const mgi_cpu_rows all = {lane->x, lane->input, batch->tokens};
    const mgi_cpu_layer *last = &e->layers[e->spec.layers - 1];
    mgi_cpu_phases_embed(&pass, &all);
    for (const mgi_cpu_layer *layer = e->layers; layer < last; layer++) {
        attend(&pass, layer, &all);
        feed_forward(&pass, layer, &all);
    }
    const mgi_cpu_rows first = attend_first(&pass, last, &all);
    feed_forward(&pass, last, &first);
    mgi_cpu_phases_end_layers(&pass);
    classify(&pass, &first, logits);
    return mgi_succeed(error);
}
