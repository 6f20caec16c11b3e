/* Passes captured as graphs, for batches so small that launching would take longer than computing.
 */
#ifndef MGI_BACKEND_CUDA_GRAPH_H
#define MGI_BACKEND_CUDA_GRAPH_H

#include "backend/cuda/encoder.h"

typedef struct mgi_cuda_graphs mgi_cuda_graphs;

typedef struct mgi_cuda_graph {
    cudaGraphExec_t executable;
    uint32_t rows; /* that it was captured for: by them the upload is laid out */
    bool answers;  /* it gives answers, not logits */
} mgi_cuda_graph;

/* Captures `pass`, whose batch is set here, for each size that is worth it. The pass reads what the
 * host uploads where it lies, and sets `done`. Errors: MGEO_E_MEMORY, MGEO_E_DEVICE. */
mgeo_status mgi_cuda_graphs_create(const mgi_cuda_pass *pass, mgi_cuda_graphs **graphs,
                                   mgeo_error *error);
void mgi_cuda_graphs_destroy(mgi_cuda_graphs *graphs);

/* The graph for a batch of so many rows and tokens; NULL: there is none. */
const mgi_cuda_graph *mgi_cuda_graphs_find(const mgi_cuda_graphs *graphs, uint32_t rows,
                                           uint32_t tokens);

#endif
