/* SPDX-License-Identifier: Apache-2.0 */
/* Products of many rows on Hopper: are they right, and how fast are they beside cublasLt?
 *
 *   nvcc -O3 -std=c++17 -Ilib -gencode=arch=compute_90a,code=sm_90a -DMGK_GEMM_SM90_TUNING \
 *       -DMGK_GEMM_SM90_WATCHDOG=2000000000ull -o gemm_bench benchmarks/gpu/gemm_bench.cu \
 *       lib/backend/cuda/kernels/gemm_sm90.cu -lcublasLt
 *   timeout 60 ./gemm_bench [all | alive | check | time | sequence] [bf16 | f16 | fp8]
 *
 * check compares with a plain fp32 kernel over poisoned outputs, one line for each shape and kind
 * of product. time prints TFLOP/s of every layout of ours and of cublasLt's best algorithm among 8,
 * each the median of 21 replays of a graph; inputs, outputs and weights take turns between as many
 * buffers as an encoder of 12 layers has. sequence runs the four products of 12 layers in a row:
 * pairs of 45 tokens a second if nothing else had to be done. */
#include "backend/cuda/kernels/gemm_sm90.h"
#include "gpu/gemm/numbers.cuh"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <cublasLt.h>
#include <functional>
#include <vector>

enum { LAYERS = 12, BUFFERS = 3, WIDE = 3072, REPLAYS = 21, TRIED = 8, TOKENS = 45, GUARD = 512 };
static const float GELU_SCALE = 32.0f; /* of E4M3 output */
static const size_t WORKSPACE = 64u << 20;
static cudaStream_t stream;
static int failures;

static const char *name_of(mgk_cuda_activation activation) {
    return activation == MGK_CUDA_IDENTITY ? "identity"
           : activation == MGK_CUDA_GELU   ? "gelu"
                                           : "gelu_tanh";
}

/* ---- numbers on the device ---- */

__device__ uint32_t mix(uint64_t x) {
    x = (x ^ x >> 31) * 0x9e3779b97f4a7c15ull;
    x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9ull;
    return (uint32_t)(x >> 32);
}

/* mean + deviation * (normal numbers) */
__global__ void fill_kernel(mgk_cuda_dtype type, void *p, size_t count, float mean, float deviation,
                            uint64_t seed) {
    const size_t step = (size_t)gridDim.x * blockDim.x;
    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step) {
        const float u = (mix(2 * i + (seed << 40)) + 1.0f) * 2.3283064e-10f;
        const float v = mix(2 * i + 1 + (seed << 40)) * 2.3283064e-10f;
        const float z = sqrtf(-2 * logf(fminf(u, 1.0f))) * cosf(6.2831853f * v);
        set_number(type, p, i, mean + deviation * z);
    }
}

static void fill(mgk_cuda_dtype type, void *p, size_t count, float mean, float deviation) {
    static uint64_t seed;
    fill_kernel<<<1024, 256, 0, stream>>>(type, p, count, mean, deviation, ++seed);
    CHECK(cudaGetLastError());
}

template <typename T> static T *allocate(size_t count) {
    T *p;
    CHECK(cudaMalloc(&p, count * sizeof(T)));
    return p;
}

/* ---- check ---- */

enum { PLAIN = 16 };

/* sums[r, o] = Σ_i input[r, i] weight[o, i] */
__global__ void plain_product(mgk_cuda_dtype type, const void *input, const void *weight,
                              float *sums, uint32_t rows, uint32_t outputs, uint32_t inputs) {
    __shared__ float a[PLAIN][PLAIN + 1], b[PLAIN][PLAIN + 1];
    const uint32_t x = threadIdx.x, y = threadIdx.y;
    const uint32_t row = blockIdx.y * PLAIN + y, output = blockIdx.x * PLAIN + x;
    float sum = 0;
    for (uint32_t i = 0; i < inputs; i += PLAIN) {
        a[y][x] = row < rows ? number(type, input, (size_t)row * inputs + i + x) : 0;
        b[y][x] = number(type, weight, (size_t)(blockIdx.x * PLAIN + y) * inputs + i + x);
        __syncthreads();
        for (uint32_t j = 0; j < PLAIN; j++) sum = fmaf(a[y][j], b[x][j], sum);
        __syncthreads();
    }
    if (row < rows) sums[(size_t)row * outputs + output] = sum;
}

