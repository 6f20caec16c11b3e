/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of every type on the device, for the programs that measure one product. */
#ifndef BENCHMARKS_GPU_GEMM_NUMBERS_CUH
#define BENCHMARKS_GPU_GEMM_NUMBERS_CUH

#include "backend/cuda/kernels/dtype.h"

#include <cstdio>
#include <cstdlib>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>
#include <cuda_runtime.h>

#define CHECK(call)                                                                                \
    do {                                                                                           \
        const int status_ = (int)(call);                                                           \
        if (status_) {                                                                             \
            printf("%s:%d: %s: %d %s\n", __FILE__, __LINE__, #call, status_,                       \
                   cudaGetErrorString((cudaError_t)status_));                                      \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

inline __host__ __device__ size_t size_of(mgk_cuda_dtype type) {
    return type == MGK_CUDA_F32 ? 4 : type == MGK_CUDA_E4M3 ? 1 : 2;
}
inline const char *name_of(mgk_cuda_dtype type) {
    return type == MGK_CUDA_F16 ? "f16" : type == MGK_CUDA_BF16 ? "bf16" : "e4m3";
}

__device__ inline float number(mgk_cuda_dtype type, const void *p, size_t i) {
    switch (type) {
    case MGK_CUDA_F16: return __half2float(((const __half *)p)[i]);
    case MGK_CUDA_BF16: return __bfloat162float(((const __nv_bfloat16 *)p)[i]);
    case MGK_CUDA_E4M3:
        return __half2float(
            __half(__nv_cvt_fp8_to_halfraw(((const __nv_fp8_storage_t *)p)[i], __NV_E4M3)));
    default: return ((const float *)p)[i];
    }
}

__device__ inline void set_number(mgk_cuda_dtype type, void *p, size_t i, float x) {
    switch (type) {
    case MGK_CUDA_F16: ((__half *)p)[i] = __float2half_rn(x); break;
    case MGK_CUDA_BF16: ((__nv_bfloat16 *)p)[i] = __float2bfloat16_rn(x); break;
    case MGK_CUDA_E4M3:
        ((__nv_fp8_storage_t *)p)[i] = __nv_cvt_float_to_fp8(x, __NV_SATFINITE, __NV_E4M3);
        break;
    default: ((float *)p)[i] = x; break;
    }
}

#endif
