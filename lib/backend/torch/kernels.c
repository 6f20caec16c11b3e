/* SPDX-License-Identifier: Apache-2.0 */
/* Embeddings, activation, residual and LayerNorm; compiled once per instruction set, which
 * MGK_ISA_VARIANT names. */
#include "backend/torch/isa_variant.h"
#include "backend/torch/vec.h"

#include <math.h>

/* Writes part of a row into a product's input, or where it waits to be quantised. */
INLINE void put(const mgk_input *input, size_t row, float *wait, size_t i, vf x, size_t n) {
    size_t at = row * input->stride + i;
    if (input->form == MGK_BF16) {
        mgk_vec_store_bf16((uint16_t *)input->data + at, x, n);
    } else if (input->form == MGK_FP32) {
        mgk_vec_store((float *)input->data + at, x, n);
    } else if (wait != NULL) {
        mgk_vec_store(wait + i, x, n);
    }
}

/* The largest magnitude so far, and the sum of all, which alone tells of a NaN. */
typedef struct peak {
    vf top, sum;
} peak;

INLINE void look(peak *p, vf x) {
    vf size = mgk_vec_abs(x);
    p->top = mgk_vec_max(size, p->top);
    p->sum += size;
}

INLINE vi steps_of(const float *from, vf inverse, size_t n) {
    vf steps = mgk_vec_load(from, n) * inverse;
    vf half =
        (vf)(((vi)steps & mgk_vec_of_i32(INT32_MIN)) | (vi)mgk_vec_of(0.5f)); /* of the same sign */
    return __builtin_convertvector(steps + half, vi);
}

INLINE vi quantise_part(const float *from, void *to, size_t i, vf inverse, size_t n, bool wide) {
    vi whole = steps_of(from + i, inverse, n);
    if (wide) {
        vs shorts = __builtin_convertvector(whole, vs);
        memcpy((int16_t *)to + i, &shorts, n * sizeof(int16_t));
    } else {
        vb bytes = __builtin_convertvector(whole, vb);
        memcpy((int8_t *)to + i, &bytes, n);
    }
    return whole;
}

/* Returns the sums of the steps; wide: in two bytes each. */
INLINE vi quantise_row(const float *from, void *to, size_t width, vf inverse, bool wide) {
    vi sums = {0};
    size_t i = 0;
#if defined(MGK_VEC_PACKS)
    for (; i + 4 * LANES <= width; i += 4 * LANES) {
        vi part[4];
        for (size_t k = 0; k < 4; k++) {
            part[k] = steps_of(from + i + k * LANES, inverse, LANES);
            sums += part[k];
        }
        if (wide) {
            mgk_vec_store_shorts((int16_t *)to + i, part);
        } else {
            mgk_vec_store_bytes((int8_t *)to + i, part);
        }
    }
#endif
    for (; i + LANES <= width; i += LANES) sums += quantise_part(from, to, i, inverse, LANES, wide);
    if (i < width) sums += quantise_part(from, to, i, inverse, width - i, wide);
    return sums;
}

/* A row into steps of its scale. A bad row is bad through its scale, and for itself alone. */
static void quantise(const float *from, const mgk_input *input, size_t row, size_t width,
                     const peak *p) {
    bool wide = input->form == MGK_INT8_WIDE;
    size_t bytes = mgk_kernels_dtype_bytes(input->form);
    char *to = (char *)input->data + row * input->stride * bytes;
    float top = mgk_vec_top(p->top), sum = mgk_vec_sum(p->sum);
    if (!(top > 1e-30f && sum < INFINITY)) {
        memset(to, 0, width * bytes);
        input->sums[row] = 0;
        input->scale[row] = sum < INFINITY ? 0 : NAN;
        return;
    }
    vf inverse = mgk_vec_of(127.0f / top);
    vi sums = wide ? quantise_row(from, to, width, inverse, true)
                   : quantise_row(from, to, width, inverse, false);
    input->sums[row] = mgk_vec_sum_i32(sums);
    input->scale[row] = top / 127.0f;
}

INLINE vf spread_part(const float *x, size_t i, float mean, size_t n) {
    vf keep = {0}; /* lanes beyond the row must not count */
    for (size_t lane = 0; lane < n; lane++) keep[lane] = 1.0f;
    vf d = (mgk_vec_load(x + i, n) - mgk_vec_of(mean)) * keep;
    return d * d;
}

INLINE void norm_part(float *x, const mgk_norm *norm, const mgk_input *input, size_t row, size_t i,
                      float mean, float inverse, peak *p, size_t n) {
    vf y = (mgk_vec_load(x + i, n) - mgk_vec_of(mean)) * mgk_vec_of(inverse);
    y = y * mgk_vec_load(norm->weight + i, n) + mgk_vec_load(norm->bias + i, n);
    mgk_vec_store(x + i, y, n);
    if (input->form == MGK_BF16) put(input, row, NULL, i, y, n);
    if (mgk_kernels_is_quantised(input->form)) look(p, y);
}

