/* SPDX-License-Identifier: Apache-2.0 */
/* Hopper's instructions for matrix products: barriers in shared memory, bulk tensor copies,
 * warpgroup products. Addresses are those of the shared window unless said otherwise. */
#ifndef MGI_BACKEND_CUDA_KERNELS_GEMM_SM90_DEVICE_CUH
#define MGI_BACKEND_CUDA_KERNELS_GEMM_SM90_DEVICE_CUH

#include "backend/cuda/kernels/dtype.cuh"

#include <cuda.h>
#include <stdint.h>

namespace sm90 {

/* ---- barriers ---- */

__device__ __forceinline__ void barrier_init(uint32_t barrier, uint32_t arrivals) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals)
                 : "memory");
}

/* Makes initialised barriers known to the copy engine and to the other blocks of the cluster. */
__device__ __forceinline__ void barrier_init_done() {
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

__device__ __forceinline__ void barrier_expect(uint32_t barrier, uint32_t bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes)
                 : "memory");
}

__device__ __forceinline__ void barrier_arrive(uint32_t barrier) {
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}

/* On the barrier at the same place in a block of the cluster, which may be this one. It orders no
 * writes of this thread among blocks: only reads of the tensor cores, which have ended, stand
 * before it. */
__device__ __forceinline__ void barrier_arrive_at(uint32_t barrier, uint32_t block) {
    asm volatile("{\n"
                 ".reg .b32 there;\n"
                 "mapa.shared::cluster.u32 there, %0, %1;\n"
                 "mbarrier.arrive.shared::cluster.b64 _, [there];\n"
                 "}" ::"r"(barrier),
                 "r"(block)
                 : "memory");
}

__device__ __forceinline__ bool barrier_passed(uint32_t barrier, uint32_t parity) {
    uint32_t passed;
    asm volatile("{\n"
                 ".reg .pred p;\n"
                 "mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n"
                 "selp.u32 %0, 1, 0, p;\n"
                 "}"
                 : "=r"(passed)
                 : "r"(barrier), "r"(parity)
                 : "memory");
    return passed != 0;
}

/* Waits until the barrier's phase of that parity has ended. MGK_GEMM_SM90_WATCHDOG, for trials:
 * after that many nanoseconds the kernel is wrong, and ends. */
__device__ __forceinline__ void barrier_wait(uint32_t barrier, uint32_t parity) {
#ifdef MGK_GEMM_SM90_WATCHDOG
    uint64_t begin = 0, now;
    while (!barrier_passed(barrier, parity)) {
        asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
        if (begin == 0) begin = now;
        if (now - begin > MGK_GEMM_SM90_WATCHDOG) __trap();
    }
#else
    while (!barrier_passed(barrier, parity)) continue;
#endif
}

/* The 128 threads of one warpgroup. */
__device__ __forceinline__ void warpgroup_sync(uint32_t warpgroup) {
    asm volatile("bar.sync %0, 128;" ::"r"(1 + warpgroup) : "memory");
}

/* Every thread of the cluster has come here; orders no ordinary writes. */
__device__ __forceinline__ void cluster_sync() {
    asm volatile("barrier.cluster.arrive.relaxed;\n"
                 "barrier.cluster.wait;" ::
                     : "memory");
}

__device__ __forceinline__ uint32_t cluster_rank() {
    uint32_t rank;
    asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
}

/* ---- copies of tiles ---- */

__device__ __forceinline__ void prefetch_map(const CUtensorMap *map) {
    asm volatile("prefetch.tensormap [%0];" ::"l"(map) : "memory");
}

/* The box at (column, row) of the map's matrix; its bytes count on the barrier. */
__device__ __forceinline__ void copy_tile(uint32_t to, const CUtensorMap *map, uint32_t column,
                                          uint32_t row, uint32_t barrier) {
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes"
                 " [%0], [%1, {%2, %3}], [%4];" ::"r"(to),
                 "l"(map), "r"(column), "r"(row), "r"(barrier)
                 : "memory");
}

/* The same into every block of the cluster that has a bit in `blocks`, at the same places. */
__device__ __forceinline__ void copy_tile_to(uint32_t to, const CUtensorMap *map, uint32_t column,
                                             uint32_t row, uint32_t barrier, uint16_t blocks) {
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes"
                 ".multicast::cluster [%0], [%1, {%2, %3}], [%4], %5;" ::"r"(to),
                 "l"(map), "r"(column), "r"(row), "r"(barrier), "h"(blocks)
                 : "memory");
}

