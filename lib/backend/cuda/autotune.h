/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel makes each product, found by timing when a model is loaded. */
#ifndef MGI_BACKEND_CUDA_AUTOTUNE_H
#define MGI_BACKEND_CUDA_AUTOTUNE_H

#include "backend/cuda/gemm.h"

/* Chooses for all products of a replica whose weights lie in place; its lanes' memory is scratch
 * meanwhile. replica->algorithms is to be destroyed, also after an error. Errors: MGEO_E_MEMORY,
 * MGEO_E_DEVICE, MGEO_E_UNSUPPORTED. */
mgeo_status mgi_cuda_autotune_create(const mgi_encoder *encoder, mgi_cuda_replica *replica,
                                     mgeo_error *error);
void mgi_cuda_autotune_destroy(mgi_cuda_gemm_algorithms *algorithms);

/* Where a kind of product reads and writes in a forward pass, with the first layer's weights. */
mgi_cuda_gemm_call mgi_cuda_autotune_trial_call(const mgi_encoder *encoder,
                                                const mgi_cuda_replica *replica,
                                                const mgi_cuda_buffers *buffers,
                                                mgi_cuda_gemm_kind kind, uint32_t rows);

#endif
