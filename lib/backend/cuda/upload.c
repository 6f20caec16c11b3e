/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out what the host sends for a batch. */
#include "backend/cuda/upload.h"

#include "backend/cuda/kernels/batch.h"
#include "backend/cuda/kernels/qkv_attention_sm90.h"

static size_t aligned(size_t bytes) { return (bytes + 15) / 16 * 16; }

size_t mgi_cuda_upload_tokens(uint32_t rows) {
    return aligned((size_t)(MGK_CUDA_UPLOAD_OFFSETS + rows + 1) * sizeof(uint32_t));
}

size_t mgi_cuda_upload_bytes(uint32_t rows, uint32_t tokens) {
    return mgi_cuda_upload_tokens(rows) + tokens * sizeof(mgk_cuda_token);
}

size_t mgi_cuda_upload_bounds(uint32_t rows, uint32_t tokens) {
    return aligned(mgi_cuda_upload_bytes(rows, tokens));
}

size_t mgi_cuda_upload_tiles(uint32_t rows, uint32_t tokens) {
    return aligned(mgi_cuda_upload_bounds(rows, tokens) + tokens * sizeof(mgk_qkv_bounds));
}

size_t mgi_cuda_upload_bytes_tiled(uint32_t rows, uint32_t tokens, uint32_t tiles) {
    return mgi_cuda_upload_tiles(rows, tokens) + tiles * sizeof(mgk_qkv_tile);
}