struct tally {
    double difference, reference; /* squares */
    uint32_t largest;             /* difference, as a float's bits */
    unsigned long long bad, touched;
};

__device__ float activated(mgk_cuda_activation activation, float x) {
    switch (activation) {
    case MGK_CUDA_GELU: return 0.5f * x * erfcf(-x * 0.70710678f);
    case MGK_CUDA_GELU_TANH:
        return 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    default: return x;
    }
}

/* Half a unit in the last place, and what the arithmetic may add to it: sums of E4M3 keep about 14
 * bits from step to step. */
__device__ bool is_near(mgk_cuda_dtype in, mgk_cuda_dtype out, float want, float difference,
                        float out_scale) {
    const float half_unit = out == MGK_CUDA_BF16  ? 1.0f / 256
                            : out == MGK_CUDA_F16 ? 1.0f / 2048
                                                  : 1.0f / 16;
    const float sums = in == MGK_CUDA_E4M3 ? 5e-2f : 5e-4f;
    const float least = out == MGK_CUDA_E4M3 ? 1.0f / 1024 : 0.0f;
    return difference <= 1.02f * half_unit * fabsf(want) + sums * out_scale + least;
}

__device__ double warp_sum(double x) {
    for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
    return x;
}

__global__ void compare_kernel(mgk_cuda_gemm p, const float *sums, uint32_t guard, tally *t) {
    const size_t count = (size_t)p.rows * p.outputs, step = (size_t)gridDim.x * blockDim.x;
    const size_t begin = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    const float out_scale = p.output_type == MGK_CUDA_E4M3 ? p.output_scale : 1.0f;
    double difference = 0, reference = 0;
    float largest = 0;
    unsigned long long bad = 0, touched = 0;
    for (size_t i = begin; i < count; i += step) {
        const uint32_t o = (uint32_t)i % p.outputs;
        const float y = fmaf(sums[i], p.scale ? p.scale[o] : 1.0f, p.bias ? p.bias[o] : 0.0f);
        float want = activated(p.activation, y) * out_scale;
        if (p.output_type == MGK_CUDA_E4M3) want = fminf(fmaxf(want, -448.0f), 448.0f);
        const float d = fabsf(number(p.output_type, p.output, i) - want);
        if (!is_near(p.input_type, p.output_type, want, d, out_scale)) bad++;
        difference += (double)d * d;
        reference += (double)want * want;
        largest = fmaxf(largest, d);
    }
    const size_t size = size_of(p.output_type);
    for (size_t i = begin; i < guard * p.outputs * size; i += step) {
        if (((const uint8_t *)p.output)[count * size + i] != 0xff) touched++;
    }
    difference = warp_sum(difference);
    reference = warp_sum(reference);
    if (threadIdx.x % 32 == 0) {
        atomicAdd(&t->difference, difference);
        atomicAdd(&t->reference, reference);
    }
    const uint32_t bits = __reduce_max_sync(0xffffffffu, __float_as_uint(largest));
    if (threadIdx.x % 32 == 0) atomicMax(&t->largest, bits);
    if (bad) atomicAdd(&t->bad, bad);
    if (touched) atomicAdd(&t->touched, touched);
}

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

static const uint32_t check_rows[] = {1, 5, 127, 128, 129, 1000, 5632, 16895};
enum { MAX_CHECK = 16896 };
static const size check_sizes[] = {{2304, 768}, {1536, 768}, {768, 768},  {3072, 768}, {768, 3072},
                                   {256, 256},  {1024, 256}, {256, 1024}, {128, 128}};
static const layout check_layouts[] = {{0, 2, 2},   {256, 2, 2}, {192, 2, 2}, {128, 2, 2},
                                       {256, 1, 2}, {192, 1, 1}, {128, 1, 5}, {256, 2, 0},
                                       {192, 2, 4}, {128, 2, 5}, {256, 2, 3}};

struct check_buffers {
    void *input, *weight, *output;
    float *scale, *bias, *sums;
    tally *device_tally;
};

struct verdict {
    double relative, largest;
    unsigned long long bad, touched;
};

