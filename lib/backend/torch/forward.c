/* SPDX-License-Identifier: Apache-2.0 */
/* The encoder, as the paper has it: embeddings, layers, pooler, classifier. */
#include "backend/torch/forward.h"

typedef struct pass {
    const mgi_encoder *encoder;
    mgt_scope *scope;
    const mgi_batch *batch;
} pass;

static mgt_tensor *linear(const pass *p, const mgt_tensor *x, const mgi_torch_linear *l) {
    return mgt_linear(p->scope, x, l->weight, l->bias);
}

static mgt_tensor *norm(const pass *p, const mgt_tensor *x, const mgi_torch_norm *n) {
    return mgt_layer_norm(p->scope, x, n->weight, n->bias, p->encoder->spec.norm_eps);
}

static mgt_tensor *embed(const pass *p) {
    const mgi_encoder *e = p->encoder;
    const mgi_batch *b = p->batch;
    mgt_tensor *words = mgt_embed_ids(p->scope, e->words, b->ids, b->tokens);
    mgt_tensor *types = mgt_embed_types(p->scope, e->types, b->types, b->tokens);
    mgt_tensor *positions = mgt_embed_positions(p->scope, e->positions, b->offsets, b->rows);
    mgt_tensor *sum = mgt_add(p->scope, mgt_add(p->scope, words, types), positions);
    return norm(p, sum, &e->embedding_norm);
}

/* LayerNorm(x + attention(x)) */
static mgt_tensor *attend(const pass *p, const mgi_torch_layer *layer, const mgt_tensor *x) {
    mgt_tensor *query = linear(p, x, &layer->query);
    mgt_tensor *key = linear(p, x, &layer->key);
    mgt_tensor *value = linear(p, x, &layer->value);
    mgt_tensor *context = mgt_attention(p->scope, query, key, value, p->batch->offsets,
                                        p->batch->rows, p->encoder->spec.heads);
    mgt_tensor *y = linear(p, context, &layer->attention_output);
    return norm(p, mgt_add(p->scope, x, y), &layer->attention_norm);
}

/* LayerNorm(x + W2 activation(W1 x)) */
static mgt_tensor *feed_forward(const pass *p, const mgi_torch_layer *layer, const mgt_tensor *x) {
    mgt_tensor *wide = linear(p, x, &layer->intermediate);
    wide = mgt_activate(p->scope, p->encoder->spec.activation, wide);
    mgt_tensor *y = linear(p, wide, &layer->output);
    return norm(p, mgt_add(p->scope, x, y), &layer->output_norm);
}

/* From each row's first token, [CLS]. */
static mgt_tensor *classify(const pass *p, const mgt_tensor *x) {
    mgt_tensor *first = mgt_rows(p->scope, x, p->batch->offsets, p->batch->rows);
    mgt_tensor *pooled = linear(p, first, &p->encoder->pooler);
    pooled = mgt_activate(p->scope, MGI_TANH, pooled);
    return linear(p, pooled, &p->encoder->classifier);
}

mgeo_status mgi_torch_forward_run(mgi_lane *lane, const mgi_batch *batch, mgi_team *team,
                                  float *logits, mgeo_error *error) {
    const pass p = {.encoder = lane->encoder, .scope = lane->scope, .batch = batch};
    mgt_scope_enter(p.scope, team->cores);
    mgt_tensor *x = embed(&p);
    for (uint32_t i = 0; i < p.encoder->spec.layers; i++) {
        const mgi_torch_layer *layer = &p.encoder->layers[i];
        x = mgt_scope_keep(p.scope, feed_forward(&p, layer, attend(&p, layer, x)));
    }
    mgt_scope_read(p.scope, classify(&p, x), logits);
    return mgt_scope_leave(p.scope, error);
}
