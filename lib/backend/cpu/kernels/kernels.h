/* SPDX-License-Identifier: Apache-2.0 */
/* What the encoder does between matrix products, row by row, in C: embeddings, LayerNorm,
 * attention, and a product's input in the dtype that the precision asks for. Compiled once per
 * instruction set; the best set is chosen as the program runs.
 *
 * A row's numbers depend on that row alone, a sequence's on that sequence alone: on no other, and
 * not on which thread computes what. A NaN stays in its row, or its sequence. Nothing is written
 * beyond a row's width: what a product reads there is the caller's to clear. */
#ifndef MGI_BACKEND_CPU_KERNELS_KERNELS_H
#define MGI_BACKEND_CPU_KERNELS_KERNELS_H

#include "backend/backend.h"

/* Rows on their way into a product: fp32, bf16, or int8 in steps of the row's own scale, which some
 * products want in two bytes each. */
typedef enum mgk_dtype { MGK_FP32, MGK_BF16, MGK_INT8, MGK_INT8_WIDE } mgk_dtype;

typedef struct mgk_input {
    mgk_dtype dtype;
    void *data;
    size_t stride; /* elements from row to row */
    float *scale;  /* [rows] in int8 */
    int32_t *sums; /* [rows] in int8: of the row's steps */
} mgk_input;

static inline bool mgk_kernels_is_quantised(mgk_dtype dtype) {
    return dtype == MGK_INT8 || dtype == MGK_INT8_WIDE;
}

/* Of one number in a row. */
static inline size_t mgk_kernels_dtype_bytes(mgk_dtype dtype) {
    return dtype == MGK_FP32 ? 4 : dtype == MGK_INT8 ? 1 : 2;
}

typedef struct mgk_norm {
    const float *weight, *bias;
    size_t width;
    float eps;
} mgk_norm;

typedef struct mgk_embedding {
    const int32_t *ids;
    const uint8_t *types;
    const uint32_t *positions;
    const void *words; /* [vocabulary, width] */
    mgi_dtype words_type;
    const float *position_rows; /* [positions, width] */
    const float *type_rows;     /* [types, width] */
    mgk_norm norm;
    size_t x_stride; /* numbers from row to row of x; 0: as wide as a row */
} mgk_embedding;

/* Attention over fp32 rows that have their bias. Queries, keys and values may lie in one product's
 * rows, `hidden` apart, or in several products'. */
typedef struct mgk_heads {
    const float *query; /* [rows of queries, heads * head_width] */
    size_t query_stride;
    const float *key, *value; /* [rows, heads * head_width] */
    size_t key_value_stride;
    uint32_t head_width;
    mgi_dtype context_type; /* MGI_F32, or MGI_BF16 where that is the next product's input */
    void *context;          /* [rows of queries, heads * head_width] */
    size_t context_stride;
} mgk_heads;

typedef struct mgk_sequence {
    uint32_t first;       /* row of its first token, in keys and values */
    uint32_t length;      /* tokens */
    uint32_t first_query; /* row of its first query, in queries and context */
    uint32_t queries;     /* its first tokens that attend: length, or 1 for only [CLS] */
} mgk_sequence;

typedef struct mgk_kernels {
    const char *name;

    /* x and the product's input for rows from..to-1. */
    void (*embed)(const mgk_embedding *embedding, float *x, const mgk_input *input, size_t from,
                  size_t to);
    /* x = LayerNorm(x) in place, and the next product's input of the same rows. In fp32 x itself is
     * that input: where input->data is x nothing else is written. */
    void (*norm)(float *x, size_t stride, const mgk_norm *norm, const mgk_input *input, size_t from,
                 size_t to);
    /* Rows of fp32 into the dtype that a product takes. */
    void (*pack)(const float *rows, size_t stride, size_t width, const mgk_input *input,
                 size_t from, size_t to);
    /* Heads from..to-1 of one sequence: context = softmax(query keyᵀ / √head_width) value.
     * scratch: mgk_kernels_attention_scratch floats, aligned to 64 bytes. */
    void (*attend_heads)(const mgk_heads *heads, const mgk_sequence *sequence, uint32_t from,
                         uint32_t to, float *scratch);
} mgk_kernels;

/* Floats that attend needs for sequences up to max_length; 0 if that overflows. */
size_t mgk_kernels_attention_scratch(uint32_t max_length, uint32_t head_width);

#endif
