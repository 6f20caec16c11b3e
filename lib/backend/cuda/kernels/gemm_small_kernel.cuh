/* SPDX-License-Identifier: Apache-2.0 */
/* Products of a few rows: one pair's, whose time is latency.
 *
 * A block of 256 threads owns a tile of up to 64 rows by 64 columns and a share of the inputs; a
 * cluster of blocks owns the tile's whole sum. Every block copies its share of the weights to
 * shared memory before it waits for the kernel before, then its share of the input, multiplies,
 * and writes its partial sums straight into the shared memory of the block that finishes those
 * rows. So there is one exchange, no atomics, and sums are always taken in the same order. Cards
 * without clusters do the whole sum in one block.
 *
 * Inputs go through shared memory in blocks of 128 bytes a row, chunks of 16 bytes swizzled as the
 * warpgroup instructions want them (chunk ^ row % 8), which serves ldmatrix as well. */
#ifndef MGI_BACKEND_CUDA_KERNELS_GEMM_SMALL_KERNEL_CUH
#define MGI_BACKEND_CUDA_KERNELS_GEMM_SMALL_KERNEL_CUH

#include "backend/cuda/kernels/gemm_small.h"
#include "backend/cuda/kernels/gemm_small_device.cuh"

namespace {

enum : uint32_t {
    THREADS = 256,
    COLUMNS = 64,   /* of a tile */
    MOST_ROWS = 64, /* of a tile */
    BLOCK = 128,    /* bytes of one row in one block */
    WEIGHT_BLOCK = COLUMNS * BLOCK,
    RING = 8,         /* blocks in shared memory, if not all are */
    AHEAD = RING - 2, /* blocks copied ahead: a block's place is free two blocks later */
    PARTIAL = 72,     /* floats from one row of partial sums to the next: no bank conflicts */
    LANES = 16,       /* threads that finish one row, 4 columns each */
    STEP = THREADS / LANES,
    PASSES = MOST_ROWS / STEP,
    SWIZZLE_ALIGNMENT = 1024,
    PLAIN_ALIGNMENT = 128,
};

/* What a kernel is told; pointers as in mgk_cuda_gemm and mgk_small_fusion. */
struct task {
    const unsigned char *input, *weight, *residual;
    unsigned char *output;
    const float *scale, *bias, *sums, *gain, *shift;
    const float2 *input_moments, *residual_moments;
    float2 *output_moments;
    float epsilon, output_scale;
    uint32_t rows, outputs, inputs, row_bytes;
    uint32_t blocks;      /* of a row */
    uint32_t tile_rows;   /* rows from one tile to the next */
    uint32_t share;       /* most rows that one block of a cluster finishes */
    uint32_t partials_at; /* where partial sums lie in shared memory */
    mgk_cuda_activation activation;
    mgk_cuda_dtype output_type;
};

/* Numbers of a tile's columns, and of the rows that this block finishes. */
struct tile_edges {
    float scale[COLUMNS], bias[COLUMNS], sums[COLUMNS], gain[COLUMNS], shift[COLUMNS];
    float mean[MOST_ROWS], rate[MOST_ROWS]; /* rate: 1 / deviation */
    float residual_mean[MOST_ROWS], residual_rate[MOST_ROWS];
    uint64_t received; /* opens when all partial sums of this block's own rows are here */
};

/* What one block works on. */
struct place {
    uint32_t split, rank;         /* blocks of the cluster, and which of them this is */
    uint32_t row, rows;           /* the tile's */
    uint32_t column;              /* the tile's first */
    uint32_t first, count;        /* blocks of a row */
    uint32_t own_row, own_rows;   /* rows of the tile that this block finishes */
    uint32_t shared, input_block; /* shared memory: address, and bytes of the input's blocks */
    uint32_t received;            /* address of that barrier */
};

/* The kernel's body is left empty where its instructions do not exist. */
template <mgk_cuda_dtype type, bool warpgroup> __host__ __device__ constexpr bool has_body() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    return true;
#elif defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 890
    return !warpgroup;
#elif defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    return !warpgroup && type != MGK_CUDA_E4M3;
#else
    return false;
#endif
}

/* ---- multiplying ---- */

__device__ __forceinline__ uint32_t swizzled(uint32_t row, uint32_t chunk) {
    return row * BLOCK + ((chunk ^ (row & 7)) << 4);
}

/* Sums that one thread holds of 16 rows by 8 columns go two by two to whoever finishes their row:
 * element 0 and 1 belong to `row`, 2 and 3 to `row` + 8. */
