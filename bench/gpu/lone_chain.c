/* Where a lone pair's time goes: graphs of all its kernels, of all but one kind, and of one kind
 * alone. Times are medians of 200 replays, from the event before a graph to the one behind it. */
#include "lone_chain.h"

#include "backend/cuda/encoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLAYS = 200, WARM = 20, COPIES = 4 };

#define CHECK(call)                                                                                \
    do {                                                                                           \
        int code_ = (int)(call);                                                                   \
        if (code_ != 0) {                                                                          \
            fprintf(stderr, "lone_chain: %s: %s\n", #call,                                         \
                    cudaGetErrorString((cudaError_t)code_));                                       \
            exit(2);                                                                               \
        }                                                                                          \
    } while (0)

/* A lane of our own. */
typedef struct bed {
    const mgi_encoder *encoder;
    mgi_cuda_buffers buffers;
    mgi_cuda_pass pass;
    void *memory, *host;
} bed;

/* What a graph launches, COPIES times. */
typedef int (*launcher)(const bed *b, unsigned parts);

static void make_bed(bed *b, const mgi_encoder *e, uint32_t tokens) {
    const size_t upload = mgi_cuda_upload_bytes(1, tokens);
    const size_t answers = e->spec.labels * sizeof(mgk_lone_answer);
    memset(b, 0, sizeof *b);
    b->encoder = e;
    CHECK(cudaMalloc(&b->memory, e->lane_bytes));
    CHECK(cudaMemset(b->memory, 0, e->lane_bytes));
    CHECK(cudaHostAlloc(&b->host, 64 + answers + upload, cudaHostAllocPortable));
    memset(b->host, 0, 64 + answers + upload);
    mgi_cuda_lay_out_lane(e, &b->buffers, b->memory);
    uint32_t *flags = b->host, *words = (uint32_t *)(void *)((char *)b->host + 64 + answers);
    mgk_cuda_token *to = (mgk_cuda_token *)(void *)((char *)words + mgi_cuda_upload_tokens(1));
    words[0] = 1;
    words[1] = words[MGK_CUDA_UPLOAD_OFFSETS + 1] = tokens;
    for (uint32_t i = 0; i < tokens; i++)
        to[i] = (mgk_cuda_token){(int32_t)(i * 211 % e->spec.vocabulary), (uint16_t)i, 0};
    b->pass = (mgi_cuda_pass){.encoder = e,
                              .copy = &e->copies[0],
                              .buffers = &b->buffers,
                              .batch = {.sizes = words,
                                        .offsets = b->buffers.offsets,
                                        .rows = 1,
                                        .tokens = (tokens + 15) / 16 * 16,
                                        .longest = (tokens + 15) / 16 * 16,
                                        .stable = true},
                              .upload = words,
                              .tokens = to,
                              .logits = (float *)(void *)(flags + 4),
                              .mark = flags,
                              .done = flags + 1,
                              .answers = (mgk_lone_answer *)(void *)((char *)b->host + 64)};
    CHECK(cudaStreamCreateWithFlags(&b->pass.stream, cudaStreamNonBlocking));
}

static void drop_bed(bed *b) {
    CHECK(cudaStreamDestroy(b->pass.stream));
    CHECK(cudaFreeHost(b->host));
    CHECK(cudaFree(b->memory));
}

