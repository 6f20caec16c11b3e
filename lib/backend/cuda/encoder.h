/* SPDX-License-Identifier: Apache-2.0 */
/* The encoder as it lies on its cards: the numbers it is computed in, its weights, its replicas. */
#ifndef MGI_BACKEND_CUDA_ENCODER_H
#define MGI_BACKEND_CUDA_ENCODER_H

#include "backend/backend.h"
#include "backend/cuda/device.h"
#include "backend/cuda/kernels/dtype.h"
#include "core/lock.h"

/* The numbers that a model is computed in. */
typedef struct mgi_cuda_dtypes {
    mgk_cuda_dtype activation; /* between products: x, queries, keys, values */
    mgk_cuda_dtype gemm;       /* what products multiply: as activation, or E4M3, or S8 */
    bool tf32;                 /* fp32 products may round their inputs */
} mgi_cuda_dtypes;

/* ---- weights ---- */

/* One Linear layer. */
typedef struct mgi_cuda_linear {
    uint32_t outputs, inputs;
    void *weight;        /* [outputs, inputs] */
    float *bias;         /* [outputs] */
    void *epilogue_bias; /* [outputs], as cublasLt adds it where activations are halves; or NULL */
    float *scale;        /* E4M3, S8: [outputs], by which sums are multiplied */
    float common_scale;  /* E4M3: the same for all outputs; else 1 */
} mgi_cuda_linear;

typedef struct mgi_cuda_norm_weights {
    float *weight, *bias; /* [hidden] */
    float scale;          /* E4M3: by which its rows are multiplied for the next product */
} mgi_cuda_norm_weights;

typedef struct mgi_cuda_layer {
    mgi_cuda_linear qkv; /* queries, keys, values, one below the other */
    mgi_cuda_linear attention_output;
    mgi_cuda_norm_weights attention_norm;
    mgi_cuda_linear up, down;
    mgi_cuda_norm_weights output_norm;
    float context_scale; /* E4M3: of attention's output, as of up's */
    float wide_scale;
    float *wide_scale_device; /* the same in device memory */
} mgi_cuda_layer;

typedef struct mgi_cuda_gemm_algorithms mgi_cuda_gemm_algorithms; /* cublas.h */

/* The model on one card. */
typedef struct mgi_cuda_replica {
    mgi_cuda_card card;
    char *memory; /* the arena: weights first, then the lanes */
    void *words;  /* [vocabulary, hidden], activation */
    float *positions, *types;
    mgi_cuda_norm_weights embedding_norm;
    mgi_cuda_layer *layers;
    mgi_cuda_linear pooler, classifier; /* fp32 */
    mgi_cuda_gemm_algorithms *algorithms;
    uint32_t lanes_taken; /* bits; the encoder's mutex guards them */
} mgi_cuda_replica;

struct mgi_encoder {
    mgi_encoder_spec spec;
    mgi_cuda_dtypes dtypes;
    mgi_cuda_cards cards;
    int32_t precision;
    uint32_t max_length;
    uint32_t batch_tokens;
    uint64_t weight_bytes; /* of one replica */
    uint64_t lane_bytes;
    bool tiled;                 /* all cards have the kernel of qkv_attention.h for this model */
    bool dependent;             /* launches may overlap: 9.0 and later */
    mgi_cuda_replica *replicas; /* [cards.count] */
    mgi_lock mutex;
    bool has_mutex;
    uint32_t next_replica;
};

enum { MGI_CUDA_LANES_PER_CARD = 2 }; /* one is prepared while another computes */

#endif
