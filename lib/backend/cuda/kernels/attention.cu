/* SPDX-License-Identifier: Apache-2.0 */
/* Attention over sequences of any length without padding.
 *
 * Halves with heads of 64 numbers go through the tensor cores: one warp takes one head of one
 * sequence, keys and values in shared memory 64 at a time, so that short sequences need one step
 * and no block waits for another. Everything else takes a plain way that is right, not fast. */
#include "backend/cuda/kernels/attention.h"
#include "backend/cuda/kernels/dtype.cuh"
#include "backend/cuda/kernels/launch.cuh"

#include <math.h>

namespace {

/* ---- the tensor cores' way ---- */

enum { HEAD = 64, QUERIES = 16, WARPS = 4, ROW_BYTES = HEAD * 2 };

/* KEYS: how many are in shared memory at once, 32, 48 or 64. The fewer, the more warps there are to
 * hide the way to memory. */
template <int KEYS> __host__ __device__ constexpr int warp_bytes() { return 2 * KEYS * ROW_BYTES; }

/* Sixteen-byte pieces of a row change places with the row's number: ldmatrix then meets all banks.
 */
__device__ __forceinline__ uint32_t place_of(uint32_t row, uint32_t piece) {
    return row * ROW_BYTES + ((piece ^ (row & 7)) << 4);
}

__device__ __forceinline__ uint32_t shared_address(const void *pointer) {
    return (uint32_t)__cvta_generic_to_shared(pointer);
}

/* `bytes` 0: writes zeros and reads nothing. */
__device__ __forceinline__ void copy16(uint32_t to, const void *from, uint32_t bytes) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes));
#endif
}

__device__ __forceinline__ void copies_done() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;\ncp.async.wait_group 0;" ::: "memory");
#endif
    __syncwarp();
}

__device__ __forceinline__ void load_matrices(uint32_t at, uint32_t to[4]) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 750
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(at)
                 : "memory");
#endif
}

__device__ __forceinline__ void load_transposed(uint32_t at, uint32_t to[4]) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 750
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(at)
                 : "memory");
#endif
}

/* sums += a b: 16 x 16 by 16 x 8. */
__device__ __forceinline__ void multiply(float sums[4], const uint32_t a[4], uint32_t b0,
                                         uint32_t b1, __half) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, "
                 "{%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#endif
}

__device__ __forceinline__ void multiply(float sums[4], const uint32_t a[4], uint32_t b0,
                                         uint32_t b1, __nv_bfloat16) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, "
                 "{%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#endif
}

/* One head of one sequence. */
struct head {
    const void *query, *key, *value; /* of its first row */
    size_t query_stride, key_stride; /* bytes */
    uint32_t length, queries;
    uint32_t keys_at, values_at; /* shared memory */
};

/* Keys and values from..; places behind the last key are zeros, since 0 * NaN would spoil a sum. */
template <int KEYS> __device__ __forceinline__ void fetch(const head &h, uint32_t from) {
    const uint32_t lane = threadIdx.x % 32, piece = lane % 8;
    const uint32_t left = h.length - from, rows = min(left, (uint32_t)KEYS);
    const uint32_t padded = (rows + 15) & ~15u;
    __syncwarp();
    for (uint32_t row = lane / 8; row < padded; row += 4) {
        const uint32_t there = row < rows ? row : 0;
        const size_t offset = (size_t)(from + there) * h.key_stride + piece * 16;
        const uint32_t bytes = row < rows ? 16 : 0;
        copy16(h.keys_at + place_of(row, piece), (const char *)h.key + offset, bytes);
        copy16(h.values_at + place_of(row, piece), (const char *)h.value + offset, bytes);
    }
}