static int by_time(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static float median_us(cudaGraphExec_t graph, cudaStream_t stream) {
    static float times[REPLAYS];
    cudaEvent_t from, to;
    CHECK(cudaEventCreate(&from));
    CHECK(cudaEventCreate(&to));
    for (int i = -WARM; i < REPLAYS; i++) {
        float ms = 0;
        CHECK(cudaEventRecord(from, stream));
        CHECK(cudaGraphLaunch(graph, stream));
        CHECK(cudaEventRecord(to, stream));
        CHECK(cudaEventSynchronize(to));
        CHECK(cudaEventElapsedTime(&ms, from, to));
        if (i >= 0) times[i] = 1e3f * ms;
    }
    CHECK(cudaEventDestroy(from));
    CHECK(cudaEventDestroy(to));
    qsort(times, REPLAYS, sizeof *times, by_time);
    return times[REPLAYS / 2];
}

static float time_of(const bed *b, launcher launch, unsigned parts, int copies) {
    cudaGraph_t graph;
    cudaGraphExec_t instance;
    CHECK(cudaStreamBeginCapture(b->pass.stream, cudaStreamCaptureModeThreadLocal));
    for (int i = 0; i < copies; i++) CHECK(launch(b, parts));
    CHECK(cudaStreamEndCapture(b->pass.stream, &graph));
    CHECK(cudaGraphInstantiateWithFlags(&instance, graph, 0));
    CHECK(cudaGraphDestroy(graph));
    float us = median_us(instance, b->pass.stream);
    CHECK(cudaGraphExecDestroy(instance));
    return us;
}

/* ---- the lone pair's kernels ---- */

static int launch_lone(const bed *b, unsigned parts) { return mgi_cuda_run_lone(&b->pass, parts); }

static int launch_pass(const bed *b, unsigned parts) {
    (void)parts;
    return mgi_cuda_run_pass(&b->pass);
}

static void time_lone(const bed *b) {
    static const struct {
        const char *name;
        unsigned part;
        int per_layer, besides; /* kernels */
    } kinds[] = {
        {"attention", MGI_CUDA_LONE_ATTENTION, 1, 0},
        {"feed forward", MGI_CUDA_LONE_FEED_FORWARD, 1, 0},
        {"norm", MGI_CUDA_LONE_NORM, 2, -1},
        {"attention and feed forward", MGI_CUDA_LONE_ATTENTION | MGI_CUDA_LONE_FEED_FORWARD, 2, 0},
        {"embed", MGI_CUDA_LONE_EMBED, 0, 1},
        {"pool", MGI_CUDA_LONE_POOL, 0, 1},
        {"classify", MGI_CUDA_LONE_CLASSIFY, 0, 1},
        {"pool and classify", MGI_CUDA_LONE_POOL | MGI_CUDA_LONE_CLASSIFY, 0, 2}};
    const unsigned all = MGI_CUDA_LONE_ALL, ahead = MGI_CUDA_LONE_AHEAD;
    const int layers = (int)b->encoder->spec.layers;
    printf("  lone: all %.1f us, not looking ahead %.1f us\n", time_of(b, launch_lone, all, 1),
           time_of(b, launch_lone, all & ~ahead, 1));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const int kernels = COPIES * (layers * kinds[i].per_layer + kinds[i].besides);
        const float alone = time_of(b, launch_lone, kinds[i].part | ahead, COPIES);
        printf("    %-28s all but it %6.1f us; alone %5.2f us each of %d\n", kinds[i].name,
               time_of(b, launch_lone, all & ~kinds[i].part, 1), alone / (float)kernels, kernels);
    }
}

/* ---- kernels that serve every batch ---- */

static mgk_cuda_norm norm_of(const bed *b) {
    const mgi_encoder *e = b->encoder;
    const mgi_cuda_norm_weights *weights = &b->pass.copy->layers[0].output_norm;
    return (mgk_cuda_norm){.weight = weights->weight,
                           .bias = weights->bias,
                           .width = e->spec.hidden,
                           .eps = e->spec.norm_eps,
                           .type = e->forms.flow,
                           .x = b->buffers.x,
                           .quantised = b->buffers.quantised,
                           .quantised_type = e->forms.product,
                           .scale = weights->scale,
                           .row_scale = b->buffers.row_scale};
}

static int launch_add_norm(const bed *b, unsigned parts) {
    const mgk_cuda_norm norm = norm_of(b);
    (void)parts;
    return mgk_cuda_add_norm(b->buffers.x, b->buffers.y, b->pass.copy->layers[0].down.bias,
                             &b->pass.batch, MGK_CUDA_TOKENS, &norm, b->encoder->dependent,
                             b->pass.stream);
}

static int launch_attend(const bed *b, unsigned parts) {
    const mgi_encoder *e = b->encoder;
    const size_t hidden = e->spec.hidden, size = mgi_cuda_type_size(e->forms.flow);
    const mgk_cuda_attention a = {.type = e->forms.flow,
                                  .query = b->buffers.qkv,
                                  .key = (const char *)b->buffers.qkv + hidden * size,
                                  .value = (const char *)b->buffers.qkv + 2 * hidden * size,
                                  .query_stride = e->spec.hidden * 3,
                                  .key_stride = e->spec.hidden * 3,
                                  .heads = e->spec.heads,
                                  .head_width = e->spec.hidden / e->spec.heads,
                                  .length_most = e->max_length,
                                  .queries = MGK_CUDA_TOKENS,
                                  .context = b->buffers.context,
                                  .context_type = e->forms.product,
                                  .context_scale = 1};
    (void)parts;
    return mgk_cuda_attend(&a, &b->pass.batch, e->dependent, b->pass.stream);
}

static void time_general(const bed *b) {
    enum { MANY = 48 };
    printf("  general: all %.1f us; add_norm %.2f us each of %d, attention %.2f us\n",
           time_of(b, launch_pass, 0, 1), time_of(b, launch_add_norm, 0, MANY) / MANY, MANY,
           time_of(b, launch_attend, 0, MANY) / MANY);
}

void bench_lone_chain(const mgi_encoder *encoder) {
    static const uint32_t some[] = {16, 45, 64, 128};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        bed b;
        make_bed(&b, encoder, some[i]);
        printf("%u tokens\n", some[i]);
        time_general(&b);
        if (mgi_cuda_lone_takes(&b.pass)) time_lone(&b);
        fflush(stdout);
        drop_bed(&b);
    }
}