static verdict run_case(const check_buffers *b, const mgk_gemm_sm90_plan *plan,
                        const mgk_cuda_gemm *p) {
    const size_t bytes = (size_t)(p->rows + GUARD) * p->outputs * size_of(p->output_type);
    CHECK(cudaMemsetAsync(b->output, 0xff, bytes, stream));
    CHECK(cudaMemsetAsync(b->device_tally, 0, sizeof(tally), stream));
    CHECK(mgk_gemm_sm90_launch(plan, p->rows, false, stream));
    compare_kernel<<<1056, 256, 0, stream>>>(*p, b->sums, GUARD, b->device_tally);
    CHECK(cudaGetLastError());
    tally t;
    CHECK(cudaMemcpyAsync(&t, b->device_tally, sizeof t, cudaMemcpyDeviceToHost, stream));
    CHECK(cudaStreamSynchronize(stream));
    float largest;
    memcpy(&largest, &t.largest, sizeof largest);
    return {sqrt(t.difference / t.reference), largest, t.bad, t.touched};
}

static double relative_limit(const kind *k) {
    if (k->out == MGK_CUDA_E4M3) return 5e-2;
    return k->in == MGK_CUDA_E4M3 ? 2e-2 : k->out == MGK_CUDA_BF16 ? 3e-3 : 1e-3;
}

static void check_size(const check_buffers *b, const kind *k, size s) {
    mgk_cuda_gemm p = {};
    p.input_type = k->in;
    p.output_type = k->out;
    p.activation = k->activation;
    p.outputs = s.outputs;
    p.inputs = s.inputs;
    p.input = b->input;
    p.weight = b->weight;
    p.scale = k->in == MGK_CUDA_E4M3 ? b->scale : nullptr;
    p.bias = b->bias;
    p.output = b->output;
    p.output_scale = GELU_SCALE;
    mgk_gemm_sm90_plan plan;
    CHECK(mgk_gemm_sm90_prepare(&p, MAX_CHECK, &plan));
    verdict worst = {};
    int cases = 0, failed = 0;
    for (const layout &l : check_layouts) {
        const mgk_gemm_sm90_tuning tuning = {l.tile, l.cluster, l.lead};
        if (mgk_gemm_sm90_tune(&plan, &tuning) != 0) continue;
        for (uint32_t rows : check_rows) {
            p.rows = rows;
            const verdict v = run_case(b, &plan, &p);
            const bool good =
                v.bad == 0 && v.touched == 0 && v.relative < relative_limit(k); /* not NaN */
            cases++;
            worst.relative = std::max(worst.relative, v.relative);
            worst.largest = std::max(worst.largest, v.largest);
            if (good) continue;
            if (failed++ < 4) {
                printf("  FAIL %u rows, tile %u, cluster %u, lead %u: relative %.2e, largest %.2e, "
                       "%llu wrong, %llu touched\n",
                       rows, l.tile, l.cluster, l.lead, v.relative, v.largest, v.bad, v.touched);
            }
        }
    }
    if (cases == 0) failed = 1;
    failures += failed;
    printf("%s %4s -> %4s %-9s %4u x %4u: %2d cases, relative %.2e, largest %.2e\n",
           failed ? "FAIL" : "PASS", name_of(k->in), name_of(k->out), name_of(k->activation),
           s.outputs, s.inputs, cases, worst.relative, worst.largest);
    fflush(stdout);
}

static bool wanted(mgk_cuda_dtype in, const char *filter) {
    return filter == nullptr || strcmp(filter, in == MGK_CUDA_E4M3 ? "fp8" : name_of(in)) == 0;
}

static void check_type(const check_buffers *b, mgk_cuda_dtype in, const kind *kinds, size_t count) {
    for (const size &s : check_sizes) {
        fill(in, b->input, (size_t)MAX_CHECK * s.inputs, 0, 1);
        /* E4M3 weights use their type's range, and a scale. */
        const float deviation = 1 / sqrtf((float)s.inputs);
        const bool scaled = in == MGK_CUDA_E4M3;
        fill(in, b->weight, (size_t)s.outputs * s.inputs, 0, scaled ? 16.0f : deviation);
        fill(MGK_CUDA_F32, b->scale, s.outputs, deviation / 16, deviation / 64);
        fill(MGK_CUDA_F32, b->bias, s.outputs, 0, 0.5f);
        plain_product<<<dim3(s.outputs / PLAIN, MAX_CHECK / PLAIN), dim3(PLAIN, PLAIN), 0,
                        stream>>>(in, b->input, b->weight, b->sums, MAX_CHECK, s.outputs, s.inputs);
        CHECK(cudaGetLastError());
        for (size_t i = 0; i < count; i++) {
            if (kinds[i].in == in) check_size(b, &kinds[i], s);
        }
    }
}

