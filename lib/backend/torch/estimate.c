/* SPDX-License-Identifier: Apache-2.0 */
/* Estimates what a model will take of memory: the loading of weights.c, tensor by tensor, without a
 * byte of weights; what forward.c computes for one layer; and what is known of the libraries. */
#include "backend/torch/estimate.h"

#include "backend/tensor.h"
#include "backend/torch/weights.h"
#include "core/fixed_text.h"

#include <string.h>

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t most(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* Loading: what has been copied after each tensor, and the highest point while one is. */
typedef struct footprint {
    uint64_t copied, highest;
} footprint;

/* The file's bytes, as they were and as libtorch's; for int8 also what quantising takes: fp32,
 * scaled, halves, steps. */
static void place(footprint *f, const mgi_tensor *from, mgt_form form) {
    uint64_t numbers = mgi_tensor_numbers(from);
    uint64_t beside = 2 * from->bytes + (form == MGT_INT8 ? 4 * numbers * sizeof(float) : 0);
    f->copied += mgi_torch_weights_bytes(from, form);
    f->highest = most(f->highest, f->copied + beside);
}

static void linear(footprint *f, const mgi_linear *from, mgt_form form) {
    place(f, &from->weight, form);
    place(f, &from->bias, MGT_FP32);
}

static void norm(footprint *f, const mgi_norm *from) {
    place(f, &from->weight, MGT_FP32);
    place(f, &from->bias, MGT_FP32);
}

static void layer(footprint *f, const mgi_layer_weights *from, mgt_form form) {
    linear(f, &from->query, form);
    linear(f, &from->key, form);
    linear(f, &from->value, form);
    linear(f, &from->attention_output, form);
    norm(f, &from->attention_norm);
    linear(f, &from->intermediate, form);
    linear(f, &from->output, form);
    norm(f, &from->output_norm);
}

static footprint load(const mgi_encoder *e, const mgi_weights *from) {
    footprint f = {0};
    place(&f, &from->word_embeddings, MGT_AS_IS);
    place(&f, &from->position_embeddings, MGT_FP32);
    place(&f, &from->type_embeddings, MGT_FP32);
    norm(&f, &from->embedding_norm);
    for (uint32_t i = 0; i < e->spec.layers; i++) layer(&f, &from->layers[i], e->form);
    linear(&f, &from->pooler, MGT_FP32);
    linear(&f, &from->classifier, MGT_FP32);
    return f;
}

/* What one layer computes stays until the next begins: eleven rows of hidden, two of intermediate;
 * within it attention copies queries, keys, values and contexts, and has two numbers for each pair
 * of tokens and head; or a product has what it rounds, and a weight as fp32. libtorch takes and
 * gives back each of them by malloc, whose gaps were measured to come to half as much again. */
static uint64_t lane_bytes(const mgi_encoder *e) {
    const mgi_encoder_spec *spec = &e->spec;
    uint64_t hidden = spec->hidden, wide = most(spec->intermediate, hidden);
    uint64_t kept = 11 * hidden + 2 * wide;
    uint64_t attention = 5 * hidden + 2 * (uint64_t)spec->heads * e->max_length;
    uint64_t product = e->form == MGT_FP32 ? 0 : 6 * wide;
    uint64_t weight = e->form == MGT_FP32 ? 0 : hidden * wide;
    uint64_t numbers = e->batch_tokens * (kept + most(attention, product)) + weight;
    return numbers * sizeof(float) * 3 / 2;
}

/* For each core at work OpenBLAS copies a block of the weight, P outputs by Q inputs, and all rows
 * by Q inputs. P and Q differ by processor; these are the largest that it has for fp32. MKL, which
 * builds of libtorch may have inside, was measured to take about as much. */
static uint64_t blas_bytes(const mgi_encoder *e) {
    const uint64_t p = 768, q = 384;
    const uint64_t hidden = e->spec.hidden, wide = most(e->spec.intermediate, hidden);
    return (least(wide, p) + e->batch_tokens) * least(wide, q) * sizeof(float);
}

void mgi_torch_estimate(const mgi_encoder *e, const mgi_weights *weights, unsigned cores,
                        mgi_encoder_estimate *estimate) {
    const footprint f = load(e, weights);
    memset(estimate, 0, sizeof *estimate);
    estimate->precision = e->precision;
    estimate->batch_tokens = e->batch_tokens;
    estimate->weights = f.copied;
    estimate->opening = f.highest;
    estimate->lane = lane_bytes(e);
    estimate->workspace = cores * blas_bytes(e);
    estimate->on_cpu = true;
    mgi_fixed_text_copy(estimate->device, sizeof estimate->device, "torch");
}
