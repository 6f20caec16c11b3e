/* A lone pair's way through the encoder: four kernels a layer, where the card and the model have
 * what these need. */
#include "backend/cuda/encoder.h"

typedef struct lone {
    const mgi_cuda_pass *asked;
    const mgi_cuda_copy *copy;
    const mgi_cuda_buffers *b;
    const mgi_encoder_spec *spec;
    mgk_cuda_type type;
    uint32_t rows;
    unsigned parts; /* MGI_CUDA_LONE_..: those that are launched */
    int code;
} lone;

/* ---- may it be taken? ---- */

static bool is_base(const mgi_encoder_spec *spec) {
    return spec->hidden == MGK_LONE_WIDTH && spec->heads == MGK_LONE_HEADS &&
           spec->intermediate == MGK_LONE_SLICES * MGK_LONE_SLICE;
}

bool mgi_cuda_lone_supports(const mgi_encoder *e) {
    return e->dependent && e->forms.product == e->forms.flow && is_base(&e->spec) &&
           mgk_lone_supports(e->forms.flow);
}

/* The parts of sums lie where otherwise wide rows lie. */
static bool has_room(const mgi_encoder *e, uint32_t rows) {
    const uint64_t wide_rows = (e->batch_tokens + MGI_CUDA_ROWS_STEP - 1) / MGI_CUDA_ROWS_STEP *
                               (uint64_t)MGI_CUDA_ROWS_STEP;
    return (uint64_t)MGK_LONE_SLICES * rows * e->spec.hidden <= wide_rows * e->spec.intermediate;
}

bool mgi_cuda_lone_takes(const mgi_cuda_pass *pass) {
    const uint32_t rows = mgk_lone_rows(pass->batch.tokens);
    return pass->copy->lone && pass->upload != NULL && pass->batch.rows == 1 && rows > 0 &&
           has_room(pass->encoder, rows);
}

/* ---- kernels ---- */

static bool wants(const lone *l, unsigned part) { return l->code == 0 && (l->parts & part) != 0; }

static void embed(lone *l) {
    if (!wants(l, MGI_CUDA_LONE_EMBED)) return;
    const mgk_lone_embedding embedding = {.type = l->type,
                                          .tokens = l->asked->tokens,
                                          .sizes = l->asked->upload,
                                          .sizes_there = l->b->sizes,
                                          .words = l->copy->words,
                                          .positions = l->copy->positions,
                                          .types = l->copy->types,
                                          .weight = l->copy->embedding_norm.weight,
                                          .bias = l->copy->embedding_norm.bias,
                                          .eps = l->spec->norm_eps,
                                          .positions_count = l->spec->positions,
                                          .rows = l->rows,
                                          .x = l->b->x};
    l->code = mgk_lone_embed(&embedding, l->asked->stream);
}

static uint32_t bytes_of(const mgi_cuda_linear *linear, mgk_cuda_type type) {
    return (uint32_t)(linear->outputs * linear->inputs * mgi_cuda_type_size(type));
}

/* Weights of the next layer, or of the pooler. */
static mgk_lone_ahead ahead_of(const lone *l, const mgi_cuda_linear *first,
                               const mgi_cuda_linear *second) {
    if ((l->parts & MGI_CUDA_LONE_AHEAD) == 0) return (mgk_lone_ahead){0};
    return (mgk_lone_ahead){{first->weight, second->weight},
                            {bytes_of(first, l->type), bytes_of(second, l->type)}};
}

static mgk_lone_ahead pooler_ahead(const lone *l) {
    const mgi_cuda_linear *pooler = &l->copy->pooler;
    if ((l->parts & MGI_CUDA_LONE_AHEAD) == 0) return (mgk_lone_ahead){0};
    return (mgk_lone_ahead){{pooler->weight, NULL}, {bytes_of(pooler, MGK_CUDA_F32), 0}};
}

static mgk_lone_block block_of(const lone *l, const mgi_cuda_linear *first,
                               const mgi_cuda_linear *second) {
    return (mgk_lone_block){.type = l->type,
                            .x = l->b->x,
                            .first = first->weight,
                            .first_bias = first->bias,
                            .second = second->weight,
                            .rows = l->rows,
                            .asked = l->rows,
                            .sizes = l->b->sizes,
                            .sums = l->b->wide};
}

