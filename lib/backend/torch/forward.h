/* The encoder as it lies in memory, and a lane's way through it. */
#ifndef MGI_BACKEND_TORCH_FORWARD_H
#define MGI_BACKEND_TORCH_FORWARD_H

#include "backend/torch/int8.h"
#include "backend/torch/kernels.h"
#include "backend/torch/torch_c.h"

/* One Linear layer. */
typedef struct bert_linear {
    mgt_weight *weight;   /* fp32 and bf16 */
    mgk_int8_weight int8; /* int8 */
    void *copy;  /* what weight reads, where it is not the request's tensor; NULL otherwise */
    float *bias; /* [outputs] */
    uint32_t outputs, inputs;
} bert_linear;

typedef struct bert_norm {
    float *weight, *bias;
} bert_norm;

enum { BERT_QKV_PARTS = 3 };

/* Query, key and value lie side by side in one row of 3 * hidden: made by one fused product, by
 * three, or in the last layer by two or three, the first being the query alone. */
typedef struct bert_layer {
    bert_linear qkv[BERT_QKV_PARTS];
    uint32_t qkv_parts;
    float *qkv_bias; /* [3 * hidden] */
    bert_linear attention_output;
    bert_norm attention_norm;
    bert_linear intermediate;
    bert_linear output;
    bert_norm output_norm;
} bert_layer;

struct mgi_encoder {
    mgi_encoder_spec spec;
    const mgk_kernels *kernels;
    const mgk_int8 *int8;
    mgk_form form; /* of the layers' products */
    int32_t precision;
    uint32_t max_length;
    uint32_t batch_tokens;
    uint64_t bytes;
    bool keeps_weights;

    const void *words;
    mgi_dtype words_type;
    void *words_copy;
    float *positions, *types;
    bert_norm embedding_norm;
    bert_layer *layers;
    bert_linear pooler; /* fp32, as is the classifier */
    bert_linear classifier;
};

/* Fills encoder->layers and all else that is weights, from a request whose sizes hold. On failure
 * what was placed is still to be freed. */
mgeo_status mgi_bert_place(mgi_encoder *encoder, const mgi_encoder_request *request,
                           mgeo_error *error);
void mgi_bert_free_weights(mgi_encoder *encoder);

/* ---- what placing decides, and predictions follow ---- */

/* Can a product of this form read the tensor where it lies? */
bool mgi_bert_in_place(mgk_form form, const mgi_tensor *tensor);

/* The table of words is only looked up, so any kind of number will do: as in the file where the
 * file is kept or small, else in two bytes. */
mgi_dtype mgi_bert_words_type(mgk_form form, mgi_dtype from);

/* Query, key and value as one product where they are copied anyway; where all three can be read
 * from the file, three products cost less than a quarter of the model in fresh memory. The last
 * layer asks for [CLS] alone, so its query stands apart. Returns the number of products. */
static inline unsigned mgi_bert_qkv_products(mgk_form form, const mgi_layer_weights *from,
                                             bool last) {
    const bool apart = mgi_bert_in_place(form, &from->query.weight) &&
                       mgi_bert_in_place(form, &from->key.weight) &&
                       mgi_bert_in_place(form, &from->value.weight);
    if (apart) return BERT_QKV_PARTS;
    return last ? 2 : 1;
}

/* How many of the three that product makes: one product all, of two the first the query alone,
 * three one each. */
static inline unsigned mgi_bert_qkv_width(unsigned products, unsigned product) {
    if (products == 1) return BERT_QKV_PARTS;
    return products == 2 && product == 1 ? 2 : 1;
}

/* What placing the request's weights and running lanes would take. The encoder's sizes are settled
 * and nothing is placed. */
void mgi_bert_predict(const mgi_encoder *encoder, const mgi_weights *weights, unsigned cores,
                      mgi_encoder_needs *needs);

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

mgeo_status mgi_bert_open_lane(mgi_lane *lane, const mgi_encoder *encoder, mgeo_error *error);
void mgi_bert_close_lane(mgi_lane *lane);

/* What a lane's buffers take, before attention's scratch. */
uint64_t mgi_bert_lane_bytes(const mgi_encoder *encoder);

/* Logits [rows, labels] of a batch. */
mgeo_status mgi_bert_run(mgi_lane *lane, const mgi_batch *batch, unsigned cores, float *logits,
                         mgeo_error *error);

/* Rows that a product is given for `rows` rows of input: oneDNN prepares itself for each new count,
 * so there must be few. */
size_t mgi_bert_product_rows(mgk_form form, size_t rows);

#endif
