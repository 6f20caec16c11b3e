/* SPDX-License-Identifier: Apache-2.0 */
/* What the x86 instruction sets differ in: a vector of sums, and how products are added to it. The
 * loops of int8.c are the same for all.
 *
 * step: one input as it lies in memory; COLUMNS: outputs that two vectors of sums hold. */
#ifndef MGI_BACKEND_CPU_KERNELS_INT8_X86_H
#define MGI_BACKEND_CPU_KERNELS_INT8_X86_H

#include "backend/cpu/kernels/int8.h"
#include "backend/cpu/kernels/int8_layout.h"

#include <immintrin.h>
#include <string.h>

#define IN_LOOP inline __attribute__((always_inline))

/* Sixteen registers are just enough for the sums of six rows. Compilers would load the inputs of
 * all rows at once, which drives sums out into memory; this makes them wait for the row before. */
#if defined(MGK_VNNI)
#define ROW_DONE(low, high)
#else
#define ROW_DONE(low, high) __asm__ volatile("" : "+x"(low), "+x"(high) : : "memory");
#endif

#if defined(MGK_VNNI) || defined(MGK_AVXVNNI)

/* The instruction multiplies unsigned by signed: weights carry 128 too much, which every row's sum
 * of inputs takes away again. */
enum { FLIP = 0x80 };
#define MGK_INT8_DTYPE MGK_INT8
typedef int8_t step;

static IN_LOOP int32_t four_of(const step *at) {
    int32_t four;
    memcpy(&four, at, sizeof four);
    return four;
}

#endif

#if defined(MGK_VNNI)

#define MGK_INT8_TABLE mgk_int8_vnni
#define MGK_INT8_NAME "AVX-512 VNNI"
enum { COLUMNS = 32 };
typedef __m512i vector;

static IN_LOOP vector first_sum(const mgk_input *input, size_t row) {
    return _mm512_set1_epi32(-128 * input->sums[row]);
}
static IN_LOOP vector four_inputs(const step *at) { return _mm512_set1_epi32(four_of(at)); }
static IN_LOOP vector weights(const uint8_t *at) { return _mm512_loadu_si512(at); }
static IN_LOOP vector add_products(vector sum, vector w, vector x) {
    return _mm512_dpbusd_epi32(sum, w, x);
}
static IN_LOOP void store_sums(int32_t *to, vector low, vector high) {
    _mm512_storeu_si512(to, low);
    _mm512_storeu_si512(to + 16, high);
}

#elif defined(MGK_AVXVNNI)

#if defined(MGK_AVXVNNI_IN_AVX2)
#define MGK_INT8_TABLE mgk_int8_avxvnni_in_avx2
#define MGK_INT8_NAME "AVX-VNNI made of AVX2"
extern const mgk_int8 MGK_INT8_TABLE;
#else
#define MGK_INT8_TABLE mgk_int8_avxvnni
#define MGK_INT8_NAME "AVX-VNNI"
#endif
enum { COLUMNS = 16 };
typedef __m256i vector;

static IN_LOOP vector first_sum(const mgk_input *input, size_t row) {
    return _mm256_set1_epi32(-128 * input->sums[row]);
}
static IN_LOOP vector four_inputs(const step *at) { return _mm256_set1_epi32(four_of(at)); }
static IN_LOOP vector weights(const uint8_t *at) {
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}
static IN_LOOP vector add_products(vector sum, vector w, vector x) {
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
static IN_LOOP void store_sums(int32_t *to, vector low, vector high) {
    _mm256_storeu_si256((__m256i *)(void *)to, low);
    _mm256_storeu_si256((__m256i *)(void *)(to + 8), high);
}

#else

/* In 16 bits, as the instruction for bytes saturates. Inputs come in 16 bits already: widening them
 * here would cost more than the products. Each sum lies in two halves, which come together as
 * outputs 0 1 4 5 2 3 6 7. */
#define MGK_INT8_TABLE mgk_int8_avx2
#define MGK_INT8_NAME "AVX2"
#define MGK_INT8_DTYPE MGK_INT8_WIDE
enum { FLIP = 0, COLUMNS = 8 };
typedef __m256i vector;
typedef int16_t step;

static IN_LOOP vector first_sum(const mgk_input *input, size_t row) {
    (void)input, (void)row;
    return _mm256_setzero_si256();
}
static IN_LOOP vector four_inputs(const step *at) {
    int64_t four;
    memcpy(&four, at, sizeof four);
    return _mm256_set1_epi64x(four);
}
static IN_LOOP vector weights(const uint8_t *at) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)at));
}
static IN_LOOP vector add_products(vector sum, vector w, vector x) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(w, x));
}
static IN_LOOP void store_sums(int32_t *to, vector low, vector high) {
    _mm256_storeu_si256((__m256i *)(void *)to,
                        _mm256_permute4x64_epi64(_mm256_hadd_epi32(low, high), 0xd8));
}

#endif

#endif
