/* Places a model's weights: what is copied, fused, quantised, and what is read where it lies. */
#include "backend/torch/bert.h"
#include "backend/torch/place.h"

#include "core/alloc.h"
#include "core/progress.h"

#include <stdint.h>
#include <string.h>

/* What placing needs at hand; the first failure sticks, so that no line needs a check. */
typedef struct placing {
    mgi_encoder *encoder;
    const mgi_encoder_request *request;
    mgeo_error error;
} placing;

static bool going(placing *p) {
    if (p->error.status != MGEO_OK) return false;
    return mgi_progress_check(p->request->progress, &p->error) == MGEO_OK;
}

static void fail_memory(placing *p, size_t bytes) {
    mgi_fail_memory(&p->error, "the model's weights", bytes);
}

static float *vector(placing *p, const mgi_tensor *tensor) {
    if (!going(p)) return NULL;
    float *copy = mgi_place_vector(tensor);
    if (!copy) fail_memory(p, tensor->bytes);
    p->encoder->bytes +=
        (uint64_t)tensor->shape[0] * (tensor->rank == 2 ? tensor->shape[1] : 1) * 4;
    mgi_progress_add(p->request->progress, 1);
    return copy;
}

static bert_norm norm(placing *p, const mgi_norm *from) {
    bert_norm to;
    to.weight = vector(p, &from->weight);
    to.bias = vector(p, &from->bias);
    return to;
}

/* Can a product of this kind read the tensor where it lies? */
static bool in_place(mgt_kind kind, const mgi_tensor *tensor) {
    if (kind == MGT_F32) return mgi_place_fits(tensor, MGI_F32);
    return kind == MGT_BF16 && mgi_place_fits(tensor, MGI_BF16);
}

static bool copy_matrix(mgt_kind kind, const mgi_tensor *from, void *to, size_t first,
                        float *scales) {
    size_t count = (size_t)from->shape[0] * from->shape[1];
    if (kind == MGT_I8) return mgi_place_int8(from, (int8_t *)to + first, scales);
    if (kind == MGT_BF16)
        mgi_place_halves(from, MGI_BF16, 0, count, (uint16_t *)to + first);
    else
        mgi_place_floats(from, 0, count, (float *)to + first);
    return true;
}

/* One weight out of the matrices of `count` Linear layers over the same input, one above another.
 */
static void stack(placing *p, mgt_kind kind, const mgi_linear *const *parts, unsigned count,
                  bert_linear *to) {
    static const size_t sizes[] = {[MGT_F32] = 4, [MGT_BF16] = 2, [MGT_I8] = 1};
    if (!going(p)) return;
    to->inputs = parts[0]->weight.shape[1];
    for (unsigned i = 0; i < count; i++) to->outputs += parts[i]->weight.shape[0];
    size_t numbers = (size_t)to->outputs * to->inputs;
    const void *data = parts[0]->weight.data;
    float *scales = NULL;
    p->encoder->bytes += numbers * sizes[kind] + (kind == MGT_I8 ? to->outputs * 4u : 0);
    if (count == 1 && in_place(kind, &parts[0]->weight)) {
        p->encoder->keeps_weights = true;
    } else {
        to->copy = mgi_calloc_aligned(numbers, sizes[kind]);
        scales = kind == MGT_I8 ? mgi_calloc_aligned(to->outputs, sizeof *scales) : NULL;
        bool done = to->copy && (scales || kind != MGT_I8);
        for (size_t i = 0, row = 0; done && i < count; row += parts[i++]->weight.shape[0]) {
            done = copy_matrix(kind, &parts[i]->weight, to->copy, row * to->inputs,
                               scales ? scales + row : NULL);
            mgi_place_done(&parts[i]->weight);
        }
        if (!done) fail_memory(p, numbers * sizes[kind]);
        data = to->copy;
    }
    if (p->error.status == MGEO_OK)
        mgt_weight_create(kind, data, scales, to->outputs, to->inputs, &to->weight, &p->error);
    mgi_free(scales);
    if (kind == MGT_I8) { /* libtorch has packed it into memory of its own */
        mgi_free(to->copy);
        to->copy = NULL;
    }
    mgi_progress_add(p->request->progress, count);
}

static bert_linear linear(placing *p, mgt_kind kind, const mgi_linear *from) {
    bert_linear to = {0};
    stack(p, kind, &from, 1, &to);
    to.bias = vector(p, &from->bias);
    return to;
}

static void qkv_bias(placing *p, const mgi_linear *const parts[BERT_QKV_PARTS], bert_layer *to) {
    if (!going(p)) return;
    size_t hidden = p->encoder->spec.hidden;
    to->qkv_bias = mgi_calloc_aligned(hidden, BERT_QKV_PARTS * sizeof(float));
    if (!to->qkv_bias) {
        fail_memory(p, hidden * BERT_QKV_PARTS * sizeof(float));
        return;
    }
    for (size_t i = 0; i < BERT_QKV_PARTS; i++) {
        mgi_place_floats(&parts[i]->bias, 0, hidden, to->qkv_bias + i * hidden);
        mgi_place_done(&parts[i]->bias);
    }
    p->encoder->bytes += hidden * BERT_QKV_PARTS * sizeof(float);
    mgi_progress_add(p->request->progress, BERT_QKV_PARTS);
}

