/* SPDX-License-Identifier: Apache-2.0 */
/* Checks products of many rows against a plain fp32 kernel, over poisoned outputs. */
#include "gpu/gemm/gemm_bench.cuh"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

enum { GUARD = 512 }; /* rows behind the output that must stay as they were */

static const char *name_of(mgk_cuda_activation activation) {
    return activation == MGK_CUDA_IDENTITY ? "identity"
           : activation == MGK_CUDA_GELU   ? "gelu"
                                           : "gelu_tanh";
}
enum { PLAIN = 16 };

/* sums[r, o] = Σ_i input[r, i] weight[o, i] */
static __global__ void plain_product(mgk_cuda_dtype type, const void *input, const void *weight,
                                     float *sums, uint32_t rows, uint32_t outputs,
                                     uint32_t inputs) {
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

static __device__ float activated(mgk_cuda_activation activation, float x) {
    switch (activation) {
    case MGK_CUDA_GELU: return 0.5f * x * erfcf(-x * 0.70710678f);
    case MGK_CUDA_GELU_TANH:
        return 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    default: return x;
    }
}

/* Half a unit in the last place, and what the arithmetic may add to it: sums of E4M3 keep about 14
 * bits from step to step. */
static __device__ bool is_near(mgk_cuda_dtype in, mgk_cuda_dtype out, float want, float difference,
                               float out_scale) {
    const float half_unit = out == MGK_CUDA_BF16  ? 1.0f / 256
                            : out == MGK_CUDA_F16 ? 1.0f / 2048
                                                  : 1.0f / 16;
    const float sums = in == MGK_CUDA_E4M3 ? 5e-2f : 5e-4f;
    const float least = out == MGK_CUDA_E4M3 ? 1.0f / 1024 : 0.0f;
    return difference <= 1.02f * half_unit * fabsf(want) + sums * out_scale + least;
}

static __device__ double warp_sum(double x) {
    for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
    return x;
}

static __device__ float warp_max(float x) {
    for (int step = 16; step > 0; step /= 2) x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, step));
    return x;
}

static __global__ void compare_kernel(mgk_cuda_gemm p, const float *sums, uint32_t guard,
                                      tally *t) {
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
    /* Nothing here is negative, so that bits are in the order of the numbers. */
    largest = warp_max(largest);
    if (threadIdx.x % 32 == 0) atomicMax(&t->largest, __float_as_uint(largest));
    if (bad) atomicAdd(&t->bad, bad);
    if (touched) atomicAdd(&t->touched, touched);
}

static const uint32_t check_rows[] = {1, 5, 127, 128, 129, 1000, 5632, 16895};
enum { CHECK_MOST = 16896 };
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
    CHECK(mgk_gemm_sm90_prepare(&p, CHECK_MOST, &plan));
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

static void check_type(const check_buffers *b, mgk_cuda_dtype in, const kind *kinds, size_t count) {
    for (const size &s : check_sizes) {
        fill(in, b->input, (size_t)CHECK_MOST * s.inputs, 0, 1);
        /* E4M3 weights use their type's range, and a scale. */
        const float deviation = 1 / sqrtf((float)s.inputs);
        const bool scaled = in == MGK_CUDA_E4M3;
        fill(in, b->weight, (size_t)s.outputs * s.inputs, 0, scaled ? 16.0f : deviation);
        fill(MGK_CUDA_F32, b->scale, s.outputs, deviation / 16, deviation / 64);
        fill(MGK_CUDA_F32, b->bias, s.outputs, 0, 0.5f);
        plain_product<<<dim3(s.outputs / PLAIN, CHECK_MOST / PLAIN), dim3(PLAIN, PLAIN), 0,
                        stream>>>(in, b->input, b->weight, b->sums, CHECK_MOST, s.outputs,
                                  s.inputs);
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

void check(const char *filter) {
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
    b.input = allocate<uint16_t>((size_t)CHECK_MOST * WIDE);
    b.weight = allocate<uint16_t>((size_t)WIDE * WIDE);
    b.output = allocate<uint16_t>((size_t)(CHECK_MOST + GUARD) * WIDE);
    b.scale = allocate<float>(WIDE);
    b.bias = allocate<float>(WIDE);
    b.sums = allocate<float>((size_t)CHECK_MOST * WIDE);
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
