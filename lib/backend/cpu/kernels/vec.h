/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of floats as the kernels use them, on the compilers' portable vector types: as wide as
 * the instruction set the file is compiled for, and correct on any machine. */
#ifndef MGI_BACKEND_CPU_KERNELS_VEC_H
#define MGI_BACKEND_CPU_KERNELS_VEC_H

#include "backend/backend.h"

#include <string.h>

#if defined(__AVX512F__)
#define MGK_VEC_LANES 16
#elif defined(__AVX__)
#define MGK_VEC_LANES 8
#else
#define MGK_VEC_LANES 4
#endif

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
#if defined(__AVX2__)
#define MGK_VEC_PACKS /* numbers are brought to fewer bytes several vectors at a time */
#endif
#if defined(__AVX512F__)
#include "backend/cpu/kernels/vec_tables.h"
#endif

#define MGK_VEC_INLINE inline __attribute__((always_inline))

typedef float mgk_vec __attribute__((vector_size(MGK_VEC_LANES * 4)));
typedef int32_t mgk_vec_i32 __attribute__((vector_size(MGK_VEC_LANES * 4)));
typedef uint32_t mgk_vec_u32 __attribute__((vector_size(MGK_VEC_LANES * 4)));
typedef int8_t mgk_vec_i8 __attribute__((vector_size(MGK_VEC_LANES)));
typedef int16_t mgk_vec_i16 __attribute__((vector_size(MGK_VEC_LANES * 2)));
typedef uint16_t mgk_vec_u16 __attribute__((vector_size(MGK_VEC_LANES * 2)));

static inline mgk_vec mgk_vec_of(float x) { return x - (mgk_vec){0}; }
static inline mgk_vec_i32 mgk_vec_of_i32(int32_t x) { return x - (mgk_vec_i32){0}; }
static inline mgk_vec_u32 mgk_vec_of_u32(uint32_t x) { return x - (mgk_vec_u32){0}; }

static inline mgk_vec mgk_vec_pick(mgk_vec_i32 mask, mgk_vec yes, mgk_vec no) {
    return (mgk_vec)((mask & (mgk_vec_i32)yes) | (~mask & (mgk_vec_i32)no));
}
/* The first operand's NaN is kept, as a model's NaN must reach its logits. The instructions return
 * their second operand where one is NaN. */
static MGK_VEC_INLINE mgk_vec mgk_vec_max(mgk_vec x, mgk_vec floor) {
#if defined(__AVX512F__)
    return (mgk_vec)_mm512_max_ps((__m512)floor, (__m512)x);
#elif defined(__AVX__)
    return (mgk_vec)_mm256_max_ps((__m256)floor, (__m256)x);
#else
    return mgk_vec_pick(x < floor, floor, x);
#endif
}
static MGK_VEC_INLINE mgk_vec mgk_vec_min(mgk_vec x, mgk_vec ceiling) {
#if defined(__AVX512F__)
    return (mgk_vec)_mm512_min_ps((__m512)ceiling, (__m512)x);
#elif defined(__AVX__)
    return (mgk_vec)_mm256_min_ps((__m256)ceiling, (__m256)x);
#else
    return mgk_vec_pick(x > ceiling, ceiling, x);
#endif
}
static MGK_VEC_INLINE mgk_vec mgk_vec_abs(mgk_vec x) {
    return (mgk_vec)((mgk_vec_i32)x & mgk_vec_of_i32(0x7fffffff));
}
/* A number without its sign, as bits: larger ones are larger, and a NaN is the largest. */
static MGK_VEC_INLINE mgk_vec_i32 mgk_vec_size_bits(mgk_vec x) {
    return (mgk_vec_i32)mgk_vec_abs(x);
}
static MGK_VEC_INLINE mgk_vec_i32 mgk_vec_max_i32(mgk_vec_i32 x, mgk_vec_i32 y) {
#if defined(__AVX512F__)
    return (mgk_vec_i32)_mm512_max_epi32((__m512i)x, (__m512i)y);
#elif defined(__AVX2__)
    return (mgk_vec_i32)_mm256_max_epi32((__m256i)x, (__m256i)y);
#else
    mgk_vec_i32 less = x < y;
    return (less & y) | (~less & x);
#endif
}