template <uint32_t tiles>
__device__ __forceinline__ void send(const task &t, const place &p, const float (&sum)[tiles][4],
                                     uint32_t row, uint32_t column) {
#pragma unroll
    for (uint32_t half = 0; half < 2; half++) {
        uint32_t from = row + 8 * half;
        if (from >= p.rows) continue;
        uint32_t owner = from / t.share, line = p.rank * t.share + from % t.share;
        uint32_t to = address_at(p.shared + t.partials_at + (line * PARTIAL + column) * 4, owner);
        uint32_t barrier = address_at(p.received, owner);
#pragma unroll
        for (uint32_t j = 0; j < tiles; j++) {
            send_pair(to + 32 * j, sum[j][2 * half], sum[j][2 * half + 1], barrier);
        }
    }
}

/* The same within a single block. */
template <uint32_t tiles>
__device__ __forceinline__ void keep(const task &t, const place &p, const float (&sum)[tiles][4],
                                     uint32_t row, uint32_t column) {
#pragma unroll
    for (uint32_t half = 0; half < 2; half++) {
        uint32_t from = row + 8 * half;
        if (from >= p.rows) continue;
        uint32_t to = p.shared + t.partials_at + (from * PARTIAL + column) * 4;
#pragma unroll
        for (uint32_t j = 0; j < tiles; j++) {
            store_pair(to + 32 * j, sum[j][2 * half], sum[j][2 * half + 1]);
        }
    }
}

/* Eight warps: four across the columns, 16 each; two take turns at the tiles of 16 rows. */
template <mgk_cuda_dtype type, bool warpgroup> struct multiplier {
    float sum[2][2][4];

    static __device__ __forceinline__ bool multiplies() { return true; }

    __device__ __forceinline__ void begin() {
        for (auto &rows : sum) {
            for (auto &columns : rows) {
                for (float &x : columns) x = 0;
            }
        }
    }

    static __device__ __forceinline__ uint32_t lane() { return threadIdx.x % 32; }
    static __device__ __forceinline__ uint32_t column() { return threadIdx.x / 32 % 4 * 16; }
    static __device__ __forceinline__ uint32_t row(uint32_t i) {
        return (threadIdx.x / 128 + 2 * i) * 16;
    }

    __device__ __forceinline__ void multiply(const place &p, uint32_t input, uint32_t weight) {
        uint32_t low = lane() & 7, middle = lane() >> 3 & 1, high = lane() >> 4;
#pragma unroll
        for (uint32_t step = 0; step < 4; step++) {
            fragment b =
                load_matrices(weight + swizzled(column() + high * 8 + low, 2 * step + middle));
#pragma unroll
            for (uint32_t i = 0; i < 2; i++) {
                if (row(i) >= p.rows) continue;
                fragment a =
                    load_matrices(input + swizzled(row(i) + middle * 8 + low, 2 * step + high));
                multiply_step<type>(sum[i][0], a, b.word[0], b.word[1]);
                multiply_step<type>(sum[i][1], a, b.word[2], b.word[3]);
            }
        }
    }

    static __device__ __forceinline__ void see_copies() {}
    __device__ __forceinline__ void end() {}

    __device__ __forceinline__ void pass_on(const task &t, const place &p) {
        for (uint32_t i = 0; i < 2; i++) {
            uint32_t from = row(i) + lane() / 4, at = column() + lane() % 4 * 2;
            if (p.split > 1) {
                send<2>(t, p, sum[i], from, at);
            } else {
                keep<2>(t, p, sum[i], from, at);
            }
        }
    }
};

/* One warpgroup multiplies, 64 rows at once: rows that the tile lacks are whatever follows the
 * input's block in shared memory, and their sums are not read. The other warpgroup helps to copy
 * and to finish. */
