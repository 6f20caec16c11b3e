/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing and launching the kernels of gemm_sm90_kernel.cuh. */
#include "backend/cuda/kernels/gemm_sm90.h"

#include "backend/cuda/kernels/gemm_sm90_kernel.cuh"
#include "backend/cuda/kernels/sm90_host.cuh"

#include <atomic>
#include <cuda_runtime.h>
#include <string.h>

namespace {

using kernel = void (*)(sm90::task);

enum : uint32_t { WIDTHS = 3, CLUSTERS = 2, DEVICES = 64 };
const uint32_t widths[WIDTHS] = {256, 192, 128};
const size_t shared_bytes[WIDTHS] = {sm90::layout<256>::bytes, sm90::layout<192>::bytes,
                                     sm90::layout<128>::bytes};
const uint32_t stages[WIDTHS] = {sm90::layout<256>::stages, sm90::layout<192>::stages,
                                 sm90::layout<128>::stages};

/* ---- GELU ----
 *
 * x Φ(x) with Φ(x) = clamp(1/2 + x p(x²), 0, 1). p was fitted by linear programming to the least
 * error of x Φ(x), under the condition that 1/2 + x p(x²) stays above 1 from where the fit ends, so
 * that clamping alone is right for all larger x. In fp32, over all x:
 *
 *              terms   |error of x Φ(x)|   |error of Φ(x)|   to be rounded to, half a unit of Φ = 1
 *   erf form     7         1.7e-4              2.8e-4          bf16 2.0e-3, e4m3 3.1e-2
 *                9         4.0e-5              3.0e-5          fp16 2.4e-4
 *   tanh form    7         1.5e-4              2.5e-4
 *                9         3.2e-5              3.6e-5 */
const float erf_7[7] = {3.980235755e-01f, -6.475994736e-02f, 8.856521919e-03f, -8.314328734e-04f,
                        4.977069329e-05f, -1.691160378e-06f, 2.461693782e-08f};
const float erf_9[9] = {3.989180028e-01f,  -6.630662084e-02f, 9.766688570e-03f,
                        -1.088259974e-03f, 8.934750076e-05f,  -5.178264928e-06f,
                        1.978812350e-07f,  -4.429506095e-09f, 4.369944337e-11f};
const float tanh_7[7] = {3.981079757e-01f, -6.516215950e-02f, 9.086846374e-03f, -8.823421667e-04f,
                         5.518777471e-05f, -1.970331596e-06f, 3.021307293e-08f};
const float tanh_9[9] = {3.988054991e-01f,  -6.647745520e-02f, 9.917476214e-03f,
                         -1.131974743e-03f, 9.597119060e-05f,  -5.766713002e-06f,
                         2.288074512e-07f,  -5.320525798e-09f, 5.454288757e-11f};

void set_gelu(const mgk_cuda_gemm *p, float to[sm90::MOST_TERMS]) {
    const bool tanh_form = p->activation == MGK_CUDA_GELU_TANH;
    if (p->output_type == MGK_CUDA_F16) {
        memcpy(to, tanh_form ? tanh_9 : erf_9, sizeof erf_9);
    } else {
        memcpy(to, tanh_form ? tanh_7 : erf_7, sizeof erf_7);
    }
}

/* ---- kernels ---- */

template <typename In, typename Out, bool has_gelu, uint32_t cluster>
kernel of_width(uint32_t width) {
    switch (width) {
    case 0: return sm90::product<In, Out, has_gelu, 256, cluster>;
    case 1: return sm90::product<In, Out, has_gelu, 192, cluster>;
    default: return sm90::product<In, Out, has_gelu, 128, cluster>;
    }
}

template <typename In, typename Out>
kernel of_activation(mgk_cuda_activation activation, uint32_t width, uint32_t cluster) {
    const bool has_gelu = activation != MGK_CUDA_IDENTITY;
#ifdef MGK_GEMM_SM90_TUNING
    if (cluster == 1) {
        return has_gelu ? of_width<In, Out, true, 1>(width) : of_width<In, Out, false, 1>(width);
    }
#endif
    if (cluster != 2) return nullptr;
    return has_gelu ? of_width<In, Out, true, 2>(width) : of_width<In, Out, false, 2>(width);
}

kernel kernel_of(mgk_cuda_dtype in, mgk_cuda_dtype out, mgk_cuda_activation activation,
                 uint32_t width, uint32_t cluster) {
    if (activation != MGK_CUDA_IDENTITY && activation != MGK_CUDA_GELU &&
        activation != MGK_CUDA_GELU_TANH) {
        return nullptr;
    }
    if (in == MGK_CUDA_BF16 && out == MGK_CUDA_BF16) {
        return of_activation<__nv_bfloat16, __nv_bfloat16>(activation, width, cluster);
    }
    if (in == MGK_CUDA_F16 && out == MGK_CUDA_F16) {
        return of_activation<__half, __half>(activation, width, cluster);
    }
    if (in == MGK_CUDA_E4M3 && out == MGK_CUDA_BF16) {
        return of_activation<e4m3, __nv_bfloat16>(activation, width, cluster);
    }
    if (in == MGK_CUDA_E4M3 && out == MGK_CUDA_F16) {
        return of_activation<e4m3, __half>(activation, width, cluster);
    }
    if (in == MGK_CUDA_E4M3 && out == MGK_CUDA_E4M3) {
        return of_activation<e4m3, e4m3>(activation, width, cluster);
    }
    return nullptr;
}

/* ---- the device ---- */

sm90::shape shape_of(uint32_t width, uint32_t cluster) {
    return {sm90::THREADS, cluster, (uint32_t)shared_bytes[width]};
}

/* Counted once for each device: one more than there are; 0: not counted yet. */
std::atomic<int> counted[DEVICES];

uint32_t device_clusters() {
    int device = 0;
    if (cudaGetDevice(&device) != cudaSuccess || (uint32_t)device >= DEVICES) return 0;
    int known = counted[device].load(std::memory_order_relaxed);
    if (known == 0) {
        const kernel k = kernel_of(MGK_CUDA_BF16, MGK_CUDA_BF16, MGK_CUDA_IDENTITY, 0, 2);
        known = (int)sm90::count_clusters(k, shape_of(0, 2)) + 1;
        counted[device].store(known, std::memory_order_relaxed);
    }
    return (uint32_t)(known - 1);
}

/* ---- plans ---- */

struct plan_parts {
    CUtensorMap input, weight[WIDTHS]; /* of widths that divide the outputs */
    kernel kernels[WIDTHS][CLUSTERS];  /* NULL: not to be had */
    const float *scale, *bias;
    unsigned char *output;
    uint32_t outputs, steps;
    uint32_t at_once[CLUSTERS]; /* clusters of one, of two blocks */
    mgk_gemm_sm90_tuning tuning;
    float output_scale;
    float gelu[sm90::MOST_TERMS];
};
static_assert(sizeof(plan_parts) <= sizeof(mgk_gemm_sm90_plan), "plans are too small");

plan_parts read_plan(const mgk_gemm_sm90_plan *plan) {
    plan_parts parts;
    memcpy(&parts, plan, sizeof parts);
    return parts;
}

int find_kernels(const mgk_cuda_gemm *p, plan_parts *parts) {
    for (uint32_t width = 0; width < WIDTHS; width++) {
        for (uint32_t cluster = 1; cluster <= CLUSTERS; cluster++) {
            if (p->outputs % widths[width] != 0) continue;
            const kernel k =
                kernel_of(p->input_type, p->output_type, p->activation, width, cluster);
            parts->kernels[width][cluster - 1] = k;
            const int code = k == nullptr ? 0 : sm90::allow_shared(k, shape_of(width, cluster));
            if (code != 0) return code;
        }
    }
    return 0;
}

bool encode_maps(const mgk_cuda_gemm *p, uint32_t rows_capacity, plan_parts *parts) {
    const sm90::encoder encode_tiled = sm90::find_encoder();
    if (encode_tiled == nullptr) return false;
    /* Rows are padded to whole 256s: a box never is larger than the matrix. */
    const uint32_t rows = rows_capacity < sm90::TILE_ROWS ? sm90::TILE_ROWS : rows_capacity;
    bool good = sm90::encode_map(encode_tiled, p->input_type, p->input, rows, p->inputs,
                                 sm90::TILE_ROWS, &parts->input);
    for (uint32_t width = 0; width < WIDTHS; width++) {
        if (p->outputs % widths[width] == 0) {
            good = good && sm90::encode_map(encode_tiled, p->input_type, p->weight, p->outputs,
                                            p->inputs, widths[width] / 2, &parts->weight[width]);
        }
    }
    return good;
}

uint32_t index_of(uint32_t tile_outputs) {
    return tile_outputs == 256 ? 0 : tile_outputs == 192 ? 1 : 2;
}

uint32_t tiles_of(const plan_parts *parts, uint32_t rows, uint32_t width, uint32_t cluster) {
    const uint32_t tall = cluster * sm90::TILE_ROWS;
    return (rows + tall - 1) / tall * (parts->outputs / widths[width]);
}

/* Narrow tiles fill the card better where rows are few, and ask more of L2 and shared memory. */
uint32_t choose_width(const plan_parts *parts, uint32_t rows, uint32_t cluster) {
    const float cost_of_tile[WIDTHS] = {256.0f, 200.0f, 146.0f};
    uint32_t best = WIDTHS - 1;
    float least = 0;
    for (uint32_t width = 0; width < WIDTHS; width++) {
        if (parts->kernels[width][cluster - 1] == nullptr) continue;
        const uint32_t tiles = tiles_of(parts, rows, width, cluster);
        const uint32_t at_once = parts->at_once[cluster - 1];
        const float cost = (float)((tiles + at_once - 1) / at_once) * cost_of_tile[width];
        if (least != 0 && cost >= least) continue;
        least = cost;
        best = width;
    }
    return best;
}

/* By default the first multiplier gets two steps ahead: about as long as the sums take to write. */
const mgk_gemm_sm90_tuning default_tuning = {0, 2, 2};

uint32_t width_for(const plan_parts *parts, uint32_t rows) {
    return parts->tuning.tile_outputs != 0 ? index_of(parts->tuning.tile_outputs)
                                           : choose_width(parts, rows, parts->tuning.cluster);
}

sm90::task task_of(const plan_parts *parts, uint32_t rows, uint32_t width) {
    sm90::task t;
    memset(&t, 0, sizeof t);
    t.input = parts->input;
    t.weight = parts->weight[width];
    t.scale = parts->scale;
    t.bias = parts->bias;
    t.output = parts->output;
    t.rows = rows;
    t.outputs = parts->outputs;
    t.steps = parts->steps;
    t.across = parts->outputs / widths[width];
    t.tiles = tiles_of(parts, rows, width, parts->tuning.cluster);
    t.lead = parts->tuning.lead < stages[width] ? parts->tuning.lead : stages[width] - 1;
    t.output_scale = parts->output_scale;
    memcpy(t.gelu, parts->gelu, sizeof t.gelu);
    return t;
}

} // namespace