/* Two products in a row, the second reading the first's output, launched to overlap. */
static void check_dependent(const check_buffers *b, mgk_cuda_dtype in) {
    const uint32_t rows = 5632;
    const size_t middle_bytes = (size_t)rows * WIDE * size_of(in),
                 out_bytes = (size_t)rows * 768 * 2;
    void *middle = allocate<uint8_t>(middle_bytes);
    std::vector<uint8_t> want(out_bytes), got(out_bytes);
    mgk_cuda_gemm up = {}, down = {};
    up.input_type = up.output_type = down.input_type = in;
    down.output_type = in == MGK_CUDA_E4M3 ? MGK_CUDA_BF16 : in;
    up.activation = MGK_CUDA_GELU;
    up.outputs = down.inputs = WIDE;
    up.inputs = down.outputs = 768;
    up.input = b->input;
    up.weight = down.weight = b->weight;
    up.bias = down.bias = b->bias;
    up.output_scale = 1;
    up.output = middle;
    down.input = middle;
    down.output = b->output;
    fill(in, b->input, (size_t)rows * 768, 0, 1);
    fill(in, b->weight, (size_t)WIDE * 768, 0, 0.03f);
    fill(MGK_CUDA_F32, b->bias, WIDE, 0, 0.5f);
    mgk_gemm_sm90_plan plans[2];
    CHECK(mgk_gemm_sm90_prepare(&up, rows, &plans[0]));
    CHECK(mgk_gemm_sm90_prepare(&down, rows, &plans[1]));
    int wrong = 0;
    for (int i = 0; i < 30; i++) {
        CHECK(cudaMemsetAsync(middle, 0xff, middle_bytes, stream));
        CHECK(cudaMemsetAsync(b->output, 0xff, out_bytes, stream));
        CHECK(mgk_gemm_sm90_launch(&plans[0], rows, false, stream));
        CHECK(mgk_gemm_sm90_launch(&plans[1], rows, i > 0, stream));
        CHECK(cudaMemcpyAsync(i ? got.data() : want.data(), b->output, out_bytes,
                              cudaMemcpyDeviceToHost, stream));
        CHECK(cudaStreamSynchronize(stream));
        if (i > 0 && got != want) wrong++;
    }
    failures += wrong;
    printf("%s %4s: 29 pairs of dependent launches, %d differ from plain ones\n",
           wrong ? "FAIL" : "PASS", name_of(in), wrong);
    CHECK(cudaFree(middle));
}

static void check(const char *filter) {
    const kind kinds[] = {{MGK_CUDA_BF16, MGK_CUDA_BF16, MGK_CUDA_IDENTITY},
                          {MGK_CUDA_BF16, MGK_CUDA_BF16, MGK_CUDA_GELU},
                          {MGK_CUDA_BF16, MGK_CUDA_BF16, MGK_CUDA_GELU_TANH},
                          {MGK_CUDA_F16, MGK_CUDA_F16, MGK_CUDA_IDENTITY},
                          {MGK_CUDA_F16, MGK_CUDA_F16, MGK_CUDA_GELU},
                          {MGK_CUDA_F16, MGK_CUDA_F16, MGK_CUDA_GELU_TANH},
                          {MGK_CUDA_E4M3, MGK_CUDA_BF16, MGK_CUDA_IDENTITY},
                          {MGK_CUDA_E4M3, MGK_CUDA_BF16, MGK_CUDA_GELU},
                          {MGK_CUDA_E4M3, MGK_CUDA_F16, MGK_CUDA_IDENTITY},
                          {MGK_CUDA_E4M3, MGK_CUDA_F16, MGK_CUDA_GELU},
                          {MGK_CUDA_E4M3, MGK_CUDA_E4M3, MGK_CUDA_IDENTITY},
                          {MGK_CUDA_E4M3, MGK_CUDA_E4M3, MGK_CUDA_GELU}};
    check_buffers b;
    b.input = allocate<uint16_t>((size_t)MAX_CHECK * WIDE);
    b.weight = allocate<uint16_t>((size_t)WIDE * WIDE);
    b.output = allocate<uint16_t>((size_t)(MAX_CHECK + GUARD) * WIDE);
    b.scale = allocate<float>(WIDE);
    b.bias = allocate<float>(WIDE);
    b.sums = allocate<float>((size_t)MAX_CHECK * WIDE);
    b.device_tally = allocate<tally>(1);
    for (mgk_cuda_dtype in : {MGK_CUDA_BF16, MGK_CUDA_F16, MGK_CUDA_E4M3}) {
        if (!wanted(in, filter)) continue;
        check_type(&b, in, kinds, sizeof kinds / sizeof *kinds);
        check_dependent(&b, in);
    }
    for (void *p : {b.input, b.weight, b.output, (void *)b.scale, (void *)b.bias, (void *)b.sums,
                    (void *)b.device_tally}) {
        CHECK(cudaFree(p));
    }
    printf("%s: %d failures\n", failures ? "FAIL" : "PASS", failures);
}