/* x with the sign of y; x has none. */
static MGK_VEC_INLINE mgk_vec mgk_vec_with_sign(mgk_vec x, mgk_vec y) {
#if defined(__AVX512F__)
    enum { FIRST_OR_BOTH_OTHERS = 0xf8 };
    return (mgk_vec)_mm512_ternarylogic_epi32((__m512i)x, (__m512i)y, _mm512_set1_epi32(INT32_MIN),
                                              FIRST_OR_BOTH_OTHERS);
#else
    return (mgk_vec)(((mgk_vec_i32)y & mgk_vec_of_i32(INT32_MIN)) | (mgk_vec_i32)x);
#endif
}

/* All bits of the first n lanes. */
static MGK_VEC_INLINE mgk_vec_i32 mgk_vec_first_lanes(size_t n) {
    mgk_vec_i32 lanes = {0};
    for (size_t i = 0; i < n; i++) lanes[i] = -1;
    return lanes;
}

/* Halves are added to halves, and so on: the same tree on every machine. */
static MGK_VEC_INLINE float mgk_vec_sum(mgk_vec x) {
#if defined(__AVX512F__)
    return _mm512_reduce_add_ps((__m512)x);
#else
    float lane[MGK_VEC_LANES];
    memcpy(lane, &x, sizeof x);
    for (int width = MGK_VEC_LANES / 2; width > 0; width /= 2) {
        for (int i = 0; i < width; i++) lane[i] += lane[i + width];
    }
    return lane[0];
#endif
}

static MGK_VEC_INLINE int32_t mgk_vec_sum_i32(mgk_vec_i32 x) {
#if defined(__AVX512F__)
    return _mm512_reduce_add_epi32((__m512i)x);
#else
    int32_t lane[MGK_VEC_LANES], sum = 0;
    memcpy(lane, &x, sizeof x);
    for (int i = 0; i < MGK_VEC_LANES; i++) sum += lane[i];
    return sum;
#endif
}

static MGK_VEC_INLINE float mgk_vec_top(mgk_vec x) {
#if defined(__AVX512F__)
    return _mm512_reduce_max_ps((__m512)x);
#else
    float lane[MGK_VEC_LANES];
    memcpy(lane, &x, sizeof x);
    for (int width = MGK_VEC_LANES / 2; width > 0; width /= 2) {
        for (int i = 0; i < width; i++) {
            lane[i] = lane[i] < lane[i + width] ? lane[i + width] : lane[i];
        }
    }
    return lane[0];
#endif
}

static MGK_VEC_INLINE int32_t mgk_vec_top_i32(mgk_vec_i32 x) {
#if defined(__AVX512F__)
    return _mm512_reduce_max_epi32((__m512i)x);
#else
    int32_t lane[MGK_VEC_LANES], top;
    memcpy(lane, &x, sizeof x);
    top = lane[0];
    for (int i = 1; i < MGK_VEC_LANES; i++) top = top < lane[i] ? lane[i] : top;
    return top;
#endif
}

/* Loads and stores take any alignment; n < MGK_VEC_LANES moves only the first n lanes, the rest
 * being 0. Kernels go over a row in whole vectors, where n is the constant MGK_VEC_LANES, and then
 * once for what is left: so the vectors need no test. */
static MGK_VEC_INLINE mgk_vec mgk_vec_load(const float *from, size_t n) {
    mgk_vec x = {0};
    if (n >= MGK_VEC_LANES) {
        memcpy(&x, from, sizeof x);
    } else {
#if defined(__AVX512F__)
        x = (mgk_vec)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), from);
#else
        memcpy(&x, from, n * sizeof *from);
#endif
    }
    return x;
}

static MGK_VEC_INLINE void mgk_vec_store(float *to, mgk_vec x, size_t n) {
    if (n >= MGK_VEC_LANES) {
        memcpy(to, &x, sizeof x);
    } else {
#if defined(__AVX512F__)
        _mm512_mask_storeu_ps(to, (__mmask16)((1u << n) - 1), (__m512)x);
#else
        memcpy(to, &x, n * sizeof *to);
#endif
    }
}

