/* SPDX-License-Identifier: Apache-2.0 */
/* The forward pass, as the paper has it: embeddings, layers, pooler, classifier, one kernel each.
 */
#include "backend/cuda/forward.h"

#include "backend/cuda/kernels/attention.h"
#include "backend/cuda/kernels/classify.h"
#include "backend/cuda/kernels/epilogue.h"
#include "backend/cuda/kernels/norm.h"

/* The first launch that fails sticks in `code`; those after it do nothing. */
typedef struct pass {
    const mgi_cuda_forward_pass *caller;
    const mgi_encoder *encoder;
    const mgi_cuda_replica *replica;
    const mgi_cuda_buffers *b;
    const mgk_cuda_batch *batch;
    cudaStream_t stream;
    bool dependent;
    int code;
} pass;

/* Rows that flow: of every token, or in the end of every sequence's [CLS]. */
typedef struct stream {
    mgk_cuda_extent extent;
    uint32_t rows; /* at most */
} stream;

static bool going(const pass *p) { return p->code == 0; }

/* ---- LayerNorm's targets ---- */

/* x as activations, and what the next product multiplies where that is of another dtype. */
static mgk_cuda_norm norm_of(const pass *p, const mgi_cuda_norm_weights *weights, void *x) {
    const mgi_encoder *e = p->encoder;
    return (mgk_cuda_norm){.weight = weights->weight,
                           .bias = weights->bias,
                           .width = e->spec.hidden,
                           .eps = e->spec.norm_eps,
                           .type = e->dtypes.activation,
                           .x = x,
                           .quantised = p->b->quantised,
                           .quantised_type = e->dtypes.gemm,
                           .scale = weights->scale,
                           .row_scale = p->b->row_scale};
}

static const void *input_of(const pass *p, const void *x) {
    return p->b->quantised != NULL ? p->b->quantised : x;
}

static void embed(pass *p) {
    const mgk_cuda_norm norm = norm_of(p, &p->replica->embedding_norm, p->b->x);
    const mgk_cuda_embedding embedding = {.tokens = p->caller->tokens,
                                          .upload = p->caller->upload,
                                          .sizes = p->batch->stable ? NULL : p->b->sizes,
                                          .offsets = p->batch->stable ? NULL : p->b->offsets,
                                          .words = p->replica->words,
                                          .positions = p->replica->positions,
                                          .types = p->replica->types};
    p->code = mgk_cuda_norm_embed(&embedding, p->batch, &norm, p->dependent, p->stream);
}

/* norm(x + y + bias), where the product that made y may have added x and bias already. */
static void add_norm(pass *p, const stream *s, const void *x, const void *y,
                     mgi_cuda_epilogue_done done, const float *bias, const mgk_cuda_norm *norm) {
    if (!going(p)) return;
    p->code = mgk_cuda_norm_add(done.addend ? NULL : x, y, bias, p->batch, s->extent, norm,
                                p->dependent, p->stream);
}

/* ---- products ---- */

/* One product and what its output lacks afterwards. */
typedef struct gemm {
    mgi_cuda_gemm_kind kind;
    const mgi_cuda_linear *linear;
    const mgi_cuda_layer *layer;
    uint32_t first, outputs;
    const void *input;
    const float *input_scale; /* S8: [rows] */
    const void *addend;       /* may be added to the output, or NULL */
    void *to;
    bool bias; /* else the kernel that reads the output adds it */
    mgk_cuda_activation activation;
    mgk_cuda_dtype to_type;
    float *to_scale; /* S8: [rows] */
} gemm;

static void run_epilogue(pass *p, const stream *s, const gemm *m, mgi_cuda_epilogue_done done) {
    const bool int8 = p->encoder->dtypes.gemm == MGK_CUDA_S8;
    const bool lacks_bias = m->bias && !done.bias;
    const bool lacks_activation = m->activation != MGK_CUDA_IDENTITY && !done.activation;
    if (!int8 && !lacks_bias && !lacks_activation) return;
    const mgk_cuda_epilogue f = {.from_type = int8 ? MGK_CUDA_S32 : p->encoder->dtypes.activation,
                                 .from = int8 ? p->b->sums : m->to,
                                 .row_scale = m->input_scale,
                                 .scale =
                                     m->linear->scale != NULL ? m->linear->scale + m->first : NULL,
                                 .bias = lacks_bias ? m->linear->bias + m->first : NULL,
                                 .activation = lacks_activation ? m->activation : MGK_CUDA_IDENTITY,
                                 .width = m->outputs,
                                 .to_type = m->to_type,
                                 .to = m->to,
                                 .to_row_scale = m->to_scale};
    p->code = mgk_cuda_epilogue_rows(&f, p->batch, s->extent, p->dependent, p->stream);
}

