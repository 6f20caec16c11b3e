/* SPDX-License-Identifier: Apache-2.0 */
/* Counts tensors and their numbers, brings their bytes in and gives the memory back. */
#include "backend/tensor.h"

/* Of mgi_weights: three tables, LayerNorm, pooler and classifier; of mgi_layer_weights: six Linear
 * layers and two LayerNorms, each a weight and a bias. */
enum { TENSORS_OUTSIDE_LAYERS = 9, TENSORS_PER_LAYER = 16 };

uint64_t mgi_tensor_count(const mgi_encoder_spec *spec) {
    return TENSORS_OUTSIDE_LAYERS + (uint64_t)TENSORS_PER_LAYER * spec->layers;
}

size_t mgi_tensor_numbers(const mgi_tensor *tensor) {
    return (size_t)tensor->shape[0] * (tensor->rank == 2 ? tensor->shape[1] : 1);
}

size_t mgi_tensor_dtype_bytes(mgi_dtype dtype) { return dtype == MGI_F32 ? 4 : 2; }

mgeo_status mgi_tensor_acquire(const mgi_tensor *tensor, mgeo_error *error) {
    if (tensor->source == NULL) return MGEO_OK;
    return tensor->source->acquire(tensor->source, tensor, error);
}

void mgi_tensor_release(const mgi_tensor *tensor) {
    if (tensor->source != NULL) tensor->source->release(tensor->source, tensor);
}