static MGK_VEC_INLINE mgk_vec_u16 mgk_vec_load_u16(const uint16_t *from, size_t n) {
    mgk_vec_u16 x = {0};
    if (n >= MGK_VEC_LANES) {
        memcpy(&x, from, sizeof x);
    } else {
        memcpy(&x, from, n * sizeof *from);
    }
    return x;
}

#if defined(MGK_VEC_PACKS)
/* Compilers of today do these number by number. The packing instructions work on each 16 bytes of a
 * register, so what they make is brought into order. */
#if defined(__AVX512F__)
static MGK_VEC_INLINE void mgk_vec_store_shorts(int16_t *to, const mgk_vec_i32 part[4]) {
    for (size_t k = 0; k < 4; k++) {
        __m256i packed = _mm512_cvtsepi32_epi16((__m512i)part[k]);
        memcpy(to + k * MGK_VEC_LANES, &packed, sizeof packed);
    }
}

static MGK_VEC_INLINE void mgk_vec_store_bytes(int8_t *to, const mgk_vec_i32 part[4]) {
    __m512i low = _mm512_packs_epi32((__m512i)part[0], (__m512i)part[1]);
    __m512i high = _mm512_packs_epi32((__m512i)part[2], (__m512i)part[3]);
    __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i packed = _mm512_permutexvar_epi32(order, _mm512_packs_epi16(low, high));
    memcpy(to, &packed, sizeof packed);
}
#else
static MGK_VEC_INLINE void mgk_vec_store_shorts(int16_t *to, const mgk_vec_i32 part[4]) {
    for (size_t k = 0; k < 4; k += 2) {
        __m256i packed = _mm256_packs_epi32((__m256i)part[k], (__m256i)part[k + 1]);
        packed = _mm256_permute4x64_epi64(packed, 0xd8);
        memcpy(to + k * MGK_VEC_LANES, &packed, sizeof packed);
    }
}

static MGK_VEC_INLINE void mgk_vec_store_bytes(int8_t *to, const mgk_vec_i32 part[4]) {
    __m256i low = _mm256_packs_epi32((__m256i)part[0], (__m256i)part[1]);
    __m256i high = _mm256_packs_epi32((__m256i)part[2], (__m256i)part[3]);
    __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i packed = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high), order);
    memcpy(to, &packed, sizeof packed);
}
#endif
#endif

/* Four numbers of every fourth row: lanes 0..3 hold row[0]'s, 4..7 row[4]'s. */
static MGK_VEC_INLINE mgk_vec mgk_vec_load_fours(const float *const *row, size_t at) {
    mgk_vec x;
#if defined(__AVX512F__)
    __m512 y = _mm512_castps128_ps512(_mm_loadu_ps(row[0] + at));
    y = _mm512_insertf32x4(y, _mm_loadu_ps(row[4] + at), 1);
    y = _mm512_insertf32x4(y, _mm_loadu_ps(row[8] + at), 2);
    x = (mgk_vec)_mm512_insertf32x4(y, _mm_loadu_ps(row[12] + at), 3);
#elif defined(__AVX__)
    __m256 y = _mm256_castps128_ps256(_mm_loadu_ps(row[0] + at));
    x = (mgk_vec)_mm256_insertf128_ps(y, _mm_loadu_ps(row[4] + at), 1);
#else
    memcpy(&x, row[0] + at, sizeof x);
#endif
    return x;
}

