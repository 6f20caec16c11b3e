/* SPDX-License-Identifier: Apache-2.0 */
/* The plain way: numbers, products by a plain fp32 kernel, and how far from them a result may be.
 */
#include "gpu/gemm/small_bench.cuh"

#include <cmath>

case_memory memory;

static __device__ float uniform(uint32_t i, uint32_t seed) {
    uint32_t x = i * 2654435761u ^ (seed * 2246822519u + 374761393u);
    x ^= x >> 16, x *= 2246822507u, x ^= x >> 13, x *= 3266489909u, x ^= x >> 16;
    return (float)x * (2.0f / 4294967296.0f) - 1;
}

static __global__ void fill_kernel(mgk_cuda_dtype type, void *p, size_t n, float centre,
                                   float spread, uint32_t seed) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) set_number(type, p, i, centre + spread * uniform((uint32_t)i, seed));
}

static uint32_t seeds = 1;
void fill(mgk_cuda_dtype type, void *p, size_t n, float centre, float spread) {
    fill_kernel<<<(unsigned)((n + 255) / 256), 256, 0, stream>>>(type, p, n, centre, spread,
                                                                 seeds++);
    CHECK(cudaGetLastError());
}

void *allocate(size_t bytes) {
    void *p;
    CHECK(cudaMalloc(&p, bytes));
    CHECK(cudaMemsetAsync(p, 0xff, bytes, stream)); /* NaN in every type */
    return p;
}

void *numbers(mgk_cuda_dtype type, size_t n, float centre, float spread) {
    void *p = allocate(n * size_of(type));
    fill(type, p, n, centre, spread);
    return p;
}

/* ---- the plain way ---- */

/* Moments by 64 columns and by whole rows, two passes each. */
static __global__ void plain_moments(mgk_cuda_dtype type, const void *x, uint32_t rows,
                                     uint32_t width, uint32_t part, float2 *moments) {
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

void find_moments(mgk_cuda_dtype type, const void *x, uint32_t rows, uint32_t width, uint32_t part,
                  float2 *to) {
    plain_moments<<<(rows * (width / part) + 63) / 64, 64, 0, stream>>>(type, x, rows, width, part,
                                                                        to);
    CHECK(cudaGetLastError());
}

static __device__ float plain_activation(mgk_cuda_activation activation, float x) {
    switch (activation) {
    case MGK_CUDA_GELU: return 0.5f * x * (1 + erff(x * 0.7071067811865476f));
    case MGK_CUDA_GELU_TANH:
        return 0.5f * x * (1 + tanhf(0.7978845608f * (x + 0.044715f * x * x * x)));
    case MGK_CUDA_RELU: return fmaxf(x, 0);
    case MGK_CUDA_TANH: return tanhf(x);
    default: return x;
    }
}

static __device__ float normalised(float x, const float2 *moments, uint32_t width, float epsilon) {
    return moments ? (x - moments->x) * rsqrtf(moments->y / (float)width + epsilon) : x;
}

static __global__ void plain_product(mgk_cuda_gemm p, mgk_small_fusion f, norms n, float *out) {
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

static __global__ void compare(mgk_cuda_dtype type, const void *got, const float *wanted,
                               uint32_t n, uint32_t guard_bytes, float typical, verdict *v) {
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

void allocate_memory() {
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

void judge(group &g, mgk_cuda_dtype type, const void *got, uint32_t n, uint32_t guard_bytes,
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

void poison(void *p, const mgk_cuda_gemm &product) {
    CHECK(cudaMemsetAsync(
        p, 0xff, (size_t)(product.rows + GUARD) * product.outputs * size_of(product.output_type),
        stream));
}

void fill_product(mgk_cuda_gemm *p) {
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

void run_plain(const mgk_cuda_gemm &p, const mgk_small_fusion &f, const norms &n) {
    plain_product<<<(p.rows * p.outputs + 127) / 128, 128, 0, stream>>>(p, f, n, memory.wanted);
    CHECK(cudaGetLastError());
}

mgk_cuda_gemm make_product(mgk_cuda_dtype input, mgk_cuda_dtype output, uint32_t rows,
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

bool can_fp8() {
    mgk_cuda_gemm p = make_product(MGK_CUDA_E4M3, MGK_CUDA_E4M3, 16, SHAPES[0]);
    return mgk_gemm_small_supports(&p);
}