template <mgk_cuda_dtype type> struct multiplier<type, true> {
    float sum[8][4];

    /* Told so that the compiler sees that whole warps agree; else it would wait at every step. */
    static __device__ __forceinline__ bool multiplies() {
        return __shfl_sync(0xffffffff, threadIdx.x / 128, 0) == 0;
    }

    __device__ __forceinline__ void begin() {
        for (auto &columns : sum) {
            for (float &x : columns) x = 0;
        }
    }

    /* Rows of 128 bytes, swizzled over 128 bytes; 8 rows to the next group: 1,024 bytes. */
    static __device__ __forceinline__ uint64_t describe(uint32_t address) {
        return (uint64_t)1 << 62 | (uint64_t)(1024 >> 4) << 32 | (uint64_t)1 << 16 |
               (address & 0x3ffff) >> 4;
    }

    __device__ __forceinline__ void multiply(const place &, uint32_t input, uint32_t weight) {
        uint64_t a = describe(input), b = describe(weight);
        asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
        for (uint32_t step = 0; step < 4; step++) {
            multiply_step<type>(sum, a + 2 * step, b + 2 * step);
        }
        asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
        /* The block before is done with, so that its place may be copied to after the next. */
        asm volatile("wgmma.wait_group.sync.aligned 1;" ::: "memory");
    }

    /* What this thread copied becomes visible to the warpgroup instructions. */
    static __device__ __forceinline__ void see_copies() {
        asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
    }

    __device__ __forceinline__ void end() {
        asm volatile("wgmma.wait_group.sync.aligned 0;" : MGK_SUMS(sum)::"memory");
    }

    __device__ __forceinline__ void pass_on(const task &t, const place &p) {
        if (!multiplies()) return;
        uint32_t from = threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4, at = threadIdx.x % 4 * 2;
        if (p.split > 1) {
            send<8>(t, p, sum, from, at);
        } else {
            keep<8>(t, p, sum, from, at);
        }
    }
};

/* ---- copying ---- */

/* One block of up to 64 rows: 32 at a time, 8 neighbouring threads a row. */
__device__ __forceinline__ void copy_rows(uint32_t to, const unsigned char *from,
                                          uint32_t row_bytes, uint32_t rows) {
    uint32_t row = threadIdx.x / 8, chunk = threadIdx.x % 8;
    to += swizzled(row, chunk);
    from += (size_t)row * row_bytes + chunk * 16;
    if (row < rows) copy_chunk(to, from);
    if (row + 32 < rows) copy_chunk(to + 32 * BLOCK, from + (size_t)32 * row_bytes);
}

/* A place in the ring holds a block of the input, then one of the weights. */
__device__ __forceinline__ uint32_t input_place(const place &p, uint32_t i) {
    return p.shared + i % RING * (p.input_block + WEIGHT_BLOCK);
}

__device__ __forceinline__ uint32_t weight_place(const place &p, uint32_t i) {
    return input_place(p, i) + p.input_block;
}

__device__ __forceinline__ void copy_input(const task &t, const place &p, uint32_t i) {
    const unsigned char *from =
        t.input + (size_t)p.row * t.row_bytes + (size_t)(p.first + i) * BLOCK;
    copy_rows(input_place(p, i), from, t.row_bytes, p.rows);
}

__device__ __forceinline__ void copy_weight(const task &t, const place &p, uint32_t i) {
    const unsigned char *from =
        t.weight + (size_t)p.column * t.row_bytes + (size_t)(p.first + i) * BLOCK;
    copy_rows(weight_place(p, i), from, t.row_bytes, COLUMNS);
}

__device__ __forceinline__ void copy_first_weights(const task &t, const place &p) {
#pragma unroll
    for (uint32_t i = 0; i < AHEAD; i++) {
        if (i < p.count) copy_weight(t, p, i);
    }
}

/* The weights' copies belong to the first group. */
__device__ __forceinline__ void copy_first_inputs(const task &t, const place &p) {
#pragma unroll
    for (uint32_t i = 0; i < AHEAD; i++) {
        if (i < p.count) copy_input(t, p, i);
        commit_copies();
    }
}

/* A barrier of all threads that may be come to from two places in the code. */
__device__ __forceinline__ void meet() { asm volatile("barrier.sync 1, 256;" ::: "memory"); }

/* Each turn starts one group of copies, empty or not, so that AHEAD - 1 are always younger than
 * the one waited for. The barrier also says that all threads are done with the block before the
 * last, whose place the new copies take. */
template <typename multiplier>
__device__ __forceinline__ void turn_to(const task &t, const place &p, uint32_t i) {
    wait_for_copies<AHEAD - 1>();
    multiplier::see_copies();
    meet();
    if (i + AHEAD < p.count) {
        copy_weight(t, p, i + AHEAD);
        copy_input(t, p, i + AHEAD);
    }
    commit_copies();
}

/* Two loops, because a branch inside one would make the compiler wait for every instruction of a
 * warpgroup. Not unrolled: code that runs once costs more to fetch than to run. */
