/* SPDX-License-Identifier: Apache-2.0 */
/* Products of a few rows: are they right, and how long do they take in a chain, beside cublasLt?
 *
 *   nvcc -O3 -std=c++17 -Ilib -gencode=arch=compute_90a,code=sm_90a -o small_bench \
 *       benchmarks/gpu/small_bench.cu lib/backend/cuda/kernels/gemm_small.cu -lcublasLt
 *   ./small_bench          (all; "check" or "time" as an argument: only that half)
 *
 * Checks compare with a plain fp32 kernel over poisoned outputs. Times are of graphs of 48
 * products, 12 layers of weights that no cache holds; each is the median of 200 replays. */
#include "backend/cuda/kernels/gemm_small.h"
#include "gpu/gemm/numbers.cuh"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <cublasLt.h>
#include <functional>
#include <string>
#include <vector>

enum { LAYERS = 12, HIDDEN = 768, WIDE = 3072, FUSED = 2304, MOST = MGK_SMALL_ROWS, GUARD = 8 };
static const float EPSILON = 1e-12f;
static cudaStream_t stream;
static bool warpgroups;
static int failures;

/* ---- numbers on the device ---- */

__device__ float uniform(uint32_t i, uint32_t seed) {
    uint32_t x = i * 2654435761u ^ (seed * 2246822519u + 374761393u);
    x ^= x >> 16, x *= 2246822507u, x ^= x >> 13, x *= 3266489909u, x ^= x >> 16;
    return (float)x * (2.0f / 4294967296.0f) - 1;
}

__global__ void fill_kernel(mgk_cuda_dtype type, void *p, size_t n, float centre, float spread,
                            uint32_t seed) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) set_number(type, p, i, centre + spread * uniform((uint32_t)i, seed));
}

static uint32_t seeds = 1;
static void fill(mgk_cuda_dtype type, void *p, size_t n, float centre, float spread) {
    fill_kernel<<<(unsigned)((n + 255) / 256), 256, 0, stream>>>(type, p, n, centre, spread,
                                                                 seeds++);
    CHECK(cudaGetLastError());
}

static void *allocate(size_t bytes) {
    void *p;
    CHECK(cudaMalloc(&p, bytes));
    CHECK(cudaMemsetAsync(p, 0xff, bytes, stream)); /* NaN in every type */
    return p;
}

static void *numbers(mgk_cuda_dtype type, size_t n, float centre, float spread) {
    void *p = allocate(n * size_of(type));
    fill(type, p, n, centre, spread);
    return p;
}

/* ---- the plain way ---- */

/* Moments by 64 columns and by whole rows, two passes each. */
__global__ void plain_moments(mgk_cuda_dtype type, const void *x, uint32_t rows, uint32_t width,
                              uint32_t part, float2 *moments) {
    uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= rows * (width / part)) return;
    float sum = 0, spread = 0;
    for (uint32_t c = 0; c < part; c++) sum += number(type, x, (size_t)i * part + c);
    float mean = sum / (float)part;
    for (uint32_t c = 0; c < part; c++) {
        float off = number(type, x, (size_t)i * part + c) - mean;
        spread += off * off;
    }
    moments[i] = make_float2(mean, spread);
}

static void find_moments(mgk_cuda_dtype type, const void *x, uint32_t rows, uint32_t width,
                         uint32_t part, float2 *to) {
    plain_moments<<<(rows * (width / part) + 63) / 64, 64, 0, stream>>>(type, x, rows, width, part,
                                                                        to);
    CHECK(cudaGetLastError());
}

/* Whole rows' moments, where a norm is wanted. */
struct norms {
    const float2 *input, *residual;
};

__device__ float plain_activation(mgk_cuda_activation activation, float x) {
    switch (activation) {
    case MGK_CUDA_GELU: return 0.5f * x * (1 + erff(x * 0.7071067811865476f));
    case MGK_CUDA_GELU_TANH:
        return 0.5f * x * (1 + tanhf(0.7978845608f * (x + 0.044715f * x * x * x)));
    case MGK_CUDA_RELU: return fmaxf(x, 0);
    case MGK_CUDA_TANH: return tanhf(x);
    default: return x;
    }
}

__device__ float normalised(float x, const float2 *moments, uint32_t width, float epsilon) {
    return moments ? (x - moments->x) * rsqrtf(moments->y / (float)width + epsilon) : x;
}

__global__ void plain_product(mgk_cuda_gemm p, mgk_small_fusion f, norms n, float *out) {
    uint32_t at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= p.rows * p.outputs) return;
    uint32_t r = at / p.outputs, o = at % p.outputs;
    float sum = 0;
    for (uint32_t i = 0; i < p.inputs; i++) {
        float x = number(p.input_type, p.input, (size_t)r * p.inputs + i);
        x = normalised(x, n.input ? n.input + r : nullptr, p.inputs, f.epsilon);
        sum += x * number(p.input_type, p.weight, (size_t)o * p.inputs + i);
    }
    float y =
        plain_activation(p.activation, (p.scale ? p.scale[o] : 1) * sum + (p.bias ? p.bias[o] : 0));
    if (f.residual) {
        float x = number(p.output_type, f.residual, at);
        x = normalised(x, n.residual ? n.residual + r : nullptr, p.outputs, f.epsilon);
        y += n.residual ? x * f.residual_gain[o] + f.residual_shift[o] : x;
    }
    if (p.output_type == MGK_CUDA_E4M3) y = fminf(fmaxf(y * p.output_scale, -448), 448);
    out[at] = y;
}

