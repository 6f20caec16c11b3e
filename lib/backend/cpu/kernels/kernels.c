/* SPDX-License-Identifier: Apache-2.0 */
/* Embeddings, LayerNorm and a product's input; compiled once per instruction set, which
 * MGK_ISA_VARIANT names.
 *
 * Loops over a row are written once, for a number of lanes: whole vectors, where that number is a
 * constant, and then once for what is left. */
#include "backend/cpu/kernels/isa_variant.h"
#include "backend/cpu/kernels/vec.h"

#include <math.h>

enum { CHAINS = 4 }; /* sums that do not wait for one another */

static MGK_VEC_INLINE mgk_vec sum_of(const mgk_vec sum[CHAINS]) {
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* ---- Quantising ---- */

/* Steps of a row's scale: to the nearest, halves away from zero. Product and sum are rounded one by
 * one, so that the same row becomes the same steps on every processor. */
static MGK_VEC_INLINE mgk_vec_i32 steps_of(const float *from, mgk_vec inverse, size_t n) {
    mgk_vec steps = mgk_vec_load(from, n) * inverse;
    return __builtin_convertvector(steps + mgk_vec_with_sign(mgk_vec_of(0.5f), steps), mgk_vec_i32);
}

static MGK_VEC_INLINE mgk_vec_i32 quantise_part(const float *from, void *to, size_t i,
                                                mgk_vec inverse, size_t n, bool wide) {
    mgk_vec_i32 whole = steps_of(from + i, inverse, n);
    if (wide) {
        mgk_vec_i16 shorts = __builtin_convertvector(whole, mgk_vec_i16);
        memcpy((int16_t *)to + i, &shorts, n * sizeof(int16_t));
    } else {
        mgk_vec_i8 bytes = __builtin_convertvector(whole, mgk_vec_i8);
        memcpy((int8_t *)to + i, &bytes, n);
    }
    return whole;
}

/* Returns the sums of the steps; wide: in two bytes each. next: how far the row is that follows,
 * which is brought nearer meanwhile; 0: none. */
static MGK_VEC_INLINE mgk_vec_i32 quantise_row(const float *from, void *to, size_t width,
                                               mgk_vec inverse, bool wide, size_t next) {
    mgk_vec_i32 sums = {0};
    size_t i = 0;
    (void)next;
#if defined(MGK_VEC_PACKS)
    for (; i + 4 * MGK_VEC_LANES <= width; i += 4 * MGK_VEC_LANES) {
        mgk_vec_i32 part[4];
        for (size_t k = 0; k < 4; k++) {
            part[k] = steps_of(from + i + k * MGK_VEC_LANES, inverse, MGK_VEC_LANES);
        }
        for (size_t k = 0; next != 0 && k < 4; k++) {
            __builtin_prefetch(from + next + i + k * MGK_VEC_LANES);
        }
        sums += (part[0] + part[1]) + (part[2] + part[3]);
        if (wide) {
            mgk_vec_store_shorts((int16_t *)to + i, part);
        } else {
            mgk_vec_store_bytes((int8_t *)to + i, part);
        }
    }
#endif
    for (; i + MGK_VEC_LANES <= width; i += MGK_VEC_LANES) {
        sums += quantise_part(from, to, i, inverse, MGK_VEC_LANES, wide);
    }
    if (i < width) sums += quantise_part(from, to, i, inverse, width - i, wide);
    return sums;
}

/* Quantises a row whose largest magnitude has these bits. A NaN or infinity makes the scale NaN,
 * and spoils no other row. */
static void quantise(const float *from, const mgk_input *input, size_t row, size_t width,
                     int32_t top_bits, size_t next) {
    enum { INFINITE = 0x7f800000 };
    bool wide = input->dtype == MGK_INT8_WIDE;
    size_t bytes = mgk_kernels_dtype_bytes(input->dtype);
    char *to = (char *)input->data + row * input->stride * bytes;
    float top;
    memcpy(&top, &top_bits, sizeof top);
    if (top_bits >= INFINITE || top <= 1e-30f) {
        memset(to, 0, width * bytes);
        input->sums[row] = 0;
        input->scale[row] = top_bits >= INFINITE ? NAN : 0;
        return;
    }
    mgk_vec inverse = mgk_vec_of(127.0f / top);
    mgk_vec_i32 sums = wide ? quantise_row(from, to, width, inverse, true, next)
                            : quantise_row(from, to, width, inverse, false, next);
    input->sums[row] = mgk_vec_sum_i32(sums);
    input->scale[row] = top / 127.0f;
}

/* ---- LayerNorm ---- */

static MGK_VEC_INLINE mgk_vec row_sum(const float *x, size_t width) {
    mgk_vec sum[CHAINS] = {{0}};
    size_t i = 0;
    for (; i + CHAINS * MGK_VEC_LANES <= width; i += CHAINS * MGK_VEC_LANES) {
        for (size_t k = 0; k < CHAINS; k++) {
            sum[k] += mgk_vec_load(x + i + k * MGK_VEC_LANES, MGK_VEC_LANES);
        }
    }
    for (; i + MGK_VEC_LANES <= width; i += MGK_VEC_LANES) {
        sum[0] += mgk_vec_load(x + i, MGK_VEC_LANES);
    }
    if (i < width) sum[1] += mgk_vec_load(x + i, width - i);
    return sum_of(sum);
}

static MGK_VEC_INLINE mgk_vec square_of(const float *x, mgk_vec mean, size_t n) {
    mgk_vec d = mgk_vec_load(x, n) - mean;
    if (n < MGK_VEC_LANES) d = (mgk_vec)((mgk_vec_i32)d & mgk_vec_first_lanes(n));
    return d * d;
}

static MGK_VEC_INLINE mgk_vec row_spread(const float *x, size_t width, mgk_vec mean) {
    mgk_vec sum[CHAINS] = {{0}};
    size_t i = 0;
    for (; i + CHAINS * MGK_VEC_LANES <= width; i += CHAINS * MGK_VEC_LANES) {
        for (size_t k = 0; k < CHAINS; k++) {
            sum[k] += square_of(x + i + k * MGK_VEC_LANES, mean, MGK_VEC_LANES);
        }
    }
    for (; i + MGK_VEC_LANES <= width; i += MGK_VEC_LANES) {
        sum[0] += square_of(x + i, mean, MGK_VEC_LANES);
    }
    if (i < width) sum[1] += square_of(x + i, mean, width - i);
    return sum_of(sum);
}

/* A row being normalised, and where its numbers go in the next product's dtype. */
typedef struct norm_row {
    float *x;
    const mgk_norm *norm;
    mgk_vec mean, inverse;
    void *to;
} norm_row;

static MGK_VEC_INLINE mgk_vec_i32 norm_part(const norm_row *r, mgk_dtype dtype, size_t i,
                                            mgk_vec_i32 top, size_t n) {
    mgk_vec y = (mgk_vec_load(r->x + i, n) - r->mean) * r->inverse;
    y = y * mgk_vec_load(r->norm->weight + i, n) + mgk_vec_load(r->norm->bias + i, n);
    mgk_vec_store(r->x + i, y, n);
    if (dtype == MGK_BF16) mgk_vec_store_bf16((uint16_t *)r->to + i, y, n);
    return dtype == MGK_INT8 ? mgk_vec_max_i32(top, mgk_vec_size_bits(y)) : top;
}

static MGK_VEC_INLINE int32_t norm_width(const norm_row *r, mgk_dtype dtype, size_t width) {
    mgk_vec_i32 top = {0};
    size_t i = 0;
    for (; i + MGK_VEC_LANES <= width; i += MGK_VEC_LANES) {
        top = norm_part(r, dtype, i, top, MGK_VEC_LANES);
    }
    if (i < width) top = norm_part(r, dtype, i, top, width - i);
    return dtype == MGK_INT8 ? mgk_vec_top_i32(top) : 0;
}

/* LayerNorm of a row in place, then the product's input. */
static void normalise(float *x, const mgk_norm *norm, const mgk_input *input, size_t row,
                      mgk_vec sum) {
    size_t width = norm->width;
    norm_row r = {.x = x, .norm = norm, .mean = mgk_vec_of(mgk_vec_sum(sum) / (float)width)};
    float spread = mgk_vec_sum(row_spread(x, width, r.mean)) / (float)width;
    r.inverse = mgk_vec_of(1.0f / sqrtf(spread + norm->eps));
    size_t at = row * input->stride;
    switch (input->dtype) {
    case MGK_FP32:
        norm_width(&r, MGK_FP32, width);
        if ((float *)input->data + at != x) {
            memcpy((float *)input->data + at, x, width * sizeof *x);
        }
        break;
    case MGK_BF16:
        r.to = (uint16_t *)input->data + at;
        norm_width(&r, MGK_BF16, width);
        break;
    case MGK_INT8:
    case MGK_INT8_WIDE: quantise(x, input, row, width, norm_width(&r, MGK_INT8, width), 0); break;
    }
}

static void norm(float *x, size_t stride, const mgk_norm *norm, const mgk_input *input, size_t from,
                 size_t to) {
    for (size_t row = from; row < to; row++) {
        float *at = x + row * stride;
        normalise(at, norm, input, row, row_sum(at, norm->width));
    }
}

static MGK_VEC_INLINE mgk_vec embed_part(const mgk_embedding *e, const void *word,
                                         const float *position, const float *type, float *out,
                                         size_t i, size_t n) {
    mgk_vec sum = mgk_vec_load_as(e->words_type, word, i, n) + mgk_vec_load(type + i, n);
    sum += mgk_vec_load(position + i, n);
    mgk_vec_store(out + i, sum, n);
    return sum;
}

static void embed(const mgk_embedding *e, float *x, const mgk_input *input, size_t from,
                  size_t to) {
    size_t width = e->norm.width;
    size_t bytes = e->words_type == MGI_F32 ? 4 : 2;
    size_t stride = e->x_stride != 0 ? e->x_stride : width;
    for (size_t row = from; row < to; row++) {
        const void *word = (const char *)e->words + (size_t)e->ids[row] * width * bytes;
        const float *position = e->position_rows + (size_t)e->positions[row] * width;
        const float *type = e->type_rows + (size_t)e->types[row] * width;
        float *out = x + row * stride;
        mgk_vec sum = {0};
        size_t i = 0;
        for (; i + MGK_VEC_LANES <= width; i += MGK_VEC_LANES) {
            sum += embed_part(e, word, position, type, out, i, MGK_VEC_LANES);
        }
        if (i < width) sum += embed_part(e, word, position, type, out, i, width - i);
        normalise(out, &e->norm, input, row, sum);
    }
}

/* ---- Rows as they are ---- */

static void pack_bf16(const float *x, uint16_t *to, size_t width) {
    size_t i = 0;
    for (; i + MGK_VEC_LANES <= width; i += MGK_VEC_LANES) {
        mgk_vec_store_bf16(to + i, mgk_vec_load(x + i, MGK_VEC_LANES), MGK_VEC_LANES);
    }
    if (i < width) mgk_vec_store_bf16(to + i, mgk_vec_load(x + i, width - i), width - i);
}

static int32_t top_of(const float *x, size_t width) {
    mgk_vec_i32 top = {0};
    size_t i = 0;
    for (; i + MGK_VEC_LANES <= width; i += MGK_VEC_LANES) {
        top = mgk_vec_max_i32(top, mgk_vec_size_bits(mgk_vec_load(x + i, MGK_VEC_LANES)));
    }
    if (i < width) top = mgk_vec_max_i32(top, mgk_vec_size_bits(mgk_vec_load(x + i, width - i)));
    return mgk_vec_top_i32(top);
}

static void pack(const float *rows, size_t stride, size_t width, const mgk_input *input,
                 size_t from, size_t to) {
    for (size_t row = from; row < to; row++) {
        const float *x = rows + row * stride;
        size_t at = row * input->stride;
        switch (input->dtype) {
        case MGK_FP32: memcpy((float *)input->data + at, x, width * sizeof *x); break;
        case MGK_BF16: pack_bf16(x, (uint16_t *)input->data + at, width); break;
        case MGK_INT8:
        case MGK_INT8_WIDE:
            quantise(x, input, row, width, top_of(x, width), row + 1 < to ? stride : 0);
            break;
        }
    }
}

const mgk_kernels MGK_ISA_VARIANT(mgk_kernels) = {
    .name = MGK_ISA_VARIANT_NAME,
    .embed = embed,
    .norm = norm,
    .pack = pack,
    .attend_heads = MGK_ISA_VARIANT(mgk_kernels_attend_heads),
};
