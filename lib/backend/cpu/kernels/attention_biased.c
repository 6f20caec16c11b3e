/* SPDX-License-Identifier: Apache-2.0 */
/* One head of one sequence's attention over products without their bias; compiled once per
 * instruction set. */
#include "backend/cpu/kernels/isa_variant.h"
#include "backend/cpu/kernels/vec.h"

#include <math.h>

enum { ROWS = 4, WIDE = 2 * MGK_VEC_LANES };

/* Where a head's numbers lie in the scratch: keys transposed [width, padded length], values
 * [length, padded width], ROWS queries and their scores. */
typedef struct head_scratch {
    size_t length, padded_length, width, padded_width;
    float *keys, *values, *queries, *scores;
} head_scratch;

static size_t round_up(size_t n) { return (n + WIDE - 1) / WIDE * WIDE; }

static head_scratch divide(float *memory, size_t length, size_t width) {
    head_scratch s = {length, round_up(length), width, round_up(width), NULL, NULL, NULL, NULL};
    s.keys = memory;
    s.values = s.keys + width * s.padded_length;
    s.queries = s.values + length * s.padded_width;
    s.scores = s.queries + ROWS * s.padded_width;
    return s;
}

/* One head's slice of one product row, biased and scaled, zero beyond the head's width. */
static MGK_VEC_INLINE void read_part(const mgk_output *y, size_t at, size_t column, mgk_vec factor,
                                     float *to, size_t i, size_t n) {
    mgk_vec x = mgk_vec_load_as(y->type, y->data, at + i, n);
    if (y->bias != NULL) x += mgk_vec_load(y->bias + column + i, n);
    mgk_vec_store(to + i, x * factor, MGK_VEC_LANES);
}

static void read_row(const mgk_output *y, size_t row, size_t column, size_t width, float factor,
                     float *to) {
    size_t at = row * y->stride + column, padded = round_up(width), i = 0;
    for (; i + MGK_VEC_LANES <= width; i += MGK_VEC_LANES) {
        read_part(y, at, column, mgk_vec_of(factor), to, i, MGK_VEC_LANES);
    }
    if (i < width) {
        read_part(y, at, column, mgk_vec_of(factor), to, i, width - i);
        i += MGK_VEC_LANES;
    }
    for (; i < padded; i += MGK_VEC_LANES) mgk_vec_store(to + i, (mgk_vec){0}, MGK_VEC_LANES);
}

static void read_head(const mgk_attention *a, const mgk_sequence *sequence, size_t column,
                      head_scratch *s) {
    for (size_t j = 0; j < s->length; j++) {
        float *row = s->values + j * s->padded_width;
        read_row(&a->key, sequence->first + j, column, s->width, 1.0f, row);
        for (size_t d = 0; d < s->width; d++) s->keys[d * s->padded_length + j] = row[d];
    }
    for (size_t d = 0; d < s->width; d++) {
        for (size_t j = s->length; j < s->padded_length; j++) s->keys[d * s->padded_length + j] = 0;
    }
    for (size_t j = 0; j < s->length; j++) {
        read_row(&a->value, sequence->first + j, column, s->width, 1.0f,
                 s->values + j * s->padded_width);
    }
}

/* out[ROWS, columns] = left[ROWS, depth] right[depth, columns]; columns a multiple of WIDE. */
static void multiply(const float *left, size_t left_stride, size_t depth, const float *right,
                     size_t columns, float *out, size_t out_stride) {
    for (size_t c = 0; c < columns; c += WIDE) {
        mgk_vec sum[ROWS][2] = {{{0}}};
        for (size_t k = 0; k < depth; k++) {
            mgk_vec r0 = mgk_vec_load(right + k * columns + c, MGK_VEC_LANES);
            mgk_vec r1 = mgk_vec_load(right + k * columns + c + MGK_VEC_LANES, MGK_VEC_LANES);
            for (int row = 0; row < ROWS; row++) {
                mgk_vec l = mgk_vec_of(left[(size_t)row * left_stride + k]);
                sum[row][0] += l * r0;
                sum[row][1] += l * r1;
            }
        }
        for (int row = 0; row < ROWS; row++) {
            mgk_vec_store(out + (size_t)row * out_stride + c, sum[row][0], MGK_VEC_LANES);
            mgk_vec_store(out + (size_t)row * out_stride + c + MGK_VEC_LANES, sum[row][1],
                          MGK_VEC_LANES);
        }
    }
}

