/* SPDX-License-Identifier: Apache-2.0 */
/* The encoder as it lies in memory: a model's weights in the form that the kernels take. */
#ifndef MGI_BACKEND_TORCH_ENCODER_H
#define MGI_BACKEND_TORCH_ENCODER_H

#include "backend/cpu/kernels/int8.h"
#include "backend/cpu/kernels/kernels.h"
#include "backend/torch/torch_c.h"

/* One Linear layer. */
typedef struct mgi_torch_linear {
    mgt_weight *weight;   /* fp32 and bf16 */
    mgk_int8_weight int8; /* int8 */
    void *copy;  /* what weight reads, where it is not the request's tensor; NULL otherwise */
    float *bias; /* [outputs] */
    uint32_t outputs, inputs;
} mgi_torch_linear;

typedef struct mgi_torch_norm {
    float *weight, *bias;
} mgi_torch_norm;

enum { MGI_TORCH_QKV_PARTS = 3 };

/* Query, key and value lie side by side in one row of 3 * hidden: made by one fused product, by
 * three, or in the last layer by two or three, the first being the query alone. */
typedef struct mgi_torch_layer {
    mgi_torch_linear qkv[MGI_TORCH_QKV_PARTS];
    uint32_t qkv_parts;
    float *qkv_bias; /* [3 * hidden] */
    mgi_torch_linear attention_output;
    mgi_torch_norm attention_norm;
    mgi_torch_linear intermediate;
    mgi_torch_linear output;
    mgi_torch_norm output_norm;
} mgi_torch_layer;

struct mgi_encoder {
    mgi_encoder_spec spec;
    const mgk_kernels *kernels;
    const mgk_int8 *int8;
    mgk_dtype dtype; /* of the layers' products */
    int32_t precision;
    uint32_t max_length;
    uint32_t batch_tokens;
    uint64_t bytes;
    bool keeps_weights;

    const void *words;
    mgi_dtype words_type;
    void *words_copy;
    float *positions, *types;
    mgi_torch_norm embedding_norm;
    mgi_torch_layer *layers;
    mgi_torch_linear pooler; /* fp32, as is the classifier */
    mgi_torch_linear classifier;
};

#endif
