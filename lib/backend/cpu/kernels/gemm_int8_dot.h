/* SPDX-License-Identifier: Apache-2.0 */
/* How aarch64's dot product adds up int8 products in gemm.c: four products of signed bytes to a
 * sum, as on Kunpeng 920, which has no more. */
#ifndef MGI_BACKEND_CPU_KERNELS_GEMM_INT8_DOT_H
#define MGI_BACKEND_CPU_KERNELS_GEMM_INT8_DOT_H

#include "backend/cpu/kernels/vec.h"

#include <arm_neon.h>

#define MGK_GEMM_NAME "NEON dot product"

enum { ROWS = 12, KIND = MGK_INT8, DTYPE = MGK_INT8, GROUP = 4, STEP = GROUP, FLIP = 0 };
typedef int32x4_t vector;
typedef int8_t number;
typedef int8_t weight_number;

static MGK_VEC_INLINE vector first_sum(const int32_t *row_sums, size_t r) {
    (void)row_sums, (void)r;
    return vdupq_n_s32(0);
}

static MGK_VEC_INLINE int8x16_t spread(const int8_t *at) {
    int32_t four;
    memcpy(&four, at, sizeof four);
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

#define ADD(r)                                                                                     \
    {                                                                                              \
        int8x16_t x = spread(ROW(r));                                                              \
        low##r = vdotq_s32(low##r, w0, x);                                                         \
        high##r = vdotq_s32(high##r, w1, x);                                                       \
    }
#define GROUP_OF(EACH)                                                                             \
    {                                                                                              \
        int8x16_t w0 = vld1q_s8(at), w1 = vld1q_s8(at + LANES * GROUP);                            \
        EACH(ADD)                                                                                  \
    }

#endif
