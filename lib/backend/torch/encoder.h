/* SPDX-License-Identifier: Apache-2.0 */
/* The encoder as it lies in memory: a model's weights, as libtorch takes them. */
#ifndef MGI_BACKEND_TORCH_ENCODER_H
#define MGI_BACKEND_TORCH_ENCODER_H

#include "backend/torch/torch_c.h"

typedef struct mgi_torch_linear {
    const mgt_weight *weight, *bias;
} mgi_torch_linear;

typedef struct mgi_torch_norm {
    const mgt_weight *weight, *bias;
} mgi_torch_norm;

typedef struct mgi_torch_layer {
    mgi_torch_linear query, key, value, attention_output;
    mgi_torch_norm attention_norm;
    mgi_torch_linear intermediate, output;
    mgi_torch_norm output_norm;
} mgi_torch_layer;

struct mgi_encoder {
    mgi_encoder_spec spec;
    mgt_form form; /* of the layers' products; pooler and classifier are fp32 */
    int32_t precision;
    uint32_t max_length;
    uint32_t batch_tokens;
    uint64_t bytes;

    const mgt_weight *words, *positions, *types;
    mgi_torch_norm embedding_norm;
    mgi_torch_layer *layers;
    mgi_torch_linear pooler, classifier;

    mgt_weight **weights; /* all of the above [count], by which they are destroyed */
    size_t count;
};

struct mgi_lane {
    const mgi_encoder *encoder;
    mgt_scope *scope;
};

#endif
