/* SPDX-License-Identifier: Apache-2.0 */
/* What all launchers of our CUDA kernels share: raw device pointers and a stream, and nothing of
 * libmgeo.
 *
 * A launcher checks nothing and waits for nothing; it returns what the launch itself said
 * (cudaError_t as int, 0: launched). Matrices are row-major and dense unless a stride is given,
 * every pointer is aligned to 16 bytes and every row of numbers that a vector access touches too.
 * `dependent` launches may begin before the kernel before them in the stream has ended
 * (programmatic dependent launch): they wait for it before they read what it wrote. */
#ifndef MGI_BACKEND_CUDA_KERNELS_LAUNCH_H
#define MGI_BACKEND_CUDA_KERNELS_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct CUstream_st *mgk_cuda_stream;

typedef enum mgk_cuda_activation {
    MGK_CUDA_IDENTITY,
    MGK_CUDA_GELU,      /* erf form */
    MGK_CUDA_GELU_TANH, /* tanh form */
    MGK_CUDA_RELU,
    MGK_CUDA_TANH
} mgk_cuda_activation;

#endif