static mgi_cuda_epilogue_done run_gemm(pass *p, const stream *s, const gemm *m) {
    mgi_cuda_epilogue_done done = {0};
    if (!going(p)) return done;
    const bool int8 = p->encoder->dtypes.gemm == MGK_CUDA_S8;
    const mgi_cuda_gemm_call call = {.replica = p->replica,
                                     .plans = p->caller->plans,
                                     .linear = m->linear,
                                     .layer = m->layer,
                                     .kind = m->kind,
                                     .first = m->first,
                                     .rows = s->rows,
                                     .input = m->input,
                                     .addend = m->addend,
                                     .output = int8 ? p->b->sums : m->to,
                                     .workspace = p->b->workspace,
                                     .stream = p->stream};
    p->code = mgi_cuda_gemm_launch(p->encoder, &call, &done);
    if (going(p)) run_epilogue(p, s, m, done);
    return done;
}

static gemm plain_gemm(const pass *p, mgi_cuda_gemm_kind kind, const mgi_cuda_linear *linear,
                       const void *input, void *to) {
    return (gemm){.kind = kind,
                  .linear = linear,
                  .outputs = linear->outputs,
                  .input = input,
                  .input_scale = p->b->row_scale,
                  .to = to,
                  .to_type = p->encoder->dtypes.activation};
}

/* ---- attention ---- */

static void *column(const pass *p, void *rows, size_t number) {
    return (char *)rows + number * mgk_cuda_dtype_bytes(p->encoder->dtypes.activation);
}

static void attend(pass *p, const mgi_cuda_layer *layer, mgk_cuda_attention a) {
    if (!going(p)) return;
    const mgi_encoder *e = p->encoder;
    const bool int8 = e->dtypes.gemm == MGK_CUDA_S8;
    a.type = e->dtypes.activation;
    a.heads = e->spec.heads;
    a.head_width = e->spec.hidden / e->spec.heads;
    a.context = p->b->context;
    a.context_type = int8 ? e->dtypes.activation : e->dtypes.gemm;
    a.context_scale = layer->context_scale;
    p->code = mgk_cuda_attention_launch(&a, p->batch, p->dependent, p->stream);
    if (!int8 || !going(p)) return;
    const mgk_cuda_epilogue f = {.from_type = e->dtypes.activation,
                                 .from = p->b->context,
                                 .width = e->spec.hidden,
                                 .to_type = MGK_CUDA_S8,
                                 .to = p->b->context_int8,
                                 .to_row_scale = p->b->context_scale};
    p->code = mgk_cuda_epilogue_rows(&f, p->batch, a.queries, p->dependent, p->stream);
}

/* All of it in one kernel, where the batch is cut into tiles. */
static bool attend_tiles(pass *p, const mgi_cuda_layer *layer) {
    const mgi_cuda_tiling *cut = &p->caller->tiling;
    if (cut->count == 0) return false;
    if (going(p)) {
        p->code = mgk_qkv_attention_sm90_launch(&cut->plans[layer - p->replica->layers], cut->tiles,
                                                cut->count, cut->bounds, p->dependent, p->stream);
    }
    return true;
}

/* All queries are done; `queries` says who asks. */
static void attend_tokens(pass *p, const mgi_cuda_layer *layer, const stream *s,
                          mgk_cuda_extent queries) {
    const size_t hidden = p->encoder->spec.hidden;
    gemm qkv = plain_gemm(p, MGI_CUDA_GEMM_QKV, &layer->qkv, input_of(p, p->b->x), p->b->qkv);
    qkv.layer = layer;
    qkv.bias = true;
    run_gemm(p, s, &qkv);
    attend(p, layer,
           (mgk_cuda_attention){.query = p->b->qkv,
                                .key = column(p, p->b->qkv, hidden),
                                .value = column(p, p->b->qkv, 2 * hidden),
                                .query_stride = (uint32_t)(3 * hidden),
                                .key_stride = (uint32_t)(3 * hidden),
                                .queries = queries});
}