struct verdict {
    double difference, size;  /* sums of squares */
    float worst;              /* |difference| / (|expected| + typical size) */
    unsigned broken, touched; /* not finite; written past the end */
};

__global__ void compare(mgk_cuda_dtype type, const void *got, const float *wanted, uint32_t n,
                        uint32_t guard_bytes, float typical, verdict *v) {
    uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    const unsigned char *end = (const unsigned char *)got + n * size_of(type);
    if (i < guard_bytes && end[i] != 0xff) atomicAdd(&v->touched, 1);
    if (i >= n) return;
    float x = number(type, got, i), y = wanted[i], d = x - y;
    if (!isfinite(x)) {
        atomicAdd(&v->broken, 1);
        return;
    }
    atomicAdd(&v->difference, (double)d * d);
    atomicAdd(&v->size, (double)y * y);
    atomicMax((int *)&v->worst, __float_as_int(fabsf(d) / (fabsf(y) + typical)));
}

/* ---- groups of checks ---- */

struct group {
    std::string name;
    float tolerance;
    int cases = 0, failed = 0;
    double worst = 0;

    ~group() {
        printf("%s  %-34s %4d cases, worst relative error %.2e (allowed %.1e)%s\n",
               failed || !cases ? "FAIL" : "PASS", name.c_str(), cases, worst, tolerance,
               failed ? ": failures above" : "");
        failures += failed || !cases;
    }

    void note(bool ok, double error, const std::string &what) {
        cases++;
        worst = std::max(worst, error);
        if (!ok && failed++ < 5) printf("      %s: %s\n", name.c_str(), what.c_str());
    }
};

static float tolerance_of(mgk_cuda_dtype input, mgk_cuda_dtype output) {
    if (output == MGK_CUDA_E4M3) return 4e-2f;
    if (input == MGK_CUDA_E4M3) return 1e-2f; /* the warpgroup's fp8 sums are short of fp32 */
    return output == MGK_CUDA_BF16 ? 4e-3f : 1e-3f;
}

/* Buffers that any case fits in. */
static struct {
    void *input, *weight, *residual, *output, *again;
    float *scale, *bias, *gain, *shift, *sums, *wanted, *moments, *got_moments, *whole, *whole2;
    verdict *found;
} memory;

static void allocate_memory() {
    size_t most = (size_t)(MOST + GUARD) * WIDE * 4;
    memory.input = allocate(most);
    memory.residual = allocate(most);
    memory.output = allocate(most);
    memory.again = allocate(most);
    memory.wanted = (float *)allocate(most);
    memory.weight = allocate((size_t)WIDE * WIDE * 4);
    float **small[] = {&memory.scale,       &memory.bias,  &memory.gain,
                       &memory.shift,       &memory.sums,  &memory.moments,
                       &memory.got_moments, &memory.whole, &memory.whole2};
    for (float **p : small) *p = (float *)allocate((size_t)MOST * 64 * 8);
    memory.found = (verdict *)allocate(sizeof(verdict));
}

static std::string describe(const mgk_cuda_gemm &p, const mgk_small_plan &plan) {
    char text[200];
    snprintf(text, sizeof text, "%ux%ux%u %s to %s, activation %d, split %u, tile %u%s", p.rows,
             p.outputs, p.inputs, name_of(p.input_type), name_of(p.output_type), (int)p.activation,
             plan.split, plan.tile_rows, plan.warpgroup ? ", warpgroup" : "");
    return text;
}

static void judge(group &g, mgk_cuda_dtype type, const void *got, uint32_t n, uint32_t guard_bytes,
                  const std::string &what) {
    verdict v = {};
    CHECK(cudaMemsetAsync(memory.found, 0, sizeof v, stream));
    compare<<<(std::max(n, guard_bytes) + 255) / 256, 256, 0, stream>>>(
        type, got, memory.wanted, n, guard_bytes, 0.5f, memory.found);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpyAsync(&v, memory.found, sizeof v, cudaMemcpyDeviceToHost, stream));
    CHECK(cudaStreamSynchronize(stream));
    double error = sqrt(v.difference / (v.size > 0 ? v.size : 1));
    bool ok =
        !v.broken && !v.touched && v.size > 0 && error <= g.tolerance && v.worst <= 4 * g.tolerance;
    char text[200];
    snprintf(text, sizeof text, ": error %.2e, worst %.2e, %u not finite, %u written past the end",
             error, v.worst, v.broken, v.touched);
    g.note(ok, error, what + text);
}

static void poison(void *p, const mgk_cuda_gemm &product) {
    CHECK(cudaMemsetAsync(
        p, 0xff, (size_t)(product.rows + GUARD) * product.outputs * size_of(product.output_type),
        stream));
}