/* LayerNorm of a row in place, then the product's input; sum: of the row. */
static void normalise(float *x, const mgk_norm *norm, const mgk_input *input, size_t row, vf sum) {
    size_t width = norm->width, i = 0;
    float mean = mgk_vec_sum(sum) / (float)width;
    vf spread = {0};
    for (; i + LANES <= width; i += LANES) spread += spread_part(x, i, mean, LANES);
    if (i < width) spread += spread_part(x, i, mean, width - i);
    float inverse = 1.0f / sqrtf(mgk_vec_sum(spread) / (float)width + norm->eps);
    peak p = {{0}, {0}};
    for (i = 0; i + LANES <= width; i += LANES) {
        norm_part(x, norm, input, row, i, mean, inverse, &p, LANES);
    }
    if (i < width) norm_part(x, norm, input, row, i, mean, inverse, &p, width - i);
    if (input->form == MGK_FP32 && input->data != x - row * input->stride) {
        memcpy((float *)input->data + row * input->stride, x, width * sizeof *x);
    }
    if (mgk_kernels_is_quantised(input->form)) quantise(x, input, row, width, &p);
}

INLINE vf embed_part(const mgk_embedding *e, const void *word, const float *position,
                     const float *type, float *out, size_t i, size_t n) {
    vf sum = mgk_vec_load_as(e->words_type, word, i, n) + mgk_vec_load(type + i, n);
    sum += mgk_vec_load(position + i, n);
    mgk_vec_store(out + i, sum, n);
    return sum;
}

static void embed(const mgk_embedding *e, float *x, const mgk_input *input, size_t from,
                  size_t to) {
    size_t width = e->norm.width;
    size_t bytes = e->words_type == MGI_F32 ? 4 : 2;
    for (size_t row = from; row < to; row++) {
        const void *word = (const char *)e->words + (size_t)e->ids[row] * width * bytes;
        const float *position = e->position_rows + (size_t)e->positions[row] * width;
        const float *type = e->type_rows + (size_t)e->types[row] * width;
        float *out = x + row * width;
        vf sum = {0};
        size_t i = 0;
        for (; i + LANES <= width; i += LANES) {
            sum += embed_part(e, word, position, type, out, i, LANES);
        }
        if (i < width) sum += embed_part(e, word, position, type, out, i, width - i);
        normalise(out, &e->norm, input, row, sum);
    }
}

INLINE vf add_part(float *x, const mgk_output *y, size_t row, size_t i, size_t n) {
    vf add = mgk_vec_load_as(y->type, y->data, row * y->stride + i, n);
    vf sum = mgk_vec_load(x + i, n) + (add + mgk_vec_load(y->bias + i, n));
    mgk_vec_store(x + i, sum, n);
    return sum;
}

static void add_norm(float *x, const mgk_output *y, const mgk_norm *norm, const mgk_input *input,
                     size_t from, size_t to) {
    size_t width = norm->width;
    for (size_t row = from; row < to; row++) {
        float *out = x + row * width;
        vf sum = {0};
        size_t i = 0;
        for (; i + LANES <= width; i += LANES) sum += add_part(out, y, row, i, LANES);
        if (i < width) sum += add_part(out, y, row, i, width - i);
        normalise(out, norm, input, row, sum);
    }
}

INLINE void activate_part(mgi_activation activation, const mgk_output *y, const mgk_input *input,
                          size_t row, size_t i, peak *p, size_t n) {
    size_t at = row * y->stride;
    vf x = mgk_vec_load_as(y->type, y->data, at + i, n);
    x = mgk_vec_activate(activation, x + mgk_vec_load(y->bias + i, n));
    put(input, row, (float *)y->data + at, i, x, n);
    if (mgk_kernels_is_quantised(input->form)) look(p, x);
}

INLINE void activate_rows(mgi_activation activation, const mgk_output *y, size_t width,
                          const mgk_input *input, size_t from, size_t to) {
    for (size_t row = from; row < to; row++) {
        peak p = {{0}, {0}};
        size_t i = 0;
        for (; i + LANES <= width; i += LANES) {
            activate_part(activation, y, input, row, i, &p, LANES);
        }
        if (i < width) activate_part(activation, y, input, row, i, &p, width - i);
        if (mgk_kernels_is_quantised(input->form)) {
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

INLINE void pack_part(const float *x, const mgk_input *input, size_t row, size_t i, peak *p,
                      size_t n) {
    vf y = mgk_vec_load(x + i, n);
    if (!mgk_kernels_is_quantised(input->form)) put(input, row, NULL, i, y, n);
    look(p, y);
}

static void pack(const float *rows, size_t stride, size_t width, const mgk_input *input,
                 size_t from, size_t to) {
    for (size_t row = from; row < to; row++) {
        const float *x = rows + row * stride;
        peak p = {{0}, {0}};
        size_t i = 0;
        for (; i + LANES <= width; i += LANES) pack_part(x, input, row, i, &p, LANES);
        if (i < width) pack_part(x, input, row, i, &p, width - i);
        if (mgk_kernels_is_quantised(input->form)) quantise(x, input, row, width, &p);
    }
}

const mgk_kernels MGK_ISA_VARIANT(mgk_kernels) = {
    .name = MGK_ISA_VARIANT_NAME,
    .embed = embed,
    .add_norm = add_norm,
    .activate = activate,
    .pack = pack,
    .attend = MGK_ISA_VARIANT(mgk_kernels_attend),
};