/* Where [CLS]'s rows of x lie in the last layer, and what products multiply of them. */
typedef struct first_rows {
    const void *x, *input;
    const float *input_scale;
} first_rows;

/* Of several sequences they are gathered: x into y, what products multiply into wide. */
static first_rows gather_first(pass *p) {
    const uint32_t hidden = p->encoder->spec.hidden;
    first_rows f = {p->b->x, input_of(p, p->b->x), p->b->row_scale};
    if (p->batch->rows == 1 || !going(p)) return f; /* the first rows of all */
    f.x = f.input = p->b->y;
    p->code = mgk_cuda_classify_gather_first(
        p->b->x, p->b->y, hidden * mgk_cuda_dtype_bytes(p->encoder->dtypes.activation), p->batch,
        p->dependent, p->stream);
    if (p->b->quantised == NULL || !going(p)) return f;
    f.input = p->b->wide;
    f.input_scale = p->b->wide_scale;
    p->code = mgk_cuda_classify_gather_quantised(p->b->quantised, p->b->row_scale, p->b->wide,
                                                 p->b->wide_scale, hidden, p->batch, p->dependent,
                                                 p->stream);
    return f;
}

/* Only [CLS] attends. */
static void attend_first(pass *p, const mgi_cuda_layer *layer, const stream *all,
                         const stream *first, const first_rows *rows) {
    const uint32_t hidden = p->encoder->spec.hidden;
    const size_t behind = (size_t)(all->rows + MGI_CUDA_ARENA_ROWS_STEP - 1) /
                          MGI_CUDA_ARENA_ROWS_STEP *
                          MGI_CUDA_ARENA_ROWS_STEP; /* as aligned as the buffer */
    void *query = column(p, p->b->qkv, 2 * hidden * behind);
    gemm both =
        plain_gemm(p, MGI_CUDA_GEMM_KEY_VALUE, &layer->qkv, input_of(p, p->b->x), p->b->qkv);
    both.layer = layer;
    both.first = hidden;
    both.outputs = 2 * hidden;
    both.bias = true;
    run_gemm(p, all, &both);
    gemm query_gemm = plain_gemm(p, MGI_CUDA_GEMM_QUERY, &layer->qkv, rows->input, query);
    query_gemm.outputs = hidden;
    query_gemm.bias = true;
    query_gemm.input_scale = rows->input_scale;
    run_gemm(p, first, &query_gemm);
    attend(p, layer,
           (mgk_cuda_attention){.query = query,
                                .key = p->b->qkv,
                                .value = column(p, p->b->qkv, hidden),
                                .query_stride = hidden,
                                .key_stride = 2 * hidden,
                                .queries = MGK_CUDA_SEQUENCES});
}

/* ---- layers ---- */

/* Attention's output product of the context; x may be added already. */
static mgi_cuda_epilogue_done project(pass *p, const mgi_cuda_layer *layer, const stream *s,
                                      const void *x, void *to) {
    const bool int8 = p->encoder->dtypes.gemm == MGK_CUDA_S8;
    gemm out = plain_gemm(p, MGI_CUDA_GEMM_OUT, &layer->attention_output,
                          int8 ? p->b->context_int8 : p->b->context, to);
    out.layer = layer;
    out.input_scale = p->b->context_scale;
    out.addend = x;
    return run_gemm(p, s, &out);
}

/* y = down(activation(up(x))); x may be added already. */
static mgi_cuda_epilogue_done widen(pass *p, const mgi_cuda_layer *layer, const stream *s) {
    const mgi_encoder *e = p->encoder;
    gemm up = plain_gemm(p, MGI_CUDA_GEMM_UP, &layer->up, input_of(p, p->b->x), p->b->wide);
    up.layer = layer;
    up.bias = true;
    up.activation = mgi_cuda_gemm_activation(e->spec.activation);
    up.to_type = e->dtypes.gemm;
    up.to_scale = p->b->wide_scale;
    run_gemm(p, s, &up);
    gemm down = plain_gemm(p, MGI_CUDA_GEMM_DOWN, &layer->down, p->b->wide, p->b->y);
    down.layer = layer;
    down.input_scale = p->b->wide_scale;
    down.addend = p->b->x;
    return run_gemm(p, s, &down);
}