/* Sixteen queries as the left side of products, straight from memory. */
__device__ __forceinline__ void load_queries(const head &h, uint32_t first, uint32_t to[4][4]) {
    const uint32_t lane = threadIdx.x % 32, row = first + lane / 4;
    const char *at = (const char *)h.query + (size_t)row * h.query_stride + (lane % 4) * 4;
    const char *below = at + 8 * h.query_stride;
#pragma unroll
    for (int k = 0; k < 4; k++) {
        to[k][0] = row < h.queries ? *(const uint32_t *)(at + k * 32) : 0;
        to[k][1] = row + 8 < h.queries ? *(const uint32_t *)(below + k * 32) : 0;
        to[k][2] = row < h.queries ? *(const uint32_t *)(at + k * 32 + 16) : 0;
        to[k][3] = row + 8 < h.queries ? *(const uint32_t *)(below + k * 32 + 16) : 0;
    }
}

/* What sixteen queries have gathered so far: rows l/4 and l/4 + 8 of lane l. */
struct gathered {
    float context[HEAD / 8][4];
    float largest[2], sum[2];
};

/* scores[n]: sixteen queries against keys 8n .. 8n + 7 in shared memory. */
template <int KEYS, typename Half>
__device__ __forceinline__ void score(const head &h, const uint32_t queries[4][4], uint32_t pairs,
                                      float scores[KEYS / 8][4], Half) {
    const uint32_t lane = threadIdx.x % 32;
    /* Matrices 0, 1: keys 0-7, numbers 0-7 and 8-15 of a step; 2, 3: keys 8-15. */
    const uint32_t row = lane % 8 + (lane / 16) * 8, half = lane / 8 % 2;
#pragma unroll
    for (uint32_t pair = 0; pair < KEYS / 16; pair++) {
#pragma unroll
        for (int i = 0; i < 4; i++) scores[2 * pair][i] = scores[2 * pair + 1][i] = 0;
        if (pair >= pairs) continue;
#pragma unroll
        for (uint32_t k = 0; k < 4; k++) {
            uint32_t keys[4];
            load_matrices(h.keys_at + place_of(pair * 16 + row, 2 * k + half), keys);
            multiply(scores[2 * pair], queries[k], keys[0], keys[1], Half());
            multiply(scores[2 * pair + 1], queries[k], keys[2], keys[3], Half());
        }
    }
}

/* Scores become weights (base 2); what was gathered is brought to the new largest score. */
template <int KEYS>
__device__ __forceinline__ void weigh(float scores[KEYS / 8][4], uint32_t keys, float scale,
                                      gathered &g) {
    const uint32_t column = threadIdx.x % 4 * 2;
    float largest[2] = {g.largest[0], g.largest[1]};
#pragma unroll
    for (uint32_t n = 0; n < KEYS / 8; n++) {
#pragma unroll
        for (uint32_t i = 0; i < 4; i++) {
            const bool there = n * 8 + column + i % 2 < keys;
            scores[n][i] = there ? scores[n][i] * scale : -INFINITY;
            largest[i / 2] = fmaxf(largest[i / 2], scores[n][i]);
        }
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
        largest[r] = fmaxf(largest[r], __shfl_xor_sync(0xffffffffu, largest[r], 1));
        largest[r] = fmaxf(largest[r], __shfl_xor_sync(0xffffffffu, largest[r], 2));
        const float shrink = exp2f(g.largest[r] - largest[r]);
        g.largest[r] = largest[r];
        g.sum[r] *= shrink;
#pragma unroll
        for (int n = 0; n < HEAD / 8; n++) {
            g.context[n][2 * r] *= shrink, g.context[n][2 * r + 1] *= shrink;
        }
    }
#pragma unroll
    for (uint32_t n = 0; n < KEYS / 8; n++) {
#pragma unroll
        for (uint32_t i = 0; i < 4; i++) {
            scores[n][i] = exp2f(scores[n][i] - largest[i / 2]);
            g.sum[i / 2] += scores[n][i];
        }
    }
}

