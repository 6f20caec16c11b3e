/* SPDX-License-Identifier: Apache-2.0 */
/* The encoder as it lies on its cards, and a lane's way through it. */
#ifndef MGI_BACKEND_CUDA_ENCODER_H
#define MGI_BACKEND_CUDA_ENCODER_H

#include "backend/backend.h"
#include "backend/cuda/device.h"
#include "backend/cuda/kernels/kernels.h"
#include "backend/cuda/kernels/qkv_attention_sm90.h"
#include "core/lock.h"

/* ---- what a request comes to ---- */

/* The numbers that a model is computed with. */
typedef struct mgi_cuda_dtypes {
    mgk_cuda_dtype flow;    /* between products: x, queries, keys, values */
    mgk_cuda_dtype product; /* what products multiply: as flow, or E4M3, or S8 */
    bool tf32;              /* fp32 products may round their inputs */
} mgi_cuda_dtypes;

/* ---- weights ---- */

/* One Linear layer. */
typedef struct mgi_cuda_linear {
    uint32_t outputs, inputs;
    void *weight;    /* [outputs, inputs] */
    float *bias;     /* [outputs] */
    void *flow_bias; /* [outputs], as cublasLt adds it where flow is a half; or NULL */
    float *scale;    /* E4M3, S8: [outputs], what a step of the sum is worth */
    float step;      /* E4M3: the same for all outputs; else 1 */
} mgi_cuda_linear;

typedef struct mgi_cuda_norm_weights {
    float *weight, *bias; /* [hidden] */
    float scale;          /* E4M3: what its rows are multiplied by for the next product */
} mgi_cuda_norm_weights;

typedef struct mgi_cuda_layer {
    mgi_cuda_linear qkv; /* queries, keys, values, one below the other */
    mgi_cuda_linear attention_output;
    mgi_cuda_norm_weights attention_norm;
    mgi_cuda_linear up, down;
    mgi_cuda_norm_weights output_norm;
    float context_scale; /* E4M3: of attention's output, as of up's */
    float wide_scale;
    float *wide_scale_there; /* the same in device memory */
} mgi_cuda_layer;

/* Products by shape: each has its own best algorithm at each number of rows. */
typedef enum mgi_cuda_gemm_kind {
    MGI_CUDA_GEMM_QKV,
    MGI_CUDA_GEMM_QUERY, /* of [CLS] alone, in the last layer */
    MGI_CUDA_GEMM_KEY_VALUE,
    MGI_CUDA_GEMM_OUT,
    MGI_CUDA_GEMM_UP,
    MGI_CUDA_GEMM_DOWN,
    MGI_CUDA_GEMM_POOL,
    MGI_CUDA_GEMM_KINDS
} mgi_cuda_gemm_kind;

typedef struct mgi_cuda_gemm_algorithms mgi_cuda_gemm_algorithms; /* product.c */

/* The model on one card. */
typedef struct mgi_cuda_replica {
    mgi_cuda_card card;
    char *memory; /* the arena: weights first, then the lanes */
    void *words;  /* [vocabulary, hidden], flow */
    float *positions, *types;
    mgi_cuda_norm_weights embedding_norm;
    mgi_cuda_layer *layers;
    mgi_cuda_linear pooler, classifier; /* fp32 */
    mgi_cuda_gemm_algorithms *algorithms;
    uint32_t lanes_taken; /* bits; the encoder's mutex guards them */
} mgi_cuda_replica;

struct mgi_encoder {
    mgi_encoder_spec spec;
    mgi_cuda_dtypes forms;
    mgi_cuda_cards cards;
    int32_t precision;
    uint32_t max_length;
    uint32_t batch_tokens;
    uint64_t weight_bytes; /* of one copy */
    uint64_t lane_bytes;
    bool tiled;               /* all cards have a kernel for a layer's heads: heads_sm90.h */
    bool dependent;           /* launches may overlap: 9.0 and later */
    mgi_cuda_replica *copies; /* [cards.count] */
    mgi_lock mutex;
    bool has_mutex;
    uint32_t next_copy;
};

