/* One pair's encoder: clusters that take one head, or one slice of the wide numbers, all the way.
 *
 * Of a cluster's first product each block makes 24 columns, its 8 warps 96 of the 768 inputs each;
 * the finished columns go into the shared memory of all blocks of the cluster. Then each block has
 * a whole head (or slice) and multiplies it into 96 columns of the second product. What comes
 * straight from device memory into registers is read 16 bytes a thread, so that a thread holds 8
 * neighbouring numbers of 32 where the instruction would have 2 and 2 of each 16: the sum over them
 * is the same as long as both sides are read alike. */
#include "backend/cuda/launch.cuh"
#include "backend/cuda/lone.h"
#include "backend/cuda/numbers.cuh"

#include <math.h>

/* Where a body is left out, what it calls is unused. */
#pragma nv_diag_suppress 177

namespace {

enum : uint32_t {
    WIDTH = MGK_LONE_WIDTH,
    HEAD = MGK_LONE_HEAD,
    SLICE = MGK_LONE_SLICE, /* columns of a cluster's first product; 3 * HEAD as well */
    CLUSTER = 8,
    WARPS = 8,
    THREADS = WARPS * 32,
    TILE = 16,                /* rows that one instruction multiplies */
    FIRST = SLICE / CLUSTER,  /* columns that one block makes of the first product, */
    SECOND = WIDTH / CLUSTER, /* and of the second */
    SHARE = WIDTH / WARPS,    /* inputs of one warp in the first product */
    STEPS = SHARE / 32,       /* in steps of 32 */
    QUARTER = SECOND / 4,     /* columns that a warp makes at once of the second product */
    FIRST_PITCH =
        2 * WIDTH + 64, /* bytes from row to row: 8 threads that read 2 rows by 4 pieces */
    SLICE_PITCH = 2 * SLICE + 16, /* and 8 that read 8 rows meet all banks */
    HEAD_PITCH = 2 * HEAD + 16,
    ROW_THREADS = WIDTH / 8, /* that take one row, 8 numbers each */
    ROW_WARPS = ROW_THREADS / 32
};

/* ---- instructions ---- */

__device__ __forceinline__ uint32_t shared_memory() {
    extern __shared__ __align__(128) unsigned char memory[];
    return (uint32_t)__cvta_generic_to_shared(memory);
}

__device__ __forceinline__ void copy16(uint32_t to, const void *from) {
    asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16;" ::"r"(to), "l"(from)
                 : "memory");
}

__device__ __forceinline__ void commit_copies() {
    asm volatile("cp.async.commit_group;" ::: "memory");
}

template <int pending> __device__ __forceinline__ void wait_for_copies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}

/* Past the first-level cache, which may hold what was there before an earlier kernel. */
__device__ __forceinline__ uint4 load16(const void *from) {
    return __ldcg(static_cast<const uint4 *>(from));
}

__device__ __forceinline__ uint4 load_shared16(uint32_t from) {
    uint4 x;
    asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(x.x), "=r"(x.y), "=r"(x.z), "=r"(x.w)
                 : "r"(from)
                 : "memory");
    return x;
}

__device__ __forceinline__ void store_shared(uint32_t to, float x, float y) {
    asm volatile("st.shared.v2.f32 [%0], {%1, %2};" ::"r"(to), "f"(x), "f"(y) : "memory");
}

__device__ __forceinline__ void store_shared(uint32_t to, uint32_t x) {
    asm volatile("st.shared.b32 [%0], %1;" ::"r"(to), "r"(x) : "memory");
}

struct fragment {
    uint32_t word[4];
};

__device__ __forceinline__ fragment load_matrices(uint32_t from) {
    fragment f;
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(f.word[0]), "=r"(f.word[1]), "=r"(f.word[2]), "=r"(f.word[3])
                 : "r"(from)
                 : "memory");
    return f;
}

__device__ __forceinline__ fragment load_transposed(uint32_t from) {
    fragment f;
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(f.word[0]), "=r"(f.word[1]), "=r"(f.word[2]), "=r"(f.word[3])
                 : "r"(from)
                 : "memory");
    return f;
}

#define MGK_MMA(types)                                                                             \
    asm volatile("mma.sync.aligned.m16n8k16.row.col." types                                        \
                 " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"                \
                 : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])                          \
                 : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1))

/* sum += a b: 16 by 16 by 8. */
__device__ __forceinline__ void multiply(float (&sum)[4], uint32_t a0, uint32_t a1, uint32_t a2,
                                         uint32_t a3, uint32_t b0, uint32_t b1, __half) {
    MGK_MMA("f32.f16.f16.f32");
}

__device__ __forceinline__ void multiply(float (&sum)[4], uint32_t a0, uint32_t a1, uint32_t a2,
                                         uint32_t a3, uint32_t b0, uint32_t b1, __nv_bfloat16) {
    MGK_MMA("f32.bf16.bf16.f32");
}

/* ---- clusters ---- */

/* This block runs and its barrier is ready; waited for before anything is sent to another. */
__device__ __forceinline__ void cluster_arrive() {
    asm volatile("barrier.cluster.arrive.relaxed;" ::: "memory");
}

__device__ __forceinline__ void cluster_wait() {
    asm volatile("barrier.cluster.wait.acquire;" ::: "memory");
}

/* A barrier that opens when so many bytes have been sent to this block. */
__device__ __forceinline__ void begin_receiving(uint32_t barrier, uint32_t bytes) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;\n"
                 "fence.mbarrier_init.release.cluster;\n"
                 "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier),
                 "r"(bytes)
                 : "memory");
}

