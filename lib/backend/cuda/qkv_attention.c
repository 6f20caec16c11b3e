/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's queries, keys, values and attention in one kernel: what that kernel is told. */
#include "backend/cuda/encoder.h"

#include "core/alloc.h"

static mgk_qkv_attention heads_of(const mgi_encoder *e, const mgi_cuda_buffers *b,
                                  const mgi_cuda_layer *layer) {
    return (mgk_qkv_attention){.input_type = e->forms.product,
                               .type = e->forms.flow,
                               .context_type = e->forms.product,
                               .heads = e->spec.heads,
                               .hidden = e->spec.hidden,
                               .input = b->quantised ? b->quantised : b->x,
                               .weight = layer->qkv.weight,
                               .bias = layer->qkv.bias,
                               .scale = layer->qkv.step,
                               .context = b->context,
                               .context_scale = layer->context_scale};
}

bool mgi_cuda_qkv_attention_available(const mgi_encoder *e, const mgi_cuda_replica *copy) {
    mgi_cuda_buffers buffers;
    mgi_cuda_arena_layout_lane(e, &buffers, copy->memory + e->weight_bytes);
    const mgk_qkv_attention heads = heads_of(e, &buffers, &copy->layers[0]);
    return e->spec.layers > 1 && mgk_qkv_attention_sm90_supports(&heads);
}

mgeo_status mgi_cuda_qkv_attention_create(const mgi_encoder *e, const mgi_cuda_replica *copy,
                                          const mgi_cuda_buffers *buffers,
                                          mgk_qkv_attention_plan **plans, mgeo_error *error) {
    const uint32_t layers = e->spec.layers - 1;
    *plans = NULL;
    if (!e->tiled) return MGEO_OK;
    *plans = mgi_calloc(layers, sizeof **plans);
    if (*plans == NULL) return mgi_fail_memory(error, "prepared layers", layers * sizeof **plans);
    for (uint32_t i = 0; i < layers; i++) {
        const mgk_qkv_attention heads = heads_of(e, buffers, &copy->layers[i]);
        const int code = mgk_qkv_attention_sm90_prepare(&heads, e->batch_tokens, &(*plans)[i]);
        if (code != 0) return mgi_cuda_device_fail(error, &copy->card, code, "preparing attention");
    }
    return MGEO_OK;
}
