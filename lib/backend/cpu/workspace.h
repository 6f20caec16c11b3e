/* SPDX-License-Identifier: Apache-2.0 */
/* A lane's memory: the buffers that one batch at a time goes through. */
#ifndef MGI_BACKEND_CPU_WORKSPACE_H
#define MGI_BACKEND_CPU_WORKSPACE_H

#include "backend/cpu/encoder.h"

/* Memory for batches of up to encoder->batch_tokens tokens. What lies in a row beyond its width is
 * zero and stays so: products read it. */
struct mgi_lane {
    const mgi_encoder *encoder;
    mgi_cpu_arena arena;
    uint32_t *positions;
    float *x; /* [tokens, x_stride]: the residual stream, fp32 in every precision */
    size_t x_stride;
    mgk_input input;   /* [tokens, hidden]: x in the dtype that products take; x itself in fp32 */
    mgk_input context; /* [tokens, hidden]: what attention makes, for the next product */
    mgk_input wide_input; /* [wide_rows, intermediate]: for the last product of a layer */
    float *qkv;           /* [tokens, 3 * hidden]; in the end [rows, x_stride], the pooler's */
    float *wide;          /* int8: [wide_rows, intermediate] before they are quantised */
    float *mixed;         /* int8: [tokens, hidden], the context before it is quantised */
    float **scratch;      /* [scratch_count] for attention, one for each core at work */
    unsigned scratch_count;
};

/* Opens a zeroed lane. After an error it is still to be closed. Errors: MGEO_E_MEMORY. */
mgeo_status mgi_cpu_workspace_open(mgi_lane *lane, const mgi_encoder *encoder, mgeo_error *error);
void mgi_cpu_workspace_close(mgi_lane *lane);

/* Bytes of a lane that runs on `cores` cores; 0 if that overflows. */
uint64_t mgi_cpu_workspace_bytes(const mgi_encoder *encoder, unsigned cores);

/* Makes scratch for attention on `cores` cores, kept from batch to batch; false: out of memory. */
bool mgi_cpu_workspace_reserve_scratch(mgi_lane *lane, unsigned cores);

#endif
