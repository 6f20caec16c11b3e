/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a product whose own kernel could not do it: bias, activation, the next product's
 * dtype. */
#include "backend/cuda/kernels/dtype.cuh"
#include "backend/cuda/kernels/epilogue.h"
#include "backend/cuda/kernels/launch.cuh"

#include <math.h>

namespace {

enum { THREADS = 256 };

__device__ __forceinline__ float activate(mgk_cuda_activation activation, float x) {
    switch (activation) {
    case MGK_CUDA_GELU: return x * normcdff(x);
    case MGK_CUDA_GELU_TANH: {
        const float inner = 0.7978845608028654f * (x + 0.044715f * x * x * x);
        return 0.5f * x * (1 + tanhf(inner));
    }
    case MGK_CUDA_RELU: return fmaxf(x, 0) + (x - x); /* NaN stays NaN */
    case MGK_CUDA_TANH: return tanhf(x);
    default: return x;
    }
}

__device__ __forceinline__ float value_at(const mgk_cuda_epilogue &f, uint32_t row,
                                          uint32_t column) {
    const size_t at = (size_t)row * f.width + column;
    float x;
    if (f.from_type == MGK_CUDA_S32) {
        x = (float)static_cast<const int32_t *>(f.from)[at] * f.row_scale[row] * f.scale[column];
    } else {
        x = load_as(f.from_type, f.from, at);
    }
    if (f.bias) x += f.bias[column];
    return activate(f.activation, x);
}

__device__ float block_max(float x) {
    __shared__ float each[THREADS / 32];
    x = warp_max(x);
    if (threadIdx.x % 32 == 0) each[threadIdx.x / 32] = x;
    __syncthreads();
    x = each[threadIdx.x % (THREADS / 32)];
    return warp_max(x);
}

/* The row waits in shared memory until its scale is known. */
__device__ void quantise_row(const mgk_cuda_epilogue &f, uint32_t row, float *values) {
    float largest = 0;
    for (uint32_t i = threadIdx.x; i < f.width; i += THREADS) {
        values[i] = value_at(f, row, i);
        largest = larger(largest, fabsf(values[i]));
    }
    const float factor = steps_of(block_max(largest));
    if (threadIdx.x == 0) f.to_row_scale[row] = 1 / factor;
    int8_t *to = static_cast<int8_t *>(f.to) + (size_t)row * f.width;
    for (uint32_t i = threadIdx.x; i < f.width; i += THREADS) {
        to[i] = (int8_t)__float2int_rn(values[i] * factor);
    }
}

__global__ void __launch_bounds__(THREADS)
    epilogue_kernel(mgk_cuda_epilogue f, mgk_cuda_batch batch, mgk_cuda_extent extent) {
    extern __shared__ float values[];
    let_next_begin();
    wait_for_inputs();
    const uint32_t row = blockIdx.x;
    if (row >= batch.sizes[extent == MGK_CUDA_TOKENS ? 1 : 0]) return;
    if (f.to_type == MGK_CUDA_S8) {
        quantise_row(f, row, values);
        return;
    }
    const float scale = f.to_type == MGK_CUDA_E4M3 ? f.to_scale : 1;
    for (uint32_t i = threadIdx.x; i < f.width; i += THREADS) {
        store_as(f.to_type, f.to, (size_t)row * f.width + i, value_at(f, row, i) * scale);
    }
}

} // namespace

int mgk_cuda_epilogue_rows(const mgk_cuda_epilogue *epilogue, const mgk_cuda_batch *batch,
                           mgk_cuda_extent extent, bool dependent, mgk_cuda_stream stream) {
    const uint32_t rows = extent == MGK_CUDA_TOKENS ? batch->tokens : batch->rows;
    const size_t shared = epilogue->to_type == MGK_CUDA_S8 ? epilogue->width * sizeof(float) : 0;
    return launch(epilogue_kernel, rows, THREADS, shared, stream, dependent, *epilogue, *batch,
                  extent);
}
