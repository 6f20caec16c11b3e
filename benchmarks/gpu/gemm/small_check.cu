/* SPDX-License-Identifier: Apache-2.0 */
/* Checks products of a few rows: all sizes, all ways to cut them up, norms fused into them. */
#include "gpu/gemm/small_bench.cuh"

#include <cmath>
#include <vector>

static const uint32_t ROWS[] = {1, 2, 7, 16, 17, 31, 45, 64, 100, 128, 200, 256};

static float tolerance_of(mgk_cuda_dtype input, mgk_cuda_dtype output) {
    if (output == MGK_CUDA_E4M3) return 4e-2f;
    if (input == MGK_CUDA_E4M3) return 1e-2f; /* the warpgroup's fp8 sums are short of fp32 */
    return output == MGK_CUDA_BF16 ? 4e-3f : 1e-3f;
}

static std::string describe(const mgk_cuda_gemm &p, const mgk_small_plan &plan) {
    char text[200];
    snprintf(text, sizeof text, "%ux%ux%u %s to %s, activation %d, split %u, tile %u%s", p.rows,
             p.outputs, p.inputs, name_of(p.input_type), name_of(p.output_type), (int)p.activation,
             plan.split, plan.tile_rows, plan.warpgroup ? ", warpgroup" : "");
    return text;
}

static void check_one(group &g, mgk_cuda_gemm p, const mgk_small_plan &plan) {
    if (!mgk_gemm_small_can(&p, &plan)) return;
    poison(p.output, p);
    CHECK(mgk_gemm_small_planned(&p, nullptr, &plan, stream));
    judge(g, p.output_type, p.output, p.rows * p.outputs,
          (uint32_t)(GUARD * p.outputs * size_of(p.output_type)), describe(p, plan));
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

void check_all() {
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