/* ---- time ---- */

static const uint32_t time_rows[] = {2816, 5632, 11264, 16896, 22528, 45056, 65536};
enum { MAX_TIME = 65536 };

struct site {
    const char *name;
    size s;
    bool has_gelu;
};
/* The first four are a layer; the last is what keys and values alone take. */
enum { SITES = 5, LAYER_SITES = 4 };
static const site sites[SITES] = {{"qkv", {2304, 768}, false},
                                  {"out", {768, 768}, false},
                                  {"up", {3072, 768}, true},
                                  {"down", {768, 3072}, false},
                                  {"kv", {1536, 768}, false}};

struct time_buffers {
    void *inputs[BUFFERS], *outputs[BUFFERS], *weights[SITES][LAYERS];
    float *scale, *bias;
    void *half_bias, *workspace;
    float *weight_scale, *output_scale; /* of E4M3, for cublasLt */
};

static const float WEIGHT_DEVIATION = 0.03f;

static double median(std::vector<float> v) {
    std::sort(v.begin(), v.end());
    return v[v.size() / 2];
}

static cudaEvent_t events[2];

static float time_once(const std::function<void()> &work) {
    CHECK(cudaEventRecord(events[0], stream));
    work();
    CHECK(cudaEventRecord(events[1], stream));
    CHECK(cudaEventSynchronize(events[1]));
    float ms;
    CHECK(cudaEventElapsedTime(&ms, events[0], events[1]));
    return ms;
}

/* Milliseconds of one replay of what `work` launches. */
static double time_graph(const std::function<void()> &work, int replays) {
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    work();
    CHECK(cudaStreamEndCapture(stream, &graph));
    CHECK(cudaGraphInstantiate(&exec, graph, 0));
    std::vector<float> times;
    for (int i = -2; i < replays; i++) {
        const float ms = time_once([&] { CHECK(cudaGraphLaunch(exec, stream)); });
        if (i >= 0) times.push_back(ms);
    }
    CHECK(cudaGraphExecDestroy(exec));
    CHECK(cudaGraphDestroy(graph));
    return median(times);
}

/* Milliseconds of one launch among many; launch(i) uses the i-th buffers. */
static double time_launches(const std::function<void(int)> &launch, int replays) {
    launch(0);
    const float guess = time_once([&] { launch(1); });
    const int count = std::min(24, std::max(1, (int)(0.3f / guess)));
    return time_graph(
               [&] {
                   for (int i = 0; i < count; i++) launch(i);
               },
               replays) /
           count;
}

static double tflops(uint32_t rows, size s, double ms) {
    return 2e-9 * rows * s.outputs * s.inputs / ms;
}

/* -- ours -- */

static mgk_cuda_gemm product_of(const time_buffers *b, mgk_cuda_dtype in, int at, int layer,
                                const void *input, void *output) {
    const site *s = &sites[at];
    mgk_cuda_gemm p = {};
    p.input_type = in;
    p.output_type = in == MGK_CUDA_E4M3 && !s->has_gelu ? MGK_CUDA_BF16 : in;
    p.activation = s->has_gelu ? MGK_CUDA_GELU : MGK_CUDA_IDENTITY;
    p.outputs = s->s.outputs;
    p.inputs = s->s.inputs;
    p.input = input;
    p.weight = b->weights[at][layer];
    p.scale = in == MGK_CUDA_E4M3 ? b->scale : nullptr;
    p.bias = b->bias;
    p.output = output;
    p.output_scale = GELU_SCALE;
    return p;
}

