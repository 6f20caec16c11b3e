/* SPDX-License-Identifier: Apache-2.0 */
/* The encoder, as the paper has it: embeddings, layers, pooler, classifier. */
#include "backend/torch/forward.h"
#include "backend/torch/parallel.h"

#include <string.h>

/* Rows that flow through a layer: every token's, or in the end every sequence's [CLS]. */
typedef struct stream {
    float *x;
    mgk_input input;
    size_t rows;
} stream;

/* Rows of x as products take them: the rows themselves in fp32, else in memory of their own. */
static mgk_input input_of(const mgi_torch_pass *p, float *x, void *packed, float *scale,
                          int32_t *sums) {
    const mgi_encoder *e = p->encoder;
    size_t stride =
        mgk_kernels_is_quantised(e->dtype) ? mgk_int8_stride(e->spec.hidden) : e->spec.hidden;
    return (mgk_input){e->dtype, e->dtype == MGK_FP32 ? x : packed, stride, scale, sums};
}

/* product = input weightᵀ into memory for as many columns as `stride` says; what comes out is still
 * without its bias. */
static mgk_output multiply(mgi_torch_pass *p, const mgi_torch_linear *linear,
                           const mgk_input *input, size_t rows, void *to, size_t stride) {
    bool two_bytes = input->dtype == MGK_BF16;
    if (mgk_kernels_is_quantised(input->dtype)) {
        mgi_torch_parallel_gemm_int8(p, &linear->int8, input, rows, to, stride);
    } else {
        mgt_dtype kind = two_bytes ? MGT_BF16 : MGT_F32;
        size_t all = mgi_torch_workspace_gemm_rows(input->dtype, rows);
        mgt_tensor *left =
            mgt_view(p->scope, kind, input->data, all, linear->inputs, input->stride);
        mgt_tensor *out = mgt_view(p->scope, kind, to, all, linear->outputs, stride);
        mgt_gemm(p->scope, left, linear->weight, out);
    }
    return (mgk_output){two_bytes ? MGI_BF16 : MGI_F32, to, stride, linear->bias};
}

static mgk_output column(mgk_output rows, size_t column, const float *bias) {
    size_t size = rows.type == MGI_F32 ? 4 : 2;
    rows.data = (char *)rows.data + column * size;
    rows.bias = bias;
    return rows;
}

static void make_qkv(mgi_torch_pass *p, const mgi_torch_layer *layer, const stream *s,
                     const stream *queries, mgk_attention *a) {
    size_t hidden = p->encoder->spec.hidden, at = 0;
    size_t number = p->encoder->dtype == MGK_BF16 ? 2 : 4;
    mgk_output *const outputs[] = {&a->query, &a->key, &a->value};
    for (unsigned part = 0; part < layer->qkv_parts; part++) {
        const mgi_torch_linear *linear = &layer->qkv[part];
        const stream *from = part == 0 ? queries : s;
        char *to = from == s ? (char *)p->lane->qkv + at * number : p->lane->query;
        size_t stride = from == s ? MGI_TORCH_QKV_PARTS * hidden : hidden;
        mgk_output made = multiply(p, linear, &from->input, from->rows, to, stride);
        for (size_t done = 0; done < linear->outputs; done += hidden, at += hidden) {
            *outputs[at / hidden] = column(made, done, layer->qkv_bias + at);
        }
    }
}

/* x = LayerNorm(x + attention(x)), for the rows of `queries`. */
static void attend(mgi_torch_pass *p, const mgi_torch_layer *layer, const stream *s,
                   stream *queries) {
    size_t hidden = p->encoder->spec.hidden;
    mgi_lane *lane = p->lane;
    mgk_attention attention = {.heads = p->encoder->spec.heads,
                               .head_width = p->encoder->spec.hidden / p->encoder->spec.heads,
                               .context = lane->context,
                               .context_stride = hidden};
    make_qkv(p, layer, s, queries, &attention);
    mgi_torch_parallel_attend(p, &attention, queries != s);
    mgk_input context = queries->input;
    if (context.dtype == MGK_FP32) context.data = lane->context;
    mgi_torch_parallel_pack(p, lane->context, &context, queries->rows);
    mgk_output y = multiply(p, &layer->attention_output, &context, queries->rows, lane->y, hidden);
    mgi_torch_parallel_add_norm(p, queries->x, &y, &layer->attention_norm, &queries->input,
                                queries->rows);
}

