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
#ifndef MGI_BACKEND_CUDA_GEMM_SM90_KERNEL_CUH
#define MGI_BACKEND_CUDA_GEMM_SM90_KERNEL_CUH

#include "backend/cuda/gemm_sm90_finish.cuh"
#include "backend/cuda/launch.cuh"

namespace sm90 {

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
        for (walk w(t, cluster); w.here() && begun < place::stages; w.advance())
            for (uint32_t step = 0; step < t.steps && begun < place::stages; step++, begun++) {
                weight(w.column(tile_outputs), step, r.stage, r.full(r.stage));
                r.advance();
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

template <typename In, uint32_t tile_outputs, uint32_t cluster> struct multiplier {
    using place = layout<tile_outputs>;
    static constexpr int sums_count = tile_outputs / 2;

    const task &t;
    uint32_t shared, rank, warpgroup, thread; /* thread: of the warpgroup */

    __device__ void release(const ring<place::stages> &r, uint32_t stage) const {
        const uint32_t lane = thread % 32;
        if (cluster == 1) {
            if (lane == 0) barrier_arrive(r.empty(stage));
        } else {
            if (lane < cluster) barrier_arrive_at(r.empty(stage), lane);
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
            for (uint32_t i = 0; i < PRODUCTS; i++)
                warpgroup_product<In, tile_outputs>::add(sums, stage_a + 2 * i, stage_b + 2 * i,
                                                         step != 0 || i != 0);
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

    template <typename Finisher> __device__ void run(Finisher finisher) const {
        wait_for_inputs();
        ring<place::stages> r(shared + place::barriers);
        for (walk w(t, cluster); w.here(); w.advance()) {
            const uint32_t column = w.column(tile_outputs);
            const uint32_t row = w.row(cluster, rank) + warpgroup * (TILE_ROWS / MULTIPLIERS) +
                                 thread / 32 * WARP_ROWS;
            float sums[sums_count];
            finisher.begin(row, column);
            multiply(r, sums);
            finisher.end(sums, row, column);
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

template <typename In, typename Out, bool has_gelu, mgk_sm90_form form, uint32_t tile_outputs,
          uint32_t cluster>
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
        if (threadIdx.x == MULTIPLIERS * WARPGROUP)
            fetcher<In, tile_outputs, cluster>{t, shared, rank}.run();
        __syncwarp();
    } else {
        set_more_registers<232>();
        const uint32_t thread = threadIdx.x % WARPGROUP;
        const finisher<In, Out, has_gelu, form, tile_outputs> behind{t, shared, warpgroup, thread};
        multiplier<In, tile_outputs, cluster>{t, shared, rank, warpgroup, thread}.run(behind);
    }
    /* The other block may still arrive at barriers here. */
    if (cluster > 1) cluster_sync();
#else
    __trap(); /* built for another card: see mgk_gemm_sm90_supports */
#endif
}

} // namespace sm90

#endif