static void softmax(float *row, size_t length) {
    mgk_vec top = mgk_vec_of(row[0]), sum = {0};
    size_t whole = length / MGK_VEC_LANES * MGK_VEC_LANES;
    for (size_t i = 0; i < whole; i += MGK_VEC_LANES) {
        top = mgk_vec_max(mgk_vec_load(row + i, MGK_VEC_LANES), top);
    }
    float peak = mgk_vec_top(top);
    for (size_t i = whole; i < length; i++) peak = peak < row[i] ? row[i] : peak;
    for (size_t i = 0; i < whole; i += MGK_VEC_LANES) {
        mgk_vec e = mgk_vec_exp2((mgk_vec_load(row + i, MGK_VEC_LANES) - mgk_vec_of(peak)) *
                                 mgk_vec_of(1.44269504f));
        mgk_vec_store(row + i, e, MGK_VEC_LANES);
        sum += e;
    }
    float total = mgk_vec_sum(sum);
    if (whole < length) {
        size_t n = length - whole;
        mgk_vec e = mgk_vec_exp2((mgk_vec_load(row + whole, n) - mgk_vec_of(peak)) *
                                 mgk_vec_of(1.44269504f));
        mgk_vec_store(row + whole, e, n);
        for (size_t i = whole; i < length; i++) total += row[i];
    }
    mgk_vec inverse = mgk_vec_of(1.0f / total);
    for (size_t i = 0; i < whole; i += MGK_VEC_LANES) {
        mgk_vec_store(row + i, mgk_vec_load(row + i, MGK_VEC_LANES) * inverse, MGK_VEC_LANES);
    }
    for (size_t i = whole; i < length; i++) row[i] /= total;
}

static MGK_VEC_INLINE void put_part(const float *from, void *to, mgi_dtype type, size_t at,
                                    size_t i, size_t n) {
    mgk_vec x = mgk_vec_load(from + i, n);
    if (type == MGI_BF16) mgk_vec_store_bf16((uint16_t *)to + at + i, x, n);
    if (type == MGI_F32) mgk_vec_store((float *)to + at + i, x, n);
}

static void put_row(const float *from, void *to, mgi_dtype type, size_t at, size_t width) {
    size_t i = 0;
    for (; i + MGK_VEC_LANES <= width; i += MGK_VEC_LANES) {
        put_part(from, to, type, at, i, MGK_VEC_LANES);
    }
    if (i < width) put_part(from, to, type, at, i, width - i);
}

static void attend(const mgk_attention *a, const mgk_sequence *sequence, uint32_t head,
                   mgi_dtype type, void *context, float *scratch) {
    size_t width = a->head_width, column = (size_t)head * width;
    head_scratch s = divide(scratch, sequence->length, width);
    read_head(a, sequence, column, &s);
    float factor = 1.0f / sqrtf((float)width);
    for (uint32_t first = 0; first < sequence->queries; first += ROWS) {
        uint32_t rows = sequence->queries - first < ROWS ? sequence->queries - first : ROWS;
        size_t at = (size_t)sequence->first_query + first;
        for (uint32_t r = 0; r < ROWS; r++) { /* the last rows again where fewer are left */
            read_row(&a->query, at + (r < rows ? r : rows - 1), column, width, factor,
                     s.queries + r * s.padded_width);
        }
        multiply(s.queries, s.padded_width, width, s.keys, s.padded_length, s.scores,
                 s.padded_length);
        for (uint32_t r = 0; r < rows; r++) softmax(s.scores + r * s.padded_length, s.length);
        multiply(s.scores, s.padded_length, s.length, s.values, s.padded_width, s.queries,
                 s.padded_width);
        for (uint32_t r = 0; r < rows; r++) {
            put_row(s.queries + r * s.padded_width, context, type,
                    (at + r) * a->context_stride + column, width);
        }
    }
}

void MGK_ISA_VARIANT(mgk_kernels_attend)(const mgk_attention *a, const mgk_sequence *sequence,
                                         uint32_t head, float *scratch) {
    attend(a, sequence, head, MGI_F32, a->context, scratch);
}