__device__ __forceinline__ void wait_to_receive(uint32_t barrier) {
    uint32_t open = 0;
    while (!open)
        asm volatile("{\n"
                     ".reg .pred open;\n"
                     "mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 open, [%1], 0;\n"
                     "selp.u32 %0, 1, 0, open;\n"
                     "}"
                     : "=r"(open)
                     : "r"(barrier)
                     : "memory");
}

/* The cluster's address of what lies at `address` in one of its blocks. */
__device__ __forceinline__ uint32_t address_at(uint32_t address, uint32_t rank) {
    uint32_t there;
    asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(there) : "r"(address), "r"(rank));
    return there;
}

__device__ __forceinline__ void send16(uint32_t to, uint4 x, uint32_t barrier) {
    asm volatile("st.async.shared::cluster.mbarrier::complete_tx::bytes.v4.b32 "
                 "[%0], {%1, %2, %3, %4}, [%5];" ::"r"(to),
                 "r"(x.x), "r"(x.y), "r"(x.z), "r"(x.w), "r"(barrier)
                 : "memory");
}

__device__ __forceinline__ void bring_nearer(const void *from, uint32_t bytes) {
    asm volatile("cp.async.bulk.prefetch.L2.global [%0], %1;" ::"l"(from), "r"(bytes) : "memory");
}

/* ---- shared memory ---- */

/* Where things lie. Partial sums of the first product take its weights' place, unless rows come by
 * in two groups; what attention makes takes it later. */
template <uint32_t TILES, uint32_t INNER> struct places {
    static constexpr uint32_t passes = TILES > 4 ? 2 : 1;
    static constexpr uint32_t group = TILES / passes; /* tiles that are multiplied at once */
    static constexpr uint32_t rows = TILES * TILE;
    static constexpr uint32_t weights = FIRST * FIRST_PITCH;
    static constexpr uint32_t partials = WARPS * group * TILE * FIRST * sizeof(float);
    static constexpr uint32_t larger = weights > partials ? weights : partials;
    static constexpr uint32_t second_pitch = 2 * INNER + 16;

    static constexpr uint32_t first_at = 0;
    static constexpr uint32_t partials_at = passes > 1 ? weights : 0;
    static constexpr uint32_t context_at = 0;
    static constexpr uint32_t second_at = passes > 1 ? weights + partials : larger;
    static constexpr uint32_t gathered_at = second_at + SECOND * second_pitch;
    static constexpr uint32_t bias_at = gathered_at + rows * SLICE_PITCH;
    static constexpr uint32_t barrier_at = bias_at + FIRST * sizeof(float);
    static constexpr uint32_t bytes = barrier_at + sizeof(uint64_t);

    static constexpr uint32_t received = rows * SLICE * 2;
    static_assert(TILES % passes == 0, "groups are alike");
    static_assert(rows * HEAD_PITCH <= larger, "the context has room");
    static_assert(second_at % 16 == 0 && gathered_at % 16 == 0 && bias_at % 16 == 0 &&
                      barrier_at % 8 == 0,
                  "aligned");
};

__device__ __forceinline__ uint32_t lane() { return threadIdx.x % 32; }
__device__ __forceinline__ uint32_t warp() { return threadIdx.x / 32; }
__device__ __forceinline__ uint32_t rank() { return blockIdx.x; }
__device__ __forceinline__ uint32_t part() { return blockIdx.y; }

/* ---- weights, before the wait ---- */

/* Which row of the weights makes a column of this cluster's first product. */
template <bool HEADS> __device__ __forceinline__ uint32_t row_of_column(uint32_t column) {
    return HEADS ? column / HEAD * WIDTH + part() * HEAD + column % HEAD : part() * SLICE + column;
}

template <typename Half, bool HEADS>
__device__ __forceinline__ void copy_first(const mgk_lone_block &t, uint32_t to) {
    enum : uint32_t { PIECES = WIDTH / 8, TURNS = FIRST * PIECES / THREADS };
#pragma unroll
    for (uint32_t turn = 0; turn < TURNS; turn++) {
        const uint32_t i = threadIdx.x + turn * THREADS, row = i / PIECES, piece = i % PIECES;
        const uint32_t from = row_of_column<HEADS>(rank() * FIRST + row);
        copy16(to + row * FIRST_PITCH + piece * 16,
               static_cast<const Half *>(t.first) + (size_t)from * WIDTH + piece * 8);
    }
    commit_copies();
}

template <typename Half, uint32_t INNER>
__device__ __forceinline__ void copy_second(const mgk_lone_block &t, uint32_t to) {
    enum : uint32_t { PIECES = INNER / 8, TURNS = SECOND * PIECES / THREADS };
    constexpr uint32_t inputs = INNER == HEAD ? WIDTH : MGK_LONE_SLICES * SLICE;
#pragma unroll
    for (uint32_t turn = 0; turn < TURNS; turn++) {
        const uint32_t i = threadIdx.x + turn * THREADS, row = i / PIECES, piece = i % PIECES;
        copy16(to + row * (2 * INNER + 16) + piece * 16,
               static_cast<const Half *>(t.second) + (size_t)(rank() * SECOND + row) * inputs +
                   part() * INNER + piece * 8);
    }
    commit_copies();
}

/* Every block brings its share of what a later kernel reads as far as the second-level cache. */
__device__ __forceinline__ void look_ahead(const mgk_lone_ahead &ahead) {
    if (threadIdx.x != THREADS - 1) return;
    const uint32_t blocks = gridDim.x * gridDim.y, block = blockIdx.y * gridDim.x + blockIdx.x;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const uint32_t share = (ahead.bytes[i] / blocks + 127) / 128 * 128, first = block * share;
        if (first >= ahead.bytes[i]) continue;
        bring_nearer(static_cast<const char *>(ahead.from[i]) + first,
                     min(share, ahead.bytes[i] - first));
    }
}