/* context += weights values. */
template <int KEYS, typename Half>
__device__ __forceinline__ void gather(const head &h, const float weights[KEYS / 8][4],
                                       uint32_t pairs, gathered &g, Half) {
    const uint32_t lane = threadIdx.x % 32;
    /* Transposed: matrices 0, 1: keys 0-7 and 8-15 of numbers 0-7; 2, 3: of numbers 8-15. */
    const uint32_t row = lane % 16, half = lane / 16;
#pragma unroll
    for (uint32_t pair = 0; pair < KEYS / 16; pair++) {
        if (pair >= pairs) break;
        const float *low = weights[2 * pair], *high = weights[2 * pair + 1];
        const uint32_t left[4] = {pack2(low[0], low[1], Half()), pack2(low[2], low[3], Half()),
                                  pack2(high[0], high[1], Half()), pack2(high[2], high[3], Half())};
#pragma unroll
        for (uint32_t n = 0; n < HEAD / 16; n++) {
            uint32_t values[4];
            load_transposed(h.values_at + place_of(pair * 16 + row, 2 * n + half), values);
            multiply(g.context[2 * n], left, values[0], values[1], Half());
            multiply(g.context[2 * n + 1], left, values[2], values[3], Half());
        }
    }
}

__device__ __forceinline__ void store_two(__half *to, float a, float b) {
    *reinterpret_cast<uint32_t *>(to) = pack2(a, b, __half());
}
__device__ __forceinline__ void store_two(__nv_bfloat16 *to, float a, float b) {
    *reinterpret_cast<uint32_t *>(to) = pack2(a, b, __nv_bfloat16());
}
__device__ __forceinline__ void store_two(e4m3 *to, float a, float b) {
    *reinterpret_cast<uint16_t *>(to) =
        (uint16_t)__nv_cvt_float2_to_fp8x2(make_float2(a, b), __NV_SATFINITE, __NV_E4M3);
}

template <typename Out>
__device__ __forceinline__ void store_context(const gathered &g, Out *context, uint32_t width,
                                              uint32_t first, uint32_t queries, float scale) {
    const uint32_t lane = threadIdx.x % 32;
#pragma unroll
    for (int r = 0; r < 2; r++) {
        float sum = g.sum[r];
        sum += __shfl_xor_sync(0xffffffffu, sum, 1);
        sum += __shfl_xor_sync(0xffffffffu, sum, 2);
        const float factor = scale / sum;
        const uint32_t row = first + lane / 4 + 8 * r;
        if (row >= queries) continue;
        Out *to = context + (size_t)row * width + lane % 4 * 2;
#pragma unroll
        for (int n = 0; n < HEAD / 8; n++) {
            store_two(to + n * 8, g.context[n][2 * r] * factor, g.context[n][2 * r + 1] * factor);
        }
    }
}

/* The queries of `tile`, and of each `tiles`th tile of sixteen after it. */
template <int KEYS, typename Half, typename Out>
__device__ __forceinline__ void attend_head(const head &h, Out *context, uint32_t width,
                                            float scale, float out_scale, uint32_t tile,
                                            uint32_t tiles) {
    const bool once = h.length <= KEYS;
    bool there = false; /* keys and values that are needed once are fetched once */
    for (uint32_t first = tile * QUERIES; first < h.queries; first += tiles * QUERIES) {
        uint32_t queries[4][4];
        gathered g = {};
        g.largest[0] = g.largest[1] = -INFINITY;
        if (once && !there) fetch<KEYS>(h, 0);
        load_queries(h, first, queries);
        for (uint32_t from = 0; from < h.length; from += KEYS) {
            if (!once) fetch<KEYS>(h, from);
            if (!there) copies_done();
            there = once;
            const uint32_t keys = min(h.length - from, (uint32_t)KEYS);
            const uint32_t pairs = (keys + 15) / 16;
            float scores[KEYS / 8][4];
            score<KEYS>(h, queries, pairs, scores, Half());
            weigh<KEYS>(scores, keys, scale, g);
            gather<KEYS>(h, scores, pairs, g, Half());
        }
        store_context(g, context, width, first, h.queries, out_scale);
    }
}

