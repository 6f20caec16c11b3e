/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of the int8 products, compiled once per instruction set. */
#include "backend/cpu/kernels/int8.h"
#include "backend/cpu/kernels/int8_layout.h"

#include <string.h>

/* `count` rows from `row` on, and where one panel's results for them go. */
typedef struct block {
    const mgk_input *input;
    const uint8_t *panel;
    size_t groups; /* of four inputs */
    size_t row;
    int32_t sums[MGK_INT8_ROWS_AT_ONCE][MGK_INT8_PANEL];
} block;

#if defined(MGK_VNNI) || defined(MGK_AVXVNNI) || defined(MGK_AVX2)

#include "backend/cpu/kernels/int8_x86.h"

/* The rows of a block are written out one by one: a compiler keeps sums in registers that have
 * names, but not those of an array. EACH_3(X) is X(0) X(1) X(2). */
#define EACH_1(X) X(0)
#define EACH_2(X) EACH_1(X) X(1)
#define EACH_3(X) EACH_2(X) X(2)
#define EACH_4(X) EACH_3(X) X(3)
#define EACH_5(X) EACH_4(X) X(4)
#define EACH_6(X) EACH_5(X) X(5)
#define EACH_7(X) EACH_6(X) X(6)
#define EACH_8(X) EACH_7(X) X(7)
#define EACH_9(X) EACH_8(X) X(8)
#define EACH_10(X) EACH_9(X) X(9)
#define EACH_11(X) EACH_10(X) X(10)
#define EACH_12(X) EACH_11(X) X(11)

#define START(r)                                                                                   \
    vector low##r = first_sum(b->input, b->row + r), high##r = low##r;                             \
    const step *row##r = (const step *)b->input->data + (b->row + r) * b->input->stride;
#define STEP(r)                                                                                    \
    {                                                                                              \
        vector x = four_inputs(row##r + g * MGK_INT8_GROUP);                                       \
        low##r = add_products(low##r, w0, x);                                                      \
        high##r = add_products(high##r, w1, x);                                                    \
        ROW_DONE(low##r, high##r)                                                                  \
    }
#define STORE(r) store_sums(b->sums[r] + column, low##r, high##r);
#define CASE(n)                                                                                    \
    case n: {                                                                                      \
        EACH_##n(START) for (size_t g = 0; g < b->groups; g++) {                                   \
            const uint8_t *at = b->panel + (column * b->groups + g * COLUMNS) * MGK_INT8_GROUP;    \
            vector w0 = weights(at), w1 = weights(at + COLUMNS / 2 * MGK_INT8_GROUP);              \
            EACH_##n(STEP)                                                                         \
        }                                                                                          \
        EACH_##n(STORE) break;                                                                     \
    }

static void multiply_columns(block *b, size_t column, size_t count) {
    switch (count) {
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
        CASE(5)
        CASE(6)
#if defined(MGK_VNNI)
        CASE(7)
        CASE(8)
        CASE(9)
        CASE(10)
        CASE(11)
        CASE(12)
#endif
    default: break;
    }
}

static void multiply_block(block *b, size_t count) {
    for (size_t column = 0; column < MGK_INT8_PANEL; column += COLUMNS) {
        multiply_columns(b, column, count);
    }
}

#else

#define MGK_INT8_TABLE mgk_int8_base
#define MGK_INT8_NAME "portable"
#define MGK_INT8_DTYPE MGK_INT8

enum { FLIP = 0, COLUMNS = MGK_INT8_PANEL };

static void multiply_row(block *b, size_t r) {
    const int8_t *x = (const int8_t *)b->input->data + (b->row + r) * b->input->stride;
    int32_t *sums = b->sums[r];
    memset(sums, 0, sizeof b->sums[r]);
    for (size_t g = 0; g < b->groups; g++) {
        const int8_t *w = (const int8_t *)b->panel + g * MGK_INT8_GROUP * MGK_INT8_PANEL;
        for (size_t c = 0; c < MGK_INT8_PANEL; c++) {
            for (size_t i = 0; i < MGK_INT8_GROUP; i++) {
                sums[c] += w[c * MGK_INT8_GROUP + i] * x[g * MGK_INT8_GROUP + i];
            }
        }
    }
}

static void multiply_block(block *b, size_t count) {
    for (size_t r = 0; r < count; r++) multiply_row(b, r);
}

#endif

static void store_block(const block *b, size_t count, const float *scale, size_t columns,
                        float *out, size_t stride) {
    for (size_t r = 0; r < count; r++) {
        float row_scale = b->input->scale[b->row + r];
        float *to = out + (b->row + r) * stride;
        if (columns == MGK_INT8_PANEL) {
            for (size_t c = 0; c < MGK_INT8_PANEL; c++) {
                to[c] = (float)b->sums[r][c] * (scale[c] * row_scale);
            }
        } else {
            for (size_t c = 0; c < columns; c++) {
                to[c] = (float)b->sums[r][c] * (scale[c] * row_scale);
            }
        }
    }
}

static void multiply(const mgk_int8_weight *weight, const mgk_input *input, size_t rows,
                     size_t from, size_t to, float *out, size_t out_stride) {
    block b = {.input = input, .groups = (weight->inputs + MGK_INT8_GROUP - 1) / MGK_INT8_GROUP};
    for (size_t panel = from; panel < to; panel++) {
        size_t first = panel * MGK_INT8_PANEL;
        size_t columns =
            weight->outputs - first < MGK_INT8_PANEL ? weight->outputs - first : MGK_INT8_PANEL;
        b.panel = weight->panels + first * b.groups * MGK_INT8_GROUP;
        for (b.row = 0; b.row < rows; b.row += MGK_INT8_ROWS_AT_ONCE) {
            size_t count =
                rows - b.row < MGK_INT8_ROWS_AT_ONCE ? rows - b.row : MGK_INT8_ROWS_AT_ONCE;
            multiply_block(&b, count);
            store_block(&b, count, weight->scale + first, columns, out + first, out_stride);
        }
    }
}

const mgk_int8 MGK_INT8_TABLE = {.name = MGK_INT8_NAME,
                                 .flip = FLIP,
                                 .dtype = MGK_INT8_DTYPE,
                                 .columns = COLUMNS,
                                 .multiply = multiply};