extern "C" bool mgk_gemm_sm90_supports(const mgk_cuda_gemm *product) {
    const mgk_cuda_gemm *p = product;
    const kernel k = kernel_of(p->input_type, p->output_type, p->activation, WIDTHS - 1, 2);
    if (k == nullptr || device_clusters() == 0) return false;
    const uint32_t bytes = sm90::number_bytes(p->input_type);
    return p->outputs != 0 && p->outputs % 128 == 0 && p->inputs != 0 &&
           (size_t)p->inputs * bytes % sm90::STEP_BYTES == 0 &&
           (p->scale == nullptr || p->input_type == MGK_CUDA_E4M3) && sm90::is_aligned(p->input) &&
           sm90::is_aligned(p->weight) && sm90::is_aligned(p->output) &&
           sm90::is_aligned(p->scale) && sm90::is_aligned(p->bias);
}

extern "C" int mgk_gemm_sm90_prepare(const mgk_cuda_gemm *product, uint32_t rows_capacity,
                                     mgk_gemm_sm90_plan *plan) {
    if (!mgk_gemm_sm90_supports(product)) return (int)cudaErrorNotSupported;
    plan_parts parts;
    memset(&parts, 0, sizeof parts);
    int device = 0, multiprocessors = 0;
    int code = (int)cudaGetDevice(&device);
    if (code == 0) {
        code =
            (int)cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
    }
    if (code == 0) code = find_kernels(product, &parts);
    if (code != 0) return code;
    if (!encode_maps(product, rows_capacity, &parts)) return (int)cudaErrorInvalidValue;
    parts.scale = product->scale;
    parts.bias = product->bias;
    parts.output = static_cast<unsigned char *>(product->output);
    parts.outputs = product->outputs;
    parts.steps = product->inputs * sm90::number_bytes(product->input_type) / sm90::STEP_BYTES;
    parts.at_once[0] = (uint32_t)multiprocessors;
    parts.at_once[1] = device_clusters();
    parts.tuning = default_tuning;
    parts.output_scale = product->output_scale;
    set_gelu(product, parts.gelu);
    memset(plan, 0, sizeof *plan);
    memcpy(plan, &parts, sizeof parts);
    return 0;
}

