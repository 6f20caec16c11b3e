/* SPDX-License-Identifier: Apache-2.0 */
/* A lane's memory: the buffers that one batch at a time goes through. */
#ifndef MGI_BACKEND_TORCH_WORKSPACE_H
#define MGI_BACKEND_TORCH_WORKSPACE_H

#include "backend/torch/encoder.h"

/* Memory for batches of up to encoder->batch_tokens tokens. */
struct mgi_lane {
    const mgi_encoder *encoder;
    mgt_scope *scope;
    size_t rows; /* that the buffers hold */
    uint32_t *positions;
    float *x;         /* [rows, hidden]: the residual stream, fp32 in every precision */
    void *input;      /* [rows, hidden]: x or context in the dtype that products take */
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

/* Opens a zeroed lane. After an error it is still to be closed. Errors: MGEO_E_MEMORY. */
mgeo_status mgi_torch_workspace_open(mgi_lane *lane, const mgi_encoder *encoder, mgeo_error *error);
void mgi_torch_workspace_close(mgi_lane *lane);

/* Bytes of a lane's buffers, without attention's scratch. */
uint64_t mgi_torch_workspace_bytes(const mgi_encoder *encoder);

/* Makes scratch for attention on `cores` cores, kept from batch to batch; false: out of memory. */
bool mgi_torch_workspace_reserve_scratch(mgi_lane *lane, unsigned cores);

/* Rows that a product is given for `rows` rows of input: oneDNN compiles a program for each new
 * count, so there must be few. */
size_t mgi_torch_workspace_gemm_rows(mgk_dtype dtype, size_t rows);

#endif