/* Every four lanes of x[0..3] are a square, which is transposed. */
static MGK_VEC_INLINE void mgk_vec_transpose_fours(mgk_vec x[4]) {
#if defined(__AVX512F__)
#define MGK_VEC_PAIRS(half, a, b) (mgk_vec) _mm512_unpack##half##_ps((__m512)(a), (__m512)(b))
#define MGK_VEC_FOURS(half, a, b)                                                                  \
    (mgk_vec)(__m512) _mm512_unpack##half##_pd((__m512d)(a), (__m512d)(b))
#elif defined(__AVX__)
#define MGK_VEC_PAIRS(half, a, b) (mgk_vec) _mm256_unpack##half##_ps((__m256)(a), (__m256)(b))
#define MGK_VEC_FOURS(half, a, b)                                                                  \
    (mgk_vec)(__m256) _mm256_unpack##half##_pd((__m256d)(a), (__m256d)(b))
#elif defined(__SSE2__)
#define MGK_VEC_PAIRS(half, a, b) (mgk_vec) _mm_unpack##half##_ps((__m128)(a), (__m128)(b))
#define MGK_VEC_FOURS(half, a, b)                                                                  \
    (mgk_vec)(__m128) _mm_unpack##half##_pd((__m128d)(a), (__m128d)(b))
#elif defined(__aarch64__)
#define MGK_VEC_lo(type) vzip1q_##type
#define MGK_VEC_hi(type) vzip2q_##type
#define MGK_VEC_PAIRS(half, a, b) (mgk_vec) MGK_VEC_##half(f32)((float32x4_t)(a), (float32x4_t)(b))
#define MGK_VEC_FOURS(half, a, b) (mgk_vec) MGK_VEC_##half(f64)((float64x2_t)(a), (float64x2_t)(b))
#endif
#if defined(MGK_VEC_PAIRS)
    mgk_vec low01 = MGK_VEC_PAIRS(lo, x[0], x[1]), low23 = MGK_VEC_PAIRS(lo, x[2], x[3]);
    mgk_vec high01 = MGK_VEC_PAIRS(hi, x[0], x[1]), high23 = MGK_VEC_PAIRS(hi, x[2], x[3]);
    x[0] = MGK_VEC_FOURS(lo, low01, low23);
    x[1] = MGK_VEC_FOURS(hi, low01, low23);
    x[2] = MGK_VEC_FOURS(lo, high01, high23);
    x[3] = MGK_VEC_FOURS(hi, high01, high23);
#else
    mgk_vec from[4] = {x[0], x[1], x[2], x[3]};
    for (int i = 0; i < 4; i++) {
        for (int at = 0; at < MGK_VEC_LANES; at++) {
            x[i][at] = from[at % 4][at / 4 * 4 + i];
        }
    }
#endif
}

/* All fours of lanes become the sum, or the largest, of all fours. */
#if defined(__AVX512F__)
#define MGK_VEC_FOLD(with, x)                                                                      \
    (x) = with(x, (mgk_vec)_mm512_shuffle_f32x4((__m512)(x), (__m512)(x), 0x4e));                  \
    (x) = with(x, (mgk_vec)_mm512_shuffle_f32x4((__m512)(x), (__m512)(x), 0xb1));
#elif defined(__AVX__)
#define MGK_VEC_FOLD(with, x)                                                                      \
    (x) = with(x, (mgk_vec)_mm256_permute2f128_ps((__m256)(x), (__m256)(x), 1));
#else
#define MGK_VEC_FOLD(with, x)
#endif

static MGK_VEC_INLINE mgk_vec mgk_vec_add(mgk_vec x, mgk_vec y) { return x + y; }

/* In every four lanes: the sums of x[0], x[1], x[2] and x[3]. */
static MGK_VEC_INLINE mgk_vec mgk_vec_sum_fours(mgk_vec x[4]) {
    mgk_vec_transpose_fours(x);
    mgk_vec sum = (x[0] + x[1]) + (x[2] + x[3]);
    MGK_VEC_FOLD(mgk_vec_add, sum)
    return sum;
}

/* In every four lanes: the largest of x[0], x[1], x[2] and x[3]. */
static MGK_VEC_INLINE mgk_vec mgk_vec_top_fours(mgk_vec x[4]) {
    mgk_vec_transpose_fours(x);
    mgk_vec top = mgk_vec_max(mgk_vec_max(x[0], x[1]), mgk_vec_max(x[2], x[3]));
    MGK_VEC_FOLD(mgk_vec_max, top)
    return top;
}