template <typename multiplier>
__device__ __forceinline__ void multiply_all(const task &t, const place &p, multiplier &m) {
    if (m.multiplies()) {
#pragma unroll 1
        for (uint32_t i = 0; i < p.count; i++) {
            turn_to<multiplier>(t, p, i);
            m.multiply(p, input_place(p, i), weight_place(p, i));
        }
        m.end();
    } else {
#pragma unroll 1
        for (uint32_t i = 0; i < p.count; i++) turn_to<multiplier>(t, p, i);
    }
}

/* ---- norms ---- */

/* Over the 16 threads that finish one row. */
__device__ __forceinline__ float sum_of_lanes(float x) {
#pragma unroll
    for (uint32_t other = LANES / 2; other > 0; other /= 2) {
        x += __shfl_xor_sync(0xffffffff, x, other);
    }
    return x;
}

/* Mean and 1 / deviation of this block's own rows, from their moments by 64 columns. */
__device__ __forceinline__ void read_moments(const task &t, const place &p, const float2 *moments,
                                             uint32_t width, float *mean, float *rate) {
    uint32_t lane = threadIdx.x % LANES, parts = width / MGK_SMALL_PART;
    float share = __fdividef(1, (float)parts);
    const float2 *row = moments + (size_t)(p.row + p.own_row) * parts;
#pragma unroll 1
    for (uint32_t i = threadIdx.x / LANES; i < (t.share + STEP - 1) / STEP * STEP; i += STEP) {
        bool here = i < p.own_rows && lane < parts;
        float2 part = here ? __ldcg(row + (size_t)i * parts + lane) : make_float2(0, 0);
        float middle = sum_of_lanes(part.x) * share;
        float off = here ? part.x - middle : 0;
        float spread = sum_of_lanes(part.y + (float)MGK_SMALL_PART * off * off);
        if (here && lane == 0) {
            mean[i] = middle;
            rate[i] = rsqrtf(spread * share / MGK_SMALL_PART + t.epsilon);
        }
    }
}

/* Rows that are not normalised get what leaves them as they are. */
__device__ __forceinline__ void read_norm(const task &t, const place &p, const float2 *moments,
                                          uint32_t width, float *mean, float *rate) {
    if (moments) {
        read_moments(t, p, moments, width, mean, rate);
    } else if (threadIdx.x < MOST_ROWS) {
        mean[threadIdx.x] = 0;
        rate[threadIdx.x] = 1;
    }
}

__device__ __forceinline__ void read_columns(const task &t, const place &p, tile_edges &e) {
    uint32_t i = threadIdx.x, at = p.column + i;
    if (i >= COLUMNS) return;
    e.scale[i] = t.scale ? t.scale[at] : 1;
    e.bias[i] = t.bias ? t.bias[at] : 0;
    e.sums[i] = t.input_moments ? t.sums[at] : 0;
    e.gain[i] = t.residual_moments ? t.gain[at] : 1;
    e.shift[i] = t.residual_moments ? t.shift[at] : 0;
}

/* ---- finishing ---- */

struct vector {
    float x[4];
};

__device__ __forceinline__ float gelu(float x) { return 0.5f * x * (1 + erff(x * 0.70710678f)); }

/* (1 + tanh u) / 2 = 1 / (1 + exp(-2u)) */
__device__ __forceinline__ float gelu_tanh(float x) {
    return __fdividef(x, 1 + __expf(-1.5957691f * (x + 0.044715f * x * x * x)));
}

/* Keeps NaN, which a maximum would not. */
__device__ __forceinline__ float relu(float x) { return x < 0 ? 0 : x; }

template <float (*function)(float)> __device__ __forceinline__ void apply(vector *v) {
#pragma unroll
    for (float &x : v->x) x = function(x);
}

__device__ __forceinline__ void activate(mgk_cuda_activation activation, vector *v) {
    if (activation == MGK_CUDA_GELU) {
        apply<gelu>(v);
    } else if (activation == MGK_CUDA_GELU_TANH) {
        apply<gelu_tanh>(v);
    } else if (activation == MGK_CUDA_RELU) {
        apply<relu>(v);
    } else if (activation == MGK_CUDA_TANH) {
        apply<tanhf>(v);
    }
}

__device__ __forceinline__ uint32_t pack_pair(mgk_cuda_dtype type, float x, float y) {
    if (type == MGK_CUDA_F16) {
        __half2 pair = __floats2half2_rn(x, y);
        return *(uint32_t *)&pair;
    }
    __nv_bfloat162 pair = __floats2bfloat162_rn(x, y);
    return *(uint32_t *)&pair;
}

