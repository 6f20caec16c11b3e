/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel behind gemm_sm90.h.
 *
 * A block has three warpgroups. One thread of the third keeps a ring of stages in shared memory
 * filled (a stage: 128 bytes along K of 128 input rows and of the tile's weight rows); the other
 * two multiply 64 input rows each. Blocks come in clusters of two with the same weight rows and
 * neighbouring input rows: each fetches half of the weight tile for both. A cluster walks through
 * tiles, all outputs of 256 rows before the next rows, so that inputs and weights stay in L2.
 *
 * With K = 768 a tile is 12 steps, and what stands behind the product takes as long as 2 or 3 of
 * them. So nothing makes the two warpgroups wait for each other at a tile's end: the first starts
 * `lead` steps early, and while it finishes its sums and writes them, the other has the tensor
 * cores for itself; then the first begins its next tile while the other writes. How far they may
 * drift apart is bounded by the ring alone. Sums are spread through a warp's own 2 KB of shared
 * memory into whole sectors; no warp waits for another there. */
#ifndef MGI_BACKEND_CUDA_KERNELS_GEMM_SM90_KERNEL_CUH
#define MGI_BACKEND_CUDA_KERNELS_GEMM_SM90_KERNEL_CUH

#include "backend/cuda/kernels/gemm_sm90_device.cuh"
#include "backend/cuda/kernels/launch.cuh"
#include "backend/cuda/kernels/sm90_host.cuh"

namespace sm90 {

enum : uint32_t {
    TILE_ROWS = 128,
    PRODUCTS = 4, /* of 32 bytes along K, in a step */
    WARPGROUP = 128,
    MULTIPLIERS = 2, /* warpgroups */
    THREADS = (MULTIPLIERS + 1) * WARPGROUP,
    MULTIPLIER_WARPS = MULTIPLIERS * WARPGROUP / 32,
    INPUT_BYTES = TILE_ROWS * STEP_BYTES,
    STAGING_BYTES = 2048, /* of one warp */
    WARP_ROWS = 16,
    MOST_TERMS = 9,
    ALIGNMENT = 1024
};

/* What a kernel is told. */
struct task {
    CUtensorMap input;
    CUtensorMap weight;        /* boxes of half a tile */
    const float *scale, *bias; /* [outputs], may be NULL */
    unsigned char *output;
    uint32_t rows, outputs;
    uint32_t steps;  /* along K */
    uint32_t across; /* tiles along the outputs */
    uint32_t tiles;  /* of clusters */
    uint32_t lead;   /* < stages */
    float output_scale;
    float gelu[MOST_TERMS];
};

/* Where things lie in shared memory. */
template <uint32_t tile_outputs> struct layout {
    static constexpr uint32_t stages = tile_outputs == 256 ? 4 : tile_outputs == 192 ? 5 : 6;
    static constexpr uint32_t weight_bytes = tile_outputs * STEP_BYTES;
    static constexpr uint32_t stage_bytes = INPUT_BYTES + weight_bytes;
    static constexpr uint32_t column_bytes = tile_outputs * 2 * sizeof(float); /* scale and bias */
    static constexpr uint32_t weights = stages * INPUT_BYTES;
    static constexpr uint32_t staging = stages * stage_bytes;
    static constexpr uint32_t columns = staging + MULTIPLIER_WARPS * STAGING_BYTES;
    static constexpr uint32_t barriers = columns + MULTIPLIERS * 2 * column_bytes;
    static constexpr uint32_t bytes = barriers + 3 * stages * 8 + ALIGNMENT;
    static_assert(bytes <= 232448, "more than a multiprocessor has");
    static_assert(weight_bytes / 2 % ALIGNMENT == 0, "half tiles keep the swizzle");
};

/* Terms of the polynomial behind GELU, see gemm_sm90.cu. */
template <typename Out> struct gelu_terms { static constexpr int count = 7; };
template <> struct gelu_terms<__half> { static constexpr int count = 9; };

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)

/* The barriers of the stages. */
template <uint32_t stages> struct ring {
    uint32_t barriers;
    uint32_t stage = 0, parity = 0;

    __device__ explicit ring(uint32_t barriers_) : barriers(barriers_) {}
    __device__ uint32_t full(uint32_t s) const { return barriers + 8 * s; }
    __device__ uint32_t empty(uint32_t s) const { return barriers + 8 * (stages + s); }
    /* That the first multiplier is far enough ahead. */
    __device__ uint32_t led(uint32_t s) const { return barriers + 8 * (2 * stages + s); }
    __device__ void advance() {
        if (++stage == stages) stage = 0, parity ^= 1;
    }
};

/* A cluster's tiles. */
struct walk {
    uint32_t tile, tiles, stride, across;

    __device__ explicit walk(const task &t, uint32_t cluster)
        : tile(blockIdx.x / cluster), tiles(t.tiles), stride(gridDim.x / cluster),
          across(t.across) {}
    __device__ bool here() const { return tile < tiles; }
    __device__ bool last() const { return tile + stride >= tiles; }
    __device__ void advance() { tile += stride; }
    /* The block's first row and column. */
    __device__ uint32_t row(uint32_t cluster, uint32_t rank) const {
        return (tile / across * cluster + rank) * TILE_ROWS;
    }
    __device__ uint32_t column(uint32_t width) const { return tile % across * width; }
};

/* ---- the thread that fetches ---- */

template <typename In, uint32_t tile_outputs, uint32_t cluster> struct fetcher {
    using place = layout<tile_outputs>;
    static constexpr uint32_t step_numbers = STEP_BYTES / sizeof(In);
    static constexpr uint32_t half = tile_outputs / 2;

    const task &t;
    uint32_t shared, rank;

    __device__ void weight(uint32_t column, uint32_t step, uint32_t stage, uint32_t full) const {
        barrier_expect(full, place::stage_bytes);
        const uint32_t to = shared + place::weights + stage * place::weight_bytes;
        if (cluster == 2) {
            copy_tile_to(to + rank * (place::weight_bytes / 2), &t.weight, step * step_numbers,
                         column + rank * half, full, 3);
        } else {
            copy_tile(to, &t.weight, step * step_numbers, column, full);
            copy_tile(to + place::weight_bytes / 2, &t.weight, step * step_numbers, column + half,
                      full);
        }
    }

    __device__ void input(uint32_t row, uint32_t step, uint32_t stage, uint32_t full) const {
        copy_tile(shared + stage * INPUT_BYTES, &t.input, step * step_numbers, row, full);
    }

    /* Weights for the first stages, which need no other kernel's results; returns how many. */
    __device__ uint32_t begin() const {
        ring<place::stages> r(shared + place::barriers);
        uint32_t begun = 0;
        for (walk w(t, cluster); w.here() && begun < place::stages; w.advance()) {
            for (uint32_t step = 0; step < t.steps && begun < place::stages; step++, begun++) {
                weight(w.column(tile_outputs), step, r.stage, r.full(r.stage));
                r.advance();
            }
        }
        return begun;
    }

    __device__ void run() const {
        uint32_t begun = begin();
        wait_for_inputs();
        ring<place::stages> r(shared + place::barriers);
        for (walk w(t, cluster); w.here(); w.advance()) {
            if (w.last()) let_next_begin();
            uint32_t row = w.row(cluster, rank), column = w.column(tile_outputs);
            asm volatile("" : "+r"(row), "+r"(column)); /* divide here, not in every step */
            for (uint32_t step = 0; step < t.steps; step++) {
                const uint32_t full = r.full(r.stage);
                if (begun > 0) {
                    begun--;
                } else {
                    /* Until everybody has done with what the stage held a round ago. */
                    barrier_wait(r.empty(r.stage), r.parity ^ 1);
                    weight(column, step, r.stage, full);
                }
                input(row, step, r.stage, full);
                r.advance();
            }
        }
    }
};

/* ---- the warpgroups that multiply ---- */

/* Φ(x) as 1/2 + x p(x²), cut off at 0 and 1 where the instruction does that by itself. */
template <int terms> __device__ __forceinline__ float gelu(float x, const float *c) {
    const float square = x * x;
    float p = c[terms - 1];
#pragma unroll
    for (int i = terms - 2; i >= 0; i--) p = fmaf(p, square, c[i]);
    return x * __saturatef(fmaf(x, p, 0.5f));
}

template <typename In, typename Out, bool has_gelu, uint32_t tile_outputs, uint32_t cluster>
struct multiplier {
    using place = layout<tile_outputs>;
    static constexpr int sums_count = tile_outputs / 2;
    static constexpr bool scaled = sizeof(In) == 1;
    /* Written at a time: a part of a warp's 16 rows. */
    static constexpr uint32_t part_columns = sizeof(Out) == 1 && tile_outputs % 128 == 0 ? 128 : 64;
    static constexpr uint32_t parts = tile_outputs / part_columns;
    static constexpr uint32_t part_bytes = part_columns * sizeof(Out); /* of a row: 64 or 128 */
    static constexpr int words = part_columns * sizeof(Out) / 8;       /* of a thread */
    static constexpr int rounds = WARP_ROWS * part_bytes / 512;

    const task &t;
    uint32_t shared, rank, warpgroup, thread; /* thread: of the warpgroup */

    __device__ uint32_t lane() const { return thread % 32; }
    __device__ uint32_t staging() const {
        return shared + place::staging + (warpgroup * 4 + thread / 32) * STAGING_BYTES;
    }

    /* -- products -- */

    __device__ void release(const ring<place::stages> &r, uint32_t stage) const {
        if (cluster == 1) {
            if (lane() == 0) barrier_arrive(r.empty(stage));
        } else {
            if (lane() < cluster) barrier_arrive_at(r.empty(stage), lane());
        }
    }

    /* The first multiplier tells of every step once; of a tile's first step, `lead` steps later.
     * The second looks at that only before it begins a tile. It has then released all it had, so
     * that the first can always get `lead` < stages steps ahead. */
    __device__ void tell(const ring<place::stages> &r, uint32_t step, uint32_t first) const {
        if (t.lead == 0 || warpgroup != 0 || thread != 0) return;
        if (step == min(t.lead, t.steps - 1)) barrier_arrive(r.led(first));
        if (step != 0) barrier_arrive(r.led(r.stage));
    }

    __device__ void multiply(ring<place::stages> &r, float (&sums)[sums_count]) const {
        const uint64_t a = tile_descriptor(shared + warpgroup * (INPUT_BYTES / MULTIPLIERS));
        const uint64_t b = tile_descriptor(shared + place::weights);
        const uint32_t first = r.stage;
        uint32_t before = first;
        if (t.lead != 0 && warpgroup != 0) barrier_wait(r.led(first), r.parity);
        for (uint32_t step = 0; step < t.steps; step++) {
            barrier_wait(r.full(r.stage), r.parity);
            const uint64_t stage_a = a + r.stage * (INPUT_BYTES >> 4);
            const uint64_t stage_b = b + r.stage * (place::weight_bytes >> 4);
            product_begin();
#pragma unroll
            for (uint32_t i = 0; i < PRODUCTS; i++) {
                warpgroup_product<In, tile_outputs>::add(sums, stage_a + 2 * i, stage_b + 2 * i,
                                                         step != 0 || i != 0);
            }
            product_commit();
            tell(r, step, first);
            product_wait<1>();
            if (step != 0) release(r, before);
            before = r.stage;
            r.advance();
        }
        product_wait<0>();
        product_pin(sums);
        release(r, before);
    }

    /* -- what stands behind them -- */

    /* Scale and bias of 4 columns, fetched before a tile's products by the threads for whom there
     * are any: half of them bias, half scale. */
    static constexpr uint32_t fetchers = tile_outputs / 4;

    __device__ float4 fetch_columns(uint32_t column) const {
        const bool is_bias = thread < fetchers;
        const float *from = is_bias ? t.bias : t.scale;
        const float none = is_bias ? 0.0f : 1.0f;
        if (from == nullptr || thread >= (scaled ? 2 : 1) * fetchers) {
            return make_float4(none, none, none, none);
        }
        return __ldg(reinterpret_cast<const float4 *>(from + column) + thread % fetchers);
    }

    /* In the order in which threads read: of each 16 columns 2t, 2t + 1, 2t + 8, 2t + 9 for
     * t = 0, 1, 2, 3. Tiles take turns between two places, so that one meeting suffices. */
    __device__ uint32_t columns_at(uint32_t turn) const {
        return shared + place::columns + (warpgroup * 2 + turn) * place::column_bytes;
    }

    __device__ void keep_columns(uint32_t turn, float4 v) const {
        const uint32_t i = thread % fetchers, eight = i / 2;
        const uint32_t kind = thread / fetchers;
        if (kind < (scaled ? 2 : 1)) {
            const uint32_t at = columns_at(turn) + kind * (place::column_bytes / 2) +
                                4 * (eight / 2 * 16 + i % 2 * 8 + eight % 2 * 2);
            asm volatile("st.shared.v2.f32 [%0], {%1, %2};" ::"r"(at), "f"(v.x), "f"(v.y)
                         : "memory");
            asm volatile("st.shared.v2.f32 [%0], {%1, %2};" ::"r"(at + 16), "f"(v.z), "f"(v.w)
                         : "memory");
        }
        warpgroup_sync(warpgroup);
    }

    __device__ float finish(float sum, float scale, float bias) const {
        float y = scaled ? fmaf(sum, scale, bias) : sum + bias;
        if (has_gelu) y = gelu<gelu_terms<Out>::count>(y, t.gelu);
        return sizeof(Out) == 1 ? y * t.output_scale : y;
    }

    /* One part's numbers as stmatrix takes them. For one byte each, 16 columns go into 16 bytes in
     * the order of the columns' scales and biases. */
    __device__ void pack_part(const float (&sums)[sums_count], uint32_t columns, uint32_t part,
                              uint32_t (&to)[words]) const {
#pragma unroll
        for (uint32_t i = 0; i < part_columns / 16; i++) {
            const uint32_t sixteen = part * (part_columns / 16) + i;
            const uint32_t at = columns + (sixteen * 4 + lane() % 4) * 16;
            const uint4 bias_bits = load_words(at);
            const uint4 scale_bits =
                scaled ? load_words(at + place::column_bytes / 2) : make_uint4(0, 0, 0, 0);
            const uint32_t b[4] = {bias_bits.x, bias_bits.y, bias_bits.z, bias_bits.w};
            const uint32_t s[4] = {scale_bits.x, scale_bits.y, scale_bits.z, scale_bits.w};
            float y[8];
#pragma unroll
            for (uint32_t j = 0; j < 8; j++) {
                const uint32_t column = j / 4 * 2 + j % 2;
                y[j] = finish(sums[sixteen * 8 + j], __uint_as_float(s[column]),
                              __uint_as_float(b[column]));
            }
            if constexpr (sizeof(Out) == 1) {
                to[2 * i] = pack4(y[0], y[1], y[4], y[5]);
                to[2 * i + 1] = pack4(y[2], y[3], y[6], y[7]);
            } else {
#pragma unroll
                for (uint32_t j = 0; j < 4; j++) {
                    to[4 * i + j] = pack2(y[2 * j], y[2 * j + 1], Out());
                }
            }
        }
    }

    /* The tile's 64 rows of this warpgroup, each warp its 16. */
    __device__ void write(const float (&sums)[sums_count], uint32_t columns, uint32_t row,
                          uint32_t column) const {
        constexpr uint32_t chunks = part_bytes / 16, rows_at_once = 32 / chunks;
        const uint32_t in_row = lane() / chunks, in_chunk = lane() % chunks;
        const uint32_t matrix_row = lane() % 16, matrix_chunk = lane() / 16;
        const size_t stride = (size_t)t.outputs * sizeof(Out);
        unsigned char *to = t.output + (size_t)(row + in_row) * stride +
                            (size_t)column * sizeof(Out) + in_chunk * 16;
        uint32_t packed[words];
        pack_part(sums, columns, 0, packed);
#pragma unroll
        for (uint32_t part = 0; part < parts; part++) {
#pragma unroll
            for (uint32_t i = 0; i < words / 4; i++) {
                store_matrices(staging() + chunk_at<part_bytes>(matrix_row, 2 * i + matrix_chunk),
                               packed + 4 * i);
            }
            __syncwarp();
            uint4 out[rounds];
#pragma unroll
            for (uint32_t i = 0; i < rounds; i++) {
                out[i] = load_words(staging() +
                                    chunk_at<part_bytes>(i * rows_at_once + in_row, in_chunk));
            }
            /* Before the loads are waited for. */
            if (part + 1 < parts) pack_part(sums, columns, part + 1, packed);
            __syncwarp();
#pragma unroll
            for (uint32_t i = 0; i < rounds; i++) {
                if (row + i * rows_at_once + in_row < t.rows) {
                    *reinterpret_cast<uint4 *>(to + i * rows_at_once * stride + part * part_bytes) =
                        in_order<Out>(out[i]);
                }
            }
        }
    }

    __device__ void run() const {
        wait_for_inputs();
        ring<place::stages> r(shared + place::barriers);
        uint32_t turn = 0;
        for (walk w(t, cluster); w.here(); w.advance(), turn ^= 1) {
            const uint32_t column = w.column(tile_outputs);
            const uint32_t row = w.row(cluster, rank) + warpgroup * (TILE_ROWS / MULTIPLIERS) +
                                 thread / 32 * WARP_ROWS;
            const float4 columns = fetch_columns(column);
            float sums[sums_count];
            multiply(r, sums);
            keep_columns(turn, columns);
            if (row < t.rows) write(sums, columns_at(turn), row, column);
        }
    }
};

template <uint32_t stages>
__device__ __forceinline__ void init_ring(uint32_t at, uint32_t cluster) {
    const ring<stages> r(at);
    for (uint32_t i = 0; i < stages; i++) {
        barrier_init(r.full(i), 1);
        barrier_init(r.empty(i), MULTIPLIER_WARPS * cluster);
        barrier_init(r.led(i), 1);
    }
    barrier_init_done();
}

#endif

template <typename In, typename Out, bool has_gelu, uint32_t tile_outputs, uint32_t cluster>
__global__ void __launch_bounds__(THREADS, 1) product(const __grid_constant__ task t) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    using place = layout<tile_outputs>;
    extern __shared__ unsigned char dynamic[];
    uint32_t shared =
        ((uint32_t)__cvta_generic_to_shared(dynamic) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    asm volatile("" : "+r"(shared)); /* keep it, rather than work it out in every step */
    const uint32_t rank = cluster == 1 ? 0 : cluster_rank();
    const uint32_t warpgroup = __shfl_sync(0xffffffffu, threadIdx.x / WARPGROUP, 0);
    if (threadIdx.x == MULTIPLIERS * WARPGROUP) {
        prefetch_map(&t.input);
        prefetch_map(&t.weight);
        init_ring<place::stages>(shared + place::barriers, cluster);
    }
    __syncthreads();
    if (cluster > 1) cluster_sync();
    if (warpgroup == MULTIPLIERS) {
        set_fewer_registers<40>();
        if (threadIdx.x == MULTIPLIERS * WARPGROUP) {
            fetcher<In, tile_outputs, cluster>{t, shared, rank}.run();
        }
        __syncwarp();
    } else {
        set_more_registers<232>();
        multiplier<In, Out, has_gelu, tile_outputs, cluster>{t, shared, rank, warpgroup,
                                                             threadIdx.x % WARPGROUP}
            .run();
    }
    /* The other block may still arrive at barriers here. */
    if (cluster > 1) cluster_sync();
#else
    __trap(); /* built for another card: see mgk_gemm_sm90_supports */
#endif
}

} // namespace sm90

#endif
