/* SPDX-License-Identifier: Apache-2.0 */
/* How fp32 products are added up in gemm.c, and those of bf16 weights widened in registers: on the
 * vectors of vec.h, whatever the instruction set. */
#ifndef MGI_BACKEND_CPU_KERNELS_GEMM_FLOAT_H
#define MGI_BACKEND_CPU_KERNELS_GEMM_FLOAT_H

#include "backend/cpu/kernels/vec.h"

#if defined(MGK_AVX512)
#define MGK_GEMM_NAME "AVX-512"
#elif defined(MGK_AVX2)
#define MGK_GEMM_NAME "AVX2"
#elif defined(__aarch64__)
#define MGK_GEMM_NAME "NEON"
#else
#define MGK_GEMM_NAME "portable"
#endif

/* Thirty-two registers hold the sums of twelve rows. */
#if defined(__AVX512F__) || defined(__aarch64__)
enum { ROWS = 12 };
#else
enum { ROWS = 6 };
#endif

#define MGK_GEMM_FLOAT_SUMS
typedef mgk_vec vector;
typedef float number;

#if defined(MGK_GEMM_FP32)

typedef float weight_number;
enum { KIND = MGK_FP32, GROUP = 1, STEP = GROUP };

/* w0, w1: the weights of one input; ADD: the products of one row with them. */
#define ADD(r)                                                                                     \
    {                                                                                              \
        mgk_vec x = mgk_vec_of(*ROW(r));                                                           \
        low##r += w0 * x;                                                                          \
        high##r += w1 * x;                                                                         \
        ROW_DONE(low##r, high##r)                                                                  \
    }
#define GROUP_OF(EACH)                                                                             \
    {                                                                                              \
        mgk_vec w0 = mgk_vec_load(at, LANES), w1 = mgk_vec_load(at + LANES, LANES);                \
        EACH(ADD)                                                                                  \
    }

#else

typedef uint16_t weight_number;
enum { KIND = MGK_BF16, GROUP = 2, STEP = GROUP };

/* Two inputs' weights lie in 32 bits: the first is the lower half. */
static MGK_VEC_INLINE mgk_vec_u32 pairs(const uint16_t *at) {
    mgk_vec_u32 two;
    memcpy(&two, at, sizeof two);
    return two;
}

#define ADD_AT(r, i)                                                                               \
    {                                                                                              \
        mgk_vec x = mgk_vec_of(ROW(r)[i]);                                                         \
        low##r += w0 * x;                                                                          \
        high##r += w1 * x;                                                                         \
        ROW_DONE(low##r, high##r)                                                                  \
    }
#define ADD_FIRST(r) ADD_AT(r, 0)
#define ADD_SECOND(r) ADD_AT(r, 1)
#define GROUP_OF(EACH)                                                                             \
    {                                                                                              \
        mgk_vec w0 = (mgk_vec)(pairs(at) << 16), w1 = (mgk_vec)(pairs(at + 2 * LANES) << 16);      \
        EACH(ADD_FIRST)                                                                            \
        w0 = (mgk_vec)(pairs(at) & mgk_vec_of_u32(0xffff0000));                                    \
        w1 = (mgk_vec)(pairs(at + 2 * LANES) & mgk_vec_of_u32(0xffff0000));                        \
        EACH(ADD_SECOND)                                                                           \
    }

#endif

enum { DTYPE = MGK_FP32, FLIP = 0 };

#endif
