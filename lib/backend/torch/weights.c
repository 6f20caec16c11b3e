/* SPDX-License-Identifier: Apache-2.0 */
/* Places a model's weights: what is copied, fused, quantised, and what is read where it lies. */

#include "backend/torch/weights.h"

#include "backend/cpu/convert.h"
#include "backend/tensor.h"
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
    float *copy = mgi_convert_vector(tensor);
    if (copy == NULL) fail_memory(p, tensor->bytes);
    p->encoder->bytes += mgi_tensor_numbers(tensor) * sizeof *copy;
    mgi_progress_add(p->request->progress, 1);
    return copy;
}

static mgi_torch_norm norm(placing *p, const mgi_norm *from) {
    mgi_torch_norm to;
    to.weight = vector(p, &from->weight);
    to.bias = vector(p, &from->bias);
    return to;
}

bool mgi_torch_weights_in_place(mgk_dtype dtype, const mgi_tensor *tensor) {
    if (dtype == MGK_FP32) return mgi_convert_is_identity(tensor, MGI_F32);
    return dtype == MGK_BF16 && mgi_convert_is_identity(tensor, MGI_BF16);
}

/* The matrices of several Linear layers over the same input, one above another, in fresh memory. */
static void *copy_matrices(mgk_dtype dtype, const mgi_linear *const *parts, unsigned count,
                           size_t numbers) {
    size_t size = dtype == MGK_BF16 ? 2 : 4;
    char *copy = mgi_alloc_aligned(numbers, size), *to = copy;
    for (unsigned i = 0; copy != NULL && i < count; i++) {
        const mgi_tensor *from = &parts[i]->weight;
        size_t some = (size_t)from->shape[0] * from->shape[1];
        if (dtype == MGK_BF16) {
            mgi_convert_half(from, MGI_BF16, 0, some, (uint16_t *)(void *)to);
        } else {
            mgi_convert_f32(from, 0, some, (float *)(void *)to);
        }
        mgi_tensor_release(from);
        to += some * size;
    }
    return copy;
}

static void stack_int8(placing *p, const mgi_linear *const *parts, unsigned count,
                       mgi_torch_linear *to) {
    mgk_int8_weight *weight = &to->int8;
    size_t bytes = mgk_int8_bytes(to->outputs, to->inputs), first = 0;
    *weight = (mgk_int8_weight){.outputs = to->outputs, .inputs = to->inputs};
    weight->panels = bytes ? mgi_alloc_aligned(bytes, 1) : NULL;
    weight->scale = mgi_alloc_aligned(to->outputs, sizeof *weight->scale);
    bool done = weight->panels != NULL && weight->scale != NULL;
    for (unsigned i = 0; done && i < count; first += parts[i++]->weight.shape[0]) {
        done = mgi_convert_int8(&parts[i]->weight, p->encoder->int8, weight, first);
        mgi_tensor_release(&parts[i]->weight);
    }
    if (!done) fail_memory(p, bytes);
    p->encoder->bytes += bytes + to->outputs * sizeof *weight->scale;
}

static void stack_plain(placing *p, mgk_dtype dtype, const mgi_linear *const *parts, unsigned count,
                        mgi_torch_linear *to) {
    mgt_dtype kind = dtype == MGK_BF16 ? MGT_BF16 : MGT_F32;
    size_t numbers = (size_t)to->outputs * to->inputs, size = kind == MGT_BF16 ? 2 : 4;
    const void *data = parts[0]->weight.data;
    bool mixed = dtype != p->encoder->dtype; /* not worth keeping the files for */
    if (count == 1 && !mixed && mgi_torch_weights_in_place(dtype, &parts[0]->weight)) {
        p->encoder->keeps_weights = true;
    } else {
        data = to->copy = copy_matrices(dtype, parts, count, numbers);
        if (data == NULL) fail_memory(p, numbers * size);
    }
    if (p->error.status == MGEO_OK) {
        mgt_weight_create(kind, data, to->outputs, to->inputs, &to->weight, &p->error);
    }
    p->encoder->bytes += numbers * size;
}

/* One weight out of the matrices of `count` Linear layers over the same input. */
static void stack(placing *p, mgk_dtype dtype, const mgi_linear *const *parts, unsigned count,
                  mgi_torch_linear *to) {
    if (!going(p)) return;
    to->inputs = parts[0]->weight.shape[1];
    for (unsigned i = 0; i < count; i++) to->outputs += parts[i]->weight.shape[0];
    if (mgk_kernels_is_quantised(dtype)) {
        stack_int8(p, parts, count, to);
    } else {
        stack_plain(p, dtype, parts, count, to);
    }
    mgi_progress_add(p->request->progress, count);
}

static mgi_torch_linear linear(placing *p, mgk_dtype dtype, const mgi_linear *from) {
    mgi_torch_linear to = {0};
    stack(p, dtype, &from, 1, &to);
    to.bias = vector(p, &from->bias);
    return to;
}

unsigned mgi_torch_weights_qkv_gemms(mgk_dtype dtype, const mgi_layer_weights *from, bool last) {
    const bool apart = mgi_torch_weights_in_place(dtype, &from->query.weight) &&
                       mgi_torch_weights_in_place(dtype, &from->key.weight) &&
                       mgi_torch_weights_in_place(dtype, &from->value.weight);
    if (apart) return MGI_TORCH_QKV_PARTS;
    return last ? 2 : 1;
}

