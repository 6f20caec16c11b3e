/* SPDX-License-Identifier: Apache-2.0 */
/* Attention of one sequence, head by head; compiled once per instruction set.
 *
 * A head's keys, transposed, and its values are copied to where they stay in the first cache. Then
 * a few queries at a time go all the way: their scores, softmax, context. The copies are cut into
 * strips as wide as one product in the registers, so that each product reads on and on. */
#include "backend/cpu/kernels/isa_variant.h"
#include "backend/cpu/kernels/vec.h"

#include <math.h>

/* Sums that the registers hold, beside what is multiplied. */
#if defined(__AVX512F__) || defined(__aarch64__)
enum { ROWS = 8, VECTORS = 3 };
#else
enum { ROWS = 6, VECTORS = 2 };
#endif
enum { SCORE_ROWS = 8 }; /* in fours */

typedef struct head_scratch {
    size_t length, key_vectors; /* vectors that hold a number for each key */
    size_t width, width_vectors;
    float *keys;    /* strips of [width, some of length] */
    float *values;  /* strips of [length, some of width] */
    float *scores;  /* [SCORE_ROWS, length, padded] */
    float *context; /* [ROWS, width, padded] */
} head_scratch;

static size_t vectors_of(size_t n) { return (n + MGK_VEC_LANES - 1) / MGK_VEC_LANES; }

static head_scratch divide(float *memory, size_t length, size_t width) {
    head_scratch s = {.length = length,
                      .key_vectors = vectors_of(length),
                      .width = width,
                      .width_vectors = vectors_of(width)};
    s.keys = memory;
    s.values = s.keys + width * s.key_vectors * MGK_VEC_LANES;
    s.scores = s.values + length * s.width_vectors * MGK_VEC_LANES;
    s.context = s.scores + SCORE_ROWS * s.key_vectors * MGK_VEC_LANES;
    return s;
}

/* Vectors of the next strip: strips are as equal as can be. */
static size_t strip_of(size_t vectors_left) {
    size_t strips = (vectors_left + VECTORS - 1) / VECTORS;
    return (vectors_left + strips - 1) / strips;
}

/* A vector's lanes are keys: row[0..]. */
static void transpose_keys(const float *const row[MGK_VEC_LANES], size_t width, float *to,
                           size_t stride) {
    size_t d = 0;
    for (; d + 4 <= width; d += 4) {
        mgk_vec square[4];
        for (size_t i = 0; i < 4; i++) square[i] = mgk_vec_load_fours(row + i, d);
        mgk_vec_transpose_fours(square);
        for (size_t i = 0; i < 4; i++) {
            mgk_vec_store(to + (d + i) * stride, square[i], MGK_VEC_LANES);
        }
    }
    for (; d < width; d++) {
        for (size_t i = 0; i < MGK_VEC_LANES; i++) to[d * stride + i] = row[i][d];
    }
}

/* Where the last vector has lanes left, the last key fills them. */
static void copy_keys(const float *key, size_t stride, head_scratch *s) {
    float *to = s->keys;
    for (size_t first = 0, strip; first < s->key_vectors; first += strip) {
        strip = strip_of(s->key_vectors - first);
        for (size_t v = 0; v < strip; v++) {
            const float *row[MGK_VEC_LANES];
            for (size_t i = 0; i < MGK_VEC_LANES; i++) {
                size_t j = (first + v) * MGK_VEC_LANES + i;
                row[i] = key + (j < s->length ? j : s->length - 1) * stride;
            }
            transpose_keys(row, s->width, to + v * MGK_VEC_LANES, strip * MGK_VEC_LANES);
        }
        to += s->width * strip * MGK_VEC_LANES;
    }
}

/* The numbers of every row that are in one strip; to the last vector's lanes beyond them zeros. */
static MGK_VEC_INLINE void copy_strip(const float *from, size_t stride, size_t rows, float *to,
                                      const size_t vectors, size_t numbers) {
    size_t rest = numbers % MGK_VEC_LANES, whole = rest != 0 ? vectors - 1 : vectors;
    for (size_t j = 0; j < rows; j++, from += stride, to += vectors * MGK_VEC_LANES) {
        for (size_t v = 0; v < whole; v++) {
            size_t at = v * MGK_VEC_LANES;
            mgk_vec_store(to + at, mgk_vec_load(from + at, MGK_VEC_LANES), MGK_VEC_LANES);
        }
        if (rest != 0) {
            size_t at = whole * MGK_VEC_LANES;
            mgk_vec_store(to + at, mgk_vec_load(from + at, rest), MGK_VEC_LANES);
        }
    }
}