/* ---- the first product ---- */

/* Tiles of rows in registers: this warp's share of the inputs, rows lane / 4 and + 8 of each tile,
 * 8 numbers from lane % 4 * 8 of each 32. */
template <typename Half, uint32_t GROUP> struct input_rows {
    uint4 at[STEPS][GROUP][2];

    __device__ __forceinline__ void load(const void *x, uint32_t row) {
        const Half *from = static_cast<const Half *>(x) + (size_t)(row + lane() / 4) * WIDTH +
                           warp() * SHARE + lane() % 4 * 8;
#pragma unroll
        for (uint32_t step = 0; step < STEPS; step++) {
#pragma unroll
            for (uint32_t tile = 0; tile < GROUP; tile++) {
                at[step][tile][0] = load16(from + tile * TILE * WIDTH + step * 32);
                at[step][tile][1] = load16(from + (tile * TILE + 8) * WIDTH + step * 32);
            }
        }
    }
};

template <typename Half, uint32_t GROUP>
__device__ __forceinline__ void multiply_first(const input_rows<Half, GROUP> &input,
                                               uint32_t weights,
                                               float (&sum)[GROUP][FIRST / 8][4]) {
    const uint32_t from = weights + lane() / 4 * FIRST_PITCH + warp() * SHARE * 2 + lane() % 4 * 16;
#pragma unroll
    for (uint32_t step = 0; step < STEPS; step++) {
#pragma unroll
        for (uint32_t n = 0; n < FIRST / 8; n++) {
            const uint4 w = load_shared16(from + n * 8 * FIRST_PITCH + step * 64);
#pragma unroll
            for (uint32_t tile = 0; tile < GROUP; tile++) {
                const uint4 above = input.at[step][tile][0], below = input.at[step][tile][1];
                multiply(sum[tile][n], above.x, below.x, above.y, below.y, w.x, w.y, Half());
                multiply(sum[tile][n], above.z, below.z, above.w, below.w, w.z, w.w, Half());
            }
        }
    }
}

/* Partial sums: [warps, rows, FIRST]. */
template <uint32_t GROUP>
__device__ __forceinline__ void keep_partials(const float (&sum)[GROUP][FIRST / 8][4],
                                              uint32_t partials) {
    const uint32_t to =
        partials + (warp() * GROUP * TILE + lane() / 4) * FIRST * 4 + lane() % 4 * 8;
#pragma unroll
    for (uint32_t tile = 0; tile < GROUP; tile++) {
#pragma unroll
        for (uint32_t n = 0; n < FIRST / 8; n++) {
            store_shared(to + tile * TILE * FIRST * 4 + n * 32, sum[tile][n][0], sum[tile][n][1]);
            store_shared(to + (tile * TILE + 8) * FIRST * 4 + n * 32, sum[tile][n][2],
                         sum[tile][n][3]);
        }
    }
}

__device__ __forceinline__ float gelu(float x) { return 0.5f * x * (1 + erff(x * 0.70710678f)); }

/* (1 + tanh u) / 2 = 1 / (1 + exp(-2u)) */
__device__ __forceinline__ float gelu_tanh(float x) {
    return __fdividef(x, 1 + __expf(-1.5957691f * (x + 0.044715f * x * x * x)));
}

/* Keeps NaN, which a maximum would not. */
__device__ __forceinline__ float relu(float x) { return x < 0 ? 0 : x; }

template <float (*function)(float)> __device__ __forceinline__ void apply(float4 &x) {
    x.x = function(x.x), x.y = function(x.y), x.z = function(x.z), x.w = function(x.w);
}

__device__ __forceinline__ void activate(mgk_cuda_activation activation, float4 &x) {
    if (activation == MGK_CUDA_GELU)
        apply<gelu>(x);
    else if (activation == MGK_CUDA_GELU_TANH)
        apply<gelu_tanh>(x);
    else if (activation == MGK_CUDA_RELU)
        apply<relu>(x);
    else if (activation == MGK_CUDA_TANH)
        apply<tanhf>(x);
}

__device__ __forceinline__ float4 floats_of(uint4 x) {
    return make_float4(__uint_as_float(x.x), __uint_as_float(x.y), __uint_as_float(x.z),
                       __uint_as_float(x.w));
}

/* Four columns of one row: the warps' partial sums, in their order, and the bias. */
template <uint32_t GROUP>
__device__ __forceinline__ float4 add_partials(uint32_t partials, uint32_t bias, uint32_t unit) {
    float4 sum = floats_of(load_shared16(bias + unit % (FIRST / 4) * 16));
#pragma unroll
    for (uint32_t w = 0; w < WARPS; w++) {
        const float4 more =
            floats_of(load_shared16(partials + w * GROUP * TILE * FIRST * 4 + unit * 16));
        sum.x += more.x, sum.y += more.y, sum.z += more.z, sum.w += more.w;
    }
    return sum;
}

/* Eight columns, which this thread and its neighbour hold by halves, to all blocks of the cluster:
 * each of the two sends to four. */