static void qkv_bias(placing *p, const mgi_linear *const parts[MGI_TORCH_QKV_PARTS],
                     mgi_torch_layer *to) {
    if (!going(p)) return;
    size_t hidden = p->encoder->spec.hidden;
    to->qkv_bias = mgi_alloc_aligned(hidden, MGI_TORCH_QKV_PARTS * sizeof(float));
    if (to->qkv_bias == NULL) {
        fail_memory(p, hidden * MGI_TORCH_QKV_PARTS * sizeof(float));
        return;
    }
    for (size_t i = 0; i < MGI_TORCH_QKV_PARTS; i++) {
        mgi_convert_f32(&parts[i]->bias, 0, hidden, to->qkv_bias + i * hidden);
        mgi_tensor_release(&parts[i]->bias);
    }
    p->encoder->bytes += hidden * MGI_TORCH_QKV_PARTS * sizeof(float);
    mgi_progress_add(p->request->progress, MGI_TORCH_QKV_PARTS);
}

static void qkv(placing *p, const mgi_layer_weights *from, bool last, mgi_torch_layer *to) {
    const mgi_linear *const parts[MGI_TORCH_QKV_PARTS] = {&from->query, &from->key, &from->value};
    mgk_dtype dtype = p->encoder->dtype;
    const unsigned products = mgi_torch_weights_qkv_gemms(dtype, from, last);
    unsigned part = 0;
    for (unsigned i = 0; i < products; i++) {
        const unsigned width = mgi_torch_weights_qkv_width(products, i);
        stack(p, dtype, parts + part, width, &to->qkv[i]);
        part += width;
    }
    to->qkv_parts = products;
    qkv_bias(p, parts, to);
}

static void layer(placing *p, const mgi_layer_weights *from, bool last, mgi_torch_layer *to) {
    mgk_dtype dtype = p->encoder->dtype;
    qkv(p, from, last, to);
    to->attention_output = linear(p, dtype, &from->attention_output);
    to->attention_norm = norm(p, &from->attention_norm);
    to->intermediate = linear(p, dtype, &from->intermediate);
    to->output = linear(p, dtype, &from->output);
    to->output_norm = norm(p, &from->output_norm);
}

mgi_dtype mgi_torch_weights_words_dtype(mgk_dtype dtype, mgi_dtype from) {
    if (dtype == MGK_FP32 || from != MGI_F32) return from;
    return dtype == MGK_BF16 ? MGI_BF16 : MGI_F16;
}

static void words(placing *p) {
    const mgi_tensor *from = &p->request->weights->word_embeddings;
    mgi_encoder *e = p->encoder;
    size_t count = (size_t)from->shape[0] * from->shape[1];
    if (!going(p)) return;
    e->words = from->data;
    e->words_type = mgi_torch_weights_words_dtype(e->dtype, from->dtype);
    e->bytes += count * mgi_tensor_dtype_bytes(e->words_type);
    mgi_progress_add(p->request->progress, 1);
    if (mgi_torch_weights_in_place(e->dtype, from)) {
        e->keeps_weights = true;
        return;
    }
    e->words = e->words_copy = mgi_alloc_aligned(count, mgi_tensor_dtype_bytes(e->words_type));
    if (e->words_copy == NULL) {
        fail_memory(p, count * mgi_tensor_dtype_bytes(e->words_type));
    } else if (e->words_type == MGI_F32) {
        mgi_convert_f32(from, 0, count, e->words_copy);
    } else {
        mgi_convert_half(from, e->words_type, 0, count, e->words_copy);
    }
    mgi_tensor_release(from);
}

mgeo_status mgi_torch_weights_load(mgi_encoder *e, const mgi_encoder_request *request,
                                   mgeo_error *error) {
    placing p = {.encoder = e, .request = request};
    const mgi_weights *from = request->weights;
    mgi_progress_stage(request->progress, MGEO_STAGE_PLACING, mgi_tensor_count(&e->spec));
    e->layers = mgi_calloc(e->spec.layers, sizeof *e->layers);
    if (e->layers == NULL) {
        return mgi_fail_memory(error, "the layers", e->spec.layers * sizeof *e->layers);
    }
    words(&p);
    e->positions = vector(&p, &from->position_embeddings);
    e->types = vector(&p, &from->type_embeddings);
    e->embedding_norm = norm(&p, &from->embedding_norm);
    for (uint32_t i = 0; i < e->spec.layers; i++) {
        layer(&p, &from->layers[i], i + 1 == e->spec.layers, &e->layers[i]);
    }
    e->pooler = linear(&p, MGK_FP32, &from->pooler);
    e->classifier = linear(&p, MGK_FP32, &from->classifier);
    if (error != NULL) *error = p.error;
    return (mgeo_status)p.error.status;
}

static void free_linear(mgi_torch_linear *linear) {
    mgt_weight_destroy(linear->weight);
    mgi_free(linear->copy);
    mgi_free(linear->int8.panels);
    mgi_free(linear->int8.scale);
    mgi_free(linear->bias);
}

static void free_norm(mgi_torch_norm *norm) {
    mgi_free(norm->weight);
    mgi_free(norm->bias);
}

void mgi_torch_weights_free(mgi_encoder *e) {
    for (uint32_t i = 0; e->layers != NULL && i < e->spec.layers; i++) {
        mgi_torch_layer *layer = &e->layers[i];
        for (size_t j = 0; j < MGI_TORCH_QKV_PARTS; j++) free_linear(&layer->qkv[j]);
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
