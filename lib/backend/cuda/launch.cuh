/* How our kernels are launched, and how they wait for the one before them. */
#ifndef MGI_BACKEND_CUDA_LAUNCH_CUH
#define MGI_BACKEND_CUDA_LAUNCH_CUH

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

#endif
