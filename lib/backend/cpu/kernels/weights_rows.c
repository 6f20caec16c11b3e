/* SPDX-License-Identifier: Apache-2.0 */
/* Converts and quantises rows of weights; compiled once per instruction set. */
#include "backend/cpu/kernels/weights_rows.h"

#include "backend/cpu/kernels/isa_variant.h"
#include "backend/cpu/kernels/vec.h"

#include <math.h>

static void widen(mgi_dtype type, const void *from, size_t count, float *to) {
    if (type == MGI_F32) {
        memcpy(to, from, count * sizeof *to);
        return;
    }
    for (size_t i = 0; i < count; i += MGK_VEC_LANES) {
        size_t n = count - i < MGK_VEC_LANES ? count - i : MGK_VEC_LANES;
        mgk_vec_u16 half = {0};
        memcpy(&half, (const char *)from + 2 * i, 2 * n);
        mgk_vec_store(to + i, type == MGI_BF16 ? mgk_vec_of_bf16(half) : mgk_vec_of_f16(half), n);
    }
}

/* Integers round the mantissa; a subnormal number is rounded by adding 0.5, whose last bit is its
 * step of 2^-24. */
static MGK_VEC_INLINE mgk_vec_u16 f16_of(mgk_vec x) {
    mgk_vec_u32 bits = (mgk_vec_u32)x & mgk_vec_of_u32(0x7fffffff);
    mgk_vec_u32 sign = ((mgk_vec_u32)x >> 16) & mgk_vec_of_u32(0x8000);
    mgk_vec_u32 odd = (bits >> 13) & mgk_vec_of_u32(1);
    mgk_vec_u32 normal = (bits + mgk_vec_of_u32(0xfff) + odd - mgk_vec_of_u32(0x38000000)) >> 13;
    mgk_vec_u32 tiny = (mgk_vec_u32)((mgk_vec)bits + mgk_vec_of(0.5f)) - mgk_vec_of_u32(0x3f000000);
    mgk_vec_u32 is_tiny = (mgk_vec_u32)(bits < mgk_vec_of_u32(0x38800000));
    mgk_vec_u32 is_large = (mgk_vec_u32)(bits >= mgk_vec_of_u32(0x477ff000));
    mgk_vec_u32 is_nan = (mgk_vec_u32)(bits > mgk_vec_of_u32(0x7f800000));
    mgk_vec_u32 half = (is_tiny & tiny) | (~is_tiny & normal);
    half = (is_large & mgk_vec_of_u32(0x7c00)) | (~is_large & half);
    half = (is_nan & mgk_vec_of_u32(0x7e00)) | (~is_nan & half);
    return __builtin_convertvector(half | sign, mgk_vec_u16);
}

static void narrow(mgi_dtype type, const float *from, size_t count, uint16_t *to) {
    for (size_t i = 0; i < count; i += MGK_VEC_LANES) {
        size_t n = count - i < MGK_VEC_LANES ? count - i : MGK_VEC_LANES;
        mgk_vec x = mgk_vec_load(from + i, n);
        if (type == MGI_BF16) {
            mgk_vec_store_bf16(to + i, x, n);
        } else {
            mgk_vec_u16 half = f16_of(x);
            memcpy(to + i, &half, 2 * n);
        }
    }
}

static MGK_VEC_INLINE void steps_of(const float *from, mgk_vec inverse, int8_t *to, size_t n) {
    mgk_vec steps = mgk_vec_load(from, n) * inverse;
    mgk_vec half = mgk_vec_pick(steps < mgk_vec_of(0), mgk_vec_of(-0.5f), mgk_vec_of(0.5f));
    mgk_vec_i8 bytes =
        __builtin_convertvector(__builtin_convertvector(steps + half, mgk_vec_i32), mgk_vec_i8);
    memcpy(to, &bytes, n);
}

static float quantise(const float *row, size_t count, int8_t *to) {
    mgk_vec_i32 top = {0}; /* as bits: those of a NaN are above all others */
    for (size_t i = 0; i < count; i += MGK_VEC_LANES) {
        size_t n = count - i < MGK_VEC_LANES ? count - i : MGK_VEC_LANES;
        top = mgk_vec_max_i32(mgk_vec_size_bits(mgk_vec_load(row + i, n)), top);
    }
    int32_t bits = mgk_vec_top_i32(top);
    float largest;
    memcpy(&largest, &bits, sizeof largest);
    bool bad = !(largest < INFINITY);
    if (bad || largest < 1e-30f) {
        memset(to, 0, count);
        return bad ? NAN : 1.0f;
    }
    mgk_vec inverse = mgk_vec_of(127.0f / largest);
    size_t i = 0;
    for (; i + MGK_VEC_LANES <= count; i += MGK_VEC_LANES) {
        steps_of(row + i, inverse, to + i, MGK_VEC_LANES);
    }
    if (i < count) steps_of(row + i, inverse, to + i, count - i);
    return largest / 127.0f;
}

const mgk_weights_rows MGK_ISA_VARIANT(mgk_weights_rows) = {
    .widen = widen,
    .narrow = narrow,
    .quantise = quantise,
};
