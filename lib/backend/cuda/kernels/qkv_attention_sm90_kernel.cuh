/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel behind qkv_attention_sm90.h.
 *
 * A block has three warpgroups. One thread of the third keeps a ring of stages in shared memory
 * filled (a stage: 128 bytes along K of a tile's 128 input rows and of a head's 192 weight rows).
 * The other two take turns at the tensor cores, a tile each: while one multiplies, the other does
 * attention with what it has just made. Queries stay in its registers, keys and values go through
 * its part of shared memory. Blocks come in clusters of two with the same head and two tiles: each
 * fetches half of the weights for both. */
#ifndef MGI_BACKEND_CUDA_KERNELS_QKV_ATTENTION_SM90_KERNEL_CUH
#define MGI_BACKEND_CUDA_KERNELS_QKV_ATTENTION_SM90_KERNEL_CUH

#include "backend/cuda/kernels/gemm_sm90_device.cuh"
#include "backend/cuda/kernels/launch.cuh"
#include "backend/cuda/kernels/qkv_attention_sm90.h"
#include "backend/cuda/kernels/sm90_host.cuh"

#include <math.h>
#include <type_traits>

namespace sm90_qkv {

using namespace sm90;

enum : uint32_t {
    TILE = MGK_QKV_TILE_ROWS,
    HEAD = MGK_QKV_HEAD_WIDTH,
    ROW_BYTES = HEAD * 2, /* of keys and values in shared memory */
    PARTS = 3,            /* queries, keys, values */
    BOX = HEAD / 2,       /* weight rows that a block fetches of each part */
    PRODUCTS = 4,         /* of 32 bytes along K, in a step */
    WARPGROUP = 128,
    WORKERS = 2, /* warpgroups */
    WARPS = WARPGROUP / 32,
    THREADS = (WORKERS + 1) * WARPGROUP,
    CLUSTER = 2,
    STAGES = 4,
    HALVES = 2, /* of a tile: 64 rows */
    HALF_ROWS = TILE / HALVES,
    SUMS = PARTS * HEAD / 2, /* of a thread, in 64 rows */
    INPUT_BYTES = TILE * STEP_BYTES,
    WEIGHT_BYTES = PARTS * HEAD * STEP_BYTES,
    STAGE_BYTES = INPUT_BYTES + WEIGHT_BYTES,
    KEPT_BYTES = TILE * ROW_BYTES, /* keys, or values, of a tile */
    BIAS_BYTES = PARTS * HEAD * sizeof(float),
    ALIGNMENT = 1024,
    /* Where things lie in shared memory. */
    WEIGHTS_AT = STAGES * INPUT_BYTES,
    KEPT_AT = STAGES * STAGE_BYTES,
    BIASES_AT = KEPT_AT + WORKERS * 2 * KEPT_BYTES,
    BARRIERS_AT = BIASES_AT + WORKERS * BIAS_BYTES,
    SHARED_BYTES = BARRIERS_AT + (2 * STAGES + 2 * WORKERS) * 8 + ALIGNMENT
};
static_assert(SHARED_BYTES <= 232448, "more than a multiprocessor has");

/* What a kernel is told. */
struct task {
    CUtensorMap input;  /* boxes of TILE rows */
    CUtensorMap weight; /* boxes of BOX rows */
    const float *bias;
    const mgk_qkv_tile *tiles;
    const mgk_qkv_bounds *bounds;
    void *context;
    uint32_t count; /* of tiles */
    uint32_t heads;
    uint32_t items;    /* of clusters: a head and two tiles each */
    uint32_t steps;    /* along K */
    float scale;       /* of sums */
    float score_scale; /* to base 2 */
    float context_scale;
};

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)

/* The barriers. */
struct ring {
    uint32_t barriers;
    uint32_t stage = 0, parity = 0;

    __device__ explicit ring(uint32_t shared) : barriers(shared + BARRIERS_AT) {}
    __device__ uint32_t full(uint32_t s) const { return barriers + 8 * s; }
    __device__ uint32_t empty(uint32_t s) const { return barriers + 8 * (STAGES + s); }
    /* That the worker may multiply. */
    __device__ uint32_t turn(uint32_t worker) const { return barriers + 8 * (2 * STAGES + worker); }
    /* That its head's bias has come. */
    __device__ uint32_t bias(uint32_t worker) const {
        return barriers + 8 * (2 * STAGES + WORKERS + worker);
    }
    __device__ void advance(uint32_t steps = 1) {
        stage += steps;
        parity ^= stage / STAGES & 1;
        stage %= STAGES;
    }
};

