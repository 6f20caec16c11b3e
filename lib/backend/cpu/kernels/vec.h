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

#if defined(__AVX2__) && !defined(__AVX512F__)
#define MGK_VEC_PACKS /* numbers are brought to fewer bytes several vectors at a time */
#include <immintrin.h>
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
/* The first operand's NaN is kept, as a model's NaN must reach its logits. */
static MGK_VEC_INLINE mgk_vec mgk_vec_max(mgk_vec x, mgk_vec floor) {
    return mgk_vec_pick(x < floor, floor, x);
}
static inline mgk_vec mgk_vec_min(mgk_vec x, mgk_vec ceiling) {
    return mgk_vec_pick(x > ceiling, ceiling, x);
}
static inline mgk_vec mgk_vec_abs(mgk_vec x) {
    return (mgk_vec)((mgk_vec_i32)x & mgk_vec_of_i32(0x7fffffff));
}

static inline float mgk_vec_sum(mgk_vec x) {
    float lane[MGK_VEC_LANES], sum = 0;
    memcpy(lane, &x, sizeof x);
    for (int width = MGK_VEC_LANES / 2; width > 0; width /= 2) {
        for (int i = 0; i < width; i++) lane[i] += lane[i + width];
    }
    sum = lane[0];
    return sum;
}

static inline int32_t mgk_vec_sum_i32(mgk_vec_i32 x) {
    int32_t lane[MGK_VEC_LANES], sum = 0;
    memcpy(lane, &x, sizeof x);
    for (int i = 0; i < MGK_VEC_LANES; i++) sum += lane[i];
    return sum;
}

static inline float mgk_vec_top(mgk_vec x) {
    float lane[MGK_VEC_LANES];
    memcpy(lane, &x, sizeof x);
    for (int width = MGK_VEC_LANES / 2; width > 0; width /= 2) {
        for (int i = 0; i < width; i++) {
            lane[i] = lane[i] < lane[i + width] ? lane[i + width] : lane[i];
        }
    }
    return lane[0];
}

/* Loads and stores take any alignment; n < MGK_VEC_LANES moves only the first n lanes, the rest
 * being 0. Kernels go over a row in whole vectors, where n is the constant MGK_VEC_LANES, and then
 * once for what is left: so the vectors need no test. */
static MGK_VEC_INLINE mgk_vec mgk_vec_load(const float *from, size_t n) {
    mgk_vec x = {0};
    if (n >= MGK_VEC_LANES) {
        memcpy(&x, from, sizeof x);
    } else {
        memcpy(&x, from, n * sizeof *from);
    }
    return x;
}

