/* SPDX-License-Identifier: Apache-2.0 */
/* How AVX512_BF16 adds up products of bf16 in gemm.c: two of them to each sum. */
#ifndef MGI_BACKEND_CPU_KERNELS_GEMM_BF16_X86_H
#define MGI_BACKEND_CPU_KERNELS_GEMM_BF16_X86_H

#include "backend/cpu/kernels/vec.h"

#include <immintrin.h>

enum { ROWS = 12, KIND = MGK_BF16, DTYPE = MGK_BF16, GROUP = 2, STEP = GROUP, FLIP = 0 };
#define MGK_GEMM_FLOAT_SUMS
typedef __m512 vector;
typedef uint16_t number;
typedef uint16_t weight_number;

static MGK_VEC_INLINE int32_t inputs_at(const number *at) {
    int32_t two;
    memcpy(&two, at, sizeof two);
    return two;
}

#if defined(MGK_AVX512BF16_IN_AVX512)

#define MGK_GEMM_NAME "AVX-512 BF16 made of AVX-512"

/* Numbers too small to be normal count as 0, as inputs and as results. */
static MGK_VEC_INLINE __m512 flushed(__m512 x) {
    __m512i tiny = _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(0x7f800000));
    __mmask16 normal = _mm512_test_epi32_mask(tiny, tiny);
    __m512i sign = _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(INT32_MIN));
    return _mm512_mask_mov_ps(_mm512_castsi512_ps(sign), normal, x);
}

static MGK_VEC_INLINE __m512 half_of(__m512i pairs, bool second) {
    __m512i bits = second ? _mm512_and_si512(pairs, _mm512_set1_epi32((int32_t)0xffff0000))
                          : _mm512_slli_epi32(pairs, 16);
    return flushed(_mm512_castsi512_ps(bits));
}

/* The instruction's sums by others, so that all around it is tested where it is missing. As the
 * manual writes it, the second product comes first and each step is rounded to nearest even
 * whatever the rounding mode. What this does not know: processors may set no flags and keep other
 * payloads of NaN. */
static MGK_VEC_INLINE vector add_products(vector sum, __m512i w, __m512i x) {
    sum = flushed(_mm512_fmadd_ps(half_of(x, true), half_of(w, true), flushed(sum)));
    return flushed(_mm512_fmadd_ps(half_of(x, false), half_of(w, false), sum));
}

#else

#define MGK_GEMM_NAME "AVX-512 BF16"

static MGK_VEC_INLINE vector add_products(vector sum, __m512i w, __m512i x) {
    return _mm512_dpbf16_ps(sum, (__m512bh)w, (__m512bh)x);
}

#endif

#define ADD(r)                                                                                     \
    {                                                                                              \
        __m512i x = _mm512_set1_epi32(inputs_at(ROW(r)));                                          \
        low##r = add_products(low##r, w0, x);                                                      \
        high##r = add_products(high##r, w1, x);                                                    \
        ROW_DONE(low##r, high##r)                                                                  \
    }
#define GROUP_OF(EACH)                                                                             \
    {                                                                                              \
        __m512i w0 = _mm512_loadu_si512(at), w1 = _mm512_loadu_si512(at + LANES * GROUP);          \
        EACH(ADD)                                                                                  \
    }

#endif
