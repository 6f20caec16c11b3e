/* SPDX-License-Identifier: Apache-2.0 */
/* Forward passes captured as graphs, for batches so small that launching would take longer than
 * computing.
 */
#ifndef MGI_BACKEND_CUDA_GRAPH_H
#define MGI_BACKEND_CUDA_GRAPH_H

#include "backend/cuda/forward.h"

/* A single row has a graph for each multiple of this, and its tokens are read up to that bound. */
enum { MGI_CUDA_GRAPH_SINGLE_ROW_STEP = 16 };

typedef struct mgi_cuda_graph_set mgi_cuda_graph_set;

/* Captures `pass`, whose batch is set here, for each size that is worth it. The pass reads what the
 * host uploads where it lies, and sets `done`. Errors: MGEO_E_MEMORY, MGEO_E_DEVICE. */
mgeo_status mgi_cuda_graph_set_create(const mgi_cuda_forward_pass *pass,
                                      mgi_cuda_graph_set **graphs, mgeo_error *error);
void mgi_cuda_graph_set_destroy(mgi_cuda_graph_set *graphs);

/* The graph for a batch of that many rows and tokens; NULL: there is none. *rows_bound is what it
 * was captured for: by it the upload is laid out. */
cudaGraphExec_t mgi_cuda_graph_set_find(const mgi_cuda_graph_set *graphs, uint32_t rows,
                                        uint32_t tokens, uint32_t *rows_bound);

#endif
