/* SPDX-License-Identifier: Apache-2.0 */
/* Embeddings and residuals, each with the LayerNorm behind it: one warp for each row. */
#include "backend/cuda/kernels/dtype.cuh"
#include "backend/cuda/kernels/launch.cuh"
#include "backend/cuda/kernels/norm.h"

namespace {

enum { WARPS = 8, WIDE = 8, CHUNK = 32 * WIDE };

/* A row in registers: lane l holds numbers c * CHUNK + l * WIDE .. + WIDE - 1 of each chunk c. A
 * last chunk may be used in part, by lanes whose numbers all lie within the width. */
template <int CHUNKS> struct row_registers { float at[CHUNKS][WIDE]; };

template <int CHUNKS, typename F>
__device__ __forceinline__ void each_chunk(uint32_t width, F body) {
    const uint32_t lane = threadIdx.x % 32;
#pragma unroll
    for (int c = 0; c < CHUNKS; c++) {
        const uint32_t column = c * CHUNK + lane * WIDE;
        if (column < width) body(c, column);
    }
}

template <int CHUNKS>
__device__ __forceinline__ float sum_of(const row_registers<CHUNKS> &row, uint32_t width) {
    float sum = 0;
    each_chunk<CHUNKS>(width, [&](int c, uint32_t) {
#pragma unroll
        for (int i = 0; i < WIDE; i++) sum += row.at[c][i];
    });
    return warp_sum(sum);
}

/* What a LayerNorm multiplies by and adds. */
template <int CHUNKS> struct affine {
    row_registers<CHUNKS> weight, bias;

    __device__ __forceinline__ void load(const mgk_cuda_norm &norm) {
        each_chunk<CHUNKS>(norm.width, [&](int c, uint32_t column) {
            load8(norm.weight + column, weight.at[c]);
            load8(norm.bias + column, bias.at[c]);
        });
    }
};

/* Mean first, then the squares around it: as exact as fp32 is. */
template <int CHUNKS>
__device__ __forceinline__ void normalise(row_registers<CHUNKS> &row, const mgk_cuda_norm &norm,
                                          const affine<CHUNKS> &a) {
    const uint32_t width = norm.width;
    const float mean = sum_of<CHUNKS>(row, width) / (float)width;
    float squares = 0;
    each_chunk<CHUNKS>(width, [&](int c, uint32_t) {
#pragma unroll
        for (int i = 0; i < WIDE; i++) {
            row.at[c][i] -= mean;
            squares += row.at[c][i] * row.at[c][i];
        }
    });
    const float factor = rsqrtf(warp_sum(squares) / (float)width + norm.eps);
    each_chunk<CHUNKS>(width, [&](int c, uint32_t) {
#pragma unroll
        for (int i = 0; i < WIDE; i++) {
            row.at[c][i] = row.at[c][i] * factor * a.weight.at[c][i] + a.bias.at[c][i];
        }
    });
}

/* Products of fp8 and int8 see the row as x keeps it, so that x is what they multiply, but for
 * their own rounding. */
template <typename T, int CHUNKS>
__device__ __forceinline__ void store_quantised(const row_registers<CHUNKS> &row,
                                                const mgk_cuda_norm &norm, uint32_t r) {
    const size_t first = (size_t)r * norm.width;
    float factor = norm.scale;
    if (norm.quantised_type == MGK_CUDA_S8) {
        float largest = 0;
        each_chunk<CHUNKS>(norm.width, [&](int c, uint32_t) {
#pragma unroll
            for (int i = 0; i < WIDE; i++) largest = larger(largest, fabsf(row.at[c][i]));
        });
        factor = steps_of(warp_max(largest));
        if (threadIdx.x % 32 == 0) norm.row_scale[r] = 1 / factor;
    }
    each_chunk<CHUNKS>(norm.width, [&](int c, uint32_t column) {
        float scaled[WIDE];
#pragma unroll
        for (int i = 0; i < WIDE; i++) scaled[i] = row.at[c][i] * factor;
        if (norm.quantised_type == MGK_CUDA_S8) {
            store8(static_cast<int8_t *>(norm.quantised) + first + column, scaled);
        } else {
            store8(static_cast<e4m3 *>(norm.quantised) + first + column, scaled);
        }
    });
}

template <typename T, int CHUNKS>
__device__ __forceinline__ void store_row(const row_registers<CHUNKS> &row,
                                          const mgk_cuda_norm &norm, uint32_t r) {
    const size_t first = (size_t)r * norm.width;
    each_chunk<CHUNKS>(norm.width, [&](int c, uint32_t column) {
        if (norm.x) store8(static_cast<T *>(norm.x) + first + column, row.at[c]);
        if (norm.exact) store8(norm.exact + first + column, row.at[c]);
    });
    if (norm.quantised) store_quantised<T, CHUNKS>(row, norm, r);
}

/* ---- any width: a slow way without vectors, for models that are not like BERT's ---- */

template <typename F>
__device__ void normalise_any(const mgk_cuda_norm &norm, uint32_t r, F value) {
    const uint32_t lane = threadIdx.x % 32, width = norm.width;
    const size_t first = (size_t)r * width;
    float sum = 0, squares = 0, largest = 0;
    for (uint32_t i = lane; i < width; i += 32) sum += value(i);
    const float mean = warp_sum(sum) / (float)width;
    for (uint32_t i = lane; i < width; i += 32) squares += (value(i) - mean) * (value(i) - mean);
    const float factor = rsqrtf(warp_sum(squares) / (float)width + norm.eps);
    const bool steps = norm.quantised && norm.quantised_type == MGK_CUDA_S8;
    if (steps) {
        for (uint32_t i = lane; i < width; i += 32) {
            largest =
                larger(largest, fabsf((value(i) - mean) * factor * norm.weight[i] + norm.bias[i]));
        }
        largest = warp_max(largest);
        if (lane == 0) norm.row_scale[r] = 1 / steps_of(largest);
    }
    const float quantise = steps ? steps_of(largest) : norm.scale;
    __syncwarp();
    for (uint32_t i = lane; i < width; i += 32) {
        const float x = (value(i) - mean) * factor * norm.weight[i] + norm.bias[i];
        if (norm.exact) norm.exact[first + i] = x;
        if (steps) {
            static_cast<int8_t *>(norm.quantised)[first + i] = (int8_t)__float2int_rn(x * quantise);
        } else if (norm.quantised) {
            store_as(MGK_CUDA_E4M3, norm.quantised, first + i, x * quantise);
        }
        if (norm.x) store_as(norm.type, norm.x, first + i, x); /* last: x may be what value reads */
    }
}

/* ---- embeddings ---- */

template <typename T, int CHUNKS, int PLACES>
__device__ __forceinline__ void embed_row(const mgk_cuda_embedding &e, const mgk_cuda_norm &norm,
                                          const affine<PLACES> &a, uint32_t r,
                                          const mgk_cuda_token &token) {
    const uint32_t width = norm.width;
    const T *word = static_cast<const T *>(e.words) + (size_t)token.id * width;
    const float *position = e.positions + (size_t)token.position * width;
    const float *type = e.types + (size_t)token.type * width;
    if constexpr (CHUNKS > 0) {
        row_registers<CHUNKS> row;
        each_chunk<CHUNKS>(width, [&](int c, uint32_t column) {
            float p[WIDE], t[WIDE];
            load8(word + column, row.at[c]);
            load8(position + column, p);
            load8(type + column, t);
#pragma unroll
            for (int i = 0; i < WIDE; i++) row.at[c][i] += p[i] + t[i];
        });
        normalise<CHUNKS>(row, norm, a);
        store_row<T, CHUNKS>(row, norm, r);
    } else {
        normalise_any(norm, r,
                      [&](uint32_t i) { return to_float(word[i]) + position[i] + type[i]; });
    }
}

/* The first kernel of a pass: it hands on what the batch is where that still lies with the host. */
__device__ void publish(const mgk_cuda_embedding &e, uint32_t rows) {
    for (uint32_t i = threadIdx.x; i < 2; i += blockDim.x) e.sizes[i] = e.upload[i];
    for (uint32_t i = threadIdx.x; i <= rows; i += blockDim.x) {
        e.offsets[i] = e.upload[MGK_CUDA_UPLOAD_OFFSETS + i];
    }
}

template <typename T, int CHUNKS>
__global__ void __launch_bounds__(WARPS * 32, 2)
    embed_kernel(mgk_cuda_embedding e, mgk_cuda_batch batch, mgk_cuda_norm norm) {
    constexpr int PLACES = CHUNKS > 0 ? CHUNKS : 1;
    const uint32_t step = gridDim.x * WARPS;
    uint32_t r = blockIdx.x * WARPS + threadIdx.x / 32;
    affine<PLACES> a;
    let_next_begin();
    if constexpr (CHUNKS > 0) a.load(norm);
    wait_for_inputs();
    if (r >= batch.tokens) return;
    /* Both are on their way from the host at once. */
    mgk_cuda_token token = e.tokens[r];
    const uint32_t tokens = (e.upload ? e.upload : batch.sizes)[1];
    if (e.upload && e.sizes && blockIdx.x == 0) publish(e, e.upload[0]);
    for (; r < tokens; r += step) {
        const mgk_cuda_token next = r + step < tokens ? e.tokens[r + step] : token;
        embed_row<T, CHUNKS>(e, norm, a, r, token);
        token = next;
    }
}

/* ---- residuals ---- */

/* EARLY: what does not depend on kernels before is read while they still run. That takes registers,
 * which many rows need for more rows at once. */
template <typename T, int CHUNKS, bool EARLY>
__global__ void __launch_bounds__(WARPS * 32)
    add_norm_kernel(const T *x, const T *y, const float *bias, mgk_cuda_batch batch,
                    mgk_cuda_extent extent, mgk_cuda_norm norm) {
    constexpr int PLACES = CHUNKS > 0 ? CHUNKS : 1;
    affine<PLACES> a;
    row_registers<PLACES> b;
    const uint32_t r = blockIdx.x * WARPS + threadIdx.x / 32, width = norm.width;
    let_next_begin();
    wait_before_sizes(batch);
    const uint32_t rows = rows_of(batch, extent);
    if constexpr (EARLY) {
        a.load(norm);
        each_chunk<PLACES>(width, [&](int c, uint32_t column) { load8(bias + column, b.at[c]); });
    }
    wait_after_sizes(batch);
    if (r >= rows) return;
    const size_t first = (size_t)r * width;
    if constexpr (CHUNKS > 0) {
        row_registers<CHUNKS> row;
        each_chunk<CHUNKS>(width, [&](int c, uint32_t column) {
            float other[WIDE];
            load8(x + first + column, row.at[c]);
            load8(y + first + column, other);
            if constexpr (!EARLY) load8(bias + column, b.at[c]);
#pragma unroll
            for (int i = 0; i < WIDE; i++) row.at[c][i] += other[i] + b.at[c][i];
        });
        if constexpr (!EARLY) a.load(norm);
        normalise<CHUNKS>(row, norm, a);
        store_row<T, CHUNKS>(row, norm, r);
    } else {
        normalise_any(norm, r, [&](uint32_t i) {
            const float sum = to_float(y[first + i]);
            return x ? sum + to_float(x[first + i]) + bias[i] : sum;
        });
    }
}

/* Many rows whose sums are made already: each warp takes one after the other, with the next on its
 * way from memory while it computes. The last rows go first: the product before this kernel has
 * just written them, and the first ones, which the next product begins with, are then the last
 * written. */
template <typename T, int CHUNKS>
__global__ void __launch_bounds__(WARPS * 32, 2)
    norm_rows_kernel(const T *y, mgk_cuda_batch batch, mgk_cuda_extent extent, mgk_cuda_norm norm) {
    const uint32_t width = norm.width, step = gridDim.x * WARPS;
    affine<CHUNKS> a;
    let_next_begin();
    wait_before_sizes(batch);
    const uint32_t rows = rows_of(batch, extent);
    a.load(norm);
    wait_after_sizes(batch);
    uint32_t r = blockIdx.x * WARPS + threadIdx.x / 32;
    eight<T> next[CHUNKS];
    const auto fetch = [&](uint32_t row) {
        each_chunk<CHUNKS>(
            width, [&](int c, uint32_t column) { next[c].load(y + (size_t)row * width + column); });
    };
    if (r < rows) fetch(rows - 1 - r);
    for (; r < rows; r += step) {
        row_registers<CHUNKS> row;
        each_chunk<CHUNKS>(width, [&](int c, uint32_t) { next[c].unpack(row.at[c]); });
        if (r + step < rows) fetch(rows - 1 - (r + step));
        normalise<CHUNKS>(row, norm, a);
        store_row<T, CHUNKS>(row, norm, rows - 1 - r);
    }
}

/* ---- from what is known when launching to what is known when compiling ---- */

template <typename T, int CHUNKS> struct form {
    using type = T;
    static constexpr int chunks = CHUNKS;
};

template <typename T, typename F> int with_chunks(uint32_t width, F body) {
    if (width % WIDE != 0 || width > 4 * CHUNK) return body(form<T, 0>());
    switch ((width + CHUNK - 1) / CHUNK) {
    case 1: return body(form<T, 1>());
    case 2: return body(form<T, 2>());
    case 3: return body(form<T, 3>());
    default: return body(form<T, 4>());
    }
}

template <typename F> int with_form(const mgk_cuda_norm *norm, F body) {
    switch (norm->type) {
    case MGK_CUDA_F16: return with_chunks<__half>(norm->width, body);
    case MGK_CUDA_BF16: return with_chunks<__nv_bfloat16>(norm->width, body);
    default: return with_chunks<float>(norm->width, body);
    }
}

uint32_t blocks_of(uint32_t rows) { return (rows + WARPS - 1) / WARPS; }

/* No more blocks than the card takes at once, two a multiprocessor: each goes through many rows. */
int lasting_blocks(uint32_t rows, uint32_t *blocks) {
    int device = 0, multiprocessors = 0;
    cudaError_t code = cudaGetDevice(&device);
    if (code == cudaSuccess) {
        code = cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
    }
    const uint32_t all = 2 * (uint32_t)multiprocessors, needed = blocks_of(rows);
    *blocks = needed < all ? needed : all;
    return (int)code;
}

} // namespace