__device__ __forceinline__ void send_to_all(uint32_t x, uint32_t y, uint32_t to, uint32_t barrier) {
    const bool odd = threadIdx.x % 2 == 1;
    const uint32_t other_x = __shfl_xor_sync(0xffffffffu, x, 1);
    const uint32_t other_y = __shfl_xor_sync(0xffffffffu, y, 1);
    const uint4 both =
        odd ? make_uint4(other_x, other_y, x, y) : make_uint4(x, y, other_x, other_y);
#pragma unroll
    for (uint32_t i = 0; i < CLUSTER / 2; i++) {
        const uint32_t block = odd * (CLUSTER / 2) + (i + rank()) % (CLUSTER / 2);
        send16(address_at(to, block), both, address_at(barrier, block));
    }
}

/* Columns of the first product from row `first` on are finished and sent. Rows past the last token
 * are sent as zeros: whatever they were, times a weight of zero, must be zero. */
template <typename Half, uint32_t GROUP, bool HEADS>
__device__ __forceinline__ void hand_round(const mgk_lone_block &t, uint32_t first, uint32_t tokens,
                                           uint32_t partials, uint32_t bias, uint32_t gathered,
                                           uint32_t barrier) {
    enum : uint32_t { IN_A_ROW = FIRST / 4 };
#pragma unroll 1
    for (uint32_t unit = threadIdx.x; unit < GROUP * TILE * IN_A_ROW; unit += THREADS) {
        const uint32_t row = first + unit / IN_A_ROW;
        float4 x = add_partials<GROUP>(partials, bias, unit);
        if (!HEADS) activate(t.activation, x);
        const bool there = row < tokens;
        const uint32_t low = there ? pack2(x.x, x.y, Half()) : 0;
        const uint32_t high = there ? pack2(x.z, x.w, Half()) : 0;
        const uint32_t piece = rank() * (FIRST / 8) + unit % IN_A_ROW / 2;
        send_to_all(low, high, gathered + row * SLICE_PITCH + piece * 16, barrier);
    }
}

/* ---- attention of one head ---- */

/* Of 16 queries with all keys: rows lane / 4 and + 8, keys 8n + lane % 4 * 2 and + 1. */
template <uint32_t TILES> struct scores {
    float at[2 * TILES][4];
    float sum[2];
};

template <typename Half, uint32_t TILES>
__device__ __forceinline__ void compare(uint32_t gathered, uint32_t tile, scores<TILES> &s) {
    enum : uint32_t { KEYS = HEAD / 8 }; /* the first piece of keys in a row */
    fragment query[HEAD / 16];
#pragma unroll
    for (uint32_t k = 0; k < HEAD / 16; k++)
        query[k] = load_matrices(gathered + (tile * TILE + lane() % 16) * SLICE_PITCH +
                                 (2 * k + lane() / 16) * 16);
#pragma unroll
    for (uint32_t n = 0; n < 2 * TILES; n++) {
        for (float &x : s.at[n]) x = 0;
#pragma unroll
        for (uint32_t k = 0; k < HEAD / 16; k += 2) {
            const fragment key = load_matrices(gathered + (n * 8 + lane() % 8) * SLICE_PITCH +
                                               (KEYS + 2 * k + lane() / 8) * 16);
            multiply(s.at[n], query[k].word[0], query[k].word[1], query[k].word[2],
                     query[k].word[3], key.word[0], key.word[1], Half());
            multiply(s.at[n], query[k + 1].word[0], query[k + 1].word[1], query[k + 1].word[2],
                     query[k + 1].word[3], key.word[2], key.word[3], Half());
        }
    }
}

/* Over the four threads that share a row. */
__device__ __forceinline__ float row_sum(float x) {
    x += __shfl_xor_sync(0xffffffffu, x, 1);
    return x + __shfl_xor_sync(0xffffffffu, x, 2);
}

__device__ __forceinline__ float row_max(float x) {
    x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 1));
    return fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 2));
}

/* Scores become weights, not yet divided by their sums. */
template <uint32_t TILES> __device__ __forceinline__ void weigh(scores<TILES> &s, uint32_t keys) {
    const float scale = 0.18033688011112042f; /* log2(e) / √64 */
    float largest[2] = {-INFINITY, -INFINITY};
#pragma unroll
    for (uint32_t n = 0; n < 2 * TILES; n++) {
#pragma unroll
        for (uint32_t i = 0; i < 4; i++) {
            const bool there = n * 8 + lane() % 4 * 2 + i % 2 < keys;
            s.at[n][i] = there ? s.at[n][i] * scale : -INFINITY;
            largest[i / 2] = fmaxf(largest[i / 2], s.at[n][i]);
        }
    }
    largest[0] = row_max(largest[0]), largest[1] = row_max(largest[1]);
    s.sum[0] = s.sum[1] = 0;
#pragma unroll
    for (uint32_t n = 0; n < 2 * TILES; n++) {
#pragma unroll
        for (uint32_t i = 0; i < 4; i++) {
            s.at[n][i] = exp2f(s.at[n][i] - largest[i / 2]);
            s.sum[i / 2] += s.at[n][i];
        }
    }
    s.sum[0] = row_sum(s.sum[0]), s.sum[1] = row_sum(s.sum[1]);
}

/* context[16, 64] of the tile's queries. */
template <typename Half, uint32_t TILES>
__device__ __forceinline__ void mix(uint32_t gathered, const scores<TILES> &s,
                                    float (&context)[HEAD / 8][4]) {
    enum : uint32_t { VALUES = 2 * HEAD / 8 };
#pragma unroll
    for (uint32_t k = 0; k < TILES; k++) {
        const float *low = s.at[2 * k], *high = s.at[2 * k + 1];
        const uint32_t a0 = pack2(low[0], low[1], Half()), a1 = pack2(low[2], low[3], Half());
        const uint32_t a2 = pack2(high[0], high[1], Half()), a3 = pack2(high[2], high[3], Half());
#pragma unroll
        for (uint32_t n = 0; n < HEAD / 8; n += 2) {
            const fragment value =
                load_transposed(gathered + (k * TILE + lane() % 16) * SLICE_PITCH +
                                (VALUES + n + lane() / 16) * 16);
            multiply(context[n], a0, a1, a2, a3, value.word[0], value.word[1], Half());
            multiply(context[n + 1], a0, a1, a2, a3, value.word[2], value.word[3], Half());
        }
    }
}

