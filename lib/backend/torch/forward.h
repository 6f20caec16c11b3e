/* SPDX-License-Identifier: Apache-2.0 */
/* The encoder as it lies in memory, and a lane's way through it. */
#ifndef MGI_BACKEND_TORCH_FORWARD_H
#define MGI_BACKEND_TORCH_FORWARD_H

#include "backend/torch/int8.h"
#include "backend/torch/kernels.h"
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
    mgk_dtype form; /* of the layers' products */
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

/* Fills encoder->layers and all else that is weights, from a request whose sizes hold. On failure
 * what was placed is still to be freed. */
mgeo_status mgi_torch_weights_load(mgi_encoder *encoder, const mgi_encoder_request *request,
                                   mgeo_error *error);
void mgi_torch_weights_free(mgi_encoder *encoder);

/* ---- what placing decides, and predictions follow ---- */

/* Can a product of this form read the tensor where it lies? */
bool mgi_torch_weights_in_place(mgk_dtype form, const mgi_tensor *tensor);

/* The table of words is only looked up, so any kind of number will do: as in the file where the
 * file is kept or small, else in two bytes. */
mgi_dtype mgi_torch_weights_words_dtype(mgk_dtype form, mgi_dtype from);

/* Query, key and value as one product where they are copied anyway; where all three can be read
 * from the file, three products cost less than a quarter of the model in fresh memory. The last
 * layer asks for [CLS] alone, so its query stands apart. Returns the number of products. */
static inline unsigned mgi_torch_weights_qkv_gemms(mgk_dtype form, const mgi_layer_weights *from,
                                                   bool last) {
    const bool apart = mgi_torch_weights_in_place(form, &from->query.weight) &&
                       mgi_torch_weights_in_place(form, &from->key.weight) &&
                       mgi_torch_weights_in_place(form, &from->value.weight);
    if (apart) return MGI_TORCH_QKV_PARTS;
    return last ? 2 : 1;
}

/* How many of the three that product makes: one product all, of two the first the query alone,
 * three one each. */
static inline unsigned mgi_torch_weights_qkv_width(unsigned products, unsigned product) {
    if (products == 1) return MGI_TORCH_QKV_PARTS;
    return products == 2 && product == 1 ? 2 : 1;
}

/* What placing the request's weights and running lanes would take. The encoder's sizes are settled
 * and nothing is placed. */
void mgi_torch_estimate(const mgi_encoder *encoder, const mgi_weights *weights, unsigned cores,
                        mgi_encoder_estimate *needs);

/* Memory for batches of up to encoder->batch_tokens tokens. */
struct mgi_lane {
    const mgi_encoder *encoder;
    mgt_scope *scope;
    size_t rows; /* that the buffers hold */
    uint32_t *positions;
    float *x;         /* [rows, hidden]: the residual stream, fp32 in every precision */
    void *input;      /* [rows, hidden]: x or context in the form that products take */
    float *scale;     /* [rows]: of input, in int8 */
    int32_t *sums;    /* [rows]: of input, in int8 */
    void *qkv;        /* [rows, 3 * hidden] */
    float *context;   /* [rows, hidden] */
    void *y;          /* [rows, hidden] */
    void *wide;       /* [rows, intermediate] */
    void *wide_input; /* [rows, intermediate], in int8 */
    float *wide_scale;
    int32_t *wide_sums;
    float *first;        /* [rows, hidden]: x of each sequence's [CLS], in the last layer */
    void *first_input;   /* [rows, hidden] */
    float *first_scale;  /* [rows] */
    int32_t *first_sums; /* [rows] */
    void *query;         /* [rows, hidden]: the queries of [CLS] */
    float *classes;      /* [rows, labels] */
    float **scratch;     /* [scratch_count] for attention, one for each core at work */
    unsigned scratch_count;
};

mgeo_status mgi_torch_workspace_open(mgi_lane *lane, const mgi_encoder *encoder, mgeo_error *error);
void mgi_torch_workspace_close(mgi_lane *lane);

/* What a lane's buffers take, before attention's scratch. */
uint64_t mgi_torch_workspace_bytes(const mgi_encoder *encoder);

/* Logits [rows, labels] of a batch. */
mgeo_status mgi_torch_forward_run(mgi_lane *lane, const mgi_batch *batch, unsigned cores,
                                  float *logits, mgeo_error *error);

/* Rows that a product is given for `rows` rows of input: oneDNN prepares itself for each new count,
 * so there must be few. */
size_t mgi_torch_workspace_gemm_rows(mgk_dtype form, size_t rows);

#endif
