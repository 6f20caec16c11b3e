/* SPDX-License-Identifier: Apache-2.0 */
/* Attention over batches of any length. */
#ifndef MGI_BACKEND_CUDA_KERNELS_ATTENTION_H
#define MGI_BACKEND_CUDA_KERNELS_ATTENTION_H

#include "backend/cuda/kernels/batch.h"
#include "backend/cuda/kernels/dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Softmax(query keyᵀ / √width) value for every head of every sequence, at any length. */
typedef struct mgk_cuda_attention {
    mgk_cuda_dtype type; /* F32, F16, BF16 */
    const void *query, *key, *value;
    uint32_t query_stride; /* elements from row to row */
    uint32_t key_stride;   /* of key and value */
    uint32_t heads, head_width;
    uint32_t length_most;        /* of a sequence */
    mgk_cuda_extent queries;     /* every token asks, or one row for each sequence */
    void *context;               /* [queries, heads * head_width] */
    mgk_cuda_dtype context_type; /* type, or E4M3: of numbers * context_scale */
    float context_scale;
} mgk_cuda_attention;

int mgk_cuda_attention_launch(const mgk_cuda_attention *attention, const mgk_cuda_batch *batch,
                              bool dependent, mgk_cuda_stream stream);

#ifdef __cplusplus
}
#endif

#endif