/* Milliseconds, or 0 if the layout is not to be had. */
static double time_ours(const time_buffers *b, mgk_cuda_dtype in, int at, uint32_t rows, layout l,
                        uint32_t *tile) {
    std::vector<mgk_gemm_sm90_plan> plans(LAYERS);
    const mgk_gemm_sm90_tuning tuning = {l.tile, l.cluster, l.lead};
    for (int i = 0; i < LAYERS; i++) {
        const mgk_cuda_gemm p =
            product_of(b, in, at, i, b->inputs[i % BUFFERS], b->outputs[i % BUFFERS]);
        CHECK(mgk_gemm_sm90_prepare(&p, MAX_TIME, &plans[i]));
        if (mgk_gemm_sm90_tune(&plans[i], &tuning) != 0) return 0;
    }
    if (tile) *tile = mgk_gemm_sm90_choose(&plans[0], rows).tile_outputs;
    return time_launches(
        [&](int i) { CHECK(mgk_gemm_sm90_launch(&plans[i % LAYERS], rows, false, stream)); },
        REPLAYS);
}

/* -- cublasLt: by columns, so that our [rows, outputs] is its [outputs, rows] = weightᵀ input -- */

static cublasLtHandle_t handle;

struct peer {
    cublasLtMatmulDesc_t product;
    cublasLtMatrixLayout_t weight, input, addend, output;
    cublasLtMatmulAlgo_t algorithm;
    bool found;
};

static void set(peer *p, cublasLtMatmulDescAttributes_t attribute, const void *value, size_t size) {
    CHECK(cublasLtMatmulDescSetAttribute(p->product, attribute, value, size));
}

static peer describe_peer(const time_buffers *b, mgk_cuda_dtype in, int at, uint32_t rows) {
    const site *s = &sites[at];
    const bool fp8 = in == MGK_CUDA_E4M3;
    const cudaDataType from = fp8 ? CUDA_R_8F_E4M3 : in == MGK_CUDA_F16 ? CUDA_R_16F : CUDA_R_16BF;
    const cudaDataType half = in == MGK_CUDA_F16 ? CUDA_R_16F : CUDA_R_16BF;
    const cudaDataType to = fp8 && s->has_gelu ? CUDA_R_8F_E4M3 : half;
    const cublasOperation_t transposed = CUBLAS_OP_T;
    const cublasLtEpilogue_t epilogue =
        s->has_gelu ? CUBLASLT_EPILOGUE_GELU_BIAS : CUBLASLT_EPILOGUE_BIAS;
    const int8_t fast = 1;
    peer p = {};
    CHECK(cublasLtMatmulDescCreate(&p.product, CUBLAS_COMPUTE_32F, CUDA_R_32F));
    set(&p, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed);
    set(&p, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue);
    set(&p, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &b->half_bias, sizeof b->half_bias);
    if (fp8) {
        set(&p, CUBLASLT_MATMUL_DESC_FAST_ACCUM, &fast, sizeof fast);
        set(&p, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, &b->weight_scale, sizeof b->weight_scale);
        if (s->has_gelu) {
            set(&p, CUBLASLT_MATMUL_DESC_D_SCALE_POINTER, &b->output_scale, sizeof b->output_scale);
        }
    }
    CHECK(cublasLtMatrixLayoutCreate(&p.weight, from, s->s.inputs, s->s.outputs, s->s.inputs));
    CHECK(cublasLtMatrixLayoutCreate(&p.input, from, s->s.inputs, rows, s->s.inputs));
    CHECK(cublasLtMatrixLayoutCreate(&p.addend, half, s->s.outputs, rows, s->s.outputs));
    CHECK(cublasLtMatrixLayoutCreate(&p.output, to, s->s.outputs, rows, s->s.outputs));
    return p;
}

static int run_peer(const time_buffers *b, const peer *p, const void *weight, const void *input,
                    void *output) {
    const float one = 1, zero = 0;
    return cublasLtMatmul(handle, p->product, &one, weight, p->weight, input, p->input, &zero,
                          output, p->addend, output, p->output, &p->algorithm, b->workspace,
                          WORKSPACE, stream);
}