/* x[i] = lane i of every four, in all of them. */
static MGK_VEC_INLINE void mgk_vec_spread_fours(mgk_vec from, mgk_vec x[4]) {
#if defined(__AVX512F__)
    x[0] = (mgk_vec)_mm512_permute_ps((__m512)from, 0x00);
    x[1] = (mgk_vec)_mm512_permute_ps((__m512)from, 0x55);
    x[2] = (mgk_vec)_mm512_permute_ps((__m512)from, 0xaa);
    x[3] = (mgk_vec)_mm512_permute_ps((__m512)from, 0xff);
#elif defined(__AVX__)
    x[0] = (mgk_vec)_mm256_permute_ps((__m256)from, 0x00);
    x[1] = (mgk_vec)_mm256_permute_ps((__m256)from, 0x55);
    x[2] = (mgk_vec)_mm256_permute_ps((__m256)from, 0xaa);
    x[3] = (mgk_vec)_mm256_permute_ps((__m256)from, 0xff);
#else
    for (int i = 0; i < 4; i++) x[i] = mgk_vec_of(from[i]);
#endif
}

static MGK_VEC_INLINE void mgk_vec_store_four(float to[4], mgk_vec x) {
    memcpy(to, &x, 4 * sizeof *to);
}

static inline mgk_vec mgk_vec_of_bf16(mgk_vec_u16 x) {
    return (mgk_vec)(__builtin_convertvector(x, mgk_vec_u32) << 16);
}

static MGK_VEC_INLINE mgk_vec mgk_vec_of_f16(mgk_vec_u16 x) {
    mgk_vec_u32 bits = __builtin_convertvector(x, mgk_vec_u32);
    mgk_vec_u32 sign = (bits & mgk_vec_of_u32(0x8000)) << 16;
    mgk_vec_u32 magnitude = (bits & mgk_vec_of_u32(0x7fff)) << 13;
    mgk_vec value =
        (mgk_vec)magnitude * mgk_vec_of(0x1p112f); /* also right for subnormal numbers */
    mgk_vec_i32 special = (mgk_vec_i32)(magnitude >= mgk_vec_of_u32(0x7c00u << 13));
    value = mgk_vec_pick(special, (mgk_vec)(magnitude | mgk_vec_of_u32(0x7f800000)), value);
    return (mgk_vec)((mgk_vec_u32)value | sign);
}

static MGK_VEC_INLINE mgk_vec mgk_vec_load_as(mgi_dtype type, const void *from, size_t at,
                                              size_t n) {
    if (type == MGI_F32) return mgk_vec_load((const float *)from + at, n);
    mgk_vec_u16 half = mgk_vec_load_u16((const uint16_t *)from + at, n);
    return type == MGI_BF16 ? mgk_vec_of_bf16(half) : mgk_vec_of_f16(half);
}

/* To the nearest, ties to even. */
static MGK_VEC_INLINE void mgk_vec_store_bf16(uint16_t *to, mgk_vec x, size_t n) {
    mgk_vec_u32 bits = (mgk_vec_u32)x;
    mgk_vec_u32 rounded =
        (bits + mgk_vec_of_u32(0x7fff) + ((bits >> 16) & mgk_vec_of_u32(1))) >> 16;
#if defined(__AVX512F__)
    __mmask16 nan = _mm512_cmp_ps_mask((__m512)x, (__m512)x, _CMP_UNORD_Q);
    __m512i kept = _mm512_mask_mov_epi32((__m512i)rounded, nan, _mm512_set1_epi32(0x7fc0));
    __mmask16 lanes = n >= MGK_VEC_LANES ? 0xffff : (__mmask16)((1u << n) - 1);
    _mm256_mask_storeu_epi16(to, lanes, _mm512_cvtepi32_epi16(kept));
#else
    mgk_vec_i32 nan = (mgk_vec_i32)(x != x); /* NOLINT(misc-redundant-expression) */
    rounded = (mgk_vec_u32)((~nan & (mgk_vec_i32)rounded) | (nan & mgk_vec_of_i32(0x7fc0)));
#if defined(__AVX2__)
    __m256i packed = _mm256_packus_epi32((__m256i)rounded, (__m256i)rounded);
    mgk_vec_u16 half = (mgk_vec_u16)_mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08));
#else
    mgk_vec_u16 half = __builtin_convertvector(rounded, mgk_vec_u16);