static void fill_product(mgk_cuda_gemm *p) {
    bool narrow = p->input_type == MGK_CUDA_E4M3;
    float size = sqrtf(3.0f / (float)p->inputs);
    fill(p->input_type, memory.input, (size_t)p->rows * p->inputs, 0, 1.7f);
    fill(p->input_type, memory.weight, (size_t)p->outputs * p->inputs, 0, narrow ? 1 : size);
    fill(MGK_CUDA_F32, memory.scale, p->outputs, narrow ? size : 1, narrow ? size / 2 : 0.5f);
    fill(MGK_CUDA_F32, memory.bias, p->outputs, 0, 0.5f);
    p->input = memory.input;
    p->weight = memory.weight;
    p->output = memory.output;
}

static void run_plain(const mgk_cuda_gemm &p, const mgk_small_fusion &f, const norms &n) {
    plain_product<<<(p.rows * p.outputs + 127) / 128, 128, 0, stream>>>(p, f, n, memory.wanted);
    CHECK(cudaGetLastError());
}

static void check_one(group &g, mgk_cuda_gemm p, const mgk_small_plan &plan) {
    if (!mgk_gemm_small_can(&p, &plan)) return;
    poison(p.output, p);
    CHECK(mgk_gemm_small_planned(&p, nullptr, &plan, stream));
    judge(g, p.output_type, p.output, p.rows * p.outputs,
          (uint32_t)(GUARD * p.outputs * size_of(p.output_type)), describe(p, plan));
}

struct shape {
    uint32_t outputs, inputs;
};
static const shape SHAPES[] = {{FUSED, HIDDEN}, {HIDDEN, HIDDEN}, {WIDE, HIDDEN},
                               {HIDDEN, WIDE},  {64, 128},        {192, 1024}};
static const uint32_t ROWS[] = {1, 2, 7, 16, 17, 31, 45, 64, 100, 128, 200, 256};

static mgk_cuda_gemm make_product(mgk_cuda_dtype input, mgk_cuda_dtype output, uint32_t rows,
                                  const shape &s) {
    mgk_cuda_gemm p = {};
    p.input_type = input;
    p.output_type = output;
    p.rows = rows;
    p.outputs = s.outputs;
    p.inputs = s.inputs;
    p.output_scale = 16;
    return p;
}

/* All sizes with the plan that the library would choose. */
static void check_sizes(mgk_cuda_dtype input, mgk_cuda_dtype output, bool warpgroup) {
    group g = {std::string(name_of(input)) + " to " + name_of(output) +
                   (warpgroup ? ", warpgroup" : ", mma") + ", all sizes",
               tolerance_of(input, output)};
    uint32_t turn = 0;
    for (const shape &s : SHAPES) {
        for (uint32_t rows : ROWS) {
            mgk_cuda_gemm p = make_product(input, output, rows, s);
            fill_product(&p);
            p.activation = (mgk_cuda_activation)(turn++ % 5);
            p.scale = turn % 3 && input != MGK_CUDA_E4M3 ? nullptr : memory.scale;
            p.bias = turn % 4 ? memory.bias : nullptr;
            if (!mgk_gemm_small_supports(&p)) continue;
            run_plain(p, {}, {});
            mgk_small_plan plan = mgk_gemm_small_choose(&p);
            plan.warpgroup = warpgroup;
            check_one(g, p, plan);
        }
    }
}

/* All ways to cut up a few products, the ring of blocks among them. */
static void check_plans(mgk_cuda_dtype type, bool warpgroup) {
    group g = {std::string(name_of(type)) + (warpgroup ? ", warpgroup" : ", mma") + ", all plans",
               tolerance_of(type, MGK_CUDA_F16)};
    for (uint32_t rows : {1u, 13u, 45u, 64u, 100u}) {
        for (const shape &s : {SHAPES[1], SHAPES[3]}) {
            mgk_cuda_gemm p = make_product(type, MGK_CUDA_F16, rows, s);
            fill_product(&p);
            p.bias = memory.bias;
            p.scale = memory.scale;
            p.activation = MGK_CUDA_GELU;
            run_plain(p, {}, {});
            for (uint32_t split : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u}) {
                for (uint32_t tile : {16u, 32u, 48u, 64u}) {
                    check_one(g, p, {split, tile, warpgroup});
                }
            }
        }
    }
}

static void check_again(mgk_cuda_dtype type) {
    group g = {std::string(name_of(type)) + ", the same twice", 0};
    for (const shape &s : SHAPES) {
        mgk_cuda_gemm p = make_product(type, type, 45, s);
        fill_product(&p);
        if (!mgk_gemm_small_supports(&p)) continue;
        size_t bytes = (size_t)p.rows * p.outputs * size_of(type);
        std::vector<unsigned char> first(bytes), second(bytes);
        CHECK(mgk_gemm_small(&p, stream));
        CHECK(cudaMemcpyAsync(first.data(), p.output, bytes, cudaMemcpyDeviceToHost, stream));
        p.dependent = true;
        p.output = memory.again;
        CHECK(mgk_gemm_small(&p, stream));
        CHECK(mgk_gemm_small(&p, stream));
        CHECK(cudaMemcpyAsync(second.data(), p.output, bytes, cudaMemcpyDeviceToHost, stream));
        CHECK(cudaStreamSynchronize(stream));
        g.note(first == second, 0, "outputs differ");
    }
}

/* ---- checks of fused norms ---- */

static void judge_moments(group &g, const mgk_cuda_gemm &p) {
    find_moments(p.output_type, p.output, p.rows, p.outputs, 64, (float2 *)memory.wanted);
    judge(g, MGK_CUDA_F32, memory.got_moments, p.rows * (p.outputs / 64) * 2, 64, "moments");
}