static double time_peer_algorithm(const time_buffers *b, const peer *p, int at, int replays) {
    return time_launches(
        [&](int i) {
            CHECK(run_peer(b, p, b->weights[at][i % LAYERS], b->inputs[i % BUFFERS],
                           b->outputs[i % BUFFERS]));
        },
        replays);
}

/* Finds the best algorithm; milliseconds, or 0 if there is none. */
static double time_peer(const time_buffers *b, peer *p, int at) {
    cublasLtMatmulPreference_t preference;
    cublasLtMatmulHeuristicResult_t results[TRIED];
    int count = 0;
    CHECK(cublasLtMatmulPreferenceCreate(&preference));
    CHECK(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                               &WORKSPACE, sizeof WORKSPACE));
    const int status =
        cublasLtMatmulAlgoGetHeuristic(handle, p->product, p->weight, p->input, p->addend,
                                       p->output, preference, TRIED, results, &count);
    CHECK(cublasLtMatmulPreferenceDestroy(preference));
    if (status != CUBLAS_STATUS_SUCCESS) return 0;
    double least = 0;
    cublasLtMatmulAlgo_t best;
    for (int i = 0; i < count; i++) {
        p->algorithm = results[i].algo;
        if (results[i].state != CUBLAS_STATUS_SUCCESS ||
            run_peer(b, p, b->weights[at][0], b->inputs[0], b->outputs[0]) != 0) {
            continue;
        }
        const double ms = time_peer_algorithm(b, p, at, 5);
        if (least != 0 && ms >= least) continue;
        least = ms;
        best = p->algorithm;
    }
    if (least == 0) return 0;
    p->algorithm = best;
    p->found = true;
    return time_peer_algorithm(b, p, at, REPLAYS);
}

/* -- 12 layers -- */

/* What the product at a site reads and writes: QKV, output, up, down. */
static void place_of(const time_buffers *b, int at, void **input, void **output) {
    void *const in[LAYER_SITES] = {b->inputs[0], b->inputs[1], b->inputs[2], b->outputs[1]};
    void *const out[LAYER_SITES] = {b->outputs[0], b->outputs[2], b->outputs[1], b->outputs[2]};
    *input = in[at];
    *output = out[at];
}

static double sequence_ours(const time_buffers *b, mgk_cuda_dtype in, uint32_t rows,
                            bool dependent) {
    std::vector<mgk_gemm_sm90_plan> plans(LAYERS * LAYER_SITES);
    for (int i = 0; i < LAYERS * LAYER_SITES; i++) {
        const int at = i % LAYER_SITES;
        void *input, *output;
        place_of(b, at, &input, &output);
        const mgk_cuda_gemm p = product_of(b, in, at, i / LAYER_SITES, input, output);
        CHECK(mgk_gemm_sm90_prepare(&p, MAX_TIME, &plans[i]));
    }
    return time_graph(
        [&] {
            for (size_t i = 0; i < plans.size(); i++) {
                CHECK(mgk_gemm_sm90_launch(&plans[i], rows, dependent && i > 0, stream));
            }
        },
        REPLAYS);
}

static double sequence_peer(const time_buffers *b, const peer *peers) {
    return time_graph(
        [&] {
            for (int i = 0; i < LAYERS * LAYER_SITES; i++) {
                const int at = i % LAYER_SITES;
                void *input, *output;
                place_of(b, at, &input, &output);
                CHECK(run_peer(b, &peers[at], b->weights[at][i / LAYER_SITES], input, output));
            }
        },
        REPLAYS);
}

static void print_sequence(const time_buffers *b, mgk_cuda_dtype in, uint32_t rows,
                           const peer *peers) {
    const double pairs = 1e3 * rows / TOKENS;
    bool complete = true;
    for (int at = 0; at < LAYER_SITES; at++) complete = complete && peers[at].found;
    printf("%-4s %5u rows, 12 layers, pairs/s:", name_of(in), rows);
    for (int round = 0; round < 2; round++) {
        printf("  ours %.0f", pairs / sequence_ours(b, in, rows, false));
        printf(" (dependent %.0f)", pairs / sequence_ours(b, in, rows, true));
        if (complete) printf(" cublasLt %.0f", pairs / sequence_peer(b, peers));
    }
    printf("\n");
    fflush(stdout);
}

/* -- all of it -- */