static void copy_values(const float *value, size_t stride, head_scratch *s) {
    float *to = s->values;
    for (size_t first = 0, strip; first < s->width_vectors; first += strip) {
        strip = strip_of(s->width_vectors - first);
        size_t begin = first * MGK_VEC_LANES, numbers = strip * MGK_VEC_LANES;
        const float *from = value + begin;
        if (begin + numbers > s->width) {
            copy_strip(from, stride, s->length, to, strip, s->width - begin);
        } else if (strip == 1) {
            copy_strip(from, stride, s->length, to, 1, MGK_VEC_LANES);
        } else if (strip == 2) {
            copy_strip(from, stride, s->length, to, 2, 2 * MGK_VEC_LANES);
        } else {
            copy_strip(from, stride, s->length, to, VECTORS, VECTORS * MGK_VEC_LANES);
        }
        to += s->length * numbers;
    }
}

/* out[rows, a strip] = left[rows, depth] right[depth, a strip], each row times its factor. */
typedef struct product {
    const float *left;
    size_t left_stride, depth;
    const float *right;
    size_t right_stride;
    const float *factor; /* [rows] */
    float *out;
    size_t out_stride;
} product;

/* All is done in the same order whatever the rows and vectors. */
static MGK_VEC_INLINE void multiply_tile(const product *p, const int rows, const int vectors) {
    mgk_vec sum[ROWS][VECTORS];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) sum[r][v] = (mgk_vec){0};
    }
    const float *left = p->left, *right = p->right;
    for (size_t k = 0; k < p->depth; k++, left++, right += p->right_stride) {
        mgk_vec column[VECTORS];
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            column[v] = mgk_vec_load(right + v * MGK_VEC_LANES, MGK_VEC_LANES);
        }
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            mgk_vec x = mgk_vec_of(left[(size_t)r * p->left_stride]);
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++) sum[r][v] += x * column[v];
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
        float *out = p->out + (size_t)r * p->out_stride;
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            mgk_vec_store(out + v * MGK_VEC_LANES, sum[r][v] * mgk_vec_of(p->factor[r]),
                          MGK_VEC_LANES);
        }
    }
}

static MGK_VEC_INLINE void multiply_rows(const product *p, size_t rows, const int vectors) {
    switch (rows) {
    case 1: multiply_tile(p, 1, vectors); break;
    case 2: multiply_tile(p, 2, vectors); break;
    case 3: multiply_tile(p, 3, vectors); break;
    case 4: multiply_tile(p, 4, vectors); break;
    case 5: multiply_tile(p, 5, vectors); break;
    case 6: multiply_tile(p, 6, vectors); break;
#if defined(__AVX512F__) || defined(__aarch64__)
    case 7: multiply_tile(p, 7, vectors); break;
    case 8: multiply_tile(p, 8, vectors); break;
#endif
    default: break;
    }
}

static void multiply(const product *p, size_t rows, size_t vectors) {
    switch (vectors) {
    case 1: multiply_rows(p, rows, 1); break;
    case 2: multiply_rows(p, rows, 2); break;
#if defined(__AVX512F__) || defined(__aarch64__)
    case 3: multiply_rows(p, rows, 3); break;
#endif
    default: break;
    }
}

/* All strips of a product; right: strip after strip. */
static void multiply_strips(product p, size_t rows, size_t vectors) {
    for (size_t first = 0, strip; first < vectors; first += strip) {
        strip = strip_of(vectors - first);
        p.right_stride = strip * MGK_VEC_LANES;
        multiply(&p, rows, strip);
        p.right += p.depth * p.right_stride;
        p.out += strip * MGK_VEC_LANES;
    }
}

/* Four rows of scores, which are logarithms to base 2, become weights that are yet to be multiplied
 * by their row's share. `keep` masks the last vector. */
