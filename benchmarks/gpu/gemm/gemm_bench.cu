/* SPDX-License-Identifier: Apache-2.0 */
/* Products of many rows on Hopper: are they right, and how fast are they next to cublasLt?
 *
 *   timeout 60 gemm_bench [all | alive | check | time | sequence] [bf16 | f16 | fp8]
 *
 * check compares with a plain fp32 kernel over poisoned outputs, one line for each shape and kind
 * of product. time prints TFLOP/s of every layout of ours and of cublasLt's best algorithm among 8,
 * each the median of 21 replays of a graph; inputs, outputs and weights take turns between as many
 * buffers as an encoder of 12 layers has. sequence runs the four products of 12 layers in a row:
 * pairs of 45 tokens a second if nothing else had to be done. */
#include "gpu/gemm/gemm_bench.cuh"

#include <cstring>

cudaStream_t stream;
int failures;

/* ---- numbers on the device ---- */

static __device__ uint32_t mix(uint64_t x) {
    x = (x ^ x >> 31) * 0x9e3779b97f4a7c15ull;
    x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9ull;
    return (uint32_t)(x >> 32);
}

static __global__ void fill_kernel(mgk_cuda_dtype type, void *p, size_t count, float mean,
                                   float deviation, uint64_t seed) {
    const size_t step = (size_t)gridDim.x * blockDim.x;
    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step) {
        const float u = (mix(2 * i + (seed << 40)) + 1.0f) * 2.3283064e-10f;
        const float v = mix(2 * i + 1 + (seed << 40)) * 2.3283064e-10f;
        const float z = sqrtf(-2 * logf(fminf(u, 1.0f))) * cosf(6.2831853f * v);
        set_number(type, p, i, mean + deviation * z);
    }
}

void fill(mgk_cuda_dtype type, void *p, size_t count, float mean, float deviation) {
    static uint64_t seed;
    fill_kernel<<<1024, 256, 0, stream>>>(type, p, count, mean, deviation, ++seed);
    CHECK(cudaGetLastError());
}

bool wanted(mgk_cuda_dtype in, const char *filter) {
    return filter == nullptr || strcmp(filter, in == MGK_CUDA_E4M3 ? "fp8" : name_of(in)) == 0;
}

/* One small product, before anything depends on it. */
static void show_life() {
    mgk_cuda_gemm p = {};
    p.input_type = p.output_type = MGK_CUDA_BF16;
    p.outputs = p.inputs = 128;
    p.input = allocate<uint16_t>(256 * 128);
    p.weight = allocate<uint16_t>(128 * 128);
    p.output = allocate<uint16_t>(256 * 128);
    if (!mgk_gemm_sm90_supports(&p)) {
        printf("not supported on this device, or not built for sm_90a\n");
        exit(2);
    }
    mgk_gemm_sm90_plan plan;
    CHECK(mgk_gemm_sm90_prepare(&p, 256, &plan));
    CHECK(mgk_gemm_sm90_launch(&plan, 256, false, stream));
    CHECK(cudaStreamSynchronize(stream));
    printf("alive\n");
    fflush(stdout);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "all", *filter = argc > 2 ? argv[2] : nullptr;
    const bool all = strcmp(what, "all") == 0;
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    cudaDeviceProp properties;
    CHECK(cudaGetDeviceProperties(&properties, 0));
    printf("%s, %d multiprocessors\n", properties.name, properties.multiProcessorCount);
    fflush(stdout);
    show_life();
    if (all || strcmp(what, "check") == 0) check(filter);
    const bool each = all || strcmp(what, "time") == 0;
    if (each || strcmp(what, "sequence") == 0) time_all(each, true, filter);
    CHECK(cudaDeviceSynchronize());
    return failures ? 1 : 0;
}
