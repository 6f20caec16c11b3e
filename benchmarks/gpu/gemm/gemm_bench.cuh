/* SPDX-License-Identifier: Apache-2.0 */
/* Products of many rows on Hopper, as gemm_check.cu and gemm_time.cu share them. */
#ifndef BENCHMARKS_GPU_GEMM_GEMM_BENCH_CUH
#define BENCHMARKS_GPU_GEMM_GEMM_BENCH_CUH

#include "backend/cuda/kernels/gemm_sm90.h"
#include "gpu/gemm/numbers.cuh"

enum { WIDE = 3072 };
static const float GELU_SCALE = 32.0f; /* of E4M3 output */

extern cudaStream_t stream;
extern int failures;

struct kind {
    mgk_cuda_dtype in, out;
    mgk_cuda_activation activation;
};
struct size {
    uint32_t outputs, inputs;
};
struct layout {
    uint32_t tile, cluster, lead;
};

/* mean + deviation * (normal numbers) */
void fill(mgk_cuda_dtype type, void *p, size_t count, float mean, float deviation);

template <typename T> T *allocate(size_t count) {
    T *p;
    CHECK(cudaMalloc(&p, count * sizeof(T)));
    return p;
}

/* Whether the filter ("bf16", "f16", "fp8"; NULL: all) takes products of this input. */
bool wanted(mgk_cuda_dtype in, const char *filter);

/* Compares with a plain kernel, one line for each shape and kind of product; counts failures. */
void check(const char *filter);

/* TFLOP/s of each layout; pairs a second of 12 layers in sequence. */
void time_all(bool each, bool sequence, const char *filter);

#endif