/* A cluster's items; each block's tile of them. */
struct walk {
    uint32_t item;

    __device__ walk() : item(blockIdx.x / CLUSTER) {}
    __device__ bool here(const task &t) const { return item < t.items; }
    __device__ bool last(const task &t) const { return item + gridDim.x / CLUSTER >= t.items; }
    __device__ void advance(uint32_t items = 1) { item += items * (gridDim.x / CLUSTER); }
    __device__ uint32_t head(const task &t) const { return item % t.heads; }
    __device__ mgk_qkv_tile tile(const task &t, uint32_t rank) const {
        const uint32_t i = item / t.heads * CLUSTER + rank;
        if (i >= t.count) return {0, 0, 0};
        const uint2 words = __ldg(reinterpret_cast<const uint2 *>(t.tiles + i));
        return {words.x, (uint16_t)words.y, (uint16_t)(words.y >> 16)};
    }
};

/* ---- the thread that fetches ---- */

template <typename In> struct fetcher {
    static constexpr uint32_t numbers = STEP_BYTES / sizeof(In);

    const task &t;
    uint32_t shared, rank;

    __device__ void weight(uint32_t head, uint32_t step, uint32_t stage, uint32_t full) const {
        barrier_expect(full, STAGE_BYTES);
        const uint32_t to = shared + WEIGHTS_AT + stage * WEIGHT_BYTES + rank * BOX * STEP_BYTES;
#pragma unroll
        for (uint32_t part = 0; part < PARTS; part++) {
            copy_tile_to(to + part * HEAD * STEP_BYTES, &t.weight, step * numbers,
                         (part * t.heads + head) * HEAD + rank * BOX, full, 3);
        }
    }

    /* Weights for the first stages, which need no other kernel's results; returns how many. */
    __device__ uint32_t begin() const {
        ring r(shared);
        uint32_t begun = 0;
        for (walk w; w.here(t) && begun < STAGES; w.advance()) {
            for (uint32_t step = 0; step < t.steps && begun < STAGES; step++, begun++) {
                weight(w.head(t), step, r.stage, r.full(r.stage));
                r.advance();
            }
        }
        return begun;
    }

    __device__ void run() const {
        ring r(shared);
        uint32_t begun = begin();
        wait_for_inputs();
        for (walk w; w.here(t); w.advance()) {
            if (w.last(t)) let_next_begin();
            const uint32_t head = w.head(t), row = w.tile(t, rank).first;
            for (uint32_t step = 0; step < t.steps; step++) {
                const uint32_t full = r.full(r.stage);
                if (begun > 0) {
                    begun--;
                } else {
                    barrier_wait(r.empty(r.stage), r.parity ^ 1);
                    weight(head, step, r.stage, full);
                }
                copy_tile(shared + r.stage * INPUT_BYTES, &t.input, step * numbers, row, full);
                r.advance();
            }
        }
    }
};

/* ---- the warpgroups that work ---- */

/* 64 rows: what a thread holds of them, as warpgroup_product leaves it. */
struct half_tile {
    float sums[SUMS];
};