/* `bytes` of memory, a multiple of 16 as both addresses are; they count on the barrier. */
__device__ __forceinline__ void copy_bytes(uint32_t to, const void *from, uint32_t bytes,
                                           uint32_t barrier) {
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes"
                 " [%0], [%1], %2, [%3];" ::"r"(to),
                 "l"(from), "r"(bytes), "r"(barrier)
                 : "memory");
}

/* ---- shared memory ---- */

__device__ __forceinline__ void store_matrices(uint32_t to, const uint32_t *words) {
    asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(to),
                 "r"(words[0]), "r"(words[1]), "r"(words[2]), "r"(words[3])
                 : "memory");
}

__device__ __forceinline__ uint4 load_words(uint32_t from) {
    uint4 w;
    asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(w.x), "=r"(w.y), "=r"(w.z), "=r"(w.w)
                 : "r"(from)
                 : "memory");
    return w;
}

/* Where 16 bytes of a row of 64 or 128 bytes lie, so that no banks conflict along rows or across
 * them; of 128 as the copy engine swizzles them. */
template <uint32_t row_bytes>
__device__ __forceinline__ uint32_t chunk_at(uint32_t row, uint32_t chunk) {
    const uint32_t key = row_bytes == 128 ? row % 8 : row / 2 % 4;
    return row * row_bytes + ((chunk ^ key) << 4);
}

/* 16 numbers of one byte each, stored as a thread has them (columns 2t, 2t + 1, 2t + 8 and 2t + 9
 * next to each other), by their columns; others as they are. */
template <typename Number> __device__ __forceinline__ uint4 in_order(uint4 w) {
    if constexpr (sizeof(Number) == 1) {
        return make_uint4(__byte_perm(w.x, w.y, 0x5410), __byte_perm(w.z, w.w, 0x5410),
                          __byte_perm(w.x, w.y, 0x7632), __byte_perm(w.z, w.w, 0x7632));
    } else {
        return w;
    }
}

/* ---- products ---- */

template <uint32_t count> __device__ __forceinline__ void set_more_registers() {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(count));
}

template <uint32_t count> __device__ __forceinline__ void set_fewer_registers() {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(count));
}

__device__ __forceinline__ void product_begin() {
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

__device__ __forceinline__ void product_commit() {
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

/* Waits until at most `groups` committed groups are still under way. */
template <int groups> __device__ __forceinline__ void product_wait() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(groups) : "memory");
}