template <typename Half, uint32_t TILES>
__device__ __forceinline__ void attend(uint32_t gathered, uint32_t tile, uint32_t tokens,
                                       uint32_t to) {
    scores<TILES> s;
    float context[HEAD / 8][4] = {};
    compare<Half, TILES>(gathered, tile, s);
    weigh<TILES>(s, tokens);
    mix<Half, TILES>(gathered, s, context);
    const float above = 1 / s.sum[0], below = 1 / s.sum[1];
    to += (tile * TILE + lane() / 4) * HEAD_PITCH + lane() % 4 * 4;
#pragma unroll
    for (uint32_t n = 0; n < HEAD / 8; n++) {
        store_shared(to + n * 16, pack2(context[n][0] * above, context[n][1] * above, Half()));
        store_shared(to + 8 * HEAD_PITCH + n * 16,
                     pack2(context[n][2] * below, context[n][3] * below, Half()));
    }
}

/* ---- the second product ---- */

/* A tile of rows by a quarter of this block's columns, out of shared memory into the sums. */
template <typename Half, uint32_t INNER>
__device__ __forceinline__ void multiply_tile(uint32_t rows, uint32_t pitch, uint32_t weights,
                                              Half *to) {
    enum : uint32_t { SECOND_PITCH = 2 * INNER + 16, COLUMNS = QUARTER / 8 };
    float sum[COLUMNS][4] = {};
    rows += lane() % 16 * pitch + lane() / 16 * 16;
    weights += lane() % 8 * SECOND_PITCH + lane() / 8 * 16;
#pragma unroll
    for (uint32_t step = 0; step < INNER / 32; step++) {
        const fragment a = load_matrices(rows + step * 64);
        const fragment b = load_matrices(rows + step * 64 + 32);
#pragma unroll
        for (uint32_t n = 0; n < COLUMNS; n++) {
            const fragment w = load_matrices(weights + n * 8 * SECOND_PITCH + step * 64);
            multiply(sum[n], a.word[0], a.word[1], a.word[2], a.word[3], w.word[0], w.word[1],
                     Half());
            multiply(sum[n], b.word[0], b.word[1], b.word[2], b.word[3], w.word[2], w.word[3],
                     Half());
        }
    }
    to += lane() / 4 * WIDTH + lane() % 4 * 2;
#pragma unroll
    for (uint32_t n = 0; n < COLUMNS; n++) {
        *reinterpret_cast<uint32_t *>(to + n * 8) = pack2(sum[n][0], sum[n][1], Half());
        *reinterpret_cast<uint32_t *>(to + 8 * WIDTH + n * 8) = pack2(sum[n][2], sum[n][3], Half());
    }
}

template <typename Half, uint32_t INNER>
__device__ __forceinline__ void multiply_second(const mgk_lone_block &t, uint32_t rows,
                                                uint32_t pitch, uint32_t weights) {
    enum : uint32_t { SECOND_PITCH = 2 * INNER + 16 };
    Half *to = static_cast<Half *>(t.sums) + (size_t)part() * t.asked * WIDTH + rank() * SECOND;
#pragma unroll 1
    for (uint32_t task = warp(); task < t.asked / TILE * 4; task += WARPS) {
        const uint32_t row = task / 4 * TILE, column = task % 4 * QUARTER;
        multiply_tile<Half, INNER>(rows + row * pitch, pitch, weights + column * SECOND_PITCH,
                                   to + (size_t)row * WIDTH + column);
    }
}

/* ---- half a layer ---- */

template <typename Half, uint32_t TILES, bool HEADS>
__device__ __forceinline__ void run(const mgk_lone_block &t) {
    constexpr uint32_t INNER = HEADS ? HEAD : SLICE;
    using at = places<TILES, INNER>;
    const uint32_t memory = shared_memory(), barrier = memory + at::barrier_at;
    const uint32_t gathered = memory + at::gathered_at;
    let_next_begin();
    if (threadIdx.x == 0) begin_receiving(barrier, at::received);
    cluster_arrive();
    copy_first<Half, HEADS>(t, memory + at::first_at);
    copy_second<Half, INNER>(t, memory + at::second_at);
    if (threadIdx.x < FIRST)
        store_shared(
            memory + at::bias_at + threadIdx.x * 4,
            __float_as_uint(t.first_bias[row_of_column<HEADS>(rank() * FIRST + threadIdx.x)]));
    look_ahead(t.ahead);
    cluster_wait();
    wait_for_inputs();

    input_rows<Half, at::group> input;
    input.load(t.x, 0);
    const uint32_t tokens = __ldcg(t.sizes + 1);
    wait_for_copies<1>();
    __syncthreads();
#pragma unroll 1
    for (uint32_t pass = 0; pass < at::passes; pass++) {
        float sum[at::group][FIRST / 8][4] = {};
        multiply_first<Half, at::group>(input, memory + at::first_at, sum);
        const uint32_t row = pass * at::group * TILE;
        if (pass + 1 < at::passes) input.load(t.x, row + at::group * TILE);
        wait_for_copies<0>();
        __syncthreads(); /* all are done with what lies where partial sums go */
        keep_partials<at::group>(sum, memory + at::partials_at);
        __syncthreads();
        hand_round<Half, at::group, HEADS>(t, row, tokens, memory + at::partials_at,
                                           memory + at::bias_at, gathered, barrier);
    }
    /* That all is here says as well that this block has sent all, and needs no partial sums. */
    wait_to_receive(barrier);
    if constexpr (HEADS) {
        if (warp() < t.asked / TILE)
            attend<Half, TILES>(gathered, warp(), tokens, memory + at::context_at);
        __syncthreads();
        multiply_second<Half, INNER>(t, memory + at::context_at, HEAD_PITCH,
                                     memory + at::second_at);
    } else {
        multiply_second<Half, INNER>(t, gathered, SLICE_PITCH, memory + at::second_at);
    }
}