enum { MGI_CUDA_LANES_PER_CARD = 2 }; /* for each card: one is prepared while another computes */

/* ---- layout.c: where everything lies in an arena ---- */

/* Gives the copy's weights their places from `memory` on, or from NULL to learn the bytes. */
uint64_t mgi_cuda_arena_layout_weights(const mgi_encoder *encoder, mgi_cuda_replica *copy,
                                       char *memory);

/* Memory of a lane, for batches of up to encoder->batch_tokens tokens. */
typedef struct mgi_cuda_buffers {
    char *upload;    /* sizes, offsets, tokens: as they come */
    uint32_t *sizes; /* for batches whose upload stays with the host */
    uint32_t *offsets;
    uint32_t *arrived;
    void *x;              /* [tokens, hidden], flow */
    void *quantised;      /* [tokens, hidden], product, where that is not flow */
    float *row_scale;     /* [tokens], S8: of quantised */
    void *qkv;            /* [tokens, 3 * hidden], flow; in the end [sequences, hidden] fp32 */
    void *context;        /* [tokens, hidden], product; S8: flow */
    void *context_steps;  /* [tokens, hidden], S8 */
    float *context_scale; /* [tokens], S8 */
    void *y;              /* [tokens, hidden], flow; in the end [sequences, hidden] fp32 */
    void *wide;           /* [tokens, intermediate], product */
    float *wide_scale;    /* [tokens], S8 */
    int32_t *sums;        /* [tokens, the widest], S8 */
    void *workspace;      /* cublasLt's */
} mgi_cuda_buffers;

enum {
    MGI_CUDA_CUBLAS_WORKSPACE = 32 << 20,
    MGI_CUDA_ARENA_ROWS_STEP = 256,
    MGI_CUDA_STAGING_BYTES = 16 << 20
};

uint64_t mgi_cuda_arena_layout_lane(const mgi_encoder *encoder, mgi_cuda_buffers *buffers,
                                    char *memory);

/* Bytes that bring weights in before there are lanes, in the lanes' place. */
uint64_t mgi_cuda_arena_staging_bytes(const mgi_encoder *encoder);

/* All of a copy: weights, and lanes or staging behind them. */
uint64_t mgi_cuda_arena_bytes(const mgi_encoder *encoder);

size_t mgk_cuda_dtype_bytes(mgk_cuda_dtype type);

/* Bytes of what is sent for a batch; its parts: words 0 and 1 are rows and tokens, from word
 * MGK_CUDA_UPLOAD_OFFSETS on the offsets, then, at mgi_cuda_upload_tokens, the tokens. */
size_t mgi_cuda_upload_tokens(uint32_t rows);
size_t mgi_cuda_upload_bytes(uint32_t rows, uint32_t tokens);

/* Behind them, where rows are tiled: the bounds of every token, then tiles. */
size_t mgi_cuda_upload_bounds(uint32_t rows, uint32_t tokens);
size_t mgi_cuda_upload_tiles(uint32_t rows, uint32_t tokens);
size_t mgi_cuda_upload_bytes_tiled(uint32_t rows, uint32_t tokens, uint32_t tiles);

/* ---- place.c ---- */

mgeo_status mgi_cuda_weights_upload(mgi_encoder *encoder, mgi_cuda_replica *copy,
                                    const mgi_encoder_request *request, mgeo_error *error);

/* ---- product.c ---- */

/* Prepares all products of a copy whose weights have their places. */
mgeo_status mgi_cuda_autotune_create(const mgi_encoder *encoder, mgi_cuda_replica *copy,
                                     mgeo_error *error);
void mgi_cuda_autotune_destroy(mgi_cuda_gemm_algorithms *algorithms);

/* Products of many rows by our own kernel, prepared for the memory of one lane. */
typedef struct mgi_cuda_gemm_plans mgi_cuda_gemm_plans;

/* *plans is NULL where the copy has none that are worth it. Errors: MGEO_E_MEMORY, MGEO_E_DEVICE.
 */