__device__ __forceinline__ float2 unpack_pair(mgk_cuda_dtype type, uint32_t word) {
    if (type == MGK_CUDA_F16) return __half22float2(*(__half2 *)&word);
    return __bfloat1622float2(*(__nv_bfloat162 *)&word);
}

__device__ __forceinline__ uint2 pack(mgk_cuda_dtype type, const vector &v) {
    return make_uint2(pack_pair(type, v.x[0], v.x[1]), pack_pair(type, v.x[2], v.x[3]));
}

__device__ __forceinline__ vector unpack(mgk_cuda_dtype type, uint2 words) {
    float2 low = unpack_pair(type, words.x), high = unpack_pair(type, words.y);
    return {low.x, low.y, high.x, high.y};
}

__device__ __forceinline__ uint32_t pack_e4m3(const vector &v, float scale) {
    uint32_t word = 0;
#pragma unroll
    for (uint32_t c = 0; c < 4; c++) {
        word |= (uint32_t)__nv_cvt_float_to_fp8(v.x[c] * scale, __NV_SATFINITE, __NV_E4M3) << 8 * c;
    }
    return word;
}

/* Where the four columns that this thread finishes lie in an output or residual. */
__device__ __forceinline__ size_t place_of_four(const task &t, const place &p, uint32_t i) {
    return (size_t)(p.row + p.own_row + i) * t.outputs + p.column + threadIdx.x % LANES * 4;
}

/* All partial sums of one row's four columns, in the blocks' order. */
__device__ __forceinline__ vector gather(const task &t, const place &p, uint32_t i) {
    uint32_t at = p.shared + t.partials_at + (i * PARTIAL + threadIdx.x % LANES * 4) * 4;
    float4 sum = load_shared4(at);
    for (uint32_t rank = 1; rank < p.split; rank++) {
        float4 more = load_shared4(at + rank * t.share * PARTIAL * 4);
        sum.x += more.x, sum.y += more.y, sum.z += more.z, sum.w += more.w;
    }
    return {sum.x, sum.y, sum.z, sum.w};
}

__device__ __forceinline__ vector finish(const task &t, const tile_edges &e, uint32_t i,
                                         const vector &sum, const vector &residual) {
    vector v;
    const uint32_t column = threadIdx.x % LANES * 4;
#pragma unroll
    for (uint32_t c = 0; c < 4; c++) {
        uint32_t at = column + c;
        float product = (sum.x[c] - e.mean[i] * e.sums[at]) * e.rate[i];
        v.x[c] = e.scale[at] * product + e.bias[at];
    }
    activate(t.activation, &v);
#pragma unroll
    for (uint32_t c = 0; c < 4; c++) {
        float kept = (residual.x[c] - e.residual_mean[i]) * e.residual_rate[i];
        v.x[c] += kept * e.gain[column + c] + e.shift[column + c];
    }
    return v;
}

/* Of 64 columns as they were rounded; every thread of the warp takes part. */
__device__ __forceinline__ void write_moments(const task &t, const place &p, uint32_t i,
                                              const vector &v) {
    float mean = sum_of_lanes(v.x[0] + v.x[1] + v.x[2] + v.x[3]) / (float)MGK_SMALL_PART;
    float spread = 0;
#pragma unroll
    for (uint32_t c = 0; c < 4; c++) spread += (v.x[c] - mean) * (v.x[c] - mean);
    spread = sum_of_lanes(spread);
    if (i < p.own_rows && threadIdx.x % LANES == 0) {
        t.output_moments[(size_t)(p.row + p.own_row + i) * (t.outputs / MGK_SMALL_PART) +
                         p.column / MGK_SMALL_PART] = make_float2(mean, spread);
    }
}

__device__ __forceinline__ void write(const task &t, const place &p, uint32_t i, const vector &v) {
    if (t.output_type == MGK_CUDA_E4M3) {
        uint32_t word = pack_e4m3(v, t.output_scale);
        if (i < p.own_rows) *(uint32_t *)(t.output + place_of_four(t, p, i)) = word;
        return;
    }
    uint2 words = pack(t.output_type, v);
    if (i < p.own_rows) *(uint2 *)(t.output + 2 * place_of_four(t, p, i)) = words;
    if (t.output_moments) write_moments(t, p, i, unpack(t.output_type, words));
}

/* The residual's rows that this block finishes, read long before they are wanted. */
struct residual_rows {
    uint2 words[PASSES];

