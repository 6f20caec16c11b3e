/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for Hopper as the host sees them: their matrices, their clusters, their launches. */
#ifndef MGI_BACKEND_CUDA_KERNELS_SM90_HOST_CUH
#define MGI_BACKEND_CUDA_KERNELS_SM90_HOST_CUH

#include "backend/cuda/kernels/launch.cuh"

#include <cuda.h>
#include <cuda_runtime.h>

namespace sm90 {

enum : uint32_t { STEP_BYTES = 128 /* of a row, copied and multiplied at a time */ };

/* ---- matrices ---- */

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

inline uint32_t number_bytes(mgk_cuda_dtype type) { return type == MGK_CUDA_E4M3 ? 1 : 2; }

/* A dense matrix of F16, BF16 or E4M3 in boxes of `box_rows` rows by STEP_BYTES, swizzled; what
 * lies outside reads as 0. */
inline bool encode_map(encoder encode_tiled, mgk_cuda_dtype number, const void *matrix,
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

/* ---- launches ---- */

/* Blocks in clusters, with more shared memory than a kernel gets unasked. */
struct shape {
    uint32_t threads, cluster; /* of a block, blocks */
    uint32_t shared;           /* bytes */
};

template <typename Kernel> int allow_shared(Kernel kernel, const shape &s) {
    const cudaError_t code =
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)s.shared);
    return code != cudaSuccess ? (int)code : keep_carveout(kernel);
}

inline void describe_launch(cudaLaunchConfig_t *config, cudaLaunchAttribute attributes[2],
                            const shape &s, uint32_t clusters, bool dependent) {
    *config = {};
    config->gridDim = dim3(clusters * s.cluster);
    config->blockDim = dim3(s.threads);
    config->dynamicSmemBytes = s.shared;
    config->attrs = attributes;
    if (s.cluster > 1) {
        cudaLaunchAttribute *a = &attributes[config->numAttrs++];
        a->id = cudaLaunchAttributeClusterDimension;
        a->val.clusterDim.x = s.cluster;
        a->val.clusterDim.y = a->val.clusterDim.z = 1;
    }
    if (dependent) {
        cudaLaunchAttribute *a = &attributes[config->numAttrs++];
        a->id = cudaLaunchAttributeProgrammaticStreamSerialization;
        a->val.programmaticStreamSerializationAllowed = 1;
    }
}

/* What a build for another card leaves of a kernel needs very few registers. */
template <typename Kernel> bool is_real(Kernel kernel) {
    cudaFuncAttributes attributes;
    return cudaFuncGetAttributes(&attributes, kernel) == cudaSuccess && attributes.numRegs > 64;
}

/* Clusters that run at once on the current device; 0: none, for whatever reason. */
template <typename Kernel> uint32_t count_clusters(Kernel kernel, const shape &s) {
    int device = 0, major = 0, minor = 0, clusters = 0;
    cudaLaunchConfig_t config;
    cudaLaunchAttribute attributes[2] = {};
    if (cudaGetDevice(&device) != cudaSuccess) return 0;
    cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
    cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
    if (major != 9 || minor != 0 || !is_real(kernel) || allow_shared(kernel, s) != 0) return 0;
    describe_launch(&config, attributes, s, 1, false);
    if (cudaOccupancyMaxActiveClusters(&clusters, kernel, &config) == cudaSuccess) {
        return (uint32_t)clusters;
    }
    (void)cudaGetLastError();
    return 0;
}

inline bool is_aligned(const void *p) { return (uintptr_t)p % 16 == 0; }

} // namespace sm90

#endif