/* A product whose input is raw: weights folded, moments given. */
static void check_normed_input(group &g, mgk_cuda_gemm p, const mgk_small_plan &plan) {
    find_moments(p.input_type, p.input, p.rows, p.inputs, 64, (float2 *)memory.moments);
    find_moments(p.input_type, p.input, p.rows, p.inputs, p.inputs, (float2 *)memory.whole);
    mgk_small_fusion f = {};
    f.input_moments = memory.moments;
    f.weight_sums = memory.sums;
    f.epsilon = EPSILON;
    run_plain(p, f, {(float2 *)memory.whole, nullptr});
    poison(p.output, p);
    CHECK(mgk_gemm_small_planned(&p, &f, &plan, stream));
    judge(g, p.output_type, p.output, p.rows * p.outputs,
          (uint32_t)(GUARD * p.outputs * size_of(p.output_type)), "raw input " + describe(p, plan));
}

/* A product with a residual, raw or not, that tells its output's moments. */
static void check_residual(group &g, group &m, mgk_cuda_gemm p, const mgk_small_plan &plan,
                           bool raw) {
    fill(p.output_type, memory.residual, (size_t)p.rows * p.outputs, 0.3f, 2);
    find_moments(p.output_type, memory.residual, p.rows, p.outputs, 64, (float2 *)memory.moments);
    find_moments(p.output_type, memory.residual, p.rows, p.outputs, p.outputs,
                 (float2 *)memory.whole);
    mgk_small_fusion f = {};
    f.residual = memory.residual;
    f.residual_moments = raw ? memory.moments : nullptr;
    f.residual_gain = memory.gain;
    f.residual_shift = memory.shift;
    f.output_moments = memory.got_moments;
    f.epsilon = EPSILON;
    run_plain(p, f, {nullptr, raw ? (float2 *)memory.whole : nullptr});
    poison(p.output, p);
    CHECK(cudaMemsetAsync(memory.got_moments, 0xff, (size_t)MOST * 64 * 8, stream));
    CHECK(mgk_gemm_small_planned(&p, &f, &plan, stream));
    judge(g, p.output_type, p.output, p.rows * p.outputs,
          (uint32_t)(GUARD * p.outputs * size_of(p.output_type)),
          (raw ? "raw residual " : "residual ") + describe(p, plan));
    judge_moments(m, p);
}

/* Folds a norm into a product's weights, which are replaced; its scale stays 1. */
static void fold_weights(mgk_cuda_gemm *p, void *folded) {
    fill(MGK_CUDA_F32, memory.gain, WIDE, 1, 0.5f);
    fill(MGK_CUDA_F32, memory.shift, WIDE, 0, 0.5f);
    mgk_small_fold fold = {p->input_type, p->input_type, p->outputs,   p->inputs,
                           p->weight,     memory.gain,   memory.shift, nullptr,
                           folded,        memory.sums,   memory.scale};
    CHECK(mgk_gemm_small_fold(&fold, stream));
    p->weight = folded;
    p->bias = memory.scale;
}

static void check_fused(mgk_cuda_dtype type, bool warpgroup) {
    std::string name = std::string(name_of(type)) + (warpgroup ? ", warpgroup" : ", mma");
    group g = {name + ", fused norms", tolerance_of(type, type)};
    group m = {name + ", moments", 1e-4f};
    void *folded = allocate((size_t)WIDE * WIDE * 2);
    for (const shape &s : {SHAPES[0], SHAPES[1], SHAPES[2], SHAPES[3], SHAPES[5]}) {
        for (uint32_t rows : {1u, 7u, 16u, 31u, 45u, 64u, 100u, 128u}) {
            mgk_cuda_gemm p = make_product(type, type, rows, s);
            fill_product(&p);
            fill(type, memory.input, (size_t)rows * s.inputs, 0.3f, 2);
            fold_weights(&p, folded);
            mgk_small_plan plan = mgk_gemm_small_choose(&p);
            plan.warpgroup = warpgroup;
            p.activation = s.outputs == WIDE ? MGK_CUDA_GELU : MGK_CUDA_IDENTITY;
            if (s.inputs <= MGK_SMALL_NORM_WIDTH) check_normed_input(g, p, plan);
            p.activation = MGK_CUDA_IDENTITY;
            if (s.outputs > MGK_SMALL_NORM_WIDTH) continue;
            check_residual(g, m, p, plan, true);
            check_residual(g, m, p, plan, false);
        }
    }
    CHECK(cudaStreamSynchronize(stream));
    CHECK(cudaFree(folded));
}