static MGK_VEC_INLINE void weigh_four(float *row, size_t stride, size_t vectors, mgk_vec_i32 keep,
                                      float share[4]) {
    mgk_vec top[4], peak[4], sum[4] = {{0}};
    for (size_t r = 0; r < 4; r++) {
        top[r] = mgk_vec_load(row + r * stride, MGK_VEC_LANES);
        for (size_t i = 1; i < vectors; i++) {
            top[r] = mgk_vec_max(mgk_vec_load(row + r * stride + i * MGK_VEC_LANES, MGK_VEC_LANES),
                                 top[r]);
        }
    }
    mgk_vec_spread_fours(mgk_vec_top_fours(top), peak);
    for (size_t i = 0; i < vectors; i++) {
        for (size_t r = 0; r < 4; r++) {
            float *at = row + r * stride + i * MGK_VEC_LANES;
            mgk_vec e = mgk_vec_exp2(mgk_vec_load(at, MGK_VEC_LANES) - peak[r]);
            if (i + 1 == vectors) e = (mgk_vec)((mgk_vec_i32)e & keep);
            mgk_vec_store(at, e, MGK_VEC_LANES);
            sum[r] += e;
        }
    }
    mgk_vec_store_four(share, mgk_vec_of(1.0f) / mgk_vec_sum_fours(sum));
}

/* Rows in fours: those beyond `rows` hold anything, and nobody looks at what becomes of it. */
static void weigh(const head_scratch *s, size_t rows, float share[SCORE_ROWS]) {
    size_t vectors = s->key_vectors, stride = vectors * MGK_VEC_LANES;
    mgk_vec_i32 keep = mgk_vec_first_lanes(s->length - (vectors - 1) * MGK_VEC_LANES);
    for (size_t r = 0; r < rows; r += 4) {
        float *row = s->scores + r * stride;
        switch (vectors) { /* the common lengths without a loop */
        case 1: weigh_four(row, stride, 1, keep, share + r); break;
        case 2: weigh_four(row, stride, 2, keep, share + r); break;
        case 3: weigh_four(row, stride, 3, keep, share + r); break;
        case 4: weigh_four(row, stride, 4, keep, share + r); break;
        default: weigh_four(row, stride, vectors, keep, share + r); break;
        }
    }
}

static MGK_VEC_INLINE void put_part(const float *from, mgi_dtype type, void *to, size_t at,
                                    size_t n) {
    mgk_vec x = mgk_vec_load(from, n);
    if (type == MGI_BF16) mgk_vec_store_bf16((uint16_t *)to + at, x, n);
    if (type == MGI_F32) mgk_vec_store((float *)to + at, x, n);
}

static void put_context(const mgk_heads *heads, const head_scratch *s, size_t at, size_t rows) {
    for (size_t r = 0; r < rows; r++, at += heads->context_stride) {
        const float *from = s->context + r * s->width_vectors * MGK_VEC_LANES;
        size_t i = 0;
        for (; i + MGK_VEC_LANES <= s->width; i += MGK_VEC_LANES) {
            put_part(from + i, heads->context_type, heads->context, at + i, MGK_VEC_LANES);
        }
        if (i < s->width) {
            put_part(from + i, heads->context_type, heads->context, at + i, s->width - i);
        }
    }
}

/* context = weights values; straight to where it goes, if it goes there in whole vectors. */
static void weigh_values(const mgk_heads *heads, const head_scratch *s, const float *values,
                         size_t value_stride, const float *share, size_t at, size_t rows) {
    product p = {
        s->scores,  s->key_vectors * MGK_VEC_LANES,  s->length, values, value_stride, share,
        s->context, s->width_vectors * MGK_VEC_LANES};
    bool straight = heads->context_type == MGI_F32 && s->width % MGK_VEC_LANES == 0;
    if (straight) {
        p.out = (float *)heads->context + at;
        p.out_stride = heads->context_stride;
    }
    if (value_stride == 0) {
        multiply_strips(p, rows, s->width_vectors);
    } else {
        for (size_t v = 0, strip; v < s->width_vectors; v += strip) {
            strip = strip_of(s->width_vectors - v);
            multiply(&p, rows, strip);
            p.right += strip * MGK_VEC_LANES;
            p.out += strip * MGK_VEC_LANES;
        }
    }
    if (!straight) put_context(heads, s, at, rows);
}

