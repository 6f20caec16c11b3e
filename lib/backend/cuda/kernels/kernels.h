/* SPDX-License-Identifier: Apache-2.0 */
/* Our CUDA kernels behind C launchers: raw device pointers and a stream, nothing of libmgeo's.
 *
 * A launcher checks nothing and waits for nothing; it returns what the launch itself said
 * (cudaError_t as int, 0: launched). Matrices are row-major and dense unless a stride is given,
 * every pointer is aligned to 16 bytes and every row of numbers that a vector access touches too.
 * `dependent` launches may begin before the kernel before them in the stream has ended
 * (programmatic dependent launch): they wait for it before they read what it wrote. */
#ifndef MGI_BACKEND_CUDA_KERNELS_KERNELS_H
#define MGI_BACKEND_CUDA_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct CUstream_st *mgk_cuda_stream;

/* How numbers lie in device memory. */
typedef enum mgk_cuda_dtype {
    MGK_CUDA_F32,
    MGK_CUDA_F16,
    MGK_CUDA_BF16,
    MGK_CUDA_E4M3, /* fp8 */
    MGK_CUDA_S8,
    MGK_CUDA_S32 /* what products of S8 make */
} mgk_cuda_dtype;

typedef enum mgk_cuda_activation {
    MGK_CUDA_IDENTITY,
    MGK_CUDA_GELU,      /* erf form */
    MGK_CUDA_GELU_TANH, /* tanh form */
    MGK_CUDA_RELU,
    MGK_CUDA_TANH
} mgk_cuda_activation;

/* output[r, o] = to(activation(scale[o] * Σ_i input[r, i] weight[o, i] + bias[o]) * output_scale).
 *
 * Sums are taken in fp32. E4M3 output saturates; other outputs ignore output_scale. */
typedef struct mgk_cuda_gemm {
    mgk_cuda_dtype input_type;  /* of input and weight */
    mgk_cuda_dtype output_type; /* F16, BF16, E4M3 */
    mgk_cuda_activation activation;
    uint32_t rows, outputs, inputs;
    const void *input;  /* [rows, inputs], dense */
    const void *weight; /* [outputs, inputs], dense */
    const float *scale; /* [outputs], or NULL: 1 */
    const float *bias;  /* [outputs], or NULL: 0 */
    void *output;       /* [rows, outputs], dense */
    float output_scale;
    bool dependent;
} mgk_cuda_gemm;

/* A batch as kernels see it. Launches are sized for the bounds, so that one captured graph serves
 * many batches; what is really there stands in device memory. */
typedef struct mgk_cuda_batch {
    const uint32_t *sizes;   /* [2]: rows, tokens */
    const uint32_t *offsets; /* [rows + 1] */
    uint32_t rows, tokens;   /* bounds of sizes[0] and sizes[1] */
    uint32_t longest;        /* bound of a row's tokens */
    bool stable; /* sizes and offsets were there before the first kernel: none need wait for them */
} mgk_cuda_batch;

/* One token on its way to the embeddings. */
typedef struct mgk_cuda_token {
    int32_t id;
    uint16_t position;
    uint16_t type;
} mgk_cuda_token;

/* Rows counted from sizes: all tokens, or one row for each sequence. */
typedef enum mgk_cuda_extent { MGK_CUDA_TOKENS, MGK_CUDA_SEQUENCES } mgk_cuda_extent;

/* LayerNorm, and where its rows go: each target may be NULL. */
typedef struct mgk_cuda_norm {
    const float *weight, *bias; /* [width] */
    uint32_t width;
    float eps;
    mgk_cuda_dtype type;           /* of x */
    void *x;                       /* [rows, width] F32, F16, BF16 */
    float *exact;                  /* [rows, width] */
    void *quantised;               /* [rows, width] */
    mgk_cuda_dtype quantised_type; /* E4M3: of numbers * scale. S8: in steps of row_scale */
    float scale;
    float *row_scale; /* [rows], written */
} mgk_cuda_norm;

/* In what the host sends: sizes, then from this word on the offsets. */
#define MGK_CUDA_UPLOAD_OFFSETS 4u

typedef struct mgk_cuda_embedding {
    const mgk_cuda_token *tokens; /* [tokens]; may lie in pinned host memory */
    const uint32_t *upload;       /* sizes and offsets as they came, to be copied; or NULL */
    uint32_t *sizes, *offsets;    /* where to, for the kernels after this one; or NULL */
    const void *words;            /* [vocabulary, width], of norm->type */
    const float *positions;       /* [positions, width] */
    const float *types;           /* [types, width] */
} mgk_cuda_embedding;

/* norm(word + position + type) of every token. With `upload`, batch->sizes is not read. */
int mgk_cuda_norm_embed(const mgk_cuda_embedding *embedding, const mgk_cuda_batch *batch,
                        const mgk_cuda_norm *norm, bool dependent, mgk_cuda_stream stream);

/* norm(x + y + bias); x and y are of norm->type; norm->x may be x. With x NULL: norm(y), which
 * holds the sum already. */
int mgk_cuda_norm_add(const void *x, const void *y, const float *bias, const mgk_cuda_batch *batch,
                      mgk_cuda_extent extent, const mgk_cuda_norm *norm, bool dependent,
                      mgk_cuda_stream stream);