/* LayerNorm of the case's input on the host, into `again`. */
static void norm_apart(const mgk_cuda_gemm &p) {
    std::vector<__half> x((size_t)p.rows * p.inputs);
    std::vector<float> gain(p.inputs), shift(p.inputs);
    CHECK(cudaMemcpyAsync(x.data(), p.input, x.size() * 2, cudaMemcpyDeviceToHost, stream));
    CHECK(cudaMemcpyAsync(gain.data(), memory.gain, p.inputs * 4, cudaMemcpyDeviceToHost, stream));
    CHECK(
        cudaMemcpyAsync(shift.data(), memory.shift, p.inputs * 4, cudaMemcpyDeviceToHost, stream));
    CHECK(cudaStreamSynchronize(stream));
    for (uint32_t r = 0; r < p.rows; r++) {
        __half *row = &x[(size_t)r * p.inputs];
        double sum = 0, spread = 0;
        for (uint32_t i = 0; i < p.inputs; i++) sum += __half2float(row[i]);
        double mean = sum / p.inputs;
        for (uint32_t i = 0; i < p.inputs; i++) {
            double off = __half2float(row[i]) - mean;
            spread += off * off;
        }
        double rate = 1 / sqrt(spread / p.inputs + EPSILON);
        for (uint32_t i = 0; i < p.inputs; i++) {
            row[i] =
                __float2half_rn((float)((__half2float(row[i]) - mean) * rate * gain[i] + shift[i]));
        }
    }
    CHECK(cudaMemcpyAsync(memory.again, x.data(), x.size() * 2, cudaMemcpyHostToDevice, stream));
    CHECK(cudaStreamSynchronize(stream));
}

/* What folding makes of weights, against the norm and product done apart. */
static void check_fold() {
    group g = {"f16 norm folded against norm apart", 3e-3f};
    mgk_cuda_gemm p = make_product(MGK_CUDA_F16, MGK_CUDA_F16, 45, SHAPES[1]);
    fill_product(&p);
    fill(MGK_CUDA_F16, memory.input, (size_t)p.rows * p.inputs, 0.3f, 2);
    const void *plain = p.weight;
    void *folded = allocate((size_t)p.outputs * p.inputs * 2);
    fold_weights(&p, folded);
    norm_apart(p);
    mgk_cuda_gemm apart = p;
    apart.input = memory.again;
    apart.weight = plain;
    apart.bias = nullptr;
    run_plain(apart, {}, {});
    find_moments(p.input_type, p.input, p.rows, p.inputs, 64, (float2 *)memory.moments);
    mgk_small_fusion f = {};
    f.input_moments = memory.moments;
    f.weight_sums = memory.sums;
    f.epsilon = EPSILON;
    poison(p.output, p);
    CHECK(mgk_gemm_small_fused(&p, &f, stream));
    judge(g, p.output_type, p.output, p.rows * p.outputs, 64, "folded");
    CHECK(cudaFree(folded));
}

/* ---- chains ---- */

enum part { QKV, OUT, FFN1, FFN2, PARTS };
static const char *PART_NAMES[PARTS] = {"QKV ", "OUT ", "FFN1", "FFN2"};

/* Twelve layers of weights, in one type, and what flows between them. */
struct chain {
    mgk_cuda_dtype type;
    void *weights[LAYERS][PARTS];
    void *hidden, *queries, *raw, *wide, *start;
    float *scale[PARTS], *bias[PARTS], *sums[PARTS], *gain, *shift, *raw_moments, *hidden_moments;
    void *short_bias[PARTS]; /* bf16, for cublasLt */
};

static chain make_chain(mgk_cuda_dtype type) {
    chain c = {};
    c.type = type;
    bool narrow = type == MGK_CUDA_E4M3;
    for (int part = 0; part < PARTS; part++) {
        shape s = SHAPES[part];
        float size = sqrtf(3.0f / (float)s.inputs);
        for (auto &layer : c.weights) {
            layer[part] = numbers(type, (size_t)s.outputs * s.inputs, 0, narrow ? 1 : size);
        }
        c.scale[part] = (float *)numbers(MGK_CUDA_F32, s.outputs, narrow ? size : 1, 0);
        c.bias[part] = (float *)numbers(MGK_CUDA_F32, s.outputs, 0, 1);
        c.sums[part] = (float *)numbers(MGK_CUDA_F32, s.outputs, 0, 0.1f);
        c.short_bias[part] = numbers(MGK_CUDA_BF16, s.outputs, 0, 1);
    }
    size_t most = (size_t)MOST * WIDE;
    for (void **p : {&c.hidden, &c.queries, &c.raw, &c.wide, &c.start}) {
        *p = numbers(type, most, 0, 1.7f);
    }
    c.gain = (float *)numbers(MGK_CUDA_F32, HIDDEN, 1, 0.1f);
    c.shift = (float *)numbers(MGK_CUDA_F32, HIDDEN, 0, 0.1f);
    size_t moments = (size_t)MOST * (HIDDEN / 64) * 2;
    c.raw_moments = (float *)numbers(MGK_CUDA_F32, moments, 0, 0.1f);
    c.hidden_moments = (float *)numbers(MGK_CUDA_F32, moments, 0, 0.1f);
    find_moments(type, c.hidden, MOST, HIDDEN, 64, (float2 *)c.hidden_moments);
    return c;
}

static mgk_cuda_gemm chain_product(const chain &c, int layer, int part, uint32_t rows) {
    const void *inputs[PARTS] = {c.hidden, c.queries, c.raw, c.wide};
    void *outputs[PARTS] = {c.queries, c.raw, c.wide, c.hidden};
    mgk_cuda_gemm p = make_product(c.type, c.type, rows, SHAPES[part]);
    p.output_scale = 1;
    p.input = inputs[part];
    p.output = outputs[part];
    p.weight = c.weights[layer][part];
    p.scale = c.type == MGK_CUDA_E4M3 ? c.scale[part] : nullptr;
    p.bias = c.bias[part];
    p.activation = part == FFN1 ? MGK_CUDA_GELU : MGK_CUDA_IDENTITY;
    return p;
}