/* What threads have written to shared memory is there for products. */
__device__ __forceinline__ void share_writes() {
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

/* Nothing may read the sums before this point, or write them after it. */
template <int count> __device__ __forceinline__ void product_pin(float (&sums)[count]) {
#pragma unroll
    for (int i = 0; i < count; i++) asm volatile("" : "+f"(sums[i])::"memory");
}

/* What the tensor cores are told of a tile: rows of 128 bytes, swizzled, 8 of them in 1,024 bytes
 * at a multiple of 1,024. Steps along a row add to the address. */
__device__ __forceinline__ uint64_t tile_descriptor(uint32_t address) {
    const uint64_t swizzle_128 = 1ull << 62, eight_rows = 1024ull >> 4, leading = 1;
    return swizzle_128 | eight_rows << 32 | leading << 16 | ((address & 0x3ffff) >> 4);
}

/* sums[64, N] (+)= a[64, 32 bytes] · b[N, 32 bytes]^T. Of the sums a thread holds, for every 8
 * columns, columns 2t and 2t + 1 of row r, then of row r + 8, where r = lane / 4 in the warp's 16
 * rows and t = lane % 4. */
template <typename Number, int N> struct warpgroup_product;

#define MGK_SUMS8(d, i)                                                                            \
    "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]),    \
        "+f"(d[i + 6]), "+f"(d[i + 7])
#define MGK_SUMS32_FROM(d, i)                                                                      \
    MGK_SUMS8(d, i), MGK_SUMS8(d, i + 8), MGK_SUMS8(d, i + 16), MGK_SUMS8(d, i + 24)
#define MGK_SUMS32(d) MGK_SUMS32_FROM(d, 0)
#define MGK_SUMS48(d) MGK_SUMS32(d), MGK_SUMS8(d, 32), MGK_SUMS8(d, 40)
#define MGK_SUMS64(d) MGK_SUMS32_FROM(d, 0), MGK_SUMS32_FROM(d, 32)
#define MGK_SUMS96(d) MGK_SUMS64(d), MGK_SUMS32_FROM(d, 64)
#define MGK_SUMS128(d) MGK_SUMS96(d), MGK_SUMS32_FROM(d, 96)

#define MGK_NAMES32                                                                                \
    "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, "   \
    "%20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define MGK_NAMES48                                                                                \
    MGK_NAMES32                                                                                    \
    ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47"
#define MGK_NAMES64                                                                                \
    MGK_NAMES48                                                                                    \
    ", %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define MGK_NAMES96                                                                                \
    MGK_NAMES64                                                                                    \
    ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, " \
    "%82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95"
#define MGK_NAMES128                                                                               \
    MGK_NAMES96                                                                                    \
    ", %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, "     \
    "%111, %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, "   \
    "%126, %127"

#define MGK_PRODUCT(Number, N, KIND, TAIL, HALF, A, B, P)                                          \
    template <> struct warpgroup_product<Number, N> {                                              \
        static __device__ __forceinline__ void add(float (&d)[HALF], uint64_t a, uint64_t b,       \
                                                   bool accumulate) {                              \
            asm volatile("{\n"                                                                     \
                         ".reg .pred p;\n"                                                         \
                         "setp.ne.b32 p, " P ", 0;\n"                                              \
                         "wgmma.mma_async.sync.aligned.m64n" #N KIND " {" MGK_NAMES##HALF          \
                         "}, " A ", " B ", p, " TAIL ";\n"                                         \
                         "}"                                                                       \
                         : MGK_SUMS##HALF(d)                                                       \
                         : "l"(a), "l"(b), "r"((uint32_t)accumulate));                             \
        }                                                                                          \
    };
#define MGK_PRODUCTS(Number, KIND, TAIL)                                                           \
    MGK_PRODUCT(Number, 128, KIND, TAIL, 64, "%64", "%65", "%66")                                  \
    MGK_PRODUCT(Number, 192, KIND, TAIL, 96, "%96", "%97", "%98")                                  \
    MGK_PRODUCT(Number, 256, KIND, TAIL, 128, "%128", "%129", "%130")

/* sums[64, N] (+)= a[64, 16 halves] · b^T with a in registers. A thread holds of a's 16 rows of its
 * warp columns 2t and 2t + 1 of row r, then of row r + 8, then the same of the next 8 columns: as
 * sums lie. b is [N, 16]; `by_column`: [16, N] in rows of 128 bytes. */
template <typename Half, int N, bool by_column> struct held_product;

#define MGK_HELD(Half, KIND, N, HALF, BY_COLUMN, TRANSPOSED, A0, A1, A2, A3, B, P)                 \
    template <> struct held_product<Half, N, BY_COLUMN> {                                          \
        static __device__ __forceinline__ void add(float (&d)[HALF], const uint32_t (&a)[4],       \
                                                   uint64_t b, bool accumulate) {                  \
            asm volatile("{\n"                                                                     \
                         ".reg .pred p;\n"                                                         \
                         "setp.ne.b32 p, " P ", 0;\n"                                              \
                         "wgmma.mma_async.sync.aligned.m64n" #N "k16.f32." KIND "." KIND           \
                         " {" MGK_NAMES##HALF "}, {" A0 ", " A1 ", " A2 ", " A3 "}, " B            \
                                              ", p, 1, 1, " TRANSPOSED ";\n"                       \
                                              "}"                                                  \
                         : MGK_SUMS##HALF(d)                                                       \
                         : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b),                     \
                           "r"((uint32_t)accumulate));                                             \
        }                                                                                          \
    };
#define MGK_HELDS(Half, KIND)                                                                      \
    MGK_HELD(Half, KIND, 128, 64, false, "0", "%64", "%65", "%66", "%67", "%68", "%69")            \
    MGK_HELD(Half, KIND, 96, 48, false, "0", "%48", "%49", "%50", "%51", "%52", "%53")             \
    MGK_HELD(Half, KIND, 64, 32, true, "1", "%32", "%33", "%34", "%35", "%36", "%37")
MGK_HELDS(__nv_bfloat16, "bf16")
MGK_HELDS(__half, "f16")

MGK_PRODUCTS(__nv_bfloat16, "k16.f32.bf16.bf16", "1, 1, 0, 0")
MGK_PRODUCTS(__half, "k16.f32.f16.f16", "1, 1, 0, 0")
MGK_PRODUCTS(e4m3, "k32.f32.e4m3.e4m3", "1, 1")

} // namespace sm90

#endif
