/* SPDX-License-Identifier: Apache-2.0 */
/* Forward passes captured as graphs, for batches so small that launching would take longer than
 * computing.
 */
#include "backend/cuda/graph.h"

#include "backend/cuda/upload.h"
#include "core/alloc.h"

#include <stdatomic.h>

/* Sizes of batches that have graphs: single rows in steps of 16 tokens, several rows in wider ones.
 */
enum { SINGLE_MAX_TOKENS = 256, SINGLES = SINGLE_MAX_TOKENS / MGI_CUDA_GRAPH_SINGLE_ROW_STEP };
static const uint32_t several[] = {64, 128, 256, 384, 512, 768, 1024};
enum { SEVERAL = sizeof several / sizeof *several, SHORTEST = 8 /* mean tokens of several rows */ };

struct mgi_cuda_graph_set {
    cudaGraphExec_t single[SINGLES];
    cudaGraphExec_t several[SEVERAL];
};

static int capture(const mgi_cuda_forward_pass *pass, cudaGraphExec_t *executable) {
    cudaGraph_t graph = NULL;
    /* Other threads may make calls that a wider mode would forbid. */
    cudaError_t code = cudaStreamBeginCapture(pass->stream, cudaStreamCaptureModeThreadLocal);
    if (code != cudaSuccess) return (int)code;
    int launched = mgi_cuda_forward_run(pass);
    code = cudaStreamEndCapture(pass->stream, &graph);
    if (launched == 0 && code == cudaSuccess) {
        code = cudaGraphInstantiateWithFlags(executable, graph, 0);
    }
    if (graph != NULL) cudaGraphDestroy(graph);
    if (launched != 0) return launched;
    if (code == cudaSuccess) code = cudaGraphUpload(*executable, pass->stream);
    return (int)code;
}

static int capture_for(const mgi_cuda_forward_pass *pass, uint32_t rows, uint32_t tokens,
                       cudaGraphExec_t *executable) {
    const uint32_t longest = pass->encoder->max_length;
    mgi_cuda_forward_pass sized = *pass;
    sized.batch.rows = rows;
    sized.batch.tokens = tokens;
    /* A single row's size is read where the host wrote it: one word, ahead of every wait. Of
     * several rows there is more to read than the way to the host's memory is good for. */
    sized.batch.stable = rows == 1;
    if (sized.batch.stable) sized.batch.sizes = pass->upload;
    sized.batch.longest = tokens < longest ? tokens : longest;
    sized.tokens = (const mgk_cuda_token *)(const void *)((const char *)pass->upload +
                                                          mgi_cuda_upload_tokens(rows));
    return capture(&sized, executable);
}

static int capture_all(const mgi_cuda_forward_pass *pass, mgi_cuda_graph_set *g) {
    const uint32_t longest = pass->encoder->max_length, most = pass->encoder->batch_tokens;
    int code = 0;
    for (uint32_t i = 0; i < SINGLES && code == 0 && i * MGI_CUDA_GRAPH_SINGLE_ROW_STEP < longest;
         i++) {
        code = capture_for(pass, 1, (i + 1) * MGI_CUDA_GRAPH_SINGLE_ROW_STEP, &g->single[i]);
    }
    for (uint32_t i = 0; i < SEVERAL && code == 0 && several[i] <= most; i++) {
        code = capture_for(pass, several[i] / SHORTEST, several[i], &g->several[i]);
    }
    return code;
}

static void destroy_all(const mgi_cuda_graph_set *g) {
    for (uint32_t i = 0; i < SINGLES; i++) {
        if (g->single[i] != NULL) cudaGraphExecDestroy(g->single[i]);
    }
    for (uint32_t i = 0; i < SEVERAL; i++) {
        if (g->several[i] != NULL) cudaGraphExecDestroy(g->several[i]);
    }
}

/* The driver keeps what graphs and streams once took of the card's memory, for later ones. With a
 * card's first graphs it is made to take as much as two models with all lanes need, so that no load
 * next to a live model takes more. If this fails, the load takes it. */
static void reserve(const mgi_cuda_forward_pass *pass) {
    enum { CARDS = 64, SPARE = 2 * MGI_CUDA_LANES_PER_CARD - 1 };
    static atomic_bool reserved[CARDS];
    const int card = pass->replica->card.ordinal;
    mgi_cuda_graph_set graphs[SPARE] = {0};
    cudaStream_t streams[SPARE] = {NULL};
    int code = 0;
    if (card >= CARDS || atomic_exchange(&reserved[card], true)) return;
    for (int i = 0; i < SPARE && code == 0; i++) {
        code = (int)cudaStreamCreateWithFlags(&streams[i], cudaStreamNonBlocking);
        if (code == 0) code = capture_all(pass, &graphs[i]);
    }
    cudaStreamSynchronize(pass->stream);
    for (int i = 0; i < SPARE; i++) {
        destroy_all(&graphs[i]);
        if (streams[i] != NULL) cudaStreamDestroy(streams[i]);
    }
    cudaGetLastError();
}

mgeo_status mgi_cuda_graph_set_create(const mgi_cuda_forward_pass *pass,
                                      mgi_cuda_graph_set **graphs, mgeo_error *error) {
    *graphs = mgi_calloc(1, sizeof **graphs);
    if (*graphs == NULL) return mgi_fail_memory(error, "graphs", sizeof **graphs);
    int code = capture_all(pass, *graphs);
    if (code == 0) code = (int)cudaStreamSynchronize(pass->stream);
    if (code == 0) {
        reserve(pass);
        return MGEO_OK;
    }
    return mgi_cuda_device_fail(error, &pass->replica->card, code, "capturing a graph");
}

void mgi_cuda_graph_set_destroy(mgi_cuda_graph_set *g) {
    if (g == NULL) return;
    destroy_all(g);
    mgi_free(g);
}

cudaGraphExec_t mgi_cuda_graph_set_find(const mgi_cuda_graph_set *g, uint32_t rows, uint32_t tokens,
                                        uint32_t *rows_bound) {
    *rows_bound = 1;
    if (rows == 1 && tokens <= SINGLE_MAX_TOKENS) {
        return g->single[(tokens - 1) / MGI_CUDA_GRAPH_SINGLE_ROW_STEP];
    }
    for (uint32_t i = 0; i < SEVERAL; i++) {
        *rows_bound = several[i] / SHORTEST;
        if (tokens <= several[i] && rows <= *rows_bound) return g->several[i];
    }
    return NULL;
}
