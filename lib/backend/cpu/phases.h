/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a forward pass, each over all of a batch: shared out among a team, or done in the
 * caller's thread where there is none. */
#ifndef MGI_BACKEND_CPU_PHASES_H
#define MGI_BACKEND_CPU_PHASES_H

#include "backend/cpu/workspace.h"
#include "backend/team.h"

typedef struct mgi_cpu_pass {
    mgi_lane *lane;
    const mgi_encoder *encoder;
    const mgi_batch *batch;
    mgi_team *team;
    unsigned cores; /* that may work on it, with scratch for each */
} mgi_cpu_pass;

/* Rows that flow through a layer: every token's, or in the end every sequence's [CLS]. */
typedef struct mgi_cpu_rows {
    float *x; /* [count, lane->x_stride] */
    mgk_input input;
    size_t count;
} mgi_cpu_rows;

/* Makes the pass ready on that many of the team's cores, and its thread for products. Errors:
 * MGEO_E_MEMORY. */
mgeo_status mgi_cpu_phases_begin(mgi_cpu_pass *pass, mgeo_error *error);

/* After the layers' last product. */
void mgi_cpu_phases_end_layers(const mgi_cpu_pass *pass);

void mgi_cpu_phases_embed(const mgi_cpu_pass *pass, const mgi_cpu_rows *rows);
void mgi_cpu_phases_multiply(const mgi_cpu_pass *pass, const mgk_gemm *gemm,
                             const mgk_gemm_job *job);
void mgi_cpu_phases_norm(const mgi_cpu_pass *pass, const mgi_cpu_norm *norm,
                         const mgi_cpu_rows *rows);

/* Rows [count, width] of fp32 into a product's input. */
void mgi_cpu_phases_pack(const mgi_cpu_pass *pass, const float *from, size_t stride, size_t width,
                         const mgk_input *input, size_t count);

/* Attention of all sequences into the lane's context; first_only: of [CLS] alone, whose row in
 * queries and context is its sequence's number. */
void mgi_cpu_phases_attend(const mgi_cpu_pass *pass, const mgk_heads *heads, bool first_only);

#endif