template <typename In, typename Half, typename Out> struct worker {
    enum : uint32_t { CHUNK = 16, CHUNKS = TILE / CHUNK, SIX = 6 };

    const task &t;
    uint32_t shared, rank, number, thread;

    __device__ uint32_t lane() const { return thread % 32; }
    __device__ uint32_t keys_at() const { return shared + KEPT_AT + number * 2 * KEPT_BYTES; }
    __device__ uint32_t values_at() const { return keys_at() + KEPT_BYTES; }
    /* The thread's first row in half `h`; its second is 8 below. */
    __device__ uint32_t row(uint32_t h) const {
        return h * HALF_ROWS + thread / 32 * 16 + lane() / 4;
    }

    /* -- products -- */

    __device__ void release(const ring &r, uint32_t stage) const {
        if (lane() < CLUSTER) barrier_arrive_at(r.empty(stage), lane());
    }

    __device__ void multiply(ring &r, half_tile (&halves)[HALVES]) const {
        const uint64_t a = tile_descriptor(shared);
        const uint64_t b = tile_descriptor(shared + WEIGHTS_AT);
        uint32_t before = 0;
        for (uint32_t step = 0; step < t.steps; step++) {
            barrier_wait(r.full(r.stage), r.parity);
            const uint64_t stage_a = a + r.stage * (INPUT_BYTES >> 4);
            const uint64_t stage_b = b + r.stage * (WEIGHT_BYTES >> 4);
            product_begin();
#pragma unroll
            for (uint32_t i = 0; i < PRODUCTS; i++) {
#pragma unroll
                for (uint32_t h = 0; h < HALVES; h++) {
                    warpgroup_product<In, PARTS * HEAD>::add(
                        halves[h].sums, stage_a + h * (HALF_ROWS * STEP_BYTES >> 4) + 2 * i,
                        stage_b + 2 * i, true);
                }
            }
            product_commit();
            /* All stages of this tile have come: the other may wait for those of the next. */
            if (step + 1 == t.steps && thread == 0) barrier_arrive(r.turn(number ^ 1));
            product_wait<1>();
            if (step != 0) release(r, before);
            before = r.stage;
            r.advance();
        }
        product_wait<0>();
        release(r, before);
#pragma unroll
        for (uint32_t h = 0; h < HALVES; h++) product_pin(halves[h].sums);
    }

    /* -- out of the sums -- */

    /* 16 rows and columns 16 c .. + 15 of a part, as the left side of a product and as stmatrix
     * take them. */
    __device__ void round(const half_tile &half, const float2 (&bias)[2], uint32_t part, uint32_t c,
                          uint32_t to[4]) const {
#pragma unroll
        for (uint32_t eight = 0; eight < 2; eight++) {
#pragma unroll
            for (uint32_t below = 0; below < 2; below++) {
                const float *sum = half.sums + ((part * 4 + c) * 2 + eight) * 4 + below * 2;
                to[eight * 2 + below] = pack2(fmaf(sum[0], t.scale, bias[eight].x),
                                              fmaf(sum[1], t.scale, bias[eight].y), Half());
            }
        }
    }

    __device__ uint32_t bias_at() const { return shared + BIASES_AT + number * BIAS_BYTES; }

    /* The head's, on its way while its products are made. */
    __device__ void fetch_bias(const ring &r, uint32_t head) const {
        constexpr uint32_t part_bytes = BIAS_BYTES / PARTS;
        barrier_expect(r.bias(number), BIAS_BYTES);
        for (uint32_t part = 0; part < PARTS; part++) {
            copy_bytes(bias_at() + part * part_bytes, t.bias + (part * t.heads + head) * HEAD,
                       part_bytes, r.bias(number));
        }
    }

    /* Of the columns that a thread has among the 16 from 16 c on. */
    __device__ void biases(uint32_t part, uint32_t c, float2 (&to)[2]) const {
        const uint32_t at = bias_at() + (part * HEAD + c * 16 + lane() % 4 * 2) * sizeof(float);
#pragma unroll
        for (uint32_t i = 0; i < 2; i++) {
            asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];"
                         : "=f"(to[i].x), "=f"(to[i].y)
                         : "r"(at + i * 8 * (uint32_t)sizeof(float)));
        }
    }

    /* Keys and values into shared memory, for all four warps. */
    __device__ void keep(const half_tile (&halves)[HALVES]) const {
#pragma unroll
        for (uint32_t part = 1; part < PARTS; part++) {
#pragma unroll
            for (uint32_t c = 0; c < 4; c++) {
                float2 bias[2];
                biases(part, c, bias);
#pragma unroll
                for (uint32_t h = 0; h < HALVES; h++) {
                    const uint32_t to = part == 1 ? keys_at() : values_at();
                    const uint32_t at = h * HALF_ROWS + thread / 32 * 16 + lane() % 16;
                    uint32_t words[4];
                    round(halves[h], bias, part, c, words);
                    if (part == 2) {
#pragma unroll
                        for (uint32_t i = 0; i < 4; i++) words[i] = finite(words[i]);
                    }
                    store_matrices(to + chunk_at<ROW_BYTES>(at, 2 * c + lane() / 16), words);
                }
            }
        }
    }

    /* A value of another sequence in the tile is multiplied by 0, which must give 0. */
    static __device__ uint32_t finite(uint32_t two) {
        uint32_t bounded;
        if constexpr (std::is_same<Half, __half>::value) {
            asm("{\n.reg .b32 t;\nmin.f16x2 t, %1, %2;\nmax.f16x2 %0, t, %3;\n}"
                : "=r"(bounded)
                : "r"(two), "r"(0x7bff7bffu), "r"(0xfbfffbffu));
        } else {
            asm("{\n.reg .b32 t;\nmin.bf16x2 t, %1, %2;\nmax.bf16x2 %0, t, %3;\n}"
                : "=r"(bounded)
                : "r"(two), "r"(0x7f7f7f7fu), "r"(0xff7fff7fu));
        }
        return bounded;
    }

    __device__ void queries(const half_tile (&halves)[HALVES], uint32_t (&to)[HALVES][4][4]) const {
#pragma unroll
        for (uint32_t c = 0; c < 4; c++) {
            float2 bias[2];
            biases(0, c, bias);
#pragma unroll
            for (uint32_t h = 0; h < HALVES; h++) round(halves[h], bias, 0, c, to[h][c]);
        }
    }

    /* -- attention -- */

    struct bounds {
        uint32_t begin[2], length[2]; /* of the thread's two rows; length 0: no row */
    };

    __device__ bounds bounds_of(const mgk_qkv_tile &tile, uint32_t h) const {
        bounds b;
#pragma unroll
        for (uint32_t i = 0; i < 2; i++) {
            const uint32_t r = row(h) + 8 * i;
            uint32_t both = 0;
            if (r < tile.rows) {
                both = __ldg(reinterpret_cast<const uint16_t *>(t.bounds) + tile.first + r);
            }
            b.begin[i] = both & 0xff;
            b.length[i] = (both >> 8) - b.begin[i];
        }
        return b;
    }

    /* scores: of 64 rows with the keys from a chunk on. */
    template <uint32_t count>
    __device__ void score(const uint32_t (&query)[4][4], uint32_t from,
                          float (&scores)[count * 8]) const {
        const uint64_t keys = tile_descriptor(keys_at() + from * CHUNK * ROW_BYTES);
#pragma unroll
        for (uint32_t i = 0; i < count * 8; i++) scores[i] = 0;
        product_begin();
#pragma unroll
        for (uint32_t k = 0; k < 4; k++) {
            held_product<Half, count * CHUNK, false>::add(scores, query[k], keys + 2 * k, true);
        }
        product_commit();
    }

    /* The largest score of each row, among the keys that it has; what it has not, or another has,
     * is -infinity. */
    template <uint32_t count>
    __device__ void mask(float (&scores)[count * 8], uint32_t from, const bounds &b,
                         float (&largest)[2]) const {
        const uint32_t first = from * CHUNK + lane() % 4 * 2;
        const uint32_t before[2] = {first - b.begin[0], first - b.begin[1]};
        largest[0] = largest[1] = -INFINITY;
#pragma unroll
        for (uint32_t i = 0; i < count * 8; i++) {
            const uint32_t below = i / 2 % 2;
            const bool own = before[below] + i / 4 * 8 + i % 2 < b.length[below];
            scores[i] = own ? scores[i] : -INFINITY;
            largest[below] = fmaxf(largest[below], scores[i]);
        }
#pragma unroll
        for (uint32_t i = 0; i < 2; i++) {
            largest[i] = fmaxf(largest[i], __shfl_xor_sync(0xffffffffu, largest[i], 1));
            largest[i] = fmaxf(largest[i], __shfl_xor_sync(0xffffffffu, largest[i], 2));
        }
    }

    static __device__ float power_of_2(float x) {
        float y;
        asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
        return y;
    }

    /* Scores become weights, as the left side of a product. */
    template <uint32_t count>
    __device__ void weigh(float (&scores)[count * 8], uint32_t from, const bounds &b,
                          float (&sum)[2], uint32_t (&weights)[count][4]) const {
        float largest[2];
        mask<count>(scores, from, b, largest);
        sum[0] = sum[1] = 0;
#pragma unroll
        for (uint32_t i = 0; i < 2; i++) largest[i] *= t.score_scale;
#pragma unroll
        for (uint32_t i = 0; i < count * 4; i++) {
            const float x = power_of_2(fmaf(scores[2 * i], t.score_scale, -largest[i % 2]));
            const float y = power_of_2(fmaf(scores[2 * i + 1], t.score_scale, -largest[i % 2]));
            sum[i % 2] += x + y;
            weights[i / 4][i % 4] = pack2(x, y, Half());
        }
#pragma unroll
        for (uint32_t i = 0; i < 2; i++) {
            sum[i] += __shfl_xor_sync(0xffffffffu, sum[i], 1);
            sum[i] += __shfl_xor_sync(0xffffffffu, sum[i], 2);
        }
    }

    template <uint32_t count>
    __device__ void gather(const uint32_t (&weights)[count][4], uint32_t from,
                           float (&context)[HEAD / 2]) const {
        const uint64_t values = tile_descriptor(values_at() + from * CHUNK * ROW_BYTES);
#pragma unroll
        for (uint32_t i = 0; i < HEAD / 2; i++) context[i] = 0;
        product_begin();
#pragma unroll
        for (uint32_t c = 0; c < count; c++) {
            held_product<Half, HEAD, true>::add(context, weights[c],
                                                values + c * (CHUNK * ROW_BYTES >> 4), true);
        }
        product_commit();
    }

    /* -- out -- */

    /* A row of contexts in a warp's part of the keys' place. */
    static constexpr uint32_t out_bytes = HEAD * sizeof(Out);

    __device__ void stage(const float (&context)[HEAD / 2], const float (&factor)[2],
                          uint32_t at) const {
        const uint32_t in = lane() % 16, half = lane() / 16;
        float y[HEAD / 2];
#pragma unroll
        for (uint32_t i = 0; i < HEAD / 2; i++) y[i] = context[i] * factor[i / 2 % 2];
#pragma unroll
        for (uint32_t c = 0; c < sizeof(Out) * 2; c++) {
            uint32_t words[4];
#pragma unroll
            for (uint32_t i = 0; i < 4; i++) {
                if constexpr (sizeof(Out) == 2) {
                    const float *two = y + 8 * c + 2 * i;
                    words[i] = pack2(two[0], two[1], Out());
                } else {
                    const float *two = y + 16 * c + i / 2 * 8 + i % 2 * 2;
                    words[i] = pack4(two[0], two[1], two[4], two[5]);
                }
            }
            store_matrices(at + chunk_at<out_bytes>(in, 2 * c + half), words);
        }
    }

    /* A warp's 16 rows, from row `first` of the tile on. */
    __device__ void write(const float (&context)[HEAD / 2], const float (&sum)[2],
                          const mgk_qkv_tile &tile, uint32_t first, uint32_t head) const {
        constexpr uint32_t chunks = out_bytes / 16, at_once = 32 / chunks;
        const uint32_t at = keys_at() + first * ROW_BYTES, in = lane() / chunks;
        const float factor[2] = {t.context_scale * reciprocal(sum[0]),
                                 t.context_scale * reciprocal(sum[1])};
        const uint32_t width = t.heads * HEAD;
        unsigned char *to =
            static_cast<unsigned char *>(t.context) +
            ((size_t)(tile.first + first + in) * width + head * HEAD) * sizeof(Out) +
            lane() % chunks * 16;
        stage(context, factor, at);
        __syncwarp();
#pragma unroll
        for (uint32_t row = 0; row < 16; row += at_once) {
            const uint4 words = load_words(at + chunk_at<out_bytes>(row + in, lane() % chunks));
            if (first + row + in < tile.rows) {
                *reinterpret_cast<uint4 *>(to + (size_t)row * width * sizeof(Out)) =
                    in_order<Out>(words);
            }
        }
    }

    static __device__ float reciprocal(float x) {
        float y;
        asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
        return y;
    }

    /* While one half's numbers are exponentiated, the other's are multiplied. */
    template <uint32_t first_count, uint32_t last_count>
    __device__ void attend(const uint32_t (&query)[HALVES][4][4], const bounds (&b)[HALVES],
                           const mgk_qkv_tile &tile, uint32_t head) const {
        constexpr uint32_t from = CHUNKS - last_count;
        const uint32_t first = thread / 32 * 16;
        float scores[first_count * 8], more_scores[last_count * 8];
        float context[HEAD / 2], more_context[HEAD / 2], sum[2], more_sum[2];
        uint32_t weights[first_count][4], more_weights[last_count][4];
        score<first_count>(query[0], 0, scores);
        score<last_count>(query[1], from, more_scores);
        product_wait<1>();
        product_pin(scores);
        weigh<first_count>(scores, 0, b[0], sum, weights);
        gather<first_count>(weights, 0, context);
        product_wait<1>();
        product_pin(more_scores);
        weigh<last_count>(more_scores, from, b[1], more_sum, more_weights);
        gather<last_count>(more_weights, from, more_context);
        product_wait<1>();
        product_pin(context);
        warpgroup_sync(number); /* the keys are no longer needed */
        write(context, sum, tile, first, head);
        product_wait<0>();
        product_pin(more_context);
        write(more_context, more_sum, tile, first + HALF_ROWS, head);
    }

    __device__ void attend_tile(const uint32_t (&query)[HALVES][4][4], const bounds (&b)[HALVES],
                                const mgk_qkv_tile &tile, uint32_t head) const {
        if ((tile.compact & MGK_QKV_FIRST) == 0) {
            attend<CHUNKS, CHUNKS>(query, b, tile, head);
        } else if ((tile.compact & MGK_QKV_SECOND) == 0) {
            attend<SIX, CHUNKS>(query, b, tile, head);
        } else {
            attend<SIX, SIX>(query, b, tile, head);
        }
    }

    /* Products of one tile: queries into registers, keys and values into shared memory. */
    __device__ void make(ring &r, const mgk_qkv_tile &tile, uint32_t parity, uint32_t bias_parity,
                         uint32_t (&query)[HALVES][4][4], bounds (&b)[HALVES]) const {
        half_tile halves[HALVES];
#pragma unroll
        for (uint32_t i = 0; i < SUMS; i++) halves[0].sums[i] = halves[1].sums[i] = 0;
        barrier_wait(r.turn(number), parity);
        multiply(r, halves);
#pragma unroll
        for (uint32_t h = 0; h < HALVES; h++) b[h] = bounds_of(tile, h);
        barrier_wait(r.bias(number), bias_parity);
        warpgroup_sync(number); /* until all have read what lies there of the tile before */
        keep(halves);
        queries(halves, query);
        share_writes();
        warpgroup_sync(number);
    }

    __device__ void run() const {
        ring r(shared);
        walk w;
        uint32_t parity = 0;
        if (number != 0) {
            w.advance();
            r.advance(t.steps);
        }
        if (!w.here(t)) return wait_for_inputs();
        mgk_qkv_tile tile = w.tile(t, rank);
        if (thread == 0) fetch_bias(r, w.head(t));
        wait_for_inputs();
        while (w.here(t)) {
            const uint32_t head = w.head(t);
            uint32_t query[HALVES][4][4];
            bounds b[HALVES];
            /* Nobody lets the very first tile begin. */
            make(r, tile, parity ^ 1 ^ number, parity, query, b);
            parity ^= 1;
            w.advance(WORKERS);
            const mgk_qkv_tile next = w.tile(t, rank);
            if (thread == 0 && w.here(t)) fetch_bias(r, w.head(t));
            attend_tile(query, b, tile, head);
            tile = next;
            r.advance(t.steps); /* the other's */
        }
    }
};

