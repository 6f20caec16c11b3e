/* Embeddings, activation, residual and LayerNorm; compiled once per instruction set, which
 * MGK_SET names. */
#include "backend/torch/kernels_set.h"
#include "backend/torch/vec.h"

#include <math.h>

/* Writes a row into a product's input, and its scale where the form has one. */
static void emit(const mgk_input *input, size_t row, const float *from, size_t width, float top) {
    if (input->form == MGK_BF16) {
        uint16_t *to = (uint16_t *)input->data + row * input->stride;
        for (size_t i = 0; i < width; i += LANES)
            vf_store_bf16(to + i, vf_load(from + i, width - i), width - i);
        return;
    }
    float *to = (float *)input->data + row * input->stride;
    if (input->form == MGK_FP32) {
        if (to != from) memcpy(to, from, width * sizeof *to);
        return;
    }
    if (!(top > 0 &&
          top < INFINITY)) { /* a bad row is bad through its scale, and for itself alone */
        memset(to, 0, width * sizeof *to);
        input->scale[row] = top == 0 ? 0 : NAN;
        return;
    }
    input->scale[row] = top;
    for (size_t i = 0; i < width; i += LANES)
        vf_store(to + i, vf_load(from + i, width - i) / vf_of(top), width - i);
}

static float largest(const float *row, size_t width) {
    vf top = {0}, sum = {0};
    for (size_t i = 0; i < width; i += LANES) {
        vf x = vf_abs(vf_load(row + i, width - i));
        top = vf_max(x, top);
        sum += x;
    }
    float whole = vf_sum(sum);
    return whole == whole ? vf_top(top) : whole; /* a NaN in the row must not be lost */
}

/* LayerNorm of a row in place, then the product's input. */
static void normalise(float *x, const mgk_norm *norm, const mgk_input *input, size_t row) {
    size_t width = norm->width;
    vf sum = {0}, squares = {0};
    for (size_t i = 0; i < width; i += LANES) sum += vf_load(x + i, width - i);
    float mean = vf_sum(sum) / (float)width;
    size_t whole = width / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        vf d = vf_load(x + i, LANES) - vf_of(mean);
        squares += d * d;
    }
    float square = vf_sum(squares);
    for (size_t i = whole; i < width; i++) square += (x[i] - mean) * (x[i] - mean);
    vf inverse = vf_of(1.0f / sqrtf(square / (float)width + norm->eps));
    for (size_t i = 0; i < width; i += LANES) {
        size_t n = width - i;
        vf y = (vf_load(x + i, n) - vf_of(mean)) * inverse;
        vf_store(x + i, y * vf_load(norm->weight + i, n) + vf_load(norm->bias + i, n), n);
    }
    emit(input, row, x, width, input->form == MGK_SCALED ? largest(x, width) : 0);
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
        for (size_t i = 0; i < width; i += LANES) {
            size_t n = width - i;
            vf sum = vf_load_as(e->words_type, word, i, n) + vf_load(type + i, n);
            vf_store(out + i, sum + vf_load(position + i, n), n);
        }
        normalise(out, &e->norm, input, row);
    }
}

static void add_norm(float *x, const mgk_output *y, const mgk_norm *norm, const mgk_input *input,
                     size_t from, size_t to) {
    size_t width = norm->width;
    for (size_t row = from; row < to; row++) {
        float *sum = x + row * width;
        vf scale = vf_of(y->scale ? y->scale[row] : 1.0f);
        for (size_t i = 0; i < width; i += LANES) {
            size_t n = width - i;
            vf add = vf_load_as(y->type, y->data, row * y->stride + i, n) * scale;
            vf_store(sum + i, vf_load(sum + i, n) + (add + vf_load(y->bias + i, n)), n);
        }
        normalise(sum, norm, input, row);
    }
}

static inline __attribute__((always_inline)) void activate_rows(mgi_activation activation,
                                                                const mgk_output *y, size_t width,
                                                                const mgk_input *input, size_t from,
                                                                size_t to) {
    for (size_t row = from; row < to; row++) {
        vf scale = vf_of(y->scale ? y->scale[row] : 1.0f);
        float *out = (float *)input->data + row * input->stride;
        uint16_t *half = (uint16_t *)input->data + row * input->stride;
        for (size_t i = 0; i < width; i += LANES) {
            size_t n = width - i;
            vf x = vf_load_as(y->type, y->data, row * y->stride + i, n) * scale;
            x = vf_activate(activation, x + vf_load(y->bias + i, n));
            if (input->form == MGK_BF16)
                vf_store_bf16(half + i, x, n);
            else
                vf_store(out + i, x, n);
        }
        if (input->form == MGK_SCALED) emit(input, row, out, width, largest(out, width));
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

static void pack(const float *rows, size_t stride, size_t width, const mgk_input *input,
                 size_t from, size_t to) {
    for (size_t row = from; row < to; row++) {
        const float *x = rows + row * stride;
        emit(input, row, x, width, input->form == MGK_SCALED ? largest(x, width) : 0);
    }
}

const mgk_kernels MGK_SET(mgk_kernels) = {
    .name = MGK_SET_NAME,
    .embed = embed,
    .add_norm = add_norm,
    .activate = activate,
    .pack = pack,
    .attend = MGK_SET(mgk_attend),
};