/* x = LayerNorm(x + W2 activation(W1 x)). */
static void feed_forward(mgi_torch_pass *p, const mgi_torch_layer *layer, stream *s) {
    const mgi_encoder_spec *spec = &p->encoder->spec;
    mgi_lane *lane = p->lane;
    mgk_input wide = {s->input.dtype, lane->wide, spec->intermediate, NULL, NULL};
    if (mgk_kernels_is_quantised(wide.dtype)) {
        wide = (mgk_input){wide.dtype, lane->wide_input, mgk_int8_stride(spec->intermediate),
                           lane->wide_scale, lane->wide_sums};
    }
    mgk_output y =
        multiply(p, &layer->intermediate, &s->input, s->rows, lane->wide, spec->intermediate);
    mgi_torch_parallel_activate(p, spec->activation, &y, spec->intermediate, &wide, s->rows);
    y = multiply(p, &layer->output, &wide, s->rows, lane->y, spec->hidden);
    mgi_torch_parallel_add_norm(p, s->x, &y, &layer->output_norm, &s->input, s->rows);
}

/* Of the last layer only [CLS] is read: it attends to every token, and no other row attends. */
static stream only_first(mgi_torch_pass *p) {
    mgi_lane *lane = p->lane;
    size_t hidden = p->encoder->spec.hidden;
    stream s = {.x = lane->first, .rows = p->batch->rows};
    s.input = input_of(p, s.x, lane->first_input, lane->first_scale, lane->first_sums);
    for (size_t row = 0; row < s.rows; row++) {
        memcpy(s.x + row * hidden, lane->x + (size_t)p->batch->offsets[row] * hidden,
               hidden * sizeof(float));
    }
    mgi_torch_parallel_pack(p, s.x, &s.input, s.rows);
    return s;
}

static void classify(mgi_torch_pass *p, const stream *s, float *logits) {
    const mgi_encoder *e = p->encoder;
    size_t hidden = e->spec.hidden, labels = e->spec.labels;
    mgi_lane *lane = p->lane;
    mgk_input x = {MGK_FP32, s->x, hidden, NULL, NULL};
    mgk_input pooled = {MGK_FP32, lane->context, hidden, NULL, NULL};
    mgk_output y = multiply(p, &e->pooler, &x, s->rows, lane->context, hidden);
    mgi_torch_parallel_activate(p, MGI_TANH, &y, hidden, &pooled, s->rows);
    y = multiply(p, &e->classifier, &pooled, s->rows, lane->classes, labels);
    for (size_t row = 0; mgt_scope_ok(p->scope) && row < s->rows; row++) {
        for (size_t i = 0; i < labels; i++) {
            logits[row * labels + i] = lane->classes[row * labels + i] + y.bias[i];
        }
    }
}

mgeo_status mgi_torch_forward_run(mgi_lane *lane, const mgi_batch *batch, mgi_team *team,
                                  float *logits, mgeo_error *error) {
    const mgi_encoder *e = lane->encoder;
    mgi_torch_pass pass = {.lane = lane, .encoder = e, .scope = lane->scope, .batch = batch};
    mgeo_status status = mgi_torch_parallel_begin(&pass, team->cores, error);
    if (status != MGEO_OK) return status;
    stream s = {.x = lane->x, .rows = batch->tokens};
    s.input = input_of(&pass, s.x, lane->input, lane->scale, lane->sums);
    mgi_torch_parallel_embed(&pass, s.x, &s.input);
    for (uint32_t i = 0; i < e->spec.layers; i++) {
        bool last = i + 1 == e->spec.layers;
        stream first = last ? only_first(&pass) : s;
        stream *queries = last ? &first : &s;
        attend(&pass, &e->layers[i], &s, queries);
        feed_forward(&pass, &e->layers[i], queries);
        if (last) s = first;
    }
    classify(&pass, &s, logits);
    return mgt_scope_leave(lane->scope, error);
}
