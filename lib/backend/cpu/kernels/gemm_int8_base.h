/* SPDX-License-Identifier: Apache-2.0 */
/* How int8 products are added up in gemm.c where no instruction is known for it: two products in
 * 16 bits, where they have room, then all in 32. */
#ifndef MGI_BACKEND_CPU_KERNELS_GEMM_INT8_BASE_H
#define MGI_BACKEND_CPU_KERNELS_GEMM_INT8_BASE_H

#include "backend/cpu/kernels/vec.h"

#define MGK_GEMM_NAME "portable"

enum { ROWS = 4, KIND = MGK_INT8, DTYPE = MGK_INT8, GROUP = 1, STEP = 2, FLIP = 0 };
typedef mgk_vec_i32 vector;
typedef int8_t number;
typedef int8_t weight_number;
typedef int8_t bytes __attribute__((vector_size(MGK_VEC_LANES * 2)));
typedef int16_t shorts __attribute__((vector_size(MGK_VEC_LANES * 4)));

static MGK_VEC_INLINE shorts widened(const int8_t *at) {
    bytes narrow;
    memcpy(&narrow, at, sizeof narrow);
    return __builtin_convertvector(narrow, shorts);
}

static MGK_VEC_INLINE mgk_vec_i32 half_of(shorts x, size_t half) {
    mgk_vec_i16 halves[2];
    memcpy(halves, &x, sizeof x);
    return __builtin_convertvector(halves[half], mgk_vec_i32);
}

static MGK_VEC_INLINE mgk_vec_i32 first_sum(const int32_t *row_sums, size_t r) {
    (void)row_sums, (void)r;
    return (mgk_vec_i32){0};
}

#define ADD(r)                                                                                     \
    {                                                                                              \
        shorts x = (int16_t)ROW(r)[0] - (shorts){0}, y = (int16_t)ROW(r)[1] - (shorts){0};         \
        shorts both = w0 * x + w1 * y;                                                             \
        low##r += half_of(both, 0);                                                                \
        high##r += half_of(both, 1);                                                               \
    }
#define GROUP_OF(EACH)                                                                             \
    {                                                                                              \
        shorts w0 = widened(at), w1 = widened(at + COLUMNS);                                       \
        EACH(ADD)                                                                                  \
    }

#endif
