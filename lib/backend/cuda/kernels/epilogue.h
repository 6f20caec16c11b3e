/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a product whose own kernel could not do it: scales, bias, activation, quantising. */
#ifndef MGI_BACKEND_CUDA_KERNELS_EPILOGUE_H
#define MGI_BACKEND_CUDA_KERNELS_EPILOGUE_H

#include "backend/cuda/kernels/batch.h"
#include "backend/cuda/kernels/dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rows out of a product that could not end them itself. */
typedef struct mgk_cuda_epilogue {
    mgk_cuda_dtype from_type; /* F32, F16, BF16; S32: in steps of row_scale * scale */
    const void *from;         /* [rows, width] */
    const float *row_scale;   /* [rows], with S32 */
    const float *scale;       /* [width], with S32 */
    const float *bias;        /* [width] or NULL */
    mgk_cuda_activation activation;
    uint32_t width;
    mgk_cuda_dtype to_type; /* F32, F16, BF16; E4M3: of numbers * to_scale; S8 */
    void *to;               /* [rows, width]; may be from where the types are alike */
    float to_scale;
    float *to_row_scale; /* [rows], with S8 */
} mgk_cuda_epilogue;

/* Widths of S8 are bounded by shared memory. */
#define MGK_CUDA_S8_MAX_WIDTH 12288u

int mgk_cuda_epilogue_rows(const mgk_cuda_epilogue *epilogue, const mgk_cuda_batch *batch,
                           mgk_cuda_extent extent, bool dependent, mgk_cuda_stream stream);

#ifdef __cplusplus
}
#endif

#endif