/* As a layer would use it: norms of hidden and raw taken where they are read. */
static mgk_small_fusion chain_fusion(const chain &c, int part) {
    mgk_small_fusion f = {};
    f.epsilon = EPSILON;
    f.weight_sums = c.sums[part];
    f.residual_gain = c.gain;
    f.residual_shift = c.shift;
    if (part == QKV) f.input_moments = c.hidden_moments;
    if (part == FFN1) f.input_moments = c.raw_moments;
    if (part == OUT) {
        f.residual = c.hidden;
        f.residual_moments = c.hidden_moments;
        f.output_moments = c.raw_moments;
    }
    if (part == FFN2) {
        f.residual = c.raw;
        f.residual_moments = c.raw_moments;
        f.output_moments = c.hidden_moments;
    }
    return f;
}

struct way {
    bool dependent, fused, warpgroup;
};

static void launch_chain(const chain &c, uint32_t rows, const way &w) {
    for (int layer = 0; layer < LAYERS; layer++) {
        for (int part = 0; part < PARTS; part++) {
            mgk_cuda_gemm p = chain_product(c, layer, part, rows);
            p.dependent = w.dependent && (layer || part);
            mgk_small_fusion f = chain_fusion(c, part);
            mgk_small_plan plan = mgk_gemm_small_choose(&p);
            plan.warpgroup = w.warpgroup;
            CHECK(mgk_gemm_small_planned(&p, w.fused ? &f : nullptr, &plan, stream));
        }
    }
}

static cudaGraphExec_t capture(const std::function<void()> &launch) {
    cudaGraph_t graph;
    cudaGraphExec_t instance;
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    launch();
    CHECK(cudaStreamEndCapture(stream, &graph));
    CHECK(cudaGraphInstantiate(&instance, graph, 0));
    CHECK(cudaGraphDestroy(graph));
    return instance;
}

static float median_us(cudaGraphExec_t graph, int replays) {
    cudaEvent_t from, to;
    CHECK(cudaEventCreate(&from));
    CHECK(cudaEventCreate(&to));
    std::vector<float> times;
    for (int i = -10; i < replays; i++) {
        CHECK(cudaEventRecord(from, stream));
        CHECK(cudaGraphLaunch(graph, stream));
        CHECK(cudaEventRecord(to, stream));
        CHECK(cudaEventSynchronize(to));
        float ms = 0;
        CHECK(cudaEventElapsedTime(&ms, from, to));
        if (i >= 0) times.push_back(ms * 1000);
    }
    CHECK(cudaEventDestroy(from));
    CHECK(cudaEventDestroy(to));
    std::nth_element(times.begin(), times.begin() + replays / 2, times.end());
    return times[replays / 2];
}

static float time_of(const std::function<void()> &launch) {
    launch(); /* outside a capture first */
    CHECK(cudaStreamSynchronize(stream));
    cudaGraphExec_t graph = capture(launch);
    float us = median_us(graph, 200);
    CHECK(cudaGraphExecDestroy(graph));
    return us;
}

static std::vector<unsigned char> result_of(const chain &c, cudaGraphExec_t graph, uint32_t rows) {
    size_t bytes = (size_t)rows * HIDDEN * size_of(c.type);
    std::vector<unsigned char> result(bytes);
    CHECK(cudaMemcpyAsync(c.hidden, c.start, bytes, cudaMemcpyDeviceToDevice, stream));
    find_moments(c.type, c.hidden, rows, HIDDEN, 64, (float2 *)c.hidden_moments);
    CHECK(cudaGraphLaunch(graph, stream));
    CHECK(cudaMemcpyAsync(result.data(), c.hidden, bytes, cudaMemcpyDeviceToHost, stream));
    CHECK(cudaStreamSynchronize(stream));
    return result;
}

/* Overlapping launches must not change a bit of the result. */
static void check_chain(const chain &c, bool warpgroup, bool fused) {
    group g = {std::string(name_of(c.type)) + (warpgroup ? ", warpgroup" : ", mma") +
                   (fused ? ", fused" : "") + ", overlapping chain",
               0};
    for (uint32_t rows : {16u, 45u, 128u}) {
        auto apart = capture([&] { launch_chain(c, rows, {false, fused, warpgroup}); });
        auto over = capture([&] { launch_chain(c, rows, {true, fused, warpgroup}); });
        std::vector<unsigned char> wanted = result_of(c, apart, rows);
        for (int i = 0; i < 30; i++) {
            g.note(result_of(c, over, rows) == wanted, 0, "results differ");
        }
        CHECK(cudaGraphExecDestroy(apart));
        CHECK(cudaGraphExecDestroy(over));
    }
}

/* ---- cublasLt ---- */

enum { CANDIDATES = 16 };
static cublasLtHandle_t lt;
static void *lt_workspace;
static const size_t LT_WORKSPACE = 32 << 20;

struct lt_product {
    cublasLtMatmulDesc_t operation;
    cublasLtMatrixLayout_t weight, input, output;
    cublasLtMatmulAlgo_t best;
};

