/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as they lie in memory, to and from fp32. */
#ifndef MGI_BACKEND_CUDA_KERNELS_DTYPE_CUH
#define MGI_BACKEND_CUDA_KERNELS_DTYPE_CUH

#include "backend/cuda/kernels/dtype.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>
#include <stdint.h>

struct e4m3 {
    uint8_t bits;
};

__device__ __forceinline__ float to_float(float x) { return x; }
__device__ __forceinline__ float to_float(__half x) { return __half2float(x); }
__device__ __forceinline__ float to_float(__nv_bfloat16 x) { return __bfloat162float(x); }

template <typename T> __device__ __forceinline__ T from_float(float x);
template <> __device__ __forceinline__ float from_float<float>(float x) { return x; }
template <> __device__ __forceinline__ __half from_float<__half>(float x) {
    return __float2half_rn(x);
}
template <> __device__ __forceinline__ __nv_bfloat16 from_float<__nv_bfloat16>(float x) {
    return __float2bfloat16_rn(x);
}
template <> __device__ __forceinline__ e4m3 from_float<e4m3>(float x) {
    return e4m3{(uint8_t)__nv_cvt_float_to_fp8(x, __NV_SATFINITE, __NV_E4M3)};
}

/* Eight numbers at once: 16 bytes of halves. Pointers are aligned to 16 bytes (8 for fp8). */
__device__ __forceinline__ void load8(const float *from, float to[8]) {
    const float4 a = reinterpret_cast<const float4 *>(from)[0];
    const float4 b = reinterpret_cast<const float4 *>(from)[1];
    to[0] = a.x, to[1] = a.y, to[2] = a.z, to[3] = a.w;
    to[4] = b.x, to[5] = b.y, to[6] = b.z, to[7] = b.w;
}

__device__ __forceinline__ void load8(const __half *from, float to[8]) {
    const uint4 packed = *reinterpret_cast<const uint4 *>(from);
    const uint32_t words[4] = {packed.x, packed.y, packed.z, packed.w};
#pragma unroll
    for (int i = 0; i < 4; i++) {
        const float2 two = __half22float2(*reinterpret_cast<const __half2 *>(&words[i]));
        to[2 * i] = two.x, to[2 * i + 1] = two.y;
    }
}

__device__ __forceinline__ void load8(const __nv_bfloat16 *from, float to[8]) {
    const uint4 packed = *reinterpret_cast<const uint4 *>(from);
    const uint32_t words[4] = {packed.x, packed.y, packed.z, packed.w};
#pragma unroll
    for (int i = 0; i < 4; i++) {
        to[2 * i] = __uint_as_float(words[i] << 16);
        to[2 * i + 1] = __uint_as_float(words[i] & 0xffff0000u);
    }
}

/* Eight numbers on their way, as they lie in memory. */
template <typename T> struct eight {
    uint4 packed;

    __device__ __forceinline__ void load(const T *from) {
        packed = *reinterpret_cast<const uint4 *>(from);
    }
    __device__ __forceinline__ void unpack(float to[8]) const {
        load8(reinterpret_cast<const T *>(&packed), to);
    }
};

template <> struct eight<float> {
    float at[8];

    __device__ __forceinline__ void load(const float *from) { load8(from, at); }
    __device__ __forceinline__ void unpack(float to[8]) const {
#pragma unroll
        for (int i = 0; i < 8; i++) to[i] = at[i];
    }
};

__device__ __forceinline__ uint32_t pack2(float a, float b, __half) {
    const __half2 two = __floats2half2_rn(a, b);
    return *reinterpret_cast<const uint32_t *>(&two);
}

__device__ __forceinline__ uint32_t pack2(float a, float b, __nv_bfloat16) {
    const __nv_bfloat162 two = __floats2bfloat162_rn(a, b);
    return *reinterpret_cast<const uint32_t *>(&two);
}

__device__ __forceinline__ uint32_t pack4(float a, float b, float c, float d) {
    const uint32_t low = __nv_cvt_float2_to_fp8x2(make_float2(a, b), __NV_SATFINITE, __NV_E4M3);
    const uint32_t high = __nv_cvt_float2_to_fp8x2(make_float2(c, d), __NV_SATFINITE, __NV_E4M3);
    return low | high << 16;
}

__device__ __forceinline__ void store8(float *to, const float from[8]) {
    reinterpret_cast<float4 *>(to)[0] = make_float4(from[0], from[1], from[2], from[3]);
    reinterpret_cast<float4 *>(to)[1] = make_float4(from[4], from[5], from[6], from[7]);
}

template <typename Half> __device__ __forceinline__ void store8(Half *to, const float from[8]) {
    *reinterpret_cast<uint4 *>(to) =
        make_uint4(pack2(from[0], from[1], Half()), pack2(from[2], from[3], Half()),
                   pack2(from[4], from[5], Half()), pack2(from[6], from[7], Half()));
}

__device__ __forceinline__ void store8(e4m3 *to, const float from[8]) {
    *reinterpret_cast<uint2 *>(to) = make_uint2(pack4(from[0], from[1], from[2], from[3]),
                                                pack4(from[4], from[5], from[6], from[7]));
}

__device__ __forceinline__ uint32_t steps4(const float from[4]) {
    uint32_t packed = 0;
#pragma unroll
    for (int i = 0; i < 4; i++) {
        packed |= (uint32_t)(uint8_t)(int8_t)__float2int_rn(from[i]) << (8 * i);
    }
    return packed;
}

__device__ __forceinline__ void store8(int8_t *to, const float from[8]) {
    *reinterpret_cast<uint2 *>(to) = make_uint2(steps4(from), steps4(from + 4));
}

/* One number of a type that is known as the kernel runs. */
__device__ __forceinline__ float load_as(mgk_cuda_dtype type, const void *from, size_t at) {
    switch (type) {
    case MGK_CUDA_F16: return to_float(static_cast<const __half *>(from)[at]);
    case MGK_CUDA_BF16: return to_float(static_cast<const __nv_bfloat16 *>(from)[at]);
    default: return static_cast<const float *>(from)[at];
    }
}

__device__ __forceinline__ void store_as(mgk_cuda_dtype type, void *to, size_t at, float x) {
    switch (type) {
    case MGK_CUDA_F16: static_cast<__half *>(to)[at] = from_float<__half>(x); break;
    case MGK_CUDA_BF16: static_cast<__nv_bfloat16 *>(to)[at] = from_float<__nv_bfloat16>(x); break;
    case MGK_CUDA_E4M3: static_cast<e4m3 *>(to)[at] = from_float<e4m3>(x); break;
    default: static_cast<float *>(to)[at] = x; break;
    }
}

/* As fmaxf, but what is no number stays none: int8 has no NaN, so a row's scale must carry it. */
__device__ __forceinline__ float larger(float a, float b) { return a > b || a != a ? a : b; }

/* ---- over a warp ---- */

__device__ __forceinline__ float warp_sum(float x) {
#pragma unroll
    for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
    return x;
}

__device__ __forceinline__ float warp_max(float x) {
#pragma unroll
    for (int step = 16; step > 0; step /= 2) x = larger(x, __shfl_xor_sync(0xffffffffu, x, step));
    return x;
}

/* A row of all zeros is quantised with any scale; one with NaN or infinity gives NaN again. */
__device__ __forceinline__ float steps_of(float largest) {
    return largest == 0 ? 1.0f : 127.0f / largest;
}

#endif
