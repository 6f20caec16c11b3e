/* Matrices as Hopper's copy engine is told of them. */
#ifndef MGI_BACKEND_CUDA_TENSOR_MAP_CUH
#define MGI_BACKEND_CUDA_TENSOR_MAP_CUH

#include "backend/cuda/kernels.h"

#include <cuda.h>
#include <cuda_runtime.h>

namespace sm90 {

enum : uint32_t { STEP_BYTES = 128 /* of a row, copied and multiplied at a time */ };

using encoder = CUresult (*)(CUtensorMap *, CUtensorMapDataType, cuuint32_t, void *,
                             const cuuint64_t *, const cuuint64_t *, const cuuint32_t *,
                             const cuuint32_t *, CUtensorMapInterleave, CUtensorMapSwizzle,
                             CUtensorMapL2promotion, CUtensorMapFloatOOBfill);

/* The driver's own function, so that nothing is linked with it. */
inline encoder find_encoder() {
    void *found = nullptr;
    cudaDriverEntryPointQueryResult result = cudaDriverEntryPointSymbolNotFound;
#if CUDART_VERSION >= 12050
    const cudaError_t code = cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &found,
                                                              12000, cudaEnableDefault, &result);
#else
    const cudaError_t code =
        cudaGetDriverEntryPoint("cuTensorMapEncodeTiled", &found, cudaEnableDefault, &result);
#endif
    if (code != cudaSuccess || result != cudaDriverEntryPointSuccess) return nullptr;
    return (encoder)found;
}

inline uint32_t number_bytes(mgk_cuda_type type) { return type == MGK_CUDA_E4M3 ? 1 : 2; }

/* A dense matrix of F16, BF16 or E4M3 in boxes of `box_rows` rows by STEP_BYTES, swizzled; what
 * lies outside reads as 0. */
inline bool encode_map(encoder encode_tiled, mgk_cuda_type number, const void *matrix,
                       uint32_t rows, uint32_t width, uint32_t box_rows, CUtensorMap *map) {
    const CUtensorMapDataType type = number == MGK_CUDA_BF16  ? CU_TENSOR_MAP_DATA_TYPE_BFLOAT16
                                     : number == MGK_CUDA_F16 ? CU_TENSOR_MAP_DATA_TYPE_FLOAT16
                                                              : CU_TENSOR_MAP_DATA_TYPE_UINT8;
    const uint32_t bytes = number_bytes(number);
    const cuuint64_t sizes[2] = {width, rows}, strides[1] = {(cuuint64_t)width * bytes};
    const cuuint32_t box[2] = {STEP_BYTES / bytes, box_rows}, apart[2] = {1, 1};
    return encode_tiled(map, type, 2, const_cast<void *>(matrix), sizes, strides, box, apart,
                        CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                        CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                        CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) == CUDA_SUCCESS;
}

} // namespace sm90

#endif