int mgk_cuda_norm_embed(const mgk_cuda_embedding *embedding, const mgk_cuda_batch *batch,
                        const mgk_cuda_norm *norm, bool dependent, mgk_cuda_stream stream) {
    uint32_t blocks;
    const int code = lasting_blocks(batch->tokens, &blocks);
    if (code != 0) return code;
    return with_form(norm, [&](auto f) {
        return launch(embed_kernel<typename decltype(f)::type, decltype(f)::chunks>, blocks,
                      WARPS * 32, 0, stream, dependent, *embedding, *batch, *norm);
    });
}

namespace {

template <typename T, int CHUNKS>
int norm_rows(const T *y, const mgk_cuda_batch *batch, mgk_cuda_extent extent, uint32_t rows,
              const mgk_cuda_norm *norm, bool dependent, mgk_cuda_stream stream) {
    uint32_t blocks;
    const int code = lasting_blocks(rows, &blocks);
    if (code != 0) return code;
    return launch(norm_rows_kernel<T, CHUNKS>, blocks, WARPS * 32, 0, stream, dependent, y, *batch,
                  extent, *norm);
}

} // namespace

int mgk_cuda_norm_add(const void *x, const void *y, const float *bias, const mgk_cuda_batch *batch,
                      mgk_cuda_extent extent, const mgk_cuda_norm *norm, bool dependent,
                      mgk_cuda_stream stream) {
    enum { FEW = 512 };
    const uint32_t rows = extent == MGK_CUDA_TOKENS ? batch->tokens : batch->rows;
    return with_form(norm, [&](auto f) {
        using T = typename decltype(f)::type;
        constexpr int chunks = decltype(f)::chunks;
        if constexpr (chunks > 0) {
            if (x == nullptr) {
                return norm_rows<T, chunks>(static_cast<const T *>(y), batch, extent, rows, norm,
                                            dependent, stream);
            }
        }
        auto kernel = add_norm_kernel<T, chunks, false>;
        if (chunks > 0 && rows <= FEW) kernel = add_norm_kernel<T, chunks, (chunks > 0)>;
        return launch(kernel, blocks_of(rows), WARPS * 32, 0, stream, dependent,
                      static_cast<const T *>(x), static_cast<const T *>(y), bias, *batch, extent,
                      *norm);
    });
}
