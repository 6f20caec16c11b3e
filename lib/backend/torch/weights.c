/* SPDX-License-Identifier: Apache-2.0 */
/* Copies a model's tensors, each into the form that its use asks for. */
#include "backend/torch/weights.h"

#include "backend/tensor.h"
#include "core/alloc.h"
#include "core/progress.h"

/* One load; after its first error nothing more is placed. */
typedef struct placing {
    const mgi_encoder_request *request;
    mgi_encoder *encoder;
    mgeo_error error;
} placing;

uint64_t mgi_torch_weights_bytes(const mgi_tensor *tensor, mgt_form form) {
    const uint64_t numbers = mgi_tensor_numbers(tensor);
    switch (form) {
    case MGT_AS_IS: return numbers * mgi_tensor_dtype_bytes(tensor->dtype);
    case MGT_BF16: return numbers * 2;
    case MGT_INT8: return numbers + tensor->shape[0] * sizeof(float);
    case MGT_FP32: break;
    }
    return numbers * sizeof(float);
}

static const mgt_weight *place(placing *p, const mgi_tensor *from, mgt_form form) {
    mgi_encoder *e = p->encoder;
    if (p->error.status != MGEO_OK) return NULL;
    if (mgi_progress_check(p->request->progress, &p->error) != MGEO_OK) return NULL;
    if (mgi_tensor_acquire(from, &p->error) != MGEO_OK) return NULL;
    mgeo_status status = mgt_weight_create(from, form, &e->weights[e->count], &p->error);
    mgi_tensor_release(from);
    if (status != MGEO_OK) return NULL;
    e->bytes += mgi_torch_weights_bytes(from, form);
    mgi_progress_add(p->request->progress, 1);
    return e->weights[e->count++];
}

static mgi_torch_linear linear(placing *p, const mgi_linear *from, mgt_form form) {
    const mgt_weight *weight = place(p, &from->weight, form);
    return (mgi_torch_linear){.weight = weight, .bias = place(p, &from->bias, MGT_FP32)};
}

static mgi_torch_norm norm(placing *p, const mgi_norm *from) {
    const mgt_weight *weight = place(p, &from->weight, MGT_FP32);
    return (mgi_torch_norm){.weight = weight, .bias = place(p, &from->bias, MGT_FP32)};
}

static void layer(placing *p, const mgi_layer_weights *from, mgi_torch_layer *to) {
    const mgt_form form = p->encoder->form;
    to->query = linear(p, &from->query, form);
    to->key = linear(p, &from->key, form);
    to->value = linear(p, &from->value, form);
    to->attention_output = linear(p, &from->attention_output, form);
    to->attention_norm = norm(p, &from->attention_norm);
    to->intermediate = linear(p, &from->intermediate, form);
    to->output = linear(p, &from->output, form);
    to->output_norm = norm(p, &from->output_norm);
}

mgeo_status mgi_torch_weights_load(mgi_encoder *e, const mgi_encoder_request *request,
                                   mgeo_error *error) {
    placing p = {.encoder = e, .request = request};
    const mgi_weights *from = request->weights;
    const uint64_t count = mgi_tensor_count(&e->spec);
    mgi_progress_stage(request->progress, MGEO_STAGE_PLACING, count);
    e->layers = mgi_calloc(e->spec.layers, sizeof *e->layers);
    e->weights = mgi_calloc(count, sizeof(mgt_weight *));
    if (e->layers == NULL || e->weights == NULL) {
        return mgi_fail_memory(error, "the layers", e->spec.layers * sizeof *e->layers);
    }
    e->words = place(&p, &from->word_embeddings, MGT_AS_IS);
    e->positions = place(&p, &from->position_embeddings, MGT_FP32);
    e->types = place(&p, &from->type_embeddings, MGT_FP32);
    e->embedding_norm = norm(&p, &from->embedding_norm);
    for (uint32_t i = 0; i < e->spec.layers; i++) layer(&p, &from->layers[i], &e->layers[i]);
    e->pooler = linear(&p, &from->pooler, MGT_FP32);
    e->classifier = linear(&p, &from->classifier, MGT_FP32);
    if (error != NULL) *error = p.error;
    return (mgeo_status)p.error.status;
}

void mgi_torch_weights_free(mgi_encoder *e) {
    for (size_t i = 0; i < e->count; i++) mgt_weight_destroy(e->weights[i]);
    mgi_free(e->weights);
    mgi_free(e->layers);
}