static void lt_run(const lt_product &l, const chain &c, int layer, int part,
                   const cublasLtMatmulAlgo_t *algorithm) {
    mgk_cuda_gemm p = chain_product(c, layer, part, 1);
    float one = 1, zero = 0;
    CHECK(cublasLtMatmul(lt, l.operation, &one, p.weight, l.weight, p.input, l.input, &zero,
                         p.output, l.output, p.output, l.output, algorithm, lt_workspace,
                         LT_WORKSPACE, stream));
}

static float lt_time(const lt_product &l, const chain &c, int part,
                     const cublasLtMatmulAlgo_t *algorithm) {
    auto launch = [&] {
        for (int layer = 0; layer < LAYERS; layer++) lt_run(l, c, layer, part, algorithm);
    };
    launch();
    CHECK(cudaStreamSynchronize(stream));
    cudaGraphExec_t graph = capture(launch);
    float us = median_us(graph, 20);
    CHECK(cudaGraphExecDestroy(graph));
    return us;
}

static void lt_tune(lt_product *l, const chain &c, int part) {
    cublasLtMatmulPreference_t wish;
    CHECK(cublasLtMatmulPreferenceCreate(&wish));
    CHECK(cublasLtMatmulPreferenceSetAttribute(wish, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                               &LT_WORKSPACE, sizeof LT_WORKSPACE));
    cublasLtMatmulHeuristicResult_t found[CANDIDATES];
    int count = 0;
    CHECK(cublasLtMatmulAlgoGetHeuristic(lt, l->operation, l->weight, l->input, l->output,
                                         l->output, wish, CANDIDATES, found, &count));
    float best = 1e30f;
    for (int i = 0; i < count; i++) {
        if (found[i].state) continue;
        float us = lt_time(*l, c, part, &found[i].algo);
        if (us >= best) continue;
        best = us;
        l->best = found[i].algo;
    }
    CHECK(count == 0);
    CHECK(cublasLtMatmulPreferenceDestroy(wish));
}

static lt_product lt_make(const chain &c, int part, uint32_t rows) {
    lt_product l;
    shape s = SHAPES[part];
    cublasOperation_t yes = CUBLAS_OP_T;
    cublasLtEpilogue_t epilogue =
        part == FFN1 ? CUBLASLT_EPILOGUE_GELU_BIAS : CUBLASLT_EPILOGUE_BIAS;
    CHECK(cublasLtMatmulDescCreate(&l.operation, CUBLAS_COMPUTE_32F, CUDA_R_32F));
    CHECK(
        cublasLtMatmulDescSetAttribute(l.operation, CUBLASLT_MATMUL_DESC_TRANSA, &yes, sizeof yes));
    CHECK(cublasLtMatmulDescSetAttribute(l.operation, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue,
                                         sizeof epilogue));
    CHECK(cublasLtMatmulDescSetAttribute(l.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER,
                                         &c.short_bias[part], sizeof(void *)));
    CHECK(cublasLtMatrixLayoutCreate(&l.weight, CUDA_R_16BF, s.inputs, s.outputs, s.inputs));
    CHECK(cublasLtMatrixLayoutCreate(&l.input, CUDA_R_16BF, s.inputs, rows, s.inputs));
    CHECK(cublasLtMatrixLayoutCreate(&l.output, CUDA_R_16BF, s.outputs, rows, s.outputs));
    lt_tune(&l, c, part);
    return l;
}

static void lt_destroy(lt_product *l) {
    CHECK(cublasLtMatrixLayoutDestroy(l->weight));
    CHECK(cublasLtMatrixLayoutDestroy(l->input));
    CHECK(cublasLtMatrixLayoutDestroy(l->output));
    CHECK(cublasLtMatmulDescDestroy(l->operation));
}

static float time_cublas(const chain &c, uint32_t rows, float *parts) {
    lt_product l[PARTS];
    for (int part = 0; part < PARTS; part++) {
        l[part] = lt_make(c, part, rows);
        parts[part] = lt_time(l[part], c, part, &l[part].best) / LAYERS;
    }
    float us = time_of([&] {
        for (int layer = 0; layer < LAYERS; layer++) {
            for (int part = 0; part < PARTS; part++) lt_run(l[part], c, layer, part, &l[part].best);
        }
    });
    for (lt_product &one : l) lt_destroy(&one);
    return us;
}

/* ---- times ---- */

static void print_time(uint32_t rows, const char *name, float us) {
    printf("%4u  %-34s %8.1f us, %5.2f each\n", rows, name, us, us / (LAYERS * PARTS));
}

static void time_chains(const chain &c, uint32_t rows) {
    char name[64];
    const way ways[] = {{false, false, false}, {true, false, false}, {true, true, false},
                        {false, false, true},  {true, false, true},  {true, true, true}};
    for (const way &w : ways) {
        if (w.warpgroup && !warpgroups) continue;
        if (w.fused && c.type == MGK_CUDA_E4M3) continue;
        float us = time_of([&] { launch_chain(c, rows, w); });
        snprintf(name, sizeof name, "%s %s%s%s", name_of(c.type), w.warpgroup ? "warpgroup" : "mma",
                 w.dependent ? ", overlapping" : "", w.fused ? ", fused norms" : "");
        print_time(rows, name, us);
    }
}