/* `next`: the layer behind it, or NULL. */
static void attend(lone *l, const mgi_cuda_layer *layer, const mgi_cuda_layer *next,
                   uint32_t asked) {
    if (!wants(l, MGI_CUDA_LONE_ATTENTION)) return;
    mgk_lone_block block = block_of(l, &layer->qkv, &layer->attention_output);
    block.asked = asked;
    block.ahead = next != NULL ? ahead_of(l, &next->qkv, &next->attention_output) : pooler_ahead(l);
    l->code = mgk_lone_attention(&block, l->asked->stream);
}

static void feed_forward(lone *l, const mgi_cuda_layer *layer, const mgi_cuda_layer *next,
                         uint32_t rows) {
    if (!wants(l, MGI_CUDA_LONE_FEED_FORWARD)) return;
    mgk_lone_block block = block_of(l, &layer->up, &layer->down);
    block.rows = block.asked = rows;
    block.activation = mgi_cuda_activation(l->spec->activation);
    if (next != NULL) block.ahead = ahead_of(l, &next->up, &next->down);
    l->code = mgk_lone_feed_forward(&block, l->asked->stream);
}

static mgk_lone_norm norm_of(const lone *l, const mgi_cuda_norm_weights *weights,
                             const float *sums_bias, uint32_t parts, uint32_t rows) {
    return (mgk_lone_norm){.type = l->type,
                           .x = l->b->x,
                           .sums = l->b->wide,
                           .sums_bias = sums_bias,
                           .parts = parts,
                           .rows = rows,
                           .count = rows,
                           .weight = weights->weight,
                           .bias = weights->bias,
                           .eps = l->spec->norm_eps};
}

static void normalise(lone *l, const mgk_lone_norm *norm) {
    if (wants(l, MGI_CUDA_LONE_NORM)) l->code = mgk_lone_normalise(norm, l->asked->stream);
}

static mgk_lone_norm middle_of(const lone *l, const mgi_cuda_layer *layer, uint32_t rows) {
    return norm_of(l, &layer->attention_norm, layer->attention_output.bias, MGK_LONE_HEADS, rows);
}

static mgk_lone_norm end_of(const lone *l, const mgi_cuda_layer *layer, uint32_t rows) {
    return norm_of(l, &layer->output_norm, layer->down.bias, MGK_LONE_SLICES, rows);
}

static void pool(lone *l, const mgk_lone_norm *norm) {
    if (!wants(l, MGI_CUDA_LONE_POOL)) return;
    const mgk_lone_pooler pooler = {.norm = *norm,
                                    .weight = l->copy->pooler.weight,
                                    .bias = l->copy->pooler.bias,
                                    .pooled = l->b->y};
    l->code = mgk_lone_pool(&pooler, l->asked->stream);
}

static void classify(lone *l) {
    if (!wants(l, MGI_CUDA_LONE_CLASSIFY)) return;
    const mgk_lone_classifier classifier = {.pooled = l->b->y,
                                            .weight = l->copy->classifier.weight,
                                            .bias = l->copy->classifier.bias,
                                            .labels = l->spec->labels,
                                            .mark = l->asked->mark,
                                            .answers = l->asked->answers};
    l->code = mgk_lone_classify(&classifier, l->asked->stream);
}

/* ---- the pass ---- */

static void run_layer(lone *l, const mgi_cuda_layer *layer) {
    const mgk_lone_norm middle = middle_of(l, layer, l->rows), end = end_of(l, layer, l->rows);
    attend(l, layer, layer + 1, l->rows);
    normalise(l, &middle);
    feed_forward(l, layer, layer + 1, l->rows);
    normalise(l, &end);
}

/* Only [CLS] goes on behind the last layer's keys and values; the pooler normalises it. */
static void run_last_layer(lone *l, const mgi_cuda_layer *layer) {
    const uint32_t few = mgk_lone_rows(1);
    mgk_lone_norm middle = middle_of(l, layer, few);
    const mgk_lone_norm end = end_of(l, layer, few);
    middle.count = 1;
    attend(l, layer, NULL, few);
    normalise(l, &middle);
    feed_forward(l, layer, NULL, few);
    pool(l, &end);
}

int mgi_cuda_run_lone(const mgi_cuda_pass *asked, unsigned parts) {
    lone l = {.asked = asked,
              .copy = asked->copy,
              .b = asked->buffers,
              .spec = &asked->encoder->spec,
              .type = asked->encoder->forms.flow,
              .rows = mgk_lone_rows(asked->batch.tokens),
              .parts = parts};
    const uint32_t layers = l.spec->layers;
    embed(&l);
    for (uint32_t i = 0; i + 1 < layers; i++) run_layer(&l, &l.copy->layers[i]);
    run_last_layer(&l, &l.copy->layers[layers - 1]);
    classify(&l);
    return l.code;
}