#endif
    memcpy(to, &half, (n >= MGK_VEC_LANES ? MGK_VEC_LANES : n) * sizeof *to);
#endif
}

/* 2^x within 2e-7 of it, for x from -100 to 100; below, what it is at -100, so that no product with
 * it is subnormal. A number this large has no room for a fraction: adding it rounds x, to bits that
 * are the exponent. */
static MGK_VEC_INLINE mgk_vec mgk_vec_exp2(mgk_vec x) {
    const mgk_vec no_fraction = mgk_vec_of(0x1.8p23f);
    mgk_vec y = mgk_vec_max(x, mgk_vec_of(-100.0f));
    mgk_vec rounded = y + no_fraction;
    mgk_vec r = y - (rounded - no_fraction);
    mgk_vec p = mgk_vec_of(0.00134072511f) * r + mgk_vec_of(0.00967187621f);
    p = p * r + mgk_vec_of(0.0555030853f);
    p = p * r + mgk_vec_of(0.240222350f);
    p = p * r + mgk_vec_of(0.693147242f);
    p = p * r + mgk_vec_of(1.0f);
    return (mgk_vec)((mgk_vec_u32)p + ((mgk_vec_u32)rounded << 23));
}

/* 1 / x within 2e-7 of it, for x from 2^-100 to 2^100. */
static MGK_VEC_INLINE mgk_vec mgk_vec_reciprocal(mgk_vec x) {
#if defined(__AVX512F__)
    mgk_vec near = (mgk_vec)_mm512_rcp14_ps((__m512)x);
    return near + near * (mgk_vec_of(1.0f) - x * near);
#else
    return mgk_vec_of(1.0f) / x;
#endif
}

/* 1 / (1 + 2^-x), within 2e-7. */
static MGK_VEC_INLINE mgk_vec mgk_vec_sigmoid2(mgk_vec x) {
    mgk_vec power = mgk_vec_exp2(mgk_vec_min(-x, mgk_vec_of(100.0f)));
    return mgk_vec_reciprocal(mgk_vec_of(1.0f) + power);
}

/* Within 5e-7. */
static MGK_VEC_INLINE mgk_vec mgk_vec_tanh(mgk_vec x) {
    mgk_vec s = mgk_vec_sigmoid2(x * mgk_vec_of(2.88539008f)); /* 2 log2 e */
    return s + s - mgk_vec_of(1.0f);
}

static MGK_VEC_INLINE mgk_vec mgk_vec_gelu_tanh(mgk_vec x) {
    /* 2 log2(e) √(2/π), and 0.044715 of it */
    mgk_vec u = x * (mgk_vec_of(2.30220818f) + mgk_vec_of(0.102943240f) * (x * x));
    return x * mgk_vec_sigmoid2(u);
}

/* x times a share of 0 to 1 that is 1/2 + x p: where |x| is large p stays what it was, so that the
 * share leaves 0..1, and what is cut off makes 0 and x of it exactly. */
static MGK_VEC_INLINE mgk_vec mgk_vec_share(mgk_vec x, mgk_vec p) {
    mgk_vec share = x * p + mgk_vec_of(0.5f);
    return x * mgk_vec_max(mgk_vec_min(share, mgk_vec_of(1.0f)), mgk_vec_of(0));
}

/* x times the normal distribution, which is fitted within 7e-8 up to |x| = 5.2, where it is 1e-7
 * from its end. Powers of x² go from -1 to 1: else they would cancel each other. */
static MGK_VEC_INLINE mgk_vec mgk_vec_gelu(mgk_vec x) {
    static const float c[] = {-4.85379703e-04f, 1.27171005e-03f, -1.21023609e-03f, 1.79176215e-03f,
                              -4.80069916e-03f, 8.56805926e-03f, -1.24994581e-02f, 1.79512313e-02f,
                              -2.47249270e-02f, 3.19906527e-02f, -3.99296971e-02f, 5.00244730e-02f,
                              -6.77436706e-02f, 1.35949994e-01f};
    mgk_vec t = mgk_vec_min(x * x, mgk_vec_of(27.04f)) * mgk_vec_of(2 / 27.04f) - mgk_vec_of(1.0f);
    mgk_vec p = mgk_vec_of(c[0]) * t + mgk_vec_of(c[1]);
    for (size_t i = 2; i < sizeof c / sizeof *c; i++) p = p * t + mgk_vec_of(c[i]);
    return mgk_vec_share(x, p);
}