    __device__ __forceinline__ void read(const task &t, const place &p) {
#pragma unroll
        for (uint32_t pass = 0; pass < PASSES; pass++) {
            uint32_t i = threadIdx.x / LANES + pass * STEP;
            words[pass] = make_uint2(0, 0); /* 0 in either 16-bit type */
            if (t.residual && i < p.own_rows) {
                words[pass] = __ldcg((const uint2 *)(t.residual + 2 * place_of_four(t, p, i)));
            }
        }
    }

    __device__ __forceinline__ uint2 next() {
        uint2 first = words[0];
#pragma unroll
        for (uint32_t pass = 1; pass < PASSES; pass++) words[pass - 1] = words[pass];
        return first;
    }
};

/* Not unrolled: most blocks come by once, and pay for every instruction that is fetched. */
__device__ __forceinline__ void finish_rows(const task &t, const place &p, const tile_edges &e,
                                            residual_rows residual) {
#pragma unroll 1
    for (uint32_t pass = 0; pass * STEP < p.own_rows; pass++) {
        uint32_t i = threadIdx.x / LANES + pass * STEP;
        vector sum = gather(t, p, min(i, p.own_rows - 1));
        write(t, p, i, finish(t, e, i, sum, unpack(t.output_type, residual.next())));
    }
}

/* ---- the kernel ---- */

__device__ __forceinline__ place find_place(const task &t, uint32_t shared, uint32_t received) {
    place p;
    p.split = gridDim.x;
    p.rank = blockIdx.x;
    p.column = blockIdx.y * COLUMNS;
    p.row = blockIdx.z * t.tile_rows;
    p.rows = min(t.rows - p.row, t.tile_rows);
    p.first = p.rank * t.blocks / p.split;
    p.count = (p.rank + 1) * t.blocks / p.split - p.first;
    p.own_row = min(p.rank * t.share, p.rows);
    p.own_rows = min(t.share, p.rows - p.own_row);
    p.shared = shared;
    p.input_block = t.tile_rows * BLOCK;
    p.received = received;
    return p;
}

/* A cluster's blocks tell each other that they run, and are ready to receive. */
__device__ __forceinline__ void begin_exchange(const place &p) {
    if (p.split == 1) return;
    if (threadIdx.x == 0) {
        begin_receiving(p.received, p.split * p.own_rows * COLUMNS * (uint32_t)sizeof(float));
    }
    cluster_arrive();
}

/* A tile's partial sums exchanged. A single block's lie where its inputs lay, so all must be done
 * with those. Nobody waits for having been read: a block ends when it has received all. */
template <typename multiplier>
__device__ __forceinline__ void exchange(const task &t, const place &p, multiplier &m) {
    if (p.split == 1) {
        __syncthreads();
        m.pass_on(t, p);
        __syncthreads();
    } else {
        cluster_wait();
        m.pass_on(t, p);
        wait_to_receive(p.received);
    }
}

template <mgk_cuda_dtype type, bool warpgroup>
__device__ __forceinline__ void run(const task &t, unsigned char *memory, tile_edges &e) {
    let_next_start();
    const uint32_t alignment = warpgroup ? SWIZZLE_ALIGNMENT : PLAIN_ALIGNMENT;
    const uint32_t shared = (shared_address(memory) + alignment - 1) / alignment * alignment;
    const place p = find_place(t, shared, shared_address(&e.received));
    begin_exchange(p);
    copy_first_weights(t, p);
    read_columns(t, p, e);
    wait_for_previous();

    copy_first_inputs(t, p);
    residual_rows residual;
    residual.read(t, p);
    read_norm(t, p, t.input_moments, t.inputs, e.mean, e.rate);
    read_norm(t, p, t.residual_moments, t.outputs, e.residual_mean, e.residual_rate);

    multiplier<type, warpgroup> m;
    m.begin();
    multiply_all(t, p, m);
    exchange(t, p, m);
    finish_rows(t, p, e, residual);
}

template <mgk_cuda_dtype type, bool warpgroup>
__global__ void __launch_bounds__(THREADS, 2) small_product(const __grid_constant__ task t) {
    if constexpr (has_body<type, warpgroup>()) {
        /* Static, so that the host can tell a body from an empty one: see prepare. */
        __shared__ tile_edges edges;
        extern __shared__ __align__(128) unsigned char memory[];
        run<type, warpgroup>(t, memory, edges);
    }
}

} // namespace

#endif