/* Few rows: blocks of two kernels fit a multiprocessor, so that one reads while the other works. */
template <typename Half, uint32_t TILES, bool HEADS>
__global__ void __launch_bounds__(THREADS, TILES < 4 ? 2 : 1)
    block_kernel(const __grid_constant__ mgk_lone_block t) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    run<Half, TILES, HEADS>(t);
#endif
}

/* ---- rows: 96 threads, 8 numbers each ---- */

struct moments {
    float mean, spread; /* spread: the squares of the differences from the mean */
};

/* Of a row's numbers, in one step: groups of equal size are put together two by two. For all
 * threads of a block, of which the first 96 hold the row. */
__device__ __forceinline__ moments moments_of(const float (&x)[8]) {
    __shared__ moments parts[ROW_WARPS];
    moments m = {0, 0};
#pragma unroll
    for (int i = 0; i < 8; i++) m.mean += x[i] / 8;
#pragma unroll
    for (int i = 0; i < 8; i++) m.spread += (x[i] - m.mean) * (x[i] - m.mean);
#pragma unroll
    for (int step = 1; step < 32; step *= 2) {
        const float mean = __shfl_xor_sync(0xffffffffu, m.mean, step);
        const float spread = __shfl_xor_sync(0xffffffffu, m.spread, step), off = mean - m.mean;
        m.mean = (m.mean + mean) / 2;
        m.spread += spread + off * off * (float)(4 * step);
    }
    if (lane() == 0 && warp() < ROW_WARPS) parts[warp()] = m;
    __syncthreads();
    moments all = {0, 0};
#pragma unroll
    for (uint32_t i = 0; i < ROW_WARPS; i++) all.mean += parts[i].mean * (1.0f / ROW_WARPS);
#pragma unroll
    for (uint32_t i = 0; i < ROW_WARPS; i++) {
        const float off = parts[i].mean - all.mean;
        all.spread += parts[i].spread + off * off * (float)(WIDTH / ROW_WARPS);
    }
    return all;
}

/* What a norm multiplies by and adds. */
struct affine {
    float weight[8], bias[8];

    __device__ __forceinline__ void load(const float *weights, const float *biases) {
        load8(weights + threadIdx.x * 8, weight);
        load8(biases + threadIdx.x * 8, bias);
    }
};

__device__ __forceinline__ void normalise(float (&x)[8], const affine &a, float eps) {
    const moments m = moments_of(x);
    const float rate = rsqrtf(m.spread * (1.0f / WIDTH) + eps);
#pragma unroll
    for (int i = 0; i < 8; i++) x[i] = (x[i] - m.mean) * rate * a.weight[i] + a.bias[i];
}

__device__ __forceinline__ void add8(float (&x)[8], uint4 packed, __half) {
    const uint32_t words[4] = {packed.x, packed.y, packed.z, packed.w};
#pragma unroll
    for (int i = 0; i < 4; i++) {
        const float2 two = __half22float2(*reinterpret_cast<const __half2 *>(&words[i]));
        x[2 * i] += two.x, x[2 * i + 1] += two.y;
    }
}

__device__ __forceinline__ void add8(float (&x)[8], uint4 packed, __nv_bfloat16) {
    const uint32_t words[4] = {packed.x, packed.y, packed.z, packed.w};
#pragma unroll
    for (int i = 0; i < 4; i++) {
        x[2 * i] += __uint_as_float(words[i] << 16);
        x[2 * i + 1] += __uint_as_float(words[i] & 0xffff0000u);
    }
}

/* A row's parts and what they are added to, all on their way at once: kernels that use it tell the
 * compiler that there are registers enough, or it would add each before it asks for the next. */
template <typename Half, uint32_t PARTS> struct row_parts {
    uint4 parts[PARTS], residual;

    __device__ __forceinline__ void load(const mgk_lone_norm &n, uint32_t row) {
        const size_t at = (size_t)row * WIDTH + threadIdx.x * 8;
        const Half *sums = static_cast<const Half *>(n.sums) + at;
#pragma unroll
        for (uint32_t i = 0; i < PARTS; i++) parts[i] = load16(sums + (size_t)i * n.rows * WIDTH);
        residual = load16(static_cast<const Half *>(n.x) + at);
    }

    __device__ __forceinline__ void add_to(float (&x)[8]) const {
#pragma unroll
        for (const uint4 &part : parts) add8(x, part, Half());
        add8(x, residual, Half());
    }
};

template <typename Half, uint32_t PARTS>
__global__ void __launch_bounds__(ROW_THREADS, 1)
    norm_kernel(const __grid_constant__ mgk_lone_norm n) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    affine a;
    float x[8];
    row_parts<Half, PARTS> row;
    let_next_begin();
    a.load(n.weight, n.bias);
    load8(n.sums_bias + threadIdx.x * 8, x);
    wait_for_inputs();
    row.load(n, blockIdx.x);
    row.add_to(x);
    normalise(x, a, n.eps);
    store8(static_cast<Half *>(n.x) + (size_t)blockIdx.x * WIDTH + threadIdx.x * 8, x);