template <int KEYS, typename Half, typename Out>
__global__ void __launch_bounds__(WARPS * 32, KEYS == 64   ? 3
                                              : KEYS == 48 ? 4
                                                           : 5)
    attention_kernel(mgk_cuda_attention a, mgk_cuda_batch batch, float scale) {
    extern __shared__ __align__(16) unsigned char memory[];
    let_next_begin();
    wait_before_sizes(batch);
    /* The last rows first, as in norm_rows_kernel. */
    const uint32_t item = (gridDim.x - 1 - blockIdx.x) * WARPS + threadIdx.x / 32;
    const uint32_t row = item / a.heads, column = item % a.heads * HEAD;
    const token_range range = tokens_of(batch, row);
    wait_after_sizes(batch);
    if (range.length == 0) return;
    const uint32_t first = range.first, width = a.heads * HEAD;
    const uint32_t asks = a.queries == MGK_CUDA_TOKENS ? first : row;
    head h;
    h.length = range.length;
    h.queries = a.queries == MGK_CUDA_TOKENS ? h.length : 1;
    h.query_stride = a.query_stride * sizeof(Half);
    h.key_stride = a.key_stride * sizeof(Half);
    h.query = static_cast<const Half *>(a.query) + (size_t)asks * a.query_stride + column;
    h.key = static_cast<const Half *>(a.key) + (size_t)first * a.key_stride + column;
    h.value = static_cast<const Half *>(a.value) + (size_t)first * a.key_stride + column;
    h.keys_at = shared_address(memory) + threadIdx.x / 32 * warp_bytes<KEYS>();
    h.values_at = h.keys_at + KEYS * ROW_BYTES;
    Out *context = static_cast<Out *>(a.context) + (size_t)asks * width + column;
    attend_head<KEYS, Half>(h, context, width, scale, a.context_scale, blockIdx.y, gridDim.y);
}

template <int KEYS, typename Half, typename Out>
int attend_keys(const mgk_cuda_attention *a, const mgk_cuda_batch *batch, bool dependent,
                mgk_cuda_stream stream) {
    const size_t shared = WARPS * warp_bytes<KEYS>();
    const auto kernel = attention_kernel<KEYS, Half, Out>;
    const cudaError_t allowed =
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)shared);
    if (allowed != cudaSuccess) return (int)allowed;
    const float log2_e = 1.4426950408889634f, scale = log2_e / sqrtf((float)HEAD);
    const uint32_t items = batch->rows * a->heads, few = 264; /* two blocks a multiprocessor */
    const bool alone = a->queries == MGK_CUDA_TOKENS && items < few;
    /* So few heads leave the card empty: their queries are spread over warps as well. */
    const uint32_t tiles = alone ? (batch->longest + QUERIES - 1) / QUERIES : 1;
    mgk_cuda_attention asked = *a;
    if (a->context_type != MGK_CUDA_E4M3) asked.context_scale = 1;
    return launch(kernel, dim3((items + WARPS - 1) / WARPS, tiles), WARPS * 32, shared, stream,
                  dependent, asked, *batch, scale);
}

/* Keys that a batch needs at once; long rows come in several steps anyway. */
template <typename Half, typename Out>
int attend_fast(const mgk_cuda_attention *a, const mgk_cuda_batch *batch, bool dependent,
                mgk_cuda_stream stream) {
    if (batch->longest <= 32) return attend_keys<32, Half, Out>(a, batch, dependent, stream);
    if (batch->longest <= 48) return attend_keys<48, Half, Out>(a, batch, dependent, stream);
    return attend_keys<64, Half, Out>(a, batch, dependent, stream);
}

/* ---- the plain way: one warp for each query of each head ---- */

enum { PLAIN_WARPS = 4 };

__device__ float dot(mgk_cuda_dtype type, const void *a, size_t a_at, const void *b, size_t b_at,
                     uint32_t width) {
    float sum = 0;
    for (uint32_t i = 0; i < width; i++) {
        sum = fmaf(load_as(type, a, a_at + i), load_as(type, b, b_at + i), sum);
    }
    return sum;
}

