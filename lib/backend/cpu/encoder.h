/* SPDX-License-Identifier: Apache-2.0 */
/* The encoder as it lies in memory: a model's weights in the form that the kernels take. */
#ifndef MGI_BACKEND_CPU_ENCODER_H
#define MGI_BACKEND_CPU_ENCODER_H

#include "backend/cpu/arena.h"
#include "backend/cpu/kernels/gemm.h"
#include "backend/cpu/kernels/kernels.h"

typedef struct mgi_cpu_norm {
    float *weight, *bias;
} mgi_cpu_norm;

/* Query, key and value are one product. In the last layer only [CLS] attends, so that its query is
 * a product of its own there. */
typedef struct mgi_cpu_layer {
    mgk_gemm_weight qkv;              /* [3 * hidden, hidden]; not in the last layer */
    mgk_gemm_weight query, key_value; /* the last layer's: [hidden, hidden], [2 * hidden, hidden] */
    mgk_gemm_weight attention_output;
    mgi_cpu_norm attention_norm;
    mgk_gemm_weight intermediate;
    mgk_gemm_weight output;
    mgi_cpu_norm output_norm;
} mgi_cpu_layer;

enum { MGI_CPU_QKV_PARTS = 3 };

struct mgi_encoder {
    mgi_encoder_spec spec;
    const mgk_kernels *kernels;
    const mgk_gemm *gemm;   /* the layers' products */
    const mgk_gemm *finish; /* the pooler's and the classifier's, in fp32 */
    int32_t precision;
    uint32_t max_length;
    uint32_t batch_tokens;
    uint32_t wide_rows; /* that go through the two widest products at a time, so that what lies
                           between those stays in the cache */

    mgi_cpu_arena arena; /* holds all that follows but `layers` */
    uint64_t bytes;      /* of it that are used */
    void *words;
    mgi_dtype words_type;
    float *positions, *types;
    mgi_cpu_norm embedding_norm;
    mgi_cpu_layer *layers;
    mgk_gemm_weight pooler;
    mgk_gemm_weight classifier;
};

#endif