static void print_site(const time_buffers *b, mgk_cuda_dtype in, int at, uint32_t rows, peer *p) {
    const size s = sites[at].s;
    const layout layouts[] = {{256, 2, 2}, {192, 2, 2}, {128, 2, 2}, {0, 2, 0},
                              {0, 2, 1},   {0, 2, 3},   {0, 1, 2},   {0, 2, 2}};
    uint32_t tile = 0;
    printf("%-4s %5u rows %-4s:", name_of(in), rows, sites[at].name);
    for (const layout &l : layouts) {
        const double ms = time_ours(b, in, at, rows, l, &tile);
        printf(" %5.0f", ms ? tflops(rows, s, ms) : 0.0);
    }
    const double ms = time_peer(b, p, at);
    printf("  (tile %u)  cublasLt %5.0f\n", tile, ms ? tflops(rows, s, ms) : 0.0);
    fflush(stdout);
}

static void fill_for(const time_buffers *b, mgk_cuda_dtype in) {
    for (int i = 0; i < BUFFERS; i++) {
        fill(in, b->inputs[i], (size_t)MAX_TIME * WIDE, 0, 1);
        CHECK(cudaMemsetAsync(b->outputs[i], 0, (size_t)MAX_TIME * WIDE * 2, stream));
    }
    const float deviation = in == MGK_CUDA_E4M3 ? 1.0f : WEIGHT_DEVIATION;
    for (int at = 0; at < SITES; at++) {
        for (int i = 0; i < LAYERS; i++) {
            fill(in, b->weights[at][i], (size_t)sites[at].s.outputs * sites[at].s.inputs, 0,
                 deviation);
        }
    }
    CHECK(cudaStreamSynchronize(stream));
}

static void time_type(const time_buffers *b, mgk_cuda_dtype in, bool each, bool sequence) {
    fill_for(b, in);
    if (each) {
        printf("TFLOP/s            tile: 256   192   128 | lead 0     1     3 | no cluster | "
               "default\n");
    }
    for (uint32_t rows : time_rows) {
        peer peers[SITES];
        for (int at = 0; at < SITES; at++) {
            peers[at] = describe_peer(b, in, at, rows);
            if (each) {
                print_site(b, in, at, rows, &peers[at]);
            } else if (at < LAYER_SITES) {
                time_peer(b, &peers[at], at);
            }
        }
        if (sequence) print_sequence(b, in, rows, peers);
    }
}

static time_buffers allocate_for_times() {
    time_buffers b;
    for (int i = 0; i < BUFFERS; i++) {
        b.inputs[i] = allocate<uint16_t>((size_t)MAX_TIME * WIDE);
        b.outputs[i] = allocate<uint16_t>((size_t)MAX_TIME * WIDE);
    }
    for (int at = 0; at < SITES; at++) {
        for (int i = 0; i < LAYERS; i++) {
            b.weights[at][i] = allocate<uint16_t>((size_t)sites[at].s.outputs * sites[at].s.inputs);
        }
    }
    b.scale = allocate<float>(WIDE);
    b.bias = allocate<float>(WIDE);
    b.half_bias = allocate<uint16_t>(WIDE);
    b.workspace = allocate<uint8_t>(WORKSPACE);
    b.weight_scale = allocate<float>(1);
    b.output_scale = allocate<float>(1);
    fill(MGK_CUDA_F32, b.scale, WIDE, WEIGHT_DEVIATION, 0);
    fill(MGK_CUDA_F32, b.bias, WIDE, 0, 0.5f);
    fill(MGK_CUDA_BF16, b.half_bias, WIDE, 0, 0.5f);
    fill(MGK_CUDA_F32, b.weight_scale, 1, WEIGHT_DEVIATION, 0);
    fill(MGK_CUDA_F32, b.output_scale, 1, GELU_SCALE, 0);
    return b;
}

static void time_all(bool each, bool sequence, const char *filter) {
    CHECK(cublasLtCreate(&handle));
    CHECK(cudaEventCreate(&events[0]));
    CHECK(cudaEventCreate(&events[1]));
    const time_buffers b = allocate_for_times();
    for (mgk_cuda_dtype in : {MGK_CUDA_BF16, MGK_CUDA_F16, MGK_CUDA_E4M3}) {
        if (in == MGK_CUDA_F16 && filter == nullptr) continue;
        if (wanted(in, filter)) time_type(&b, in, each, sequence);
    }
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