__device__ __forceinline__ void init_barriers(uint32_t shared) {
    const ring r(shared);
    for (uint32_t i = 0; i < STAGES; i++) {
        barrier_init(r.full(i), 1);
        barrier_init(r.empty(i), WARPS * CLUSTER);
    }
    for (uint32_t i = 0; i < WORKERS; i++) {
        barrier_init(r.turn(i), 1);
        barrier_init(r.bias(i), 1);
    }
    barrier_init_done();
}

#endif

template <typename In, typename Half, typename Out>
__global__ void __launch_bounds__(THREADS, 1) qkv_attention(const __grid_constant__ task t) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    extern __shared__ unsigned char dynamic[];
    uint32_t shared =
        ((uint32_t)__cvta_generic_to_shared(dynamic) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    asm volatile("" : "+r"(shared)); /* keep it, rather than work it out in every step */
    const uint32_t rank = cluster_rank();
    const uint32_t warpgroup = __shfl_sync(0xffffffffu, threadIdx.x / WARPGROUP, 0);
    if (threadIdx.x == WORKERS * WARPGROUP) {
        prefetch_map(&t.input);
        prefetch_map(&t.weight);
        init_barriers(shared);
    }
    __syncthreads();
    cluster_sync();
    if (warpgroup == WORKERS) {
        set_fewer_registers<24>();
        if (threadIdx.x == WORKERS * WARPGROUP) fetcher<In>{t, shared, rank}.run();
        __syncwarp();
    } else {
        set_more_registers<240>();
        worker<In, Half, Out>{t, shared, rank, warpgroup, threadIdx.x % WARPGROUP}.run();
    }
    cluster_sync(); /* the other block may still arrive at barriers here */
#else
    __trap(); /* built for another card: see mgk_qkv_attention_sm90_supports */
#endif
}

} // namespace sm90_qkv

#endif
