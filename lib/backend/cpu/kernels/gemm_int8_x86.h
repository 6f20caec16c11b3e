/* SPDX-License-Identifier: Apache-2.0 */
/* How the x86 instruction sets add up int8 products in gemm.c. */
#ifndef MGI_BACKEND_CPU_KERNELS_GEMM_INT8_X86_H
#define MGI_BACKEND_CPU_KERNELS_GEMM_INT8_X86_H

#include "backend/cpu/kernels/vec.h"

#include <immintrin.h>

enum { KIND = MGK_INT8 };

#if defined(MGK_AVX512VNNI) || defined(MGK_AVXVNNI)

/* The instruction multiplies unsigned by signed: weights carry 128 too much, which every row's sum
 * of inputs takes away again. */
enum { DTYPE = MGK_INT8, GROUP = 4, STEP = GROUP, FLIP = 0x80 };
typedef int8_t number;
typedef uint8_t weight_number;

static MGK_VEC_INLINE int32_t inputs_at(const number *at) {
    int32_t four;
    memcpy(&four, at, sizeof four);
    return four;
}

#else

/* In 16 bits, as the instruction for bytes saturates. Inputs come in 16 bits already: widening them
 * here would cost more than the products. */
enum { DTYPE = MGK_INT8_WIDE, GROUP = 2, STEP = GROUP, FLIP = 0 };
typedef int16_t number;
typedef int8_t weight_number;

static MGK_VEC_INLINE int32_t inputs_at(const number *at) {
    int32_t two;
    memcpy(&two, at, sizeof two);
    return two;
}

#endif

#if defined(MGK_AVX512VNNI)

#define MGK_GEMM_NAME "AVX-512 VNNI"
enum { ROWS = 12 };
typedef __m512i vector;

static MGK_VEC_INLINE vector spread(int32_t inputs) { return _mm512_set1_epi32(inputs); }
static MGK_VEC_INLINE vector first_sum(const int32_t *row_sums, size_t r) {
    return _mm512_set1_epi32(-128 * row_sums[r]);
}
static MGK_VEC_INLINE vector weights(const weight_number *at) { return _mm512_loadu_si512(at); }
/* Not the intrinsic: gcc 12 then copies every sum to and fro, many of them through memory. */
static MGK_VEC_INLINE vector add_products(vector sum, vector w, vector x) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(w), "v"(x));
    return sum;
}

#else

enum { ROWS = 6 };
typedef __m256i vector;

static MGK_VEC_INLINE vector spread(int32_t inputs) { return _mm256_set1_epi32(inputs); }

#if defined(MGK_AVXVNNI)

#if defined(MGK_AVXVNNI_IN_AVX2)
#define MGK_GEMM_NAME "AVX-VNNI made of AVX2"
#else
#define MGK_GEMM_NAME "AVX-VNNI"
#endif

static MGK_VEC_INLINE vector first_sum(const int32_t *row_sums, size_t r) {
    return _mm256_set1_epi32(-128 * row_sums[r]);
}
static MGK_VEC_INLINE vector weights(const weight_number *at) {
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}
static MGK_VEC_INLINE vector add_products(vector sum, vector w, vector x) {
#if defined(MGK_AVXVNNI_IN_AVX2)
    /* The instruction's sums by others, so that all around it is tested where it is missing. */
    __m256i w_even = _mm256_and_si256(w, _mm256_set1_epi16(0xff)), w_odd = _mm256_srli_epi16(w, 8);
    __m256i x_even = _mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8), x_odd = _mm256_srai_epi16(x, 8);
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(w_even, x_even));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(w_odd, x_odd));
#else
    return _mm256_dpbusd_avx_epi32(sum, w, x);
#endif
}

#else

#define MGK_GEMM_NAME "AVX2"

static MGK_VEC_INLINE vector first_sum(const int32_t *row_sums, size_t r) {
    (void)row_sums, (void)r;
    return _mm256_setzero_si256();
}
static MGK_VEC_INLINE vector weights(const weight_number *at) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)at));
}
static MGK_VEC_INLINE vector add_products(vector sum, vector w, vector x) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(w, x));
}

#endif
#endif

#define ADD(r)                                                                                     \
    {                                                                                              \
        vector x = spread(inputs_at(ROW(r)));                                                      \
        low##r = add_products(low##r, w0, x);                                                      \
        high##r = add_products(high##r, w1, x);                                                    \
        ROW_DONE(low##r, high##r)                                                                  \
    }
#define GROUP_OF(EACH)                                                                             \
    {                                                                                              \
        vector w0 = weights(at), w1 = weights(at + LANES * GROUP);                                 \
        EACH(ADD)                                                                                  \
    }

#endif