extern "C" int mgk_gemm_sm90_launch(const mgk_gemm_sm90_plan *plan, uint32_t rows, bool dependent,
                                    mgk_cuda_stream stream) {
    if (rows == 0) return 0;
    const plan_parts parts = read_plan(plan);
    const uint32_t width = width_for(&parts, rows), cluster = parts.tuning.cluster;
    sm90::task task = task_of(&parts, rows, width);
    const uint32_t at_once = parts.at_once[cluster - 1];
    cudaLaunchConfig_t config;
    cudaLaunchAttribute attributes[2] = {};
    sm90::describe_launch(&config, attributes, shape_of(width, cluster),
                          task.tiles < at_once ? task.tiles : at_once, dependent);
    config.stream = stream;
    void *arguments[] = {&task};
    return (int)cudaLaunchKernelExC(&config, (const void *)parts.kernels[width][cluster - 1],
                                    arguments);
}

extern "C" int mgk_gemm_sm90_tune(mgk_gemm_sm90_plan *plan, const mgk_gemm_sm90_tuning *tuning) {
    plan_parts parts = read_plan(plan);
    const uint32_t tile = tuning->tile_outputs, cluster = tuning->cluster;
    const bool known = tile == 0 || tile == 128 || tile == 192 || tile == 256;
    if (!known || cluster < 1 || cluster > CLUSTERS ||
        parts.kernels[tile == 0 ? WIDTHS - 1 : index_of(tile)][cluster - 1] == nullptr) {
        return (int)cudaErrorNotSupported;
    }
    parts.tuning = *tuning;
    memcpy(plan, &parts, sizeof parts);
    return 0;
}

extern "C" mgk_gemm_sm90_tuning mgk_gemm_sm90_choose(const mgk_gemm_sm90_plan *plan,
                                                     uint32_t rows) {
    const plan_parts parts = read_plan(plan);
    mgk_gemm_sm90_tuning tuning = parts.tuning;
    tuning.tile_outputs = widths[width_for(&parts, rows)];
    return tuning;
}
