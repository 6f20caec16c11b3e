/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows of a batch share a tile of the kernel in qkv_attention_sm90.h. */
#ifndef MGI_BACKEND_CUDA_TILE_PACKING_H
#define MGI_BACKEND_CUDA_TILE_PACKING_H

#include "backend/backend.h"
#include "backend/cuda/kernels/qkv_attention_sm90.h"

/* Cuts the batch, whose rows ascend in length, into tiles of rows in another order: order[i] is the
 * batch's row that comes i-th. There is room for a tile for each row, and bounds for each token.
 * Returns the tiles; 0: a row is longer than a tile, or they would be too empty to gain anything,
 * and what was written is of no use. */
uint32_t mgi_cuda_tile_packing_cut(const mgi_batch *batch, uint32_t *order, mgk_qkv_tile *tiles,
                                   mgk_qkv_bounds *bounds);

#endif