mgeo_status mgi_cuda_gemm_plans_create(const mgi_encoder *encoder, const mgi_cuda_replica *copy,
                                       const mgi_cuda_buffers *buffers, mgi_cuda_gemm_plans **plans,
                                       mgeo_error *error);
void mgi_cuda_gemm_plans_destroy(mgi_cuda_gemm_plans *plans);

/* One product as the pass asks for it. */
typedef struct mgi_cuda_gemm_call {
    const mgi_cuda_replica *copy;
    const mgi_cuda_gemm_plans *plans; /* the lane's, or NULL */
    const mgi_cuda_linear *linear;
    const mgi_cuda_layer *layer; /* NULL outside layers */
    mgi_cuda_gemm_kind site;
    uint32_t first; /* of the linear's outputs; how many, the site says */
    uint32_t rows;
    const void *input;
    const void *addend; /* [rows, outputs] of flow, to be added; or NULL */
    void *output;
    void *workspace;
    cudaStream_t stream;
} mgi_cuda_gemm_call;

/* What a product did beside its sums. */
typedef struct mgi_cuda_epilogue_done {
    bool bias, activation, addend;
} mgi_cuda_epilogue_done;

/* Launches a product; *made says what it did beside the sums. Returns 0 or a CUDA error. */
int mgi_cuda_gemm_launch(const mgi_encoder *encoder, const mgi_cuda_gemm_call *ask,
                         mgi_cuda_epilogue_done *made);

/* ---- heads.c: a layer's queries, keys, values and attention in one kernel ---- */

/* Whether the copy's card has that kernel for the model. Everything has its place already. */
bool mgi_cuda_qkv_attention_available(const mgi_encoder *encoder, const mgi_cuda_replica *copy);

/* Prepares it for a lane's memory: *plans [layers - 1] is to be freed with mgi_free, also after an
 * error; NULL where !encoder->tiled. In the last layer only [CLS] asks. */
mgeo_status mgi_cuda_qkv_attention_create(const mgi_encoder *encoder, const mgi_cuda_replica *copy,
                                          const mgi_cuda_buffers *buffers,
                                          mgk_qkv_attention_plan **plans, mgeo_error *error);

/* A batch cut into tiles for it; count 0: it is not cut. */
typedef struct mgi_cuda_tiling {
    const mgk_qkv_attention_plan *plans; /* [layers - 1] */
    const mgk_qkv_tile *tiles;           /* [count], in device memory, as bounds are */
    const mgk_qkv_bounds *bounds;
    uint32_t count;
} mgi_cuda_tiling;

/* ---- pass.c ---- */

/* One batch on its way. */
typedef struct mgi_cuda_forward_pass {
    const mgi_encoder *encoder;
    const mgi_cuda_replica *copy;
    const mgi_cuda_buffers *buffers;
    const mgi_cuda_gemm_plans *plans; /* or NULL */
    mgk_cuda_batch batch;
    const uint32_t *upload;       /* as mgk_cuda_embedding's; or NULL */
    const mgk_cuda_token *tokens; /* likewise */
    mgi_cuda_tiling tiling;
    float *logits;
    const uint32_t *mark; /* as mgk_cuda_classifier's; or NULL */
    uint32_t *done;
    cudaStream_t stream;
} mgi_cuda_forward_pass;

mgk_cuda_activation mgi_cuda_forward_activation(mgi_activation activation);

/* Launches all kernels of a batch on its stream. Returns 0 or a CUDA error. */
int mgi_cuda_forward_run(const mgi_cuda_forward_pass *pass);

/* ---- lane.c ---- */

mgeo_status mgi_cuda_lane_open(mgi_encoder *encoder, mgi_lane **lane, mgeo_error *error);
mgeo_status mgi_cuda_lane_run(mgi_lane *lane, const mgi_batch *batch, unsigned cores, float *logits,
                              mgeo_error *error);
void mgi_cuda_lane_close(mgi_lane *lane);

#endif
