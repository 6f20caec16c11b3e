/* SPDX-License-Identifier: Apache-2.0 */
/* How our kernels are launched, and how they wait for the one before them. */
#ifndef MGI_BACKEND_CUDA_KERNELS_LAUNCH_CUH
#define MGI_BACKEND_CUDA_KERNELS_LAUNCH_CUH

#include "backend/cuda/kernels/batch.h"

#include <cuda_runtime.h>

/* A multiprocessor changes what it sets aside as shared memory only when it is empty: kernels that
 * are to overlap all ask for the most. */
template <typename Kernel> static int keep_carveout(Kernel kernel) {
    return (int)cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout,
                                     cudaSharedmemCarveoutMaxShared);
}

/* Launches; `dependent`: the kernel may begin while the one before it still runs (needs 9.0). */
template <typename... Parameters, typename... Arguments>
static int launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared,
                  cudaStream_t stream, bool dependent, Arguments... arguments) {
    if (dependent) {
        const int code = keep_carveout(kernel);
        if (code != 0) return code;
    }
    cudaLaunchAttribute attribute = {};
    attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attribute.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = shared;
    config.stream = stream;
    config.attrs = &attribute;
    config.numAttrs = dependent ? 1 : 0;
    return (int)cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...);
}

/* Everything that kernels before this one wrote can be read afterwards. Every block of a kernel
 * must come by here: a later kernel relies on this one having waited. */
__device__ __forceinline__ void wait_for_inputs() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/* The next kernel may be brought onto the card; it waits by itself for what this one writes. */
__device__ __forceinline__ void let_next_begin() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;");
#endif
}

/* A batch's sizes are known before the wait or only after it: one of these on either side of what
 * reads them. */
__device__ __forceinline__ void wait_before_sizes(const mgk_cuda_batch &batch) {
    if (!batch.stable) wait_for_inputs();
}
__device__ __forceinline__ void wait_after_sizes(const mgk_cuda_batch &batch) {
    if (batch.stable) wait_for_inputs();
}

__device__ __forceinline__ uint32_t rows_of(const mgk_cuda_batch &batch, mgk_cuda_extent extent) {
    if (extent == MGK_CUDA_SEQUENCES && batch.rows == 1) return 1;
    return batch.sizes[extent == MGK_CUDA_TOKENS ? 1 : 0];
}

/* One sequence's tokens; none where the batch has no such row. */
struct token_range {
    uint32_t first, length;
};

__device__ __forceinline__ token_range tokens_of(const mgk_cuda_batch &batch, uint32_t row) {
    if (batch.rows == 1) return {0, row == 0 ? batch.sizes[1] : 0};
    if (row >= batch.sizes[0]) return {0, 0};
    const uint32_t first = batch.offsets[row];
    return {first, batch.offsets[row + 1] - first};
}

#endif