/* Softmax(query keyᵀ / √width) value for every head of every sequence, at any length. */
typedef struct mgk_cuda_attention {
    mgk_cuda_dtype type; /* F32, F16, BF16 */
    const void *query, *key, *value;
    uint32_t query_stride; /* elements from row to row */
    uint32_t key_stride;   /* of key and value */
    uint32_t heads, head_width;
    uint32_t length_most;        /* of a sequence */
    mgk_cuda_extent queries;     /* every token asks, or one row for each sequence */
    void *context;               /* [queries, heads * head_width] */
    mgk_cuda_dtype context_type; /* type, or E4M3: of numbers * context_scale */
    float context_scale;
} mgk_cuda_attention;

int mgk_cuda_attention_launch(const mgk_cuda_attention *attention, const mgk_cuda_batch *batch,
                              bool dependent, mgk_cuda_stream stream);

/* Rows out of a product that could not end them itself. */
typedef struct mgk_cuda_epilogue {
    mgk_cuda_dtype from_type; /* F32, F16, BF16; S32: in steps of row_scale * scale */
    const void *from;         /* [rows, width] */
    const float *row_scale;   /* [rows], with S32 */
    const float *scale;       /* [width], with S32 */
    const float *bias;        /* [width] or NULL */
    mgk_cuda_activation activation;
    uint32_t width;
    mgk_cuda_dtype to_type; /* F32, F16, BF16; E4M3: of numbers * to_scale; S8 */
    void *to;               /* [rows, width]; may be from where the types are alike */
    float to_scale;
    float *to_row_scale; /* [rows], with S8 */
} mgk_cuda_epilogue;

/* Widths of S8 are bounded by shared memory. */
#define MGK_CUDA_S8_MAX_WIDTH 12288u

int mgk_cuda_epilogue_rows(const mgk_cuda_epilogue *finish, const mgk_cuda_batch *batch,
                           mgk_cuda_extent extent, bool dependent, mgk_cuda_stream stream);

/* to[r] = x[offsets[r]]: each sequence's [CLS]; rows of `bytes`, a multiple of 2. */
int mgk_cuda_classify_gather_first(const void *x, void *to, size_t bytes,
                                   const mgk_cuda_batch *batch, bool dependent,
                                   mgk_cuda_stream stream);

/* The same of quantised rows, `width` bytes each, and of their scales, which may be NULL. */
int mgk_cuda_classify_gather_quantised(const void *x, const float *scale, void *to, float *to_scale,
                                       uint32_t width, const mgk_cuda_batch *batch, bool dependent,
                                       mgk_cuda_stream stream);

/* pooled[r, o] = Σ_i x[r, i] weight[o, i], all fp32: for few rows. */
int mgk_cuda_classify_pool(const float *x, const float *weight, float *pooled, uint32_t width,
                           const mgk_cuda_batch *batch, bool dependent, mgk_cuda_stream stream);

/* logits[r, l] = Σ_i tanh(pooled[r, i] + pool_bias[i]) weight[l, i] + bias[l]. `done`, if not NULL,
 * is set to `mark` behind all logits; both may lie in pinned host memory. `arrived` counts, and is
 * 0 before and after. */
typedef struct mgk_cuda_classifier {
    const float *pooled, *pool_bias; /* [rows, width], [width] */
    const float *weight, *bias;      /* [labels, width], [labels] */
    uint32_t width, labels;
    float *logits; /* [rows, labels] */
    uint32_t *arrived;
    const uint32_t *mark; /* read from memory, so that a graph can be told another */
    uint32_t *done;
} mgk_cuda_classifier;

int mgk_cuda_classify(const mgk_cuda_classifier *classifier, const mgk_cuda_batch *batch,
                      bool dependent, mgk_cuda_stream stream);

/* ---- weights on their way in ---- */

/* to = from * scale, `count` numbers; from F32, F16 or BF16, at any alignment of its own size; to
 * those or E4M3. */
int mgk_cuda_weights_convert(mgk_cuda_dtype from_type, const void *from, mgk_cuda_dtype to_type,
                             void *to, float scale, size_t count, mgk_cuda_stream stream);

/* Fills memory with noise that makes sound numbers of middling size in every type of two bytes or
 * one: for timing. `bytes` is a multiple of 4. */
int mgk_cuda_weights_fill_noise(void *memory, size_t bytes, mgk_cuda_stream stream);

/* to[r] = round(from[r] / scale[r]), scale[r] the largest of the row over 127; S8. */
int mgk_cuda_weights_quantise_rows(mgk_cuda_dtype from_type, const void *from, int8_t *to,
                                   float *scale, uint32_t rows, uint32_t width,
                                   mgk_cuda_stream stream);

/* Raises *largest (the bits of a float >= 0) to the largest size among `count` numbers. */
int mgk_cuda_weights_largest(mgk_cuda_dtype from_type, const void *from, size_t count,
                             float *largest, mgk_cuda_stream stream);

/* Raises *bound to the largest |Σ_i weight[r, i] z_i + bias[r]| that any row r can reach where z is
 * the output of a LayerNorm (gamma, beta): by Cauchy and Schwarz √width |weight ∘ gamma| on top of
 * |weight · beta + bias|, since what LayerNorm scales has the norm √width at most. */
int mgk_cuda_weights_bound(mgk_cuda_dtype from_type, const void *weight, const float *bias,
                           const float *gamma, const float *beta, uint32_t rows, uint32_t width,
                           float *bound, mgk_cuda_stream stream);

#ifdef __cplusplus
}
#endif

#endif
