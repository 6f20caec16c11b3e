/* Tensor cores by the warp, as every card since 8.0 has them, for heads of 64 numbers. */
#ifndef MGI_BACKEND_CUDA_TENSOR_CORES_CUH
#define MGI_BACKEND_CUDA_TENSOR_CORES_CUH

#include "backend/cuda/numbers.cuh"

enum { HEAD = 64, ROW_BYTES = HEAD * 2 };

/* Sixteen-byte pieces of a row change places with the row's number: ldmatrix then meets all banks.
 */
__device__ __forceinline__ uint32_t place_of(uint32_t row, uint32_t piece) {
    return row * ROW_BYTES + ((piece ^ (row & 7)) << 4);
}

__device__ __forceinline__ uint32_t shared_address(const void *pointer) {
    return (uint32_t)__cvta_generic_to_shared(pointer);
}

__device__ __forceinline__ void load_matrices(uint32_t at, uint32_t to[4]) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 750
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(at)
                 : "memory");
#endif
}

__device__ __forceinline__ void load_transposed(uint32_t at, uint32_t to[4]) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 750
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(at)
                 : "memory");
#endif
}

/* sums += a b: 16 x 16 by 16 x 8. */
__device__ __forceinline__ void multiply(float sums[4], const uint32_t a[4], uint32_t b0,
                                         uint32_t b1, __half) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, "
                 "{%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#endif
}

__device__ __forceinline__ void multiply(float sums[4], const uint32_t a[4], uint32_t b0,
                                         uint32_t b1, __nv_bfloat16) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, "
                 "{%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#endif
}

__device__ __forceinline__ void store_two(__half *to, float a, float b) {
    *reinterpret_cast<uint32_t *>(to) = pack2(a, b, __half());
}
__device__ __forceinline__ void store_two(__nv_bfloat16 *to, float a, float b) {
    *reinterpret_cast<uint32_t *>(to) = pack2(a, b, __nv_bfloat16());
}
__device__ __forceinline__ void store_two(e4m3 *to, float a, float b) {
    *reinterpret_cast<uint16_t *>(to) =
        (uint16_t)__nv_cvt_float2_to_fp8x2(make_float2(a, b), __NV_SATFINITE, __NV_E4M3);
}

#endif
