/* SPDX-License-Identifier: Apache-2.0 */
/* Walks through a model and deals out memory for each tensor. */
#include "backend/cpu/layout.h"

#include "backend/tensor.h"

/* Outside the layers: three tables, LayerNorm, pooler and classifier. A layer: three or, the last,
 * four weights, and biases: query, key, value, three more; two LayerNorms. */
enum { PIECES_OUTSIDE_LAYERS = 9, PIECES_PER_LAYER = 14 };

size_t mgi_cpu_layout_pieces(const mgi_encoder_spec *spec) {
    return PIECES_OUTSIDE_LAYERS + (size_t)PIECES_PER_LAYER * spec->layers + 1;
}

typedef struct walk {
    mgi_encoder *encoder;
    mgi_cpu_cursor *cursor;
    mgi_cpu_layout_visit *visit;
    void *context;
} walk;

static void show(walk *w, mgi_cpu_piece piece, size_t before) {
    piece.bytes = w->cursor->used - before;
    if (w->visit != NULL) w->visit(w->context, &piece);
}

/* A tensor's numbers into memory that is already dealt out; `before`: the cursor was there before.
 */
static void numbers(walk *w, const mgi_tensor *from, mgi_dtype type, void *to, size_t before) {
    show(w, (mgi_cpu_piece){.from = {from}, .count = 1, .type = type, .to = to}, before);
}

static void *table(walk *w, const mgi_tensor *from, mgi_dtype type) {
    size_t before = w->cursor->used;
    void *to =
        mgi_cpu_arena_take(w->cursor, mgi_tensor_numbers(from), mgi_tensor_dtype_bytes(type));
    numbers(w, from, type, to, before);
    return to;
}

static mgi_cpu_norm norm(walk *w, const mgi_norm *from) {
    mgi_cpu_norm to;
    to.weight = table(w, &from->weight, MGI_F32);
    to.bias = table(w, &from->bias, MGI_F32);
    return to;
}

/* Outputs in whole panels, as scales and biases are read. */
static size_t padded(const mgk_gemm *gemm, size_t outputs) {
    return mgk_gemm_panels(gemm, outputs) * gemm->layout.columns;
}

static void biases(walk *w, const mgk_gemm *gemm, const mgi_linear *const *parts, unsigned count,
                   mgk_gemm_weight *to) {
    size_t before = w->cursor->used, at = 0;
    float *bias = mgi_cpu_arena_take(w->cursor, padded(gemm, to->outputs), sizeof *bias);
    to->bias = bias;
    for (unsigned i = 0; i < count; i++, before = w->cursor->used) {
        numbers(w, &parts[i]->bias, MGI_F32, bias != NULL ? bias + at : NULL, before);
        at += parts[i]->bias.shape[0];
    }
}

/* One product's weight out of the matrices of `count` Linear layers over the same input. */
static void stack(walk *w, const mgk_gemm *gemm, const mgi_linear *const *parts, unsigned count,
                  mgk_gemm_weight *to) {
    mgi_cpu_piece piece = {.count = count, .gemm = gemm, .weight = to};
    size_t before = w->cursor->used;
    *to = (mgk_gemm_weight){.inputs = parts[0]->weight.shape[1]};
    for (unsigned i = 0; i < count; i++) {
        piece.from[i] = &parts[i]->weight;
        to->outputs += parts[i]->weight.shape[0];
    }
    size_t bytes = mgk_gemm_panel_bytes(gemm, to->outputs, to->inputs);
    if (bytes == 0) w->cursor->overflow = true;
    to->panels = mgi_cpu_arena_take(w->cursor, bytes, 1);
    if (gemm->kind == MGK_INT8) {
        to->scale = piece.scale =
            mgi_cpu_arena_take(w->cursor, padded(gemm, to->outputs), sizeof *piece.scale);
    }
    show(w, piece, before);
    biases(w, gemm, parts, count, to);
}

static void linear(walk *w, const mgk_gemm *gemm, const mgi_linear *from, mgk_gemm_weight *to) {
    stack(w, gemm, &from, 1, to);
}

static void layer(walk *w, const mgi_layer_weights *from, bool last, mgi_cpu_layer *to) {
    const mgi_linear *const parts[MGI_CPU_QKV_PARTS] = {&from->query, &from->key, &from->value};
    const mgk_gemm *gemm = w->encoder->gemm;
    if (last) {
        stack(w, gemm, parts, 1, &to->query);
        stack(w, gemm, parts + 1, 2, &to->key_value);
    } else {
        stack(w, gemm, parts, MGI_CPU_QKV_PARTS, &to->qkv);
    }
    linear(w, gemm, &from->attention_output, &to->attention_output);
    to->attention_norm = norm(w, &from->attention_norm);
    linear(w, gemm, &from->intermediate, &to->intermediate);
    linear(w, gemm, &from->output, &to->output);
    to->output_norm = norm(w, &from->output_norm);
}

/* The table of words is only looked up, so any kind of number will do: two bytes where weights are
 * small anyway. */
static mgi_dtype words_type(const mgi_encoder *e, mgi_dtype from) {
    if (e->gemm->kind == MGK_FP32 || from != MGI_F32) return from;
    return e->gemm->kind == MGK_BF16 ? MGI_BF16 : MGI_F16;
}

void mgi_cpu_layout_walk(mgi_encoder *e, const mgi_weights *from, mgi_cpu_cursor *cursor,
                         mgi_cpu_layout_visit *visit, void *context) {
    walk w = {e, cursor, visit, context};
    mgi_cpu_layer unseen = {0};
    e->words_type = words_type(e, from->word_embeddings.dtype);
    e->words = table(&w, &from->word_embeddings, e->words_type);
    e->positions = table(&w, &from->position_embeddings, MGI_F32);
    e->types = table(&w, &from->type_embeddings, MGI_F32);
    e->embedding_norm = norm(&w, &from->embedding_norm);
    for (uint32_t i = 0; i < e->spec.layers; i++) {
        layer(&w, &from->layers[i], i + 1 == e->spec.layers,
              e->layers != NULL ? &e->layers[i] : &unseen);
    }
    linear(&w, e->finish, &from->pooler, &e->pooler);
    linear(&w, e->finish, &from->classifier, &e->classifier);
}