#endif
}

/* The host's words are asked for at once, and meanwhile what does not depend on them. */
template <typename Half>
__global__ void __launch_bounds__(ROW_THREADS)
    embed_kernel(const __grid_constant__ mgk_lone_embedding e) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    const uint32_t row = blockIdx.x, column = threadIdx.x * 8;
    affine a;
    float x[8], word[8], type[8];
    let_next_begin();
    wait_for_inputs();
    const uint32_t tokens = e.sizes[1];
    const mgk_cuda_token token = e.tokens[row];
    a.load(e.weight, e.bias);
    load8(e.positions + (size_t)min(row, e.positions_count - 1) * WIDTH + column, x);
    if (row == 0 && threadIdx.x < 2) e.sizes_there[threadIdx.x] = threadIdx.x ? tokens : 1;
    if (row >= tokens) return;
    load8(static_cast<const Half *>(e.words) + (size_t)token.id * WIDTH + column, word);
    load8(e.types + (size_t)token.type * WIDTH + column, type);
#pragma unroll
    for (int i = 0; i < 8; i++) x[i] += word[i] + type[i];
    normalise(x, a, e.eps);
    store8(static_cast<Half *>(e.x) + (size_t)row * WIDTH + column, x);
#endif
}

/* ---- the end ---- */

/* 768 weights over a warp: numbers j * 128 + lane * 4 and the 3 behind it. */
struct weight_row {
    float4 at[WIDTH / 128];

    __device__ __forceinline__ void load(const float *from) {
#pragma unroll
        for (uint32_t j = 0; j < WIDTH / 128; j++)
            at[j] = reinterpret_cast<const float4 *>(from)[j * 32 + lane()];
    }

    __device__ __forceinline__ float dot(const float4 *x) const {
        float sum = 0;
#pragma unroll
        for (uint32_t j = 0; j < WIDTH / 128; j++) {
            const float4 y = x[j * 32 + lane()];
            sum += at[j].x * y.x + at[j].y * y.y + at[j].z * y.z + at[j].w * y.w;
        }
        return warp_sum(sum);
    }
};

/* A warp for each output. Every block normalises the row by itself: that costs no launch. */
template <typename Half>
__global__ void __launch_bounds__(THREADS, 2)
    pool_kernel(const __grid_constant__ mgk_lone_pooler p) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    __shared__ float4 normalised[WIDTH / 4];
    const uint32_t output = blockIdx.x * WARPS + warp();
    const bool holds = threadIdx.x < ROW_THREADS;
    affine a = {};
    float x[8] = {};
    row_parts<Half, MGK_LONE_SLICES> row = {};
    weight_row w;
    let_next_begin();
    w.load(p.weight + (size_t)output * WIDTH);
    const float bias = p.bias[output];
    if (holds) {
        a.load(p.norm.weight, p.norm.bias);
        load8(p.norm.sums_bias + threadIdx.x * 8, x);
    }
    wait_for_inputs();
    if (holds) row.load(p.norm, 0);
    row.add_to(x);
    normalise(x, a, p.norm.eps);
    if (holds) store8(reinterpret_cast<float *>(normalised) + threadIdx.x * 8, x);
    __syncthreads();
    const float sum = w.dot(normalised);
    if (lane() == 0) p.pooled[output] = tanhf(sum + bias);
#endif
}

/* A warp for each label. */
__global__ void __launch_bounds__(THREADS)
    classify_kernel(const __grid_constant__ mgk_lone_classifier c) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    __shared__ float4 pooled[WIDTH / 4];
    weight_row w = {};
    let_next_begin();
    if (warp() < c.labels) w.load(c.weight + (size_t)warp() * WIDTH);
    const uint32_t mark = *static_cast<const volatile uint32_t *>(c.mark);
    wait_for_inputs();
    if (threadIdx.x < WIDTH / 4)
        pooled[threadIdx.x] = __ldcg(reinterpret_cast<const float4 *>(c.pooled) + threadIdx.x);
    __syncthreads();
    for (uint32_t label = warp(); label < c.labels; label += WARPS) {
        if (label >= WARPS) w.load(c.weight + (size_t)label * WIDTH);
        const float logit = w.dot(pooled) + c.bias[label];
        const uint64_t answer = (uint64_t)mark << 32 | __float_as_uint(logit);
        if (lane() == 0) *reinterpret_cast<volatile uint64_t *>(c.answers + label) = answer;
    }
#endif
}

/* ---- launching ---- */

enum { CAPABILITY = 90, FEW_LABELS = 8 };

typedef void (*block_function)(mgk_lone_block);

template <typename Half, bool HEADS> block_function block_function_for(uint32_t rows) {
    switch (rows / TILE) {
    case 1: return block_kernel<Half, 1, HEADS>;
    case 2: return block_kernel<Half, 2, HEADS>;
    case 3: return block_kernel<Half, 3, HEADS>;
    case 4: return block_kernel<Half, 4, HEADS>;
    case 6: return block_kernel<Half, 6, HEADS>;
    default: return block_kernel<Half, 8, HEADS>;
    }
}

template <bool HEADS> block_function find_function(mgk_cuda_type type, uint32_t rows) {
    return type == MGK_CUDA_F16 ? block_function_for<__half, HEADS>(rows)
                                : block_function_for<__nv_bfloat16, HEADS>(rows);
}