/* 48 times one of the products, 12 weights in turn: what to cut it into. */
static float time_plan(const chain &c, int part, uint32_t rows, const mgk_small_plan &plan) {
    return time_of([&] {
        for (int i = 0; i < LAYERS * PARTS; i++) {
            mgk_cuda_gemm p = chain_product(c, i % LAYERS, part, rows);
            p.dependent = i > 0;
            CHECK(mgk_gemm_small_planned(&p, nullptr, &plan, stream));
        }
    });
}

static bool schedulable(const chain &c, int part, uint32_t rows, const mgk_small_plan &plan) {
    mgk_cuda_gemm p = chain_product(c, 0, part, rows);
    if (!mgk_gemm_small_can(&p, &plan)) return false;
    int status = mgk_gemm_small_planned(&p, nullptr, &plan, stream);
    if (status) (void)cudaGetLastError(); /* clusters past 8 are up to the card */
    return !status;
}

static void time_plans(const chain &c, uint32_t rows, bool warpgroup) {
    printf("\n%s, %u rows, %s, overlapping, us a product by split (* chosen)\n", name_of(c.type),
           rows, warpgroup ? "warpgroup" : "mma");
    for (int part = 0; part < PARTS; part++) {
        mgk_cuda_gemm p = chain_product(c, 0, part, rows);
        mgk_small_plan chosen = mgk_gemm_small_choose(&p);
        printf("%s", PART_NAMES[part]);
        for (uint32_t split : {1u, 2u, 3u, 4u, 6u, 8u, 12u, 16u}) {
            mgk_small_plan plan = {split, chosen.tile_rows, warpgroup};
            if (!schedulable(c, part, rows, plan)) continue;
            printf("  %u%s: %.2f", split, split == chosen.split ? "*" : "",
                   time_plan(c, part, rows, plan) / (LAYERS * PARTS));
        }
        printf("\n");
    }
}

/* ---- all of it ---- */

static bool can_fp8() {
    mgk_cuda_gemm p = make_product(MGK_CUDA_E4M3, MGK_CUDA_E4M3, 16, SHAPES[0]);
    return mgk_gemm_small_supports(&p);
}

static void check_all() {
    for (int warpgroup = 0; warpgroup < 1 + warpgroups; warpgroup++) {
        for (mgk_cuda_dtype type : {MGK_CUDA_BF16, MGK_CUDA_F16, MGK_CUDA_E4M3}) {
            mgk_cuda_gemm p = make_product(type, type, 16, SHAPES[0]);
            if (!mgk_gemm_small_supports(&p)) continue;
            for (mgk_cuda_dtype output : {MGK_CUDA_BF16, MGK_CUDA_F16, MGK_CUDA_E4M3}) {
                check_sizes(type, output, warpgroup);
            }
            check_plans(type, warpgroup);
            if (type != MGK_CUDA_E4M3) check_fused(type, warpgroup);
        }
    }
    check_again(MGK_CUDA_BF16);
    if (can_fp8()) check_again(MGK_CUDA_E4M3);
    check_fold();
}

static void time_all(const chain &wide, const chain *narrow) {
    printf("\nrows  48 products\n");
    for (uint32_t rows : {16u, 45u, 64u, 128u}) {
        float parts[PARTS];
        print_time(rows, "bf16 cublasLt", time_cublas(wide, rows, parts));
        printf("      cublasLt alone: QKV %.2f, OUT %.2f, FFN1 %.2f, FFN2 %.2f\n", parts[QKV],
               parts[OUT], parts[FFN1], parts[FFN2]);
        time_chains(wide, rows);
        if (rows == 45 && narrow) time_chains(*narrow, rows);
    }
    for (uint32_t rows : {45u, 128u}) {
        time_plans(wide, rows, warpgroups);
        if (warpgroups && rows == 45) time_plans(wide, rows, false);
    }
}

int main(int argc, char **argv) {
    bool check = argc < 2 || !strcmp(argv[1], "check"), time = argc < 2 || !strcmp(argv[1], "time");
    cudaDeviceProp card;
    CHECK(cudaGetDeviceProperties(&card, 0));
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    CHECK(cublasLtCreate(&lt));
    lt_workspace = allocate(LT_WORKSPACE);
    allocate_memory();
    mgk_cuda_gemm p = make_product(MGK_CUDA_BF16, MGK_CUDA_BF16, 45, SHAPES[0]);
    if (!mgk_gemm_small_supports(&p)) {
        printf("%s: not supported\n", card.name);
        return 1;
    }
    warpgroups = mgk_gemm_small_choose(&p).warpgroup;
    printf("%s, warpgroup kernels: %s\n", card.name, warpgroups ? "yes" : "no");
    if (check) check_all();
    chain wide = make_chain(MGK_CUDA_BF16), narrow = make_chain(MGK_CUDA_E4M3);
    bool fp8 = can_fp8();
    for (int warpgroup = 0; check && warpgroup < 1 + warpgroups; warpgroup++) {
        check_chain(wide, warpgroup, false);
        check_chain(wide, warpgroup, true);
        if (fp8) check_chain(narrow, warpgroup, false);
    }
    if (time) time_all(wide, fp8 ? &narrow : nullptr);
    CHECK(cudaDeviceSynchronize());
    printf("%s\n", failures ? "FAILED" : "all passed");
    return failures != 0;
}
