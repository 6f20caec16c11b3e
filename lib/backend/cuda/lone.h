/* The encoder for one pair of texts, whose time is latency: four kernels a layer.
 *
 * A cluster of 8 blocks takes one head through queries, keys, values, softmax and its share of the
 * output product; another takes 192 of the wide numbers through the up and the down product. What
 * a cluster has made is a part of a sum over all clusters, and a small kernel behind it adds the
 * parts, in the clusters' order, to the residual and normalises. So blocks of one kernel meet only
 * within their cluster, in shared memory, and a layer crosses the whole card four times.
 *
 * The kernels are for chains of dependent launches (compute capability 9.0): each copies its
 * weights into shared memory before it waits for the one before. All wait, in every block. Rows of
 * one batch are the tokens of one pair; there are room and launches for `rows`, in whole 16s, and
 * what is really there stands in device memory. */
#ifndef MGI_BACKEND_CUDA_LONE_H
#define MGI_BACKEND_CUDA_LONE_H

#include "backend/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    MGK_LONE_WIDTH = 768, /* of a row: these kernels are made for BERT-base */
    MGK_LONE_HEAD = 64,   /* numbers of a head */
    MGK_LONE_HEADS = 12,
    MGK_LONE_SLICE = 192, /* wide numbers of a cluster */
    MGK_LONE_SLICES = 16,
    MGK_LONE_ROWS = 128 /* most rows */
};

/* Rows that launches for so many tokens are made for, 0: too many. */
uint32_t mgk_lone_rows(uint32_t tokens);

/* Whether the current device can run these kernels, which loads them: ask before a capture. */
bool mgk_lone_supports(mgk_cuda_type type);

/* Weights that a later kernel reads, which may come nearer meanwhile; in whole 16 bytes. */
typedef struct mgk_lone_ahead {
    const void *from[2];
    uint32_t bytes[2];
} mgk_lone_ahead;

typedef struct mgk_lone_embedding {
    mgk_cuda_type type;
    const mgk_cuda_token *tokens; /* in pinned host memory */
    const uint32_t *sizes;        /* likewise: [2]: rows, tokens */
    uint32_t *sizes_there;        /* their copy for the kernels after this one */
    const void *words;            /* [vocabulary, 768] */
    const float *positions;       /* [positions, 768] */
    const float *types;           /* [types, 768] */
    const float *weight, *bias;   /* the norm's */
    float eps;
    uint32_t positions_count, rows;
    void *x; /* [rows, 768] */
} mgk_lone_embedding;

int mgk_lone_embed(const mgk_lone_embedding *embedding, mgk_cuda_stream stream);

/* The first half of a layer, or the second: sums[p] = second_p(between(first_p(x))), where p is
 * one head or one slice of the wide numbers, and between is attention or an activation. */
typedef struct mgk_lone_block {
    mgk_cuda_type type; /* F16, BF16 */
    const void *x;      /* [rows, 768] */
    const void *first;  /* [3 * 768 or wide, 768] */
    const float *first_bias;
    const void *second;             /* [768, 768 or wide] */
    mgk_cuda_activation activation; /* of the second half */
    uint32_t rows, asked;           /* sums are wanted of the first `asked` rows, in whole 16s */
    const uint32_t *sizes;          /* [2]: rows, tokens */
    void *sums; /* [heads or slices, asked, 768], without the second one's bias */
    mgk_lone_ahead ahead;
} mgk_lone_block;

int mgk_lone_attention(const mgk_lone_block *block, mgk_cuda_stream stream);
int mgk_lone_feed_forward(const mgk_lone_block *block, mgk_cuda_stream stream);

/* x = norm(x + Σ_p sums[p] + sums_bias) of the first `count` rows. */
typedef struct mgk_lone_norm {
    mgk_cuda_type type;
    void *x;
    const void *sums; /* [parts, rows, 768] */
    const float *sums_bias;
    uint32_t parts; /* 12 heads, or 16 slices */
    uint32_t rows, count;
    const float *weight, *bias;
    float eps;
} mgk_lone_norm;

int mgk_lone_normalise(const mgk_lone_norm *norm, mgk_cuda_stream stream);

/* pooled[o] = tanh(Σ_i weight[o, i] norm(row 0)[i] + bias[o]), in fp32 from the norm on. */
typedef struct mgk_lone_pooler {
    mgk_lone_norm norm;
    const float *weight, *bias; /* [768, 768], [768] */
    float *pooled;              /* [768] */
} mgk_lone_pooler;

int mgk_lone_pool(const mgk_lone_pooler *pooler, mgk_cuda_stream stream);

/* A logit on its way to the host: written at once, so that who sees the mark sees the logit. */
typedef struct mgk_lone_answer {
    float logit;
    uint32_t mark;
} mgk_lone_answer;

typedef struct mgk_lone_classifier {
    const float *pooled;        /* [768] */
    const float *weight, *bias; /* [labels, 768], [labels] */
    uint32_t labels;
    const uint32_t *mark;     /* in pinned host memory, as are the answers */
    mgk_lone_answer *answers; /* [labels], aligned to 8 bytes */
} mgk_lone_classifier;

int mgk_lone_classify(const mgk_lone_classifier *classifier, mgk_cuda_stream stream);

#ifdef __cplusplus
}
#endif

#endif