static MGK_VEC_INLINE mgk_vec mgk_vec_activate(mgi_activation activation, mgk_vec x) {
    switch (activation) {
    case MGI_GELU: return mgk_vec_gelu(x);
    case MGI_GELU_TANH: return mgk_vec_gelu_tanh(x);
    case MGI_RELU: return mgk_vec_max(x, mgk_vec_of(0));
    case MGI_TANH: break;
    }
    return mgk_vec_tanh(x);
}

#if defined(__AVX512F__)
static MGK_VEC_INLINE __m512 mgk_vec_look_up(const float *table, __m512i at) {
    return _mm512_permutex2var_ps(_mm512_load_ps(table), at, _mm512_load_ps(table + 16));
}

static MGK_VEC_INLINE mgk_vec mgk_vec_by_table(const mgk_vec_table *table, mgk_vec x) {
    enum { SMALLER_SIZE = 0xa }; /* of _mm512_range_ps: the smaller magnitude, without a sign */
    const float last = (MGK_VEC_TABLE_POINTS - 1) * MGK_VEC_TABLE_STEP;
    __m512 a = _mm512_range_ps((__m512)x, _mm512_set1_ps(last), SMALLER_SIZE);
    mgk_vec rounded = (mgk_vec)a * mgk_vec_of(1 / MGK_VEC_TABLE_STEP) + mgk_vec_of(0x1.8p23f);
    __m512i at = (__m512i)rounded; /* the lowest bits count */
    mgk_vec slope = (mgk_vec)mgk_vec_look_up(table->c[2], at) * (mgk_vec)a +
                    (mgk_vec)mgk_vec_look_up(table->c[1], at);
    mgk_vec rest = mgk_vec_max(x, mgk_vec_of(0)) + (mgk_vec)mgk_vec_look_up(table->c[0], at);
    return slope * (mgk_vec)a + rest;
}
#else
static MGK_VEC_INLINE mgk_vec mgk_vec_by_powers(const float *c, size_t count, mgk_vec x) {
    mgk_vec t = mgk_vec_min(x * x, mgk_vec_of(17.64f)); /* |x| up to 4.2 */
    mgk_vec p = mgk_vec_of(c[0]) * t + mgk_vec_of(c[1]);
    for (size_t i = 2; i < count; i++) p = p * t + mgk_vec_of(c[i]);
    return mgk_vec_share(x, p);
}
#endif

/* GELU within 1e-4, for what is brought to bf16 or int8 next; exactly 0 and x where |x| is large.
 */
static MGK_VEC_INLINE mgk_vec mgk_vec_activate_fast(mgi_activation activation, mgk_vec x) {
#if defined(__AVX512F__)
    if (activation == MGI_GELU) return mgk_vec_by_table(&mgk_vec_gelu_table, x);
    if (activation == MGI_GELU_TANH) return mgk_vec_by_table(&mgk_vec_gelu_tanh_table, x);
#else
    static const float gelu[] = {-9.63567914e-10f, 8.34612080e-08f,  -3.14468521e-06f,
                                 6.83405095e-05f,  -9.61400871e-04f, 9.34047629e-03f,
                                 -6.56063827e-02f, 3.98514653e-01f};
    static const float gelu_tanh[] = {-1.05931783e-09f, 9.06109193e-08f,  -3.36206899e-06f,
                                      7.17626250e-05f,  -9.90405297e-04f, 9.46128341e-03f,
                                      -6.57699453e-02f, 3.98432340e-01f};
    enum { COUNT = sizeof gelu / sizeof *gelu };
    if (activation == MGI_GELU) return mgk_vec_by_powers(gelu, COUNT, x);
    if (activation == MGI_GELU_TANH) return mgk_vec_by_powers(gelu_tanh, COUNT, x);
#endif
    return mgk_vec_activate(activation, x);
}

#endif
