/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's queries, keys, values and attention in one kernel, where a card has it. */
#ifndef MGI_BACKEND_CUDA_QKV_ATTENTION_H
#define MGI_BACKEND_CUDA_QKV_ATTENTION_H

#include "backend/cuda/arena.h"
#include "backend/cuda/kernels/qkv_attention_sm90.h"

/* Whether the replica's card, which is current, has that kernel for the model. The replica's
 * weights lie in place. */
bool mgi_cuda_qkv_attention_available(const mgi_encoder *encoder, const mgi_cuda_replica *replica);

/* Prepares it for a lane's memory: *plans [layers - 1] is to be freed with mgi_free, also after an
 * error; NULL where !encoder->tiled. The last layer, where only [CLS] attends, has none. */
mgeo_status mgi_cuda_qkv_attention_create(const mgi_encoder *encoder,
                                          const mgi_cuda_replica *replica,
                                          const mgi_cuda_buffers *buffers,
                                          mgk_qkv_attention_plan **plans, mgeo_error *error);

/* A batch cut into tiles for it; count 0: it is not cut. */
typedef struct mgi_cuda_tiling {
    const mgk_qkv_attention_plan *plans; /* [layers - 1] */
    const mgk_qkv_tile *tiles;           /* [count], in device memory, as bounds are */
    const mgk_qkv_bounds *bounds;
    uint32_t count;
} mgi_cuda_tiling;

#endif
