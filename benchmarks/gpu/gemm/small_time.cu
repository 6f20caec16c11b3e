/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of 48 products: overlapping launches must change nothing, and how long they take. */
#include "gpu/gemm/small_bench.cuh"

#include <cmath>
#include <cstring>
#include <cublasLt.h>
#include <functional>
#include <vector>

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

void run_chains(bool check, bool time) {
    CHECK(cublasLtCreate(&lt));
    lt_workspace = allocate(LT_WORKSPACE);
    chain wide = make_chain(MGK_CUDA_BF16), narrow = make_chain(MGK_CUDA_E4M3);
    bool fp8 = can_fp8();
    for (int warpgroup = 0; check && warpgroup < 1 + warpgroups; warpgroup++) {
        check_chain(wide, warpgroup, false);
        check_chain(wide, warpgroup, true);
        if (fp8) check_chain(narrow, warpgroup, false);
    }
    if (time) time_all(wide, fp8 ? &narrow : nullptr);
}
