/* SPDX-License-Identifier: Apache-2.0 */
/* Embeddings, activation, residual and LayerNorm; compiled once per instruction set, which
 * MGK_ISA_VARIANT names. */
#include "backend/cpu/kernels/isa_variant.h"
#include "backend/cpu/kernels/vec.h"

#include <math.h>

/* Writes part of a row into a product's input, or where it waits to be quantised. */
static MGK_VEC_INLINE void put(const mgk_input *input, size_t row, float *wait, size_t i, mgk_vec x,
                               size_t n) {
    size_t at = row * input->stride + i;
    if (input->dtype == MGK_BF16) {
        mgk_vec_store_bf16((uint16_t *)input->data + at, x, n);
    } else if (input->dtype == MGK_FP32) {
        mgk_vec_store((float *)input->data + at, x, n);
    } else if (wait != NULL) {
        mgk_vec_store(wait + i, x, n);
    }
}

/* The largest magnitude so far, and the sum of all, which shows a NaN. */
typedef struct peak {
    mgk_vec top, sum;
} peak;

static MGK_VEC_INLINE void look(peak *p, mgk_vec x) {
    mgk_vec size = mgk_vec_abs(x);
    p->top = mgk_vec_max(size, p->top);
    p->sum += size;
}

static MGK_VEC_INLINE mgk_vec_i32 steps_of(const float *from, mgk_vec inverse, size_t n) {
    mgk_vec steps = mgk_vec_load(from, n) * inverse;
    mgk_vec half = (mgk_vec)(((mgk_vec_i32)steps & mgk_vec_of_i32(INT32_MIN)) |
                             (mgk_vec_i32)mgk_vec_of(0.5f)); /* of the same sign */
    return __builtin_convertvector(steps + half, mgk_vec_i32);
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

/* Returns the sums of the steps; wide: in two bytes each. */
static MGK_VEC_INLINE mgk_vec_i32 quantise_row(const float *from, void *to, size_t width,
                                               mgk_vec inverse, bool wide) {
    mgk_vec_i32 sums = {0};
    size_t i = 0;
#if defined(MGK_VEC_PACKS)
    for (; i + 4 * MGK_VEC_LANES <= width; i += 4 * MGK_VEC_LANES) {
        mgk_vec_i32 part[4];
        for (size_t k = 0; k < 4; k++) {
            part[k] = steps_of(from + i + k * MGK_VEC_LANES, inverse, MGK_VEC_LANES);
            sums += part[k];
        }
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

/* Quantises a row. A NaN or infinity makes the scale NaN, and spoils no other row. */
static void quantise(const float *from, const mgk_input *input, size_t row, size_t width,
                     const peak *p) {
    bool wide = input->dtype == MGK_INT8_WIDE;
    size_t bytes = mgk_kernels_dtype_bytes(input->dtype);
    char *to = (char *)input->data + row * input->stride * bytes;
    float top = mgk_vec_top(p->top), sum = mgk_vec_sum(p->sum);
    if (!(top > 1e-30f && sum < INFINITY)) {
        memset(to, 0, width * bytes);
        input->sums[row] = 0;
        input->scale[row] = sum < INFINITY ? 0 : NAN;
        return;
    }
    mgk_vec inverse = mgk_vec_of(127.0f / top);
    mgk_vec_i32 sums = wide ? quantise_row(from, to, width, inverse, true)
                            : quantise_row(from, to, width, inverse, false);
    input->sums[row] = mgk_vec_sum_i32(sums);
    input->scale[row] = top / 127.0f;
}

static MGK_VEC_INLINE mgk_vec spread_part(const float *x, size_t i, float mean, size_t n) {
    mgk_vec keep = {0}; /* lanes beyond the row must not count */
    for (size_t lane = 0; lane < n; lane++) keep[lane] = 1.0f;
    mgk_vec d = (mgk_vec_load(x + i, n) - mgk_vec_of(mean)) * keep;
    return d * d;
}

static MGK_VEC_INLINE void norm_part(float *x, const mgk_norm *norm, const mgk_input *input,
                                     size_t row, size_t i, float mean, float inverse, peak *p,
                                     size_t n) {
    mgk_vec y = (mgk_vec_load(x + i, n) - mgk_vec_of(mean)) * mgk_vec_of(inverse);
    y = y * mgk_vec_load(norm->weight + i, n) + mgk_vec_load(norm->bias + i, n);
    mgk_vec_store(x + i, y, n);
    if (input->dtype == MGK_BF16) put(input, row, NULL, i, y, n);
    if (mgk_kernels_is_quantised(input->dtype)) look(p, y);
}

/* LayerNorm of a row in place, then the product's input; sum: of the row. */
static void normalise(float *x, const mgk_norm *norm, const mgk_input *input, size_t row,
                      mgk_vec sum) {
    size_t width = norm->width, i = 0;
    float mean = mgk_vec_sum(sum) / (float)width;
    mgk_vec spread = {0};
    for (; i + MGK_VEC_LANES <= width; i += MGK_VEC_LANES) {
        spread += spread_part(x, i, mean, MGK_VEC_LANES);
    }
    if (i < width) spread += spread_part(x, i, mean, width - i);
    float inverse = 1.0f / sqrtf(mgk_vec_sum(spread) / (float)width + norm->eps);
    peak p = {{0}, {0}};
    for (i = 0; i + MGK_VEC_LANES <= width; i += MGK_VEC_LANES) {
        norm_part(x, norm, input, row, i, mean, inverse, &p, MGK_VEC_LANES);
    }
    if (i < width) norm_part(x, norm, input, row, i, mean, inverse, &p, width - i);
    if (input->dtype == MGK_FP32 && (float *)input->data + row * input->stride != x) {
        memcpy((float *)input->data + row * input->stride, x, width * sizeof *x);
    }
    if (mgk_kernels_is_quantised(input->dtype)) quantise(x, input, row, width, &p);
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

static void norm_rows(float *x, size_t stride, const mgk_norm *norm, const mgk_input *input,
                      size_t from, size_t to) {
    size_t width = norm->width;
    for (size_t row = from; row < to; row++) {
        float *at = x + row * stride;
        mgk_vec sum = {0};
        size_t i = 0;
        for (; i + MGK_VEC_LANES <= width; i += MGK_VEC_LANES) {
            sum += mgk_vec_load(at + i, MGK_VEC_LANES);
        }
        if (i < width) sum += mgk_vec_load(at + i, width - i);
        normalise(at, norm, input, row, sum);
    }
}

static MGK_VEC_INLINE mgk_vec add_part(float *x, const mgk_output *y, size_t row, size_t i,
                                       size_t n) {
    mgk_vec add = mgk_vec_load_as(y->type, y->data, row * y->stride + i, n);
    mgk_vec sum = mgk_vec_load(x + i, n) + (add + mgk_vec_load(y->bias + i, n));
    mgk_vec_store(x + i, sum, n);
    return sum;
}

static void add_norm(float *x, const mgk_output *y, const mgk_norm *norm, const mgk_input *input,
                     size_t from, size_t to) {
    size_t width = norm->width;
    for (size_t row = from; row < to; row++) {
        float *out = x + row * width;
        mgk_vec sum = {0};
        size_t i = 0;
        for (; i + MGK_VEC_LANES <= width; i += MGK_VEC_LANES) {
            sum += add_part(out, y, row, i, MGK_VEC_LANES);
        }
        if (i < width) sum += add_part(out, y, row, i, width - i);
        normalise(out, norm, input, row, sum);
    }
}

static MGK_VEC_INLINE void activate_part(mgi_activation activation, const mgk_output *y,
                                         const mgk_input *input, size_t row, size_t i, peak *p,
                                         size_t n) {
    size_t at = row * y->stride;
    mgk_vec x = mgk_vec_load_as(y->type, y->data, at + i, n);
    x = mgk_vec_activate(activation, x + mgk_vec_load(y->bias + i, n));
    put(input, row, (float *)y->data + at, i, x, n);
    if (mgk_kernels_is_quantised(input->dtype)) look(p, x);
}

static MGK_VEC_INLINE void activate_rows(mgi_activation activation, const mgk_output *y,
                                         size_t width, const mgk_input *input, size_t from,
                                         size_t to) {
    for (size_t row = from; row < to; row++) {
        peak p = {{0}, {0}};
        size_t i = 0;
        for (; i + MGK_VEC_LANES <= width; i += MGK_VEC_LANES) {
            activate_part(activation, y, input, row, i, &p, MGK_VEC_LANES);
        }
        if (i < width) activate_part(activation, y, input, row, i, &p, width - i);
        if (mgk_kernels_is_quantised(input->dtype)) {
            quantise((float *)y->data + row * y->stride, input, row, width, &p);
        }
    }
}

static void activate(mgi_activation activation, const mgk_output *y, size_t width,
                     const mgk_input *input, size_t from, size_t to) {
    switch (activation) { /* a loop of its own for each */
    case MGI_GELU: activate_rows(MGI_GELU, y, width, input, from, to); break;
    case MGI_GELU_TANH: activate_rows(MGI_GELU_TANH, y, width, input, from, to); break;
    case MGI_RELU: activate_rows(MGI_RELU, y, width, input, from, to); break;
    case MGI_TANH: activate_rows(MGI_TANH, y, width, input, from, to); break;
    }
}

static MGK_VEC_INLINE void pack_part(const float *x, const mgk_input *input, size_t row, size_t i,
                                     peak *p, size_t n) {
    mgk_vec y = mgk_vec_load(x + i, n);
    if (!mgk_kernels_is_quantised(input->dtype)) put(input, row, NULL, i, y, n);
    look(p, y);
}

static void pack(const float *rows, size_t stride, size_t width, const mgk_input *input,
                 size_t from, size_t to) {
    for (size_t row = from; row < to; row++) {
        const float *x = rows + row * stride;
        peak p = {{0}, {0}};
        size_t i = 0;
        for (; i + MGK_VEC_LANES <= width; i += MGK_VEC_LANES) {
            pack_part(x, input, row, i, &p, MGK_VEC_LANES);
        }
        if (i < width) pack_part(x, input, row, i, &p, width - i);
        if (mgk_kernels_is_quantised(input->dtype)) quantise(x, input, row, width, &p);
    }
}

const mgk_kernels MGK_ISA_VARIANT(mgk_kernels) = {
    .name = MGK_ISA_VARIANT_NAME,
    .embed = embed,
    .norm = norm_rows,
    .add_norm = add_norm,
    .activate = activate,
    .pack = pack,
    .attend = MGK_ISA_VARIANT(mgk_kernels_attend),
    .attend_heads = MGK_ISA_VARIANT(mgk_kernels_attend_heads),
};
