/* SPDX-License-Identifier: Apache-2.0 */
/* Hopper's and older instructions that products of a few rows are made of. */
#ifndef MGI_BACKEND_CUDA_KERNELS_GEMM_SMALL_DEVICE_CUH
#define MGI_BACKEND_CUDA_KERNELS_GEMM_SMALL_DEVICE_CUH

#include "backend/cuda/kernels/gemm.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>
#include <cuda_runtime.h>

/* Where a body is left out, what it calls is unused. */
#pragma nv_diag_suppress 177

namespace {

/* ---- instructions ---- */

__device__ __forceinline__ uint32_t shared_address(const void *p) {
    return (uint32_t)__cvta_generic_to_shared(p);
}

__device__ __forceinline__ void let_next_start() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

__device__ __forceinline__ void wait_for_previous() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/* Says that this block runs; orders nothing but barriers' beginnings. */
__device__ __forceinline__ void cluster_arrive() {
#if __CUDA_ARCH__ >= 900
    asm volatile("barrier.cluster.arrive.relaxed;" ::: "memory");
#endif
}

__device__ __forceinline__ void cluster_wait() {
#if __CUDA_ARCH__ >= 900
    asm volatile("barrier.cluster.wait.acquire;" ::: "memory");
#endif
}

/* A barrier that opens when that many bytes have been sent to this block. */
__device__ __forceinline__ void begin_receiving(uint32_t barrier, uint32_t bytes) {
#if __CUDA_ARCH__ >= 900
    asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;\n"
                 "fence.mbarrier_init.release.cluster;\n"
                 "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier),
                 "r"(bytes)
                 : "memory");
#endif
}

__device__ __forceinline__ void wait_to_receive(uint32_t barrier) {
#if __CUDA_ARCH__ >= 900
    uint32_t open = 0;
    while (!open) {
        asm volatile("{\n"
                     ".reg .pred open;\n"
                     "mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 open, [%1], 0;\n"
                     "selp.u32 %0, 1, 0, open;\n"
                     "}"
                     : "=r"(open)
                     : "r"(barrier)
                     : "memory");
    }
#endif
}

/* The cluster's address of what lies at `address` in another of its blocks. */
__device__ __forceinline__ uint32_t address_at(uint32_t address, uint32_t rank) {
#if __CUDA_ARCH__ >= 900
    uint32_t there;
    asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(there) : "r"(address), "r"(rank));
    return there;
#else
    (void)rank;
    return address;
#endif
}

/* To a block of the cluster, itself or another, and its barrier. */
__device__ __forceinline__ void send_pair(uint32_t to, float x, float y, uint32_t barrier) {
#if __CUDA_ARCH__ >= 900
    asm volatile("st.async.shared::cluster.mbarrier::complete_tx::bytes.v2.f32 "
                 "[%0], {%1, %2}, [%3];" ::"r"(to),
                 "f"(x), "f"(y), "r"(barrier)
                 : "memory");
#endif
}

__device__ __forceinline__ void store_pair(uint32_t to, float x, float y) {
    asm volatile("st.shared.v2.f32 [%0], {%1, %2};" ::"r"(to), "f"(x), "f"(y) : "memory");
}

__device__ __forceinline__ float4 load_shared4(uint32_t from) {
    float4 x;
    asm volatile("ld.shared.v4.f32 {%0, %1, %2, %3}, [%4];"
                 : "=f"(x.x), "=f"(x.y), "=f"(x.z), "=f"(x.w)
                 : "r"(from)
                 : "memory");
    return x;
}

/* Reads past the first-level cache, which may hold what was there before an earlier kernel. */
__device__ __forceinline__ void copy_chunk(uint32_t to, const unsigned char *from) {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16;" ::"r"(to), "l"(from)
                 : "memory");
#endif
}

__device__ __forceinline__ void commit_copies() {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

template <uint32_t pending> __device__ __forceinline__ void wait_for_copies() {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
#endif
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

#define MGK_MMA(shape_and_types)                                                                   \
    asm volatile("mma.sync.aligned." shape_and_types                                               \
                 " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"                \
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])                                  \
                 : "r"(a.word[0]), "r"(a.word[1]), "r"(a.word[2]), "r"(a.word[3]), "r"(b0),        \
                   "r"(b1))

/* d[16, 8] += a[16, 32 bytes] b[8, 32 bytes]ᵀ */
template <mgk_cuda_dtype type>
__device__ __forceinline__ void multiply_step(float (&d)[4], const fragment &a, uint32_t b0,
                                              uint32_t b1) {
    if constexpr (type == MGK_CUDA_F16) {
        MGK_MMA("m16n8k16.row.col.f32.f16.f16.f32");
    } else if constexpr (type == MGK_CUDA_BF16) {
        MGK_MMA("m16n8k16.row.col.f32.bf16.bf16.f32");
    } else {
        MGK_MMA("m16n8k32.row.col.f32.e4m3.e4m3.f32");
    }
}

#define MGK_FOUR(s, j) "+f"(s[j][0]), "+f"(s[j][1]), "+f"(s[j][2]), "+f"(s[j][3])
#define MGK_SUMS(s)                                                                                \
    MGK_FOUR(s, 0), MGK_FOUR(s, 1), MGK_FOUR(s, 2), MGK_FOUR(s, 3), MGK_FOUR(s, 4),                \
        MGK_FOUR(s, 5), MGK_FOUR(s, 6), MGK_FOUR(s, 7)
#define MGK_WGMMA(shape_and_types, transposes)                                                     \
    asm volatile("{\n"                                                                             \
                 ".reg .pred add;\n"                                                               \
                 "setp.ne.b32 add, 1, 0;\n"                                                        \
                 "wgmma.mma_async.sync.aligned." shape_and_types " "                               \
                 "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "         \
                 "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, "     \
                 "%31}, %32, %33, add, 1, 1" transposes ";\n"                                      \
                 "}\n"                                                                             \
                 : MGK_SUMS(d)                                                                     \
                 : "l"(a), "l"(b))

/* d[64, 64] += a[64, 32 bytes] b[64, 32 bytes]ᵀ, both told by descriptors; done later. */
template <mgk_cuda_dtype type>
__device__ __forceinline__ void multiply_step(float (&d)[8][4], uint64_t a, uint64_t b) {
    if constexpr (type == MGK_CUDA_F16) {
        MGK_WGMMA("m64n64k16.f32.f16.f16", ", 0, 0");
    } else if constexpr (type == MGK_CUDA_BF16) {
        MGK_WGMMA("m64n64k16.f32.bf16.bf16", ", 0, 0");
    } else {
        MGK_WGMMA("m64n64k32.f32.e4m3.e4m3", "");
    }
}

} // namespace

#endif