/* scores: this warp's, `length` floats; turned into weights. Returns their sum. */
__device__ float plain_weights(const mgk_cuda_attention &a, size_t query_at, size_t key_at,
                               uint32_t length, float scale, float *scores) {
    const uint32_t lane = threadIdx.x % 32;
    float largest = -INFINITY, sum = 0;
    for (uint32_t j = lane; j < length; j += 32) {
        scores[j] = scale * dot(a.type, a.query, query_at, a.key, key_at + (size_t)j * a.key_stride,
                                a.head_width);
        largest = fmaxf(largest, scores[j]);
    }
    largest = warp_max(largest);
    for (uint32_t j = lane; j < length; j += 32) sum += scores[j] = expf(scores[j] - largest);
    __syncwarp();
    return warp_sum(sum);
}

__device__ void plain_query(const mgk_cuda_attention &a, uint32_t first, uint32_t length,
                            uint32_t asks, uint32_t column, float scale, float *scores) {
    const uint32_t lane = threadIdx.x % 32, width = a.heads * a.head_width;
    const size_t key_at = (size_t)first * a.key_stride + column;
    const float sum =
        plain_weights(a, (size_t)asks * a.query_stride + column, key_at, length, scale, scores);
    for (uint32_t i = lane; i < a.head_width; i += 32) {
        float context = 0;
        for (uint32_t j = 0; j < length; j++) {
            context += scores[j] * load_as(a.type, a.value, key_at + (size_t)j * a.key_stride + i);
        }
        context /= sum;
        if (a.context_type == MGK_CUDA_E4M3) context *= a.context_scale;
        store_as(a.context_type, a.context, (size_t)asks * width + column + i, context);
    }
    __syncwarp();
}

__global__ void __launch_bounds__(PLAIN_WARPS * 32)
    plain_attention_kernel(mgk_cuda_attention a, mgk_cuda_batch batch, float scale) {
    extern __shared__ __align__(16) float plain_scores[];
    let_next_begin();
    wait_for_inputs();
    const uint32_t row = blockIdx.x, warp = threadIdx.x / 32;
    const token_range range = tokens_of(batch, row);
    const uint32_t first = range.first, length = range.length;
    if (length == 0) return;
    const bool all = a.queries == MGK_CUDA_TOKENS;
    const uint32_t queries = all ? length : 1, column = blockIdx.y * a.head_width;
    float *scores = plain_scores + warp * batch.longest;
    for (uint32_t q = warp; q < queries; q += PLAIN_WARPS) {
        plain_query(a, first, length, all ? first + q : row, column, scale, scores);
    }
}

int attend_plainly(const mgk_cuda_attention *a, const mgk_cuda_batch *batch, bool dependent,
                   mgk_cuda_stream stream) {
    const size_t shared = PLAIN_WARPS * batch->longest * sizeof(float);
    if (shared > 48u << 10) {
        const cudaError_t allowed = cudaFuncSetAttribute(
            plain_attention_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)shared);
        if (allowed != cudaSuccess) return (int)allowed;
    }
    return launch(plain_attention_kernel, dim3(batch->rows, a->heads), PLAIN_WARPS * 32, shared,
                  stream, dependent, *a, *batch, 1 / sqrtf((float)a->head_width));
}

bool has_tensor_cores_for_it() {
    int device = 0, major = 0;
    if (cudaGetDevice(&device) != cudaSuccess) return false;
    return cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) ==
               cudaSuccess &&
           major >= 8;
}

} // namespace

int mgk_cuda_attention_launch(const mgk_cuda_attention *a, const mgk_cuda_batch *batch,
                              bool dependent, mgk_cuda_stream stream) {
    const bool pieces = a->query_stride % 8 == 0 && a->key_stride % 8 == 0;
    const bool narrow = a->context_type == MGK_CUDA_E4M3;
    if (a->head_width != HEAD || a->type == MGK_CUDA_F32 || !pieces || !has_tensor_cores_for_it()) {
        return attend_plainly(a, batch, dependent, stream);
    }
    if (a->type == MGK_CUDA_F16) {
        return narrow ? attend_fast<__half, e4m3>(a, batch, dependent, stream)
                      : attend_fast<__half, __half>(a, batch, dependent, stream);
    }
    return narrow ? attend_fast<__nv_bfloat16, e4m3>(a, batch, dependent, stream)
                  : attend_fast<__nv_bfloat16, __nv_bfloat16>(a, batch, dependent, stream);
}
