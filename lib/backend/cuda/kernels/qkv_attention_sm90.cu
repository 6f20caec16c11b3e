/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing and launching the kernels of qkv_attention_sm90_kernel.cuh. */
#include "backend/cuda/kernels/qkv_attention_sm90.h"

#include "backend/cuda/kernels/qkv_attention_sm90_kernel.cuh"
#include "backend/cuda/kernels/sm90_host.cuh"

#include <string.h>

namespace {

using kernel = void (*)(sm90_qkv::task);

kernel kernel_of(const mgk_qkv_attention *h) {
    const bool half = h->type == MGK_CUDA_F16, bf16 = h->type == MGK_CUDA_BF16;
    if (h->input_type == MGK_CUDA_E4M3 && half && h->context_type == MGK_CUDA_E4M3) {
        return sm90_qkv::qkv_attention<e4m3, __half, e4m3>;
    }
    if (h->input_type != h->type || h->context_type != h->type) return nullptr;
    if (half) return sm90_qkv::qkv_attention<__half, __half, __half>;
    if (bf16) return sm90_qkv::qkv_attention<__nv_bfloat16, __nv_bfloat16, __nv_bfloat16>;
    return nullptr;
}

struct plan_parts {
    kernel run;
    uint32_t at_once; /* clusters */
    sm90_qkv::task task;
};
static_assert(sizeof(plan_parts) <= sizeof(mgk_qkv_attention_plan), "plans are too small");

plan_parts read_plan(const mgk_qkv_attention_plan *plan) {
    plan_parts parts;
    memcpy(&parts, plan, sizeof parts);
    return parts;
}

constexpr sm90::shape shape = {sm90_qkv::THREADS, sm90_qkv::CLUSTER, sm90_qkv::SHARED_BYTES};

bool encode_maps(const mgk_qkv_attention *h, uint32_t rows_capacity, sm90_qkv::task *t) {
    const sm90::encoder encode = sm90::find_encoder();
    const uint32_t rows = rows_capacity < sm90_qkv::TILE ? sm90_qkv::TILE : rows_capacity;
    return encode != nullptr &&
           sm90::encode_map(encode, h->input_type, h->input, rows, h->hidden, sm90_qkv::TILE,
                            &t->input) &&
           sm90::encode_map(encode, h->input_type, h->weight, 3 * h->hidden, h->hidden,
                            sm90_qkv::BOX, &t->weight);
}

/* Whether there is a kernel for it, on whatever device. */
bool fits(const mgk_qkv_attention *h) {
    return kernel_of(h) != nullptr && h->heads != 0 && h->hidden == h->heads * MGK_QKV_HEAD_WIDTH &&
           h->hidden * sm90::number_bytes(h->input_type) % sm90::STEP_BYTES == 0 &&
           sm90::is_aligned(h->input) && sm90::is_aligned(h->weight) && sm90::is_aligned(h->bias) &&
           sm90::is_aligned(h->context);
}

} // namespace

extern "C" bool mgk_qkv_attention_sm90_supports(const mgk_qkv_attention *h) {
    return fits(h) && sm90::count_clusters(kernel_of(h), shape) > 0;
}

extern "C" int mgk_qkv_attention_sm90_prepare(const mgk_qkv_attention *h, uint32_t rows_capacity,
                                              mgk_qkv_attention_plan *plan) {
    if (!fits(h)) return (int)cudaErrorNotSupported;
    const float log2_e = 1.4426950408889634f;
    plan_parts parts;
    memset(&parts, 0, sizeof parts);
    parts.run = kernel_of(h);
    parts.at_once = sm90::count_clusters(parts.run, shape);
    if (parts.at_once == 0) return (int)cudaErrorNotSupported;
    if (!encode_maps(h, rows_capacity, &parts.task)) return (int)cudaErrorInvalidValue;
    parts.task.bias = h->bias;
    parts.task.context = h->context;
    parts.task.heads = h->heads;
    parts.task.steps = h->hidden * sm90::number_bytes(h->input_type) / sm90::STEP_BYTES;
    parts.task.scale = h->input_type == MGK_CUDA_E4M3 ? h->scale : 1;
    parts.task.score_scale = log2_e / sqrtf((float)MGK_QKV_HEAD_WIDTH);
    parts.task.context_scale = h->context_type == MGK_CUDA_E4M3 ? h->context_scale : 1;
    memset(plan, 0, sizeof *plan);
    memcpy(plan, &parts, sizeof parts);
    return 0;
}

extern "C" int mgk_qkv_attention_sm90_launch(const mgk_qkv_attention_plan *plan,
                                             const mgk_qkv_tile *tiles, uint32_t count,
                                             const mgk_qkv_bounds *bounds, bool dependent,
                                             mgk_cuda_stream stream) {
    if (count == 0) return 0;
    plan_parts parts = read_plan(plan);
    sm90_qkv::task *t = &parts.task;
    t->tiles = tiles;
    t->bounds = bounds;
    t->count = count;
    t->items = (count + sm90_qkv::CLUSTER - 1) / sm90_qkv::CLUSTER * t->heads;
    cudaLaunchConfig_t config;
    cudaLaunchAttribute attributes[2] = {};
    sm90::describe_launch(&config, attributes, shape,
                          t->items < parts.at_once ? t->items : parts.at_once, dependent);
    config.stream = stream;
    void *arguments[] = {t};
    return (int)cudaLaunchKernelExC(&config, (const void *)parts.run, arguments);
}
