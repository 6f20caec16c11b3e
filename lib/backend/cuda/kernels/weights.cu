/* SPDX-License-Identifier: Apache-2.0 */
/* Weights on their way into the card: converted, quantised, and looked at for their bounds. */
#include "backend/cuda/kernels/dtype.cuh"
#include "backend/cuda/kernels/launch.cuh"
#include "backend/cuda/kernels/weights.h"

namespace {

constexpr uint32_t THREADS = 256, BLOCKS = 1024;

__global__ void __launch_bounds__(THREADS)
    convert_kernel(mgk_cuda_dtype from_type, const void *from, mgk_cuda_dtype to_type, void *to,
                   float scale, size_t count) {
    const size_t step = (size_t)gridDim.x * THREADS;
    for (size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x; i < count; i += step) {
        store_as(to_type, to, i, load_as(from_type, from, i) * scale);
    }
}

/* A warp for each row. */
__global__ void __launch_bounds__(THREADS)
    quantise_rows_kernel(mgk_cuda_dtype from_type, const void *from, int8_t *to, float *scale,
                         uint32_t rows, uint32_t width) {
    const uint32_t row = blockIdx.x * (THREADS / 32) + threadIdx.x / 32, lane = threadIdx.x % 32;
    if (row >= rows) return;
    const size_t first = (size_t)row * width;
    float largest = 0;
    for (uint32_t i = lane; i < width; i += 32) {
        largest = fmaxf(largest, fabsf(load_as(from_type, from, first + i)));
    }
    const float factor = steps_of(warp_max(largest));
    if (lane == 0) scale[row] = 1 / factor;
    for (uint32_t i = lane; i < width; i += 32) {
        to[first + i] = (int8_t)__float2int_rn(load_as(from_type, from, first + i) * factor);
    }
}

/* Floats that are not negative are ordered as their bits are. */
__device__ void raise(float *to, float x) { atomicMax((int *)to, __float_as_int(x)); }

__global__ void __launch_bounds__(THREADS)
    largest_kernel(mgk_cuda_dtype from_type, const void *from, size_t count, float *largest) {
    const size_t step = (size_t)gridDim.x * THREADS;
    float most = 0;
    for (size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x; i < count; i += step) {
        most = fmaxf(most, fabsf(load_as(from_type, from, i)));
    }
    most = warp_max(most);
    if (threadIdx.x % 32 == 0) raise(largest, most);
}

__global__ void __launch_bounds__(THREADS)
    bound_kernel(mgk_cuda_dtype from_type, const void *weight, const float *bias,
                 const float *gamma, const float *beta, uint32_t rows, uint32_t width,
                 float *bound) {
    const uint32_t row = blockIdx.x * (THREADS / 32) + threadIdx.x / 32, lane = threadIdx.x % 32;
    if (row >= rows) return;
    float squares = 0, middle = 0;
    for (uint32_t i = lane; i < width; i += 32) {
        const float w = load_as(from_type, weight, (size_t)row * width + i);
        squares += w * gamma[i] * w * gamma[i];
        middle += w * beta[i];
    }
    squares = warp_sum(squares);
    middle = warp_sum(middle) + bias[row];
    if (lane == 0) raise(bound, sqrtf((float)width * squares) + fabsf(middle));
}

/* Of two bytes: a sign, 0x3c to 0x3f above, anything below that is no NaN in fp8. */
__global__ void __launch_bounds__(THREADS) fill_kernel(uint32_t *memory, size_t words) {
    const size_t step = (size_t)gridDim.x * THREADS;
    for (size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x; i < words; i += step) {
        uint32_t x = (uint32_t)i * 0x9e3779b9u;
        x = (x ^ x >> 16) * 0x85ebca6bu;
        x = (x ^ x >> 13) * 0xc2b2ae35u;
        memory[i] = (x & 0x83bf83bfu) | 0x3c003c00u;
    }
}

uint32_t blocks_of(size_t count, uint32_t each) {
    const size_t blocks = (count + each - 1) / each;
    return blocks < BLOCKS ? (uint32_t)(blocks > 0 ? blocks : 1) : BLOCKS;
}

uint32_t blocks_of_rows(uint32_t rows) { return (rows + THREADS / 32 - 1) / (THREADS / 32); }

} // namespace

int mgk_cuda_weights_convert(mgk_cuda_dtype from_type, const void *from, mgk_cuda_dtype to_type,
                             void *to, float scale, size_t count, mgk_cuda_stream stream) {
    return launch(convert_kernel, blocks_of(count, THREADS * 4), THREADS, 0, stream, false,
                  from_type, from, to_type, to, scale, count);
}

int mgk_cuda_weights_fill_noise(void *memory, size_t bytes, mgk_cuda_stream stream) {
    const size_t words = bytes / sizeof(uint32_t);
    return launch(fill_kernel, blocks_of(words, THREADS * 4), THREADS, 0, stream, false,
                  static_cast<uint32_t *>(memory), words);
}

int mgk_cuda_weights_quantise_rows(mgk_cuda_dtype from_type, const void *from, int8_t *to,
                                   float *scale, uint32_t rows, uint32_t width,
                                   mgk_cuda_stream stream) {
    return launch(quantise_rows_kernel, blocks_of_rows(rows), THREADS, 0, stream, false, from_type,
                  from, to, scale, rows, width);
}

int mgk_cuda_weights_largest(mgk_cuda_dtype from_type, const void *from, size_t count,
                             float *largest, mgk_cuda_stream stream) {
    return launch(largest_kernel, blocks_of(count, THREADS * 4), THREADS, 0, stream, false,
                  from_type, from, count, largest);
}

int mgk_cuda_weights_bound(mgk_cuda_dtype from_type, const void *weight, const float *bias,
                           const float *gamma, const float *beta, uint32_t rows, uint32_t width,
                           float *bound, mgk_cuda_stream stream) {
    return launch(bound_kernel, blocks_of_rows(rows), THREADS, 0, stream, false, from_type, weight,
                  bias, gamma, beta, rows, width, bound);
}
