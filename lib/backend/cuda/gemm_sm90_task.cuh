/* What a kernel of gemm_sm90_kernel.cuh is told, and how it divides its shared memory. */
#ifndef MGI_BACKEND_CUDA_GEMM_SM90_TASK_CUH
#define MGI_BACKEND_CUDA_GEMM_SM90_TASK_CUH

#include "backend/cuda/gemm_sm90.h"

#include <cuda.h>
#include <stdint.h>

namespace sm90 {

enum : uint32_t {
    TILE_ROWS = 128,
    STEP_BYTES = 128, /* along K, in a stage */
    PRODUCTS = 4,     /* of 32 bytes along K, in a step */
    WARPGROUP = 128,
    MULTIPLIERS = 2, /* warpgroups */
    THREADS = (MULTIPLIERS + 1) * WARPGROUP,
    MULTIPLIER_WARPS = MULTIPLIERS * WARPGROUP / 32,
    INPUT_BYTES = TILE_ROWS * STEP_BYTES,
    STAGING_BYTES = 2048, /* of one warp */
    WARP_ROWS = 16,
    MOST_TERMS = 9,
    MOST_VECTORS = 3, /* numbers of each column that stand behind a product */
    ALIGNMENT = 1024
};

/* LayerNorm, as in mgk_sm90_norm. */
struct norm_task {
    const float2 *moments;
    float2 *written;
    const unsigned char *residual;
    unsigned char *narrow;
    const float *gain, *output_gain; /* [outputs] */
    uint32_t stride, written_stride, parts;
    float share; /* 1 / width */
    float eps, step, narrow_scale;
};

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
    norm_task norm;
};

/* Where things lie in shared memory. */
template <uint32_t tile_outputs> struct layout {
    static constexpr uint32_t stages = tile_outputs == 256 ? 4 : tile_outputs == 192 ? 5 : 6;
    static constexpr uint32_t weight_bytes = tile_outputs * STEP_BYTES;
    static constexpr uint32_t stage_bytes = INPUT_BYTES + weight_bytes;
    static constexpr uint32_t vector_bytes = tile_outputs * sizeof(float);
    static constexpr uint32_t column_bytes = MOST_VECTORS * vector_bytes;
    static constexpr uint32_t weights = stages * INPUT_BYTES;
    static constexpr uint32_t staging = stages * stage_bytes;
    static constexpr uint32_t columns = staging + MULTIPLIER_WARPS * STAGING_BYTES;
    static constexpr uint32_t barriers = columns + MULTIPLIERS * 2 * column_bytes;
    static constexpr uint32_t bytes = barriers + 3 * stages * 8 + ALIGNMENT;
    static_assert(bytes <= 232448, "more than a multiprocessor has");
    static_assert(weight_bytes / 2 % ALIGNMENT == 0, "half tiles keep the swizzle");
};

} // namespace sm90

#endif