template <uint32_t INNER> uint32_t shared_bytes(uint32_t rows) {
    switch (rows / TILE) {
    case 1: return places<1, INNER>::bytes;
    case 2: return places<2, INNER>::bytes;
    case 3: return places<3, INNER>::bytes;
    case 4: return places<4, INNER>::bytes;
    case 6: return places<6, INNER>::bytes;
    default: return places<8, INNER>::bytes;
    }
}

int allow(block_function function, uint32_t bytes) {
    int code = (int)cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                         (int)bytes);
    return code != 0 ? code : keep_carveout(function);
}

/* Attributes go to `a`, which has room for two. */
cudaLaunchConfig_t configure(uint32_t parts, uint32_t bytes, cudaLaunchAttribute *a) {
    a[0].id = cudaLaunchAttributeClusterDimension;
    a[0].val.clusterDim.x = CLUSTER;
    a[0].val.clusterDim.y = a[0].val.clusterDim.z = 1;
    a[1].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    a[1].val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t c = {};
    c.gridDim = dim3(CLUSTER, parts);
    c.blockDim = dim3(THREADS);
    c.dynamicSmemBytes = bytes;
    c.attrs = a;
    c.numAttrs = 2;
    return c;
}

template <bool HEADS> int launch_block(const mgk_lone_block *block, mgk_cuda_stream stream) {
    const block_function function = find_function<HEADS>(block->type, block->rows);
    const uint32_t bytes = shared_bytes < HEADS ? HEAD : SLICE > (block->rows);
    const int code = allow(function, bytes);
    if (code != 0) return code;
    cudaLaunchAttribute attributes[2] = {};
    cudaLaunchConfig_t config =
        configure(HEADS ? MGK_LONE_HEADS : MGK_LONE_SLICES, bytes, attributes);
    config.stream = stream;
    return (int)cudaLaunchKernelEx(&config, function, *block);
}

/* Compiled for 9.0 or later, and a cluster finds room: cards may be cut into smaller ones. */
template <bool HEADS> bool can_run(mgk_cuda_type type, uint32_t rows) {
    const block_function function = find_function<HEADS>(type, rows);
    const uint32_t bytes = shared_bytes < HEADS ? HEAD : SLICE > (rows);
    cudaFuncAttributes attributes;
    cudaLaunchAttribute launch_attributes[2] = {};
    cudaLaunchConfig_t config = configure(MGK_LONE_SLICES, bytes, launch_attributes);
    config.numAttrs = 1;
    int clusters = 0;
    return cudaFuncGetAttributes(&attributes, function) == cudaSuccess &&
           attributes.ptxVersion >= CAPABILITY && allow(function, bytes) == 0 &&
           cudaOccupancyMaxActiveClusters(&clusters, function, &config) == cudaSuccess &&
           clusters > 0;
}

bool has_clusters() {
    int device = 0, major = 0;
    return cudaGetDevice(&device) == cudaSuccess &&
           cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) ==
               cudaSuccess &&
           major * 10 >= CAPABILITY;
}

} // namespace

uint32_t mgk_lone_rows(uint32_t tokens) {
    static const uint32_t rows[] = {16, 32, 48, 64, 96, 128};
    for (uint32_t some : rows)
        if (tokens <= some) return some;
    return 0;
}

bool mgk_lone_supports(mgk_cuda_type type) {
    if ((type != MGK_CUDA_F16 && type != MGK_CUDA_BF16) || !has_clusters()) return false;
    bool can = true;
    for (uint32_t rows : {16u, 32u, 48u, 64u, 96u, 128u})
        can = can && can_run<true>(type, rows) && can_run<false>(type, rows);
    (void)cudaGetLastError(); /* a card that cannot is no error */
    return can;
}

int mgk_lone_attention(const mgk_lone_block *block, mgk_cuda_stream stream) {
    return launch_block<true>(block, stream);
}

int mgk_lone_feed_forward(const mgk_lone_block *block, mgk_cuda_stream stream) {
    return launch_block<false>(block, stream);
}

int mgk_lone_embed(const mgk_lone_embedding *embedding, mgk_cuda_stream stream) {
    const auto kernel =
        embedding->type == MGK_CUDA_F16 ? embed_kernel<__half> : embed_kernel<__nv_bfloat16>;
    return launch(kernel, embedding->rows, ROW_THREADS, 0, stream, true, *embedding);
}

template <uint32_t PARTS>
static int launch_norm(const mgk_lone_norm *norm, mgk_cuda_stream stream) {
    const auto kernel =
        norm->type == MGK_CUDA_F16 ? norm_kernel<__half, PARTS> : norm_kernel<__nv_bfloat16, PARTS>;
    return launch(kernel, norm->count, ROW_THREADS, 0, stream, true, *norm);
}

int mgk_lone_normalise(const mgk_lone_norm *norm, mgk_cuda_stream stream) {
    return norm->parts == MGK_LONE_HEADS ? launch_norm<MGK_LONE_HEADS>(norm, stream)
                                         : launch_norm<MGK_LONE_SLICES>(norm, stream);
}

int mgk_lone_pool(const mgk_lone_pooler *pooler, mgk_cuda_stream stream) {
    const auto kernel =
        pooler->norm.type == MGK_CUDA_F16 ? pool_kernel<__half> : pool_kernel<__nv_bfloat16>;
    return launch(kernel, WIDTH / WARPS, THREADS, 0, stream, true, *pooler);
}

int mgk_lone_classify(const mgk_lone_classifier *classifier, mgk_cuda_stream stream) {
    return launch(classify_kernel, 1, THREADS, 0, stream, true, *classifier);
}
