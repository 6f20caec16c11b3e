/* SPDX-License-Identifier: Apache-2.0 */
/* How numbers lie in device memory. */
#ifndef MGI_BACKEND_CUDA_KERNELS_DTYPE_H
#define MGI_BACKEND_CUDA_KERNELS_DTYPE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum mgk_cuda_dtype {
    MGK_CUDA_F32,
    MGK_CUDA_F16,
    MGK_CUDA_BF16,
    MGK_CUDA_E4M3, /* fp8 */
    MGK_CUDA_S8,
    MGK_CUDA_S32 /* what products of S8 make */
} mgk_cuda_dtype;

/* Bytes of one number. */
static inline size_t mgk_cuda_dtype_bytes(mgk_cuda_dtype dtype) {
    switch (dtype) {
    case MGK_CUDA_F16:
    case MGK_CUDA_BF16: return 2;
    case MGK_CUDA_E4M3:
    case MGK_CUDA_S8: return 1;
    default: return 4;
    }
}

static inline bool mgk_cuda_dtype_is_half(mgk_cuda_dtype dtype) {
    return dtype == MGK_CUDA_F16 || dtype == MGK_CUDA_BF16;
}

#endif