/* Query, key and value as one product where they are copied anyway; where all three can be read
 * from the file, three products cost less than a quarter of the model in fresh memory. The last
 * layer asks for [CLS] alone, so its query stands apart. */
static void qkv(placing *p, const mgi_layer_weights *from, bool last, bert_layer *to) {
    const mgi_linear *const parts[BERT_QKV_PARTS] = {&from->query, &from->key, &from->value};
    mgt_kind kind = p->encoder->kind;
    bool apart = true;
    for (size_t i = 0; i < BERT_QKV_PARTS; i++) apart &= in_place(kind, &parts[i]->weight);
    const unsigned count = apart ? BERT_QKV_PARTS : last ? 2 : 1;
    to->qkv_parts = count;
    unsigned widths[BERT_QKV_PARTS] = {1, 1, 1};
    if (!apart) widths[0] = last ? 1 : 3;
    if (!apart && last) widths[1] = 2;
    for (unsigned i = 0, part = 0; i < count; part += widths[i++])
        stack(p, kind, parts + part, widths[i], &to->qkv[i]);
    qkv_bias(p, parts, to);
}

static void layer(placing *p, const mgi_layer_weights *from, bool last, bert_layer *to) {
    mgt_kind kind = p->encoder->kind;
    qkv(p, from, last, to);
    to->attention_output = linear(p, kind, &from->attention_output);
    to->attention_norm = norm(p, &from->attention_norm);
    to->intermediate = linear(p, kind, &from->intermediate);
    to->output = linear(p, kind, &from->output);
    to->output_norm = norm(p, &from->output_norm);
}

/* The table of words is only looked up, so any kind of number will do: as in the file where the
 * file is kept or small, else in two bytes. */
static void words(placing *p) {
    const mgi_tensor *from = &p->request->weights->word_embeddings;
    mgi_encoder *e = p->encoder;
    size_t count = (size_t)from->shape[0] * from->shape[1];
    if (!going(p)) return;
    e->words = from->data;
    e->words_type = from->dtype;
    if (e->kind != MGT_F32 && from->dtype == MGI_F32)
        e->words_type = e->kind == MGT_BF16 ? MGI_BF16 : MGI_F16;
    e->bytes += count * mgi_place_size(e->words_type);
    mgi_progress_add(p->request->progress, 1);
    if (in_place(e->kind, from)) {
        e->keeps_weights = true;
        return;
    }
    e->words = e->words_copy = mgi_calloc_aligned(count, mgi_place_size(e->words_type));
    if (!e->words_copy)
        fail_memory(p, count * mgi_place_size(e->words_type));
    else if (e->words_type == MGI_F32)
        mgi_place_floats(from, 0, count, e->words_copy);
    else
        mgi_place_halves(from, e->words_type, 0, count, e->words_copy);
    mgi_place_done(from);
}

static uint64_t tensors_of(const mgi_encoder_spec *spec) {
    enum { OUTSIDE_LAYERS = 9, IN_A_LAYER = 16 };
    return OUTSIDE_LAYERS + (uint64_t)IN_A_LAYER * spec->layers;
}

mgeo_status mgi_bert_place(mgi_encoder *e, const mgi_encoder_request *request, mgeo_error *error) {
    placing p = {.encoder = e, .request = request};
    const mgi_weights *from = request->weights;
    mgi_progress_stage(request->progress, MGEO_STAGE_PLACING, tensors_of(&e->spec));
    e->layers = mgi_calloc(e->spec.layers, sizeof *e->layers);
    if (!e->layers) return mgi_fail_memory(error, "the layers", e->spec.layers * sizeof *e->layers);
    words(&p);
    e->positions = vector(&p, &from->position_embeddings);
    e->types = vector(&p, &from->type_embeddings);
    e->embedding_norm = norm(&p, &from->embedding_norm);
    for (uint32_t i = 0; i < e->spec.layers; i++)
        layer(&p, &from->layers[i], i + 1 == e->spec.layers, &e->layers[i]);
    e->pooler = linear(&p, MGT_F32, &from->pooler);
    e->classifier = linear(&p, MGT_F32, &from->classifier);
    if (error) *error = p.error;
    return (mgeo_status)p.error.status;
}

static void free_linear(bert_linear *linear) {
    mgt_weight_destroy(linear->weight);
    mgi_free(linear->copy);
    mgi_free(linear->bias);
}

static void free_norm(bert_norm *norm) {
    mgi_free(norm->weight);
    mgi_free(norm->bias);
}

void mgi_bert_free_weights(mgi_encoder *e) {
    for (uint32_t i = 0; e->layers && i < e->spec.layers; i++) {
        bert_layer *layer = &e->layers[i];
        for (size_t j = 0; j < BERT_QKV_PARTS; j++) free_linear(&layer->qkv[j]);
        mgi_free(layer->qkv_bias);
        free_linear(&layer->attention_output);
        free_norm(&layer->attention_norm);
        free_linear(&layer->intermediate);
        free_linear(&layer->output);
        free_norm(&layer->output_norm);
    }
    mgi_free(e->layers);
    free_linear(&e->pooler);
    free_linear(&e->classifier);
    free_norm(&e->embedding_norm);
    mgi_free(e->words_copy);
    mgi_free(e->positions);
    mgi_free(e->types);
}