static void attend_all(const mgk_heads *heads, const mgk_sequence *sequence, size_t column,
                       float to_score, head_scratch *s) {
    size_t stride = heads->key_value_stride, first = sequence->first * stride + column;
    copy_keys(heads->key + first, stride, s);
    copy_values(heads->value + first, stride, s);
    float factor[ROWS], share[SCORE_ROWS];
    for (int r = 0; r < ROWS; r++) factor[r] = to_score;
    size_t blocks = (sequence->queries + ROWS - 1) / ROWS, done = 0;
    for (; blocks > 0; blocks--) { /* of as equal size as can be */
        size_t rows = (sequence->queries - done + blocks - 1) / blocks;
        size_t at = sequence->first_query + done;
        product scores = {.left = heads->query + at * heads->query_stride + column,
                          .left_stride = heads->query_stride,
                          .depth = s->width,
                          .right = s->keys,
                          .factor = factor,
                          .out = s->scores,
                          .out_stride = s->key_vectors * MGK_VEC_LANES};
        multiply_strips(scores, rows, s->key_vectors);
        weigh(s, rows, share);
        weigh_values(heads, s, s->values, 0, share, at * heads->context_stride + column, rows);
        done += rows;
    }
}

/* Products of one query with four keys; those beyond the last key are the last one's. */
static MGK_VEC_INLINE void score_four(const float *query, const float *key, size_t stride,
                                      const head_scratch *s, size_t first, float *to) {
    mgk_vec sum[4] = {{0}};
    const float *row[4];
    for (size_t i = 0; i < 4; i++) {
        row[i] = key + (first + i < s->length ? first + i : s->length - 1) * stride;
    }
    size_t d = 0;
    for (; d + MGK_VEC_LANES <= s->width; d += MGK_VEC_LANES) {
        mgk_vec q = mgk_vec_load(query + d, MGK_VEC_LANES);
        for (size_t i = 0; i < 4; i++) sum[i] += q * mgk_vec_load(row[i] + d, MGK_VEC_LANES);
    }
    if (d < s->width) {
        mgk_vec q = mgk_vec_load(query + d, s->width - d);
        for (size_t i = 0; i < 4; i++) sum[i] += q * mgk_vec_load(row[i] + d, s->width - d);
    }
    mgk_vec_store_four(to, mgk_vec_sum_fours(sum));
}

/* One query: keys and values are read once, where they are. */
static void attend_first(const mgk_heads *heads, const mgk_sequence *sequence, size_t column,
                         float to_score, head_scratch *s) {
    size_t stride = heads->key_value_stride, first = sequence->first * stride + column;
    const float *query = heads->query + sequence->first_query * heads->query_stride + column;
    for (size_t j = 0; j < s->key_vectors * MGK_VEC_LANES; j += 4) {
        score_four(query, heads->key + first, stride, s, j, s->scores + j);
    }
    for (size_t v = 0; v < s->key_vectors; v++) {
        float *at = s->scores + v * MGK_VEC_LANES;
        mgk_vec_store(at, mgk_vec_load(at, MGK_VEC_LANES) * mgk_vec_of(to_score), MGK_VEC_LANES);
    }
    float share[SCORE_ROWS];
    weigh(s, 1, share);
    const float *values = heads->value + first;
    if (s->width % MGK_VEC_LANES != 0) {
        copy_values(values, stride, s);
        values = s->values;
        stride = 0;
    }
    weigh_values(heads, s, values, stride, share,
                 sequence->first_query * heads->context_stride + column, 1);
}

void MGK_ISA_VARIANT(mgk_kernels_attend_heads)(const mgk_heads *heads, const mgk_sequence *sequence,
                                               uint32_t from, uint32_t to, float *scratch) {
    size_t width = heads->head_width;
    head_scratch s = divide(scratch, sequence->length, width);
    float to_score = 1.44269504f / sqrtf((float)width); /* log2 e */
    for (uint32_t head = from; head < to; head++) {
        if (sequence->queries == 1) {
            attend_first(heads, sequence, head * width, to_score, &s);
        } else {
            attend_all(heads, sequence, head * width, to_score, &s);
        }
    }
}
