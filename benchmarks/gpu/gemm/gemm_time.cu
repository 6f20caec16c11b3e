/* SPDX-License-Identifier: Apache-2.0 */
/* Times products of many rows, ours and cublasLt's, one by one and in the sequence of 12 layers. */
#include "gpu/gemm/gemm_bench.cuh"

#include <algorithm>
#include <cublasLt.h>
#include <functional>
#include <vector>

enum { LAYERS = 12, BUFFERS = 3, REPLAYS = 21, TRIED = 8, TOKENS = 45 };
static const size_t WORKSPACE = 64u << 20;

static const uint32_t time_rows[] = {2816, 5632, 11264, 16896, 22528, 45056, 65536};
enum { TIME_MOST = 65536 };

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
        CHECK(mgk_gemm_sm90_prepare(&p, TIME_MOST, &plans[i]));
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
        CHECK(mgk_gemm_sm90_prepare(&p, TIME_MOST, &plans[i]));
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
        fill(in, b->inputs[i], (size_t)TIME_MOST * WIDE, 0, 1);
        CHECK(cudaMemsetAsync(b->outputs[i], 0, (size_t)TIME_MOST * WIDE * 2, stream));
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
        b.inputs[i] = allocate<uint16_t>((size_t)TIME_MOST * WIDE);
        b.outputs[i] = allocate<uint16_t>((size_t)TIME_MOST * WIDE);
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

void time_all(bool each, bool sequence, const char *filter) {
    CHECK(cublasLtCreate(&handle));
    CHECK(cudaEventCreate(&events[0]));
    CHECK(cudaEventCreate(&events[1]));
    const time_buffers b = allocate_for_times();
    for (mgk_cuda_dtype in : {MGK_CUDA_BF16, MGK_CUDA_F16, MGK_CUDA_E4M3}) {
        if (in == MGK_CUDA_F16 && filter == nullptr) continue;
        if (wanted(in, filter)) time_type(&b, in, each, sequence);
    }
}
