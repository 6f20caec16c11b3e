/* SPDX-License-Identifier: Apache-2.0 */
/* The encoder, as the paper has it: embeddings, layers, pooler, classifier, one kernel each. */
#include "backend/cuda/encoder.h"

/* A pass goes on until a launch fails; then the rest does nothing. */
typedef struct pass {
    const mgi_cuda_forward_pass *asked;
    const mgi_encoder *encoder;
    const mgi_cuda_replica *copy;
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

mgk_cuda_activation mgi_cuda_forward_activation(mgi_activation activation) {
    switch (activation) {
    case MGI_GELU: return MGK_CUDA_GELU;
    case MGI_GELU_TANH: return MGK_CUDA_GELU_TANH;
    case MGI_RELU: return MGK_CUDA_RELU;
    case MGI_TANH: return MGK_CUDA_TANH;
    }
    return MGK_CUDA_IDENTITY;
}

/* ---- LayerNorm's targets ---- */

/* x in flow, and beside it what the next product multiplies, where that is something else. */
static mgk_cuda_norm norm_of(const pass *p, const mgi_cuda_norm_weights *weights, void *x) {
    const mgi_encoder *e = p->encoder;
    return (mgk_cuda_norm){.weight = weights->weight,
                           .bias = weights->bias,
                           .width = e->spec.hidden,
                           .eps = e->spec.norm_eps,
                           .type = e->forms.flow,
                           .x = x,
                           .quantised = p->b->quantised,
                           .quantised_type = e->forms.product,
                           .scale = weights->scale,
                           .row_scale = p->b->row_scale};
}

static const void *input_of(const pass *p, const void *x) {
    return p->b->quantised ? p->b->quantised : x;
}

static void embed(pass *p) {
    const mgk_cuda_norm norm = norm_of(p, &p->copy->embedding_norm, p->b->x);
    const mgk_cuda_embedding embedding = {.tokens = p->asked->tokens,
                                          .upload = p->asked->upload,
                                          .sizes = p->batch->stable ? NULL : p->b->sizes,
                                          .offsets = p->batch->stable ? NULL : p->b->offsets,
                                          .words = p->copy->words,
                                          .positions = p->copy->positions,
                                          .types = p->copy->types};
    p->code = mgk_cuda_norm_embed(&embedding, p->batch, &norm, p->dependent, p->stream);
}

/* norm(x + y + bias), of which the product that made y may have added x and bias. */
static void add_norm(pass *p, const stream *s, const void *x, const void *y,
                     mgi_cuda_epilogue_done made, const float *bias, const mgk_cuda_norm *norm) {
    if (!going(p)) return;
    p->code = mgk_cuda_norm_add(made.addend ? NULL : x, y, bias, p->batch, s->extent, norm,
                                p->dependent, p->stream);
}

/* ---- products ---- */

/* One product and what its output lacks afterwards. */
typedef struct product {
    mgi_cuda_gemm_kind site;
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
} product;

static void finish(pass *p, const stream *s, const product *m, mgi_cuda_epilogue_done made) {
    const bool steps = p->encoder->forms.product == MGK_CUDA_S8;
    const bool lacks_bias = m->bias && !made.bias;
    const bool lacks_activation = m->activation != MGK_CUDA_IDENTITY && !made.activation;
    if (!steps && !lacks_bias && !lacks_activation) return;
    const mgk_cuda_epilogue f = {.from_type = steps ? MGK_CUDA_S32 : p->encoder->forms.flow,
                                 .from = steps ? p->b->sums : m->to,
                                 .row_scale = m->input_scale,
                                 .scale = m->linear->scale ? m->linear->scale + m->first : NULL,
                                 .bias = lacks_bias ? m->linear->bias + m->first : NULL,
                                 .activation = lacks_activation ? m->activation : MGK_CUDA_IDENTITY,
                                 .width = m->outputs,
                                 .to_type = m->to_type,
                                 .to = m->to,
                                 .to_row_scale = m->to_scale};
    p->code = mgk_cuda_epilogue_rows(&f, p->batch, s->extent, p->dependent, p->stream);
}

static mgi_cuda_epilogue_done multiply(pass *p, const stream *s, const product *m) {
    mgi_cuda_epilogue_done made = {0};
    if (!going(p)) return made;
    const bool steps = p->encoder->forms.product == MGK_CUDA_S8;
    const mgi_cuda_gemm_call ask = {.copy = p->copy,
                                    .plans = p->asked->plans,
                                    .linear = m->linear,
                                    .layer = m->layer,
                                    .site = m->site,
                                    .first = m->first,
                                    .rows = s->rows,
                                    .input = m->input,
                                    .addend = m->addend,
                                    .output = steps ? p->b->sums : m->to,
                                    .workspace = p->b->workspace,
                                    .stream = p->stream};
    p->code = mgi_cuda_gemm_launch(p->encoder, &ask, &made);
    if (going(p)) finish(p, s, m, made);
    return made;
}

static product flow_product(const pass *p, mgi_cuda_gemm_kind site, const mgi_cuda_linear *linear,
                            const void *input, void *to) {
    return (product){.site = site,
                     .linear = linear,
                     .outputs = linear->outputs,
                     .input = input,
                     .input_scale = p->b->row_scale,
                     .to = to,
                     .to_type = p->encoder->forms.flow};
}

/* ---- attention ---- */

static void *column(const pass *p, void *rows, size_t number) {
    return (char *)rows + number * mgk_cuda_dtype_bytes(p->encoder->forms.flow);
}

static void attend(pass *p, const mgi_cuda_layer *layer, mgk_cuda_attention a) {
    if (!going(p)) return;
    const mgi_encoder *e = p->encoder;
    const bool steps = e->forms.product == MGK_CUDA_S8;
    a.type = e->forms.flow;
    a.heads = e->spec.heads;
    a.head_width = e->spec.hidden / e->spec.heads;
    a.context = p->b->context;
    a.context_type = steps ? e->forms.flow : e->forms.product;
    a.context_scale = layer->context_scale;
    p->code = mgk_cuda_attention_launch(&a, p->batch, p->dependent, p->stream);
    if (!steps || !going(p)) return;
    const mgk_cuda_epilogue f = {.from_type = e->forms.flow,
                                 .from = p->b->context,
                                 .width = e->spec.hidden,
                                 .to_type = MGK_CUDA_S8,
                                 .to = p->b->context_steps,
                                 .to_row_scale = p->b->context_scale};
    p->code = mgk_cuda_epilogue_rows(&f, p->batch, a.queries, p->dependent, p->stream);
}

/* All of it in one kernel, where the batch is cut into tiles. */
static bool attend_tiles(pass *p, const mgi_cuda_layer *layer) {
    const mgi_cuda_tiling *cut = &p->asked->tiling;
    if (cut->count == 0) return false;
    if (going(p)) {
        p->code = mgk_qkv_attention_sm90_launch(&cut->plans[layer - p->copy->layers], cut->tiles,
                                                cut->count, cut->bounds, p->dependent, p->stream);
    }
    return true;
}

/* All queries are made; `queries` says who asks. */
static void attend_tokens(pass *p, const mgi_cuda_layer *layer, const stream *s,
                          mgk_cuda_extent queries) {
    const size_t hidden = p->encoder->spec.hidden;
    product qkv = flow_product(p, MGI_CUDA_GEMM_QKV, &layer->qkv, input_of(p, p->b->x), p->b->qkv);
    qkv.layer = layer;
    qkv.bias = true;
    multiply(p, s, &qkv);
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

/* Of several sequences they are gathered: x to y, what products multiply to wide. */
static first_rows gather_first(pass *p) {
    const uint32_t hidden = p->encoder->spec.hidden;
    first_rows f = {p->b->x, input_of(p, p->b->x), p->b->row_scale};
    if (p->batch->rows == 1 || !going(p)) return f; /* the first rows of all */
    f.x = f.input = p->b->y;
    p->code = mgk_cuda_classify_gather_first(p->b->x, p->b->y,
                                             hidden * mgk_cuda_dtype_bytes(p->encoder->forms.flow),
                                             p->batch, p->dependent, p->stream);
    if (p->b->quantised == NULL || !going(p)) return f;
    f.input = p->b->wide;
    f.input_scale = p->b->wide_scale;
    p->code = mgk_cuda_classify_gather_quantised(p->b->quantised, p->b->row_scale, p->b->wide,
                                                 p->b->wide_scale, hidden, p->batch, p->dependent,
                                                 p->stream);
    return f;
}

/* [CLS] alone asks. */
static void attend_first(pass *p, const mgi_cuda_layer *layer, const stream *all,
                         const stream *first, const first_rows *rows) {
    const uint32_t hidden = p->encoder->spec.hidden;
    const size_t behind = (size_t)(all->rows + MGI_CUDA_ARENA_ROWS_STEP - 1) /
                          MGI_CUDA_ARENA_ROWS_STEP *
                          MGI_CUDA_ARENA_ROWS_STEP; /* as aligned as the buffer */
    void *query = column(p, p->b->qkv, 2 * hidden * behind);
    product both =
        flow_product(p, MGI_CUDA_GEMM_KEY_VALUE, &layer->qkv, input_of(p, p->b->x), p->b->qkv);
    both.layer = layer;
    both.first = hidden;
    both.outputs = 2 * hidden;
    both.bias = true;
    multiply(p, all, &both);
    product ask = flow_product(p, MGI_CUDA_GEMM_QUERY, &layer->qkv, rows->input, query);
    ask.outputs = hidden;
    ask.bias = true;
    ask.input_scale = rows->input_scale;
    multiply(p, first, &ask);
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
    const bool steps = p->encoder->forms.product == MGK_CUDA_S8;
    product out = flow_product(p, MGI_CUDA_GEMM_OUT, &layer->attention_output,
                               steps ? p->b->context_steps : p->b->context, to);
    out.layer = layer;
    out.input_scale = p->b->context_scale;
    out.addend = x;
    return multiply(p, s, &out);
}

/* y = down(activation(up(x))); x may be added already. */
static mgi_cuda_epilogue_done widen(pass *p, const mgi_cuda_layer *layer, const stream *s) {
    const mgi_encoder *e = p->encoder;
    product up = flow_product(p, MGI_CUDA_GEMM_UP, &layer->up, input_of(p, p->b->x), p->b->wide);
    up.layer = layer;
    up.bias = true;
    up.activation = mgi_cuda_forward_activation(e->spec.activation);
    up.to_type = e->forms.product;
    up.to_scale = p->b->wide_scale;
    multiply(p, s, &up);
    product down = flow_product(p, MGI_CUDA_GEMM_DOWN, &layer->down, p->b->wide, p->b->y);
    down.layer = layer;
    down.input_scale = p->b->wide_scale;
    down.addend = p->b->x;
    return multiply(p, s, &down);
}

static void run_layer(pass *p, const mgi_cuda_layer *layer, const stream *all) {
    const mgk_cuda_norm middle = norm_of(p, &layer->attention_norm, p->b->x);
    const mgk_cuda_norm end = norm_of(p, &layer->output_norm, p->b->x);
    if (!attend_tiles(p, layer)) attend_tokens(p, layer, all, MGK_CUDA_TOKENS);
    mgi_cuda_epilogue_done made = project(p, layer, all, p->b->x, p->b->y);
    add_norm(p, all, p->b->x, p->b->y, made, layer->attention_output.bias, &middle);
    made = widen(p, layer, all);
    add_norm(p, all, p->b->x, p->b->y, made, layer->down.bias, &end);
}

/* Keys and values of every token, the rest for [CLS] alone; the end of it in fp32, where queries
 * and values lay. */
static void run_last_layer(pass *p, const mgi_cuda_layer *layer, const stream *all) {
    const stream first = {MGK_CUDA_SEQUENCES, p->batch->rows};
    const mgk_cuda_norm middle = norm_of(p, &layer->attention_norm, p->b->x);
    mgk_cuda_norm end = norm_of(p, &layer->output_norm, NULL);
    end.exact = p->b->qkv;
    end.quantised = NULL;
    const first_rows rows = gather_first(p);
    if (p->batch->rows == 1) { /* queries nobody asks for cost less than one more kernel */
        attend_tokens(p, layer, all, MGK_CUDA_SEQUENCES);
    } else {
        attend_first(p, layer, all, &first, &rows);
    }
    /* y may hold the residual */
    mgi_cuda_epilogue_done made = project(p, layer, &first, rows.x, p->b->wide);
    add_norm(p, &first, rows.x, p->b->wide, made, layer->attention_output.bias, &middle);
    made = widen(p, layer, &first);
    add_norm(p, &first, p->b->x, p->b->y, made, layer->down.bias, &end);
}

/* ---- the end ---- */

static void pool(pass *p) {
    enum { FEW = 16 }; /* up to here one kernel of ours beats a product's start */
    if (!going(p)) return;
    const mgi_cuda_linear *pooler = &p->copy->pooler;
    if (p->batch->rows <= FEW) {
        p->code = mgk_cuda_classify_pool(p->b->qkv, pooler->weight, p->b->y, pooler->inputs,
                                         p->batch, p->dependent, p->stream);
        return;
    }
    mgi_cuda_epilogue_done made;
    const mgi_cuda_gemm_call ask = {.copy = p->copy,
                                    .linear = pooler,
                                    .site = MGI_CUDA_GEMM_POOL,
                                    .rows = p->batch->rows,
                                    .input = p->b->qkv,
                                    .output = p->b->y,
                                    .workspace = p->b->workspace,
                                    .stream = p->stream};
    p->code = mgi_cuda_gemm_launch(p->encoder, &ask, &made);
}

static void classify(pass *p) {
    if (!going(p)) return;
    const mgk_cuda_classifier classifier = {.pooled = p->b->y,
                                            .pool_bias = p->copy->pooler.bias,
                                            .weight = p->copy->classifier.weight,
                                            .bias = p->copy->classifier.bias,
                                            .width = p->encoder->spec.hidden,
                                            .labels = p->encoder->spec.labels,
                                            .logits = p->asked->logits,
                                            .arrived = p->b->arrived,
                                            .mark = p->asked->mark,
                                            .done = p->asked->done};
    p->code = mgk_cuda_classify(&classifier, p->batch, p->dependent, p->stream);
}

int mgi_cuda_forward_run(const mgi_cuda_forward_pass *asked) {
    pass p = {.asked = asked,
              .encoder = asked->encoder,
              .copy = asked->copy,
              .b = asked->buffers,
              .batch = &asked->batch,
              .stream = asked->stream,
              .dependent = asked->encoder->dependent};
    const stream all = {MGK_CUDA_TOKENS, asked->batch.tokens};
    const uint32_t layers = p.encoder->spec.layers;
    embed(&p);
    for (uint32_t i = 0; i + 1 < layers; i++) run_layer(&p, &p.copy->layers[i], &all);
    run_last_layer(&p, &p.copy->layers[layers - 1], &all);
    pool(&p);
    classify(&p);
    return p.code;
}
