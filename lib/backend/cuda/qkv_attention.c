/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's queries, keys, values and attention in one kernel: what that kernel is told. */
#include "backend/cuda/qkv_attention.h"

#include "core/alloc.h"

static mgk_qkv_attention kernel_call_of(const mgi_encoder *e, const mgi_cuda_buffers *b,
                                        const mgi_cuda_layer *layer) {
    return (mgk_qkv_attention){.input_type = e->dtypes.gemm,
                               .type = e->dtypes.activation,
                               .context_type = e->dtypes.gemm,
                               .heads = e->spec.heads,
                               .hidden = e->spec.hidden,
                               .input = b->quantised != NULL ? b->quantised : b->x,
                               .weight = layer->qkv.weight,
                               .bias = layer->qkv.bias,
                               .scale = layer->qkv.common_scale,
                               .context = b->context,
                               .context_scale = layer->context_scale};
}

bool mgi_cuda_qkv_attention_available(const mgi_encoder *e, const mgi_cuda_replica *replica) {
    mgi_cuda_buffers buffers;
    mgi_cuda_arena_layout_lane(e, &buffers, replica->memory + e->weight_bytes);
    const mgk_qkv_attention kernel = kernel_call_of(e, &buffers, &replica->layers[0]);
    return e->spec.layers > 1 && mgk_qkv_attention_sm90_supports(&kernel);
}

mgeo_status mgi_cuda_qkv_attention_create(const mgi_encoder *e, const mgi_cuda_replica *replica,
                                          const mgi_cuda_buffers *buffers,
                                          mgk_qkv_attention_plan **plans, mgeo_error *error) {
    const uint32_t layers = e->spec.layers - 1;
    *plans = NULL;
    if (!e->tiled) return MGEO_OK;
    *plans = mgi_calloc(layers, sizeof **plans);
    if (*plans == NULL) return mgi_fail_memory(error, "prepared layers", layers * sizeof **plans);
    for (uint32_t i = 0; i < layers; i++) {
        const mgk_qkv_attention kernel = kernel_call_of(e, buffers, &replica->layers[i]);
        const int code = mgk_qkv_attention_sm90_prepare(&kernel, e->batch_tokens, &(*plans)[i]);
        if (code != 0) {
            return mgi_cuda_device_fail(error, &replica->card, code, "preparing attention");
        }
    }
    return MGEO_OK;
}
