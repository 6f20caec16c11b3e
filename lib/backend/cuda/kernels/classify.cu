/* SPDX-License-Identifier: Apache-2.0 */
/* The end of the encoder: [CLS] of every sequence, gathered; in fp32 pooler and classifier. */
#include "backend/cuda/kernels/classify.h"
#include "backend/cuda/kernels/dtype.cuh"
#include "backend/cuda/kernels/launch.cuh"

namespace {

constexpr uint32_t POOL_WARPS = 8, EARLY_MOST = 1024, CLASSIFY_THREADS = 256, GATHER_THREADS = 256;

template <typename T>
__global__ void __launch_bounds__(GATHER_THREADS)
    gather_kernel(const T *x, const float *scale, T *to, float *to_scale, uint32_t width,
                  mgk_cuda_batch batch) {
    let_next_begin();
    wait_for_inputs();
    const uint32_t row = blockIdx.x;
    if (row >= batch.sizes[0]) return;
    const size_t from = batch.offsets[row];
    for (uint32_t i = threadIdx.x; i < width; i += GATHER_THREADS) {
        to[(size_t)row * width + i] = x[from * width + i];
    }
    if (scale && threadIdx.x == 0) to_scale[row] = scale[from];
}

/* A warp for each output, one sequence after the other: the weights are read once, and ahead of the
 * wait where they fit registers. */
template <bool EARLY>
__global__ void __launch_bounds__(POOL_WARPS * 32)
    pool_kernel(const float *x, const float *weight, float *pooled, uint32_t width,
                mgk_cuda_batch batch) {
    const uint32_t output = blockIdx.x * POOL_WARPS + threadIdx.x / 32, lane = threadIdx.x % 32;
    const float *w = weight + (size_t)min(output, width - 1) * width;
    float early[EARLY_MOST / 32];
    let_next_begin();
    if constexpr (EARLY) {
#pragma unroll
        for (int i = 0; i < EARLY_MOST / 32; i++) {
            early[i] = i * 32 + lane < width ? w[i * 32 + lane] : 0;
        }
    }
    wait_for_inputs();
    if (output >= width) return;
    const uint32_t rows = rows_of(batch, MGK_CUDA_SEQUENCES);
    for (uint32_t row = 0; row < rows; row++) {
        const float *from = x + (size_t)row * width;
        float sum = 0;
        if constexpr (EARLY) {
#pragma unroll
            for (int i = 0; i < EARLY_MOST / 32; i++) {
                if (i * 32 + lane < width) sum += from[i * 32 + lane] * early[i];
            }
        } else {
            for (uint32_t i = lane; i < width; i += 32) sum += from[i] * w[i];
        }
        sum = warp_sum(sum);
        if (lane == 0) pooled[(size_t)row * width + output] = sum;
    }
}

__device__ void classify_row(const mgk_cuda_classifier &c, uint32_t row, float *activated) {
    const uint32_t lane = threadIdx.x % 32, warps = blockDim.x / 32;
    for (uint32_t i = threadIdx.x; i < c.width; i += blockDim.x) {
        activated[i] = tanhf(c.pooled[(size_t)row * c.width + i] + c.pool_bias[i]);
    }
    __syncthreads();
    for (uint32_t label = threadIdx.x / 32; label < c.labels; label += warps) {
        const float *w = c.weight + (size_t)label * c.width;
        float sum = 0;
        for (uint32_t i = lane; i < c.width; i += 32) sum += activated[i] * w[i];
        sum = warp_sum(sum);
        if (lane == 0) c.logits[(size_t)row * c.labels + label] = sum + c.bias[label];
    }
}

/* The last block to come by tells the host. */
__device__ void tell(const mgk_cuda_classifier &c) {
    __threadfence_system();
    __syncthreads();
    if (threadIdx.x != 0) return;
    if (atomicAdd(c.arrived, 1u) + 1 < gridDim.x) return;
    *c.arrived = 0;
    __threadfence_system();
    *(volatile uint32_t *)c.done = *(const volatile uint32_t *)c.mark;
}

__global__ void __launch_bounds__(CLASSIFY_THREADS)
    classify_kernel(mgk_cuda_classifier c, mgk_cuda_batch batch) {
    extern __shared__ float activated[];
    let_next_begin();
    wait_for_inputs();
    if (blockIdx.x < rows_of(batch, MGK_CUDA_SEQUENCES)) classify_row(c, blockIdx.x, activated);
    if (c.done) tell(c);
}

} // namespace

int mgk_cuda_classify_gather_first(const void *x, void *to, size_t bytes,
                                   const mgk_cuda_batch *batch, bool dependent,
                                   mgk_cuda_stream stream) {
    return launch(gather_kernel<uint16_t>, batch->rows, GATHER_THREADS, 0, stream, dependent,
                  static_cast<const uint16_t *>(x), nullptr, static_cast<uint16_t *>(to), nullptr,
                  (uint32_t)(bytes / 2), *batch);
}

int mgk_cuda_classify_gather_quantised(const void *x, const float *scale, void *to, float *to_scale,
                                       uint32_t width, const mgk_cuda_batch *batch, bool dependent,
                                       mgk_cuda_stream stream) {
    return launch(gather_kernel<uint8_t>, batch->rows, GATHER_THREADS, 0, stream, dependent,
                  static_cast<const uint8_t *>(x), scale, static_cast<uint8_t *>(to), to_scale,
                  width, *batch);
}

int mgk_cuda_classify_pool(const float *x, const float *weight, float *pooled, uint32_t width,
                           const mgk_cuda_batch *batch, bool dependent, mgk_cuda_stream stream) {
    const auto kernel = width <= EARLY_MOST ? pool_kernel<true> : pool_kernel<false>;
    return launch(kernel, (width + POOL_WARPS - 1) / POOL_WARPS, POOL_WARPS * 32, 0, stream,
                  dependent, x, weight, pooled, width, *batch);
}

int mgk_cuda_classify(const mgk_cuda_classifier *classifier, const mgk_cuda_batch *batch,
                      bool dependent, mgk_cuda_stream stream) {
    return launch(classify_kernel, batch->rows, CLASSIFY_THREADS, classifier->width * sizeof(float),
                  stream, dependent, *classifier, *batch);
}