static MGK_VEC_INLINE void mgk_vec_store(float *to, mgk_vec x, size_t n) {
    if (n >= MGK_VEC_LANES) {
        memcpy(to, &x, sizeof x);
    } else {
        memcpy(to, &x, n * sizeof *to);
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
/* Compilers of today do these number by number. The packing instructions work on each half of a
 * register, so what they make is brought into order. */
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

static MGK_VEC_INLINE void mgk_vec_store_bf16(uint16_t *to, mgk_vec x, size_t n) {
    mgk_vec_u32 bits = (mgk_vec_u32)x;
    mgk_vec_u32 rounded =
        (bits + mgk_vec_of_u32(0x7fff) + ((bits >> 16) & mgk_vec_of_u32(1))) >> 16;
    mgk_vec_i32 nan = (mgk_vec_i32)(x != x); /* NOLINT(misc-redundant-expression) */
    rounded = (mgk_vec_u32)((~nan & (mgk_vec_i32)rounded) | (nan & mgk_vec_of_i32(0x7fc0)));
    mgk_vec_u16 half = __builtin_convertvector(rounded, mgk_vec_u16);
    memcpy(to, &half, (n >= MGK_VEC_LANES ? MGK_VEC_LANES : n) * sizeof *to);
}

/* e^x for x up to 88, within 2e-7 of it; 0 below -87. */
static MGK_VEC_INLINE mgk_vec mgk_vec_exp(mgk_vec x) {
    mgk_vec_i32 tiny = x < mgk_vec_of(-87.0f);
    mgk_vec y = mgk_vec_max(x, mgk_vec_of(-87.0f));
    mgk_vec scaled = y * mgk_vec_of(1.44269504f);
    mgk_vec half = mgk_vec_pick(scaled < mgk_vec_of(0), mgk_vec_of(-0.5f), mgk_vec_of(0.5f));
    mgk_vec_i32 n = __builtin_convertvector(scaled + half, mgk_vec_i32);
    mgk_vec whole = __builtin_convertvector(n, mgk_vec);
    mgk_vec r = y - whole * mgk_vec_of(0.693359375f) + whole * mgk_vec_of(2.12194440e-4f);
    mgk_vec p = mgk_vec_of(1.0f / 720) * r + mgk_vec_of(1.0f / 120);
    p = p * r + mgk_vec_of(1.0f / 24);
    p = p * r + mgk_vec_of(1.0f / 6);
    p = p * r + mgk_vec_of(0.5f);
    p = p * r + mgk_vec_of(1.0f);
    p = p * r + mgk_vec_of(1.0f);
    return mgk_vec_pick(tiny, mgk_vec_of(0), p * (mgk_vec)((n + mgk_vec_of_i32(127)) << 23));
}

/* erf(x) within 4e-7: a rational fit x P(x²) / Q(x²) below 3.92, where erf is 1 in single
 * precision. */
static MGK_VEC_INLINE mgk_vec mgk_vec_erf(mgk_vec x) {
    mgk_vec y = mgk_vec_min(mgk_vec_max(x, mgk_vec_of(-3.92f)), mgk_vec_of(3.92f));
    mgk_vec t = y * y;
    mgk_vec p = mgk_vec_of(2.034787712545949e-06f) * t + mgk_vec_of(0.00028747739270329475f);
    p = p * t + mgk_vec_of(0.0038681654259562492f);
    p = p * t + mgk_vec_of(0.05305998772382736f);
    p = p * t + mgk_vec_of(0.19276005029678345f);
    p = p * t + mgk_vec_of(1.128378987312317f);
    mgk_vec q = mgk_vec_of(3.807108441833407e-05f) * t + mgk_vec_of(0.0011880788952112198f);
    q = q * t + mgk_vec_of(0.015171971172094345f);
    q = q * t + mgk_vec_of(0.1150830015540123f);
    q = q * t + mgk_vec_of(0.5041608214378357f);
    q = q * t + mgk_vec_of(1.0f);
    return y * p / q;
}

/* Within 3e-7. */
static MGK_VEC_INLINE mgk_vec mgk_vec_tanh(mgk_vec x) {
    mgk_vec y = mgk_vec_min(mgk_vec_max(x, mgk_vec_of(-10.0f)), mgk_vec_of(10.0f));
    return mgk_vec_of(1.0f) - mgk_vec_of(2.0f) / (mgk_vec_exp(y + y) + mgk_vec_of(1.0f));
}

static MGK_VEC_INLINE mgk_vec mgk_vec_activate(mgi_activation activation, mgk_vec x) {
    const mgk_vec half = mgk_vec_of(0.5f), one = mgk_vec_of(1.0f);
    switch (activation) {
    case MGI_GELU: return half * x * (one + mgk_vec_erf(x * mgk_vec_of(0.70710678f)));
    case MGI_GELU_TANH:
        return half * x *
               (one +
                mgk_vec_tanh(mgk_vec_of(0.79788456f) * (x + mgk_vec_of(0.044715f) * x * x * x)));
    case MGI_RELU: return mgk_vec_max(x, mgk_vec_of(0));
    case MGI_TANH: break;
    }
    return mgk_vec_tanh(x);
}

#endif