static void run_layer(pass *p, const mgi_cuda_layer *layer, const stream *all) {
    const mgk_cuda_norm middle = norm_of(p, &layer->attention_norm, p->b->x);
    const mgk_cuda_norm end = norm_of(p, &layer->output_norm, p->b->x);
    if (!attend_tiles(p, layer)) attend_tokens(p, layer, all, MGK_CUDA_TOKENS);
    mgi_cuda_epilogue_done done = project(p, layer, all, p->b->x, p->b->y);
    add_norm(p, all, p->b->x, p->b->y, done, layer->attention_output.bias, &middle);
    done = widen(p, layer, all);
    add_norm(p, all, p->b->x, p->b->y, done, layer->down.bias, &end);
}

/* Keys and values of every token, the rest for [CLS] only. The output is fp32, in the buffer of
 * queries and values. */
static void run_last_layer(pass *p, const mgi_cuda_layer *layer, const stream *all) {
    const stream first = {MGK_CUDA_SEQUENCES, p->batch->rows};
    const mgk_cuda_norm middle = norm_of(p, &layer->attention_norm, p->b->x);
    mgk_cuda_norm end = norm_of(p, &layer->output_norm, NULL);
    end.exact = p->b->qkv;
    end.quantised = NULL;
    const first_rows rows = gather_first(p);
    if (p->batch->rows == 1) { /* unused queries cost less than one more kernel */
        attend_tokens(p, layer, all, MGK_CUDA_SEQUENCES);
    } else {
        attend_first(p, layer, all, &first, &rows);
    }
    /* y may hold the residual */
    mgi_cuda_epilogue_done done = project(p, layer, &first, rows.x, p->b->wide);
    add_norm(p, &first, rows.x, p->b->wide, done, layer->attention_output.bias, &middle);
    done = widen(p, layer, &first);
    add_norm(p, &first, p->b->x, p->b->y, done, layer->down.bias, &end);
}

/* ---- the end ---- */

static void pool(pass *p) {
    enum { FEW = 16 }; /* up to here one kernel of ours beats a product's start */
    if (!going(p)) return;
    const mgi_cuda_linear *pooler = &p->replica->pooler;
    if (p->batch->rows <= FEW) {
        p->code = mgk_cuda_classify_pool(p->b->qkv, pooler->weight, p->b->y, pooler->inputs,
                                         p->batch, p->dependent, p->stream);
        return;
    }
    mgi_cuda_epilogue_done done;
    const mgi_cuda_gemm_call call = {.replica = p->replica,
                                     .linear = pooler,
                                     .kind = MGI_CUDA_GEMM_POOL,
                                     .rows = p->batch->rows,
                                     .input = p->b->qkv,
                                     .output = p->b->y,
                                     .workspace = p->b->workspace,
                                     .stream = p->stream};
    p->code = mgi_cuda_gemm_launch(p->encoder, &call, &done);
}

static void classify(pass *p) {
    if (!going(p)) return;
    const mgk_cuda_classifier classifier = {.pooled = p->b->y,
                                            .pool_bias = p->replica->pooler.bias,
                                            .weight = p->replica->classifier.weight,
                                            .bias = p->replica->classifier.bias,
                                            .width = p->encoder->spec.hidden,
                                            .labels = p->encoder->spec.labels,
                                            .logits = p->caller->logits,
                                            .arrived = p->b->arrived,
                                            .mark = p->caller->mark,
                                            .done = p->caller->done};
    p->code = mgk_cuda_classify(&classifier, p->batch, p->dependent, p->stream);
}

int mgi_cuda_forward_run(const mgi_cuda_forward_pass *caller) {
    pass p = {.caller = caller,
              .encoder = caller->encoder,
              .replica = caller->replica,
              .b = caller->buffers,
              .batch = &caller->batch,
              .stream = caller->stream,
              .dependent = caller->encoder->dependent};
    const stream all = {MGK_CUDA_TOKENS, caller->batch.tokens};
    const uint32_t layers = p.encoder->spec.layers;
    embed(&p);
    for (uint32_t i = 0; i + 1 < layers; i++) run_layer(&p, &p.replica->layers[i], &all);
    run_last_layer(&p, &p.replica->layers[layers - 1], &all);
    pool(&p);
    classify(&p);
    return p.code;
}
