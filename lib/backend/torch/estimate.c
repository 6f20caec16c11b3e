/* SPDX-License-Identifier: Apache-2.0 */
/* Estimates what a model will take of memory: the loading of weights.c, tensor by tensor, without a
 * byte of weights, the lanes of workspace.c, and what is known of the libraries. */
#include "backend/torch/estimate.h"

#include "backend/tensor.h"
#include "backend/torch/weights.h"
#include "backend/torch/workspace.h"
#include "core/fixed_text.h"

#include <string.h>

/* Loading, tensor by tensor: what lies in memory after each, and at the highest point. */
typedef struct footprint {
    mgk_dtype dtype;
    bool keeps;        /* the files stay mapped, and have been read whole for the fingerprint */
    uint64_t files;    /* bytes of mapped tensors */
    uint64_t kept;     /* bytes of tensors that are used where they lie */
    uint64_t copied;   /* bytes in memory of their own */
    uint64_t resident; /* the files' pages and the copies, so far */
    uint64_t highest;
} footprint;

/* A copy of `bytes` out of tensors whose pages are then given back (mgi_tensor_release). */
static void copy(footprint *f, uint64_t bytes, const mgi_tensor *const *from, unsigned count) {
    f->copied += bytes;
    f->resident += bytes; /* zeroed as a whole before it is filled */
    for (unsigned i = 0; i < count; i++) {
        uint64_t source = from[i]->mapped ? from[i]->bytes : 0;
        f->files += source;
        if (!f->keeps) f->resident += source; /* read in now */
        if (f->resident > f->highest) f->highest = f->resident;
        f->resident -= source;
    }
}

static void keep(footprint *f, const mgi_tensor *tensor) {
    f->files += tensor->mapped ? tensor->bytes : 0;
    f->kept += tensor->bytes;
}

static void vector(footprint *f, const mgi_tensor *tensor) {
    copy(f, mgi_tensor_numbers(tensor) * sizeof(float), &tensor, 1);
}

static uint64_t weight_bytes(mgk_dtype dtype, uint64_t outputs, uint64_t inputs) {
    if (mgk_kernels_is_quantised(dtype)) {
        return mgk_int8_bytes(outputs, inputs) + outputs * sizeof(float);
    }
    return outputs * inputs * (dtype == MGK_BF16 ? 2 : 4);
}

static void stack(footprint *f, mgk_dtype dtype, const mgi_tensor *const *parts, unsigned count) {
    uint64_t outputs = 0;
    if (count == 1 && dtype == f->dtype && mgi_torch_weights_in_place(dtype, parts[0])) {
        keep(f, parts[0]);
        return;
    }
    for (unsigned i = 0; i < count; i++) outputs += parts[i]->shape[0];
    copy(f, weight_bytes(dtype, outputs, parts[0]->shape[1]), parts, count);
}

static void linear(footprint *f, mgk_dtype dtype, const mgi_linear *from) {
    const mgi_tensor *weight = &from->weight;
    stack(f, dtype, &weight, 1);
    vector(f, &from->bias);
}

static void norm(footprint *f, const mgi_norm *from) {
    vector(f, &from->weight);
    vector(f, &from->bias);
}

static void layer(footprint *f, const mgi_layer_weights *from, bool last) {
    const mgi_tensor *const parts[MGI_TORCH_QKV_PARTS] = {&from->query.weight, &from->key.weight,
                                                          &from->value.weight};
    const mgi_tensor *const biases[MGI_TORCH_QKV_PARTS] = {&from->query.bias, &from->key.bias,
                                                           &from->value.bias};
    const unsigned products = mgi_torch_weights_qkv_gemms(f->dtype, from, last);
    for (unsigned i = 0, part = 0; part < MGI_TORCH_QKV_PARTS; i++) {
        const unsigned width = mgi_torch_weights_qkv_width(products, i);
        stack(f, f->dtype, parts + part, width);
        part += width;
    }
    for (unsigned i = 0; i < MGI_TORCH_QKV_PARTS; i++) vector(f, biases[i]);
    linear(f, f->dtype, &from->attention_output);
    norm(f, &from->attention_norm);
    linear(f, f->dtype, &from->intermediate);
    linear(f, f->dtype, &from->output);
    norm(f, &from->output_norm);
}

static void words(footprint *f, const mgi_tensor *from) {
    if (mgi_torch_weights_in_place(f->dtype, from)) {
        keep(f, from);
    } else {
        mgi_dtype type = mgi_torch_weights_words_dtype(f->dtype, from->dtype);
        copy(f, mgi_tensor_numbers(from) * mgi_tensor_dtype_bytes(type), &from, 1);
    }
}

static void load(footprint *f, const mgi_encoder_spec *spec, const mgi_weights *from) {
    words(f, &from->word_embeddings);
    vector(f, &from->position_embeddings);
    vector(f, &from->type_embeddings);
    norm(f, &from->embedding_norm);
    for (uint32_t i = 0; i < spec->layers; i++) layer(f, &from->layers[i], i + 1 == spec->layers);
    linear(f, MGK_FP32, &from->pooler);
    linear(f, MGK_FP32, &from->classifier);
}

/* ---- what the libraries take on top of the lanes ---- */

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* For each core at work OpenBLAS copies a block of the weight, P outputs by Q inputs, and all rows
 * by Q inputs. P and Q differ by processor; these are the largest that it has for fp32. MKL, which
 * builds of libtorch may have inside, was measured to take about as much. */
static uint64_t blas_core(uint64_t rows, uint64_t outputs, uint64_t inputs) {
    const uint64_t p = 768, q = 384;
    return (least(outputs, p) + rows) * least(inputs, q) * sizeof(float);
}

static uint64_t blas_workspace(const mgi_encoder *e, unsigned cores) {
    const mgi_encoder_spec *spec = &e->spec;
    uint64_t rows = e->batch_tokens, hidden = spec->hidden, wide = spec->intermediate;
    if (e->dtype != MGK_FP32) return cores * blas_core(1, hidden, hidden); /* the pooler alone */
    uint64_t up = blas_core(rows, wide, hidden), down = blas_core(rows, hidden, wide);
    return cores * (up > down ? up : down);
}

/* oneDNN makes a program for each number of rows (mgi_torch_workspace_gemm_rows keeps them few) and
 * each shape of weight, and keeps it for all lanes: code and tables of nearly the same
 * size for every shape. And each core at work repacks the weight of its product. */
static uint64_t onednn_workspace(const mgi_encoder *e, unsigned cores) {
    enum { SHAPES = 5 }; /* fused QKV; KV; Q and attention's output; up; down */
    if (e->dtype != MGK_BF16 || mgt_program_bytes() == 0) return 0;
    uint64_t hidden = e->spec.hidden, wide = e->spec.intermediate;
    uint64_t largest = hidden * (wide > 3 * hidden ? wide : 3 * hidden) * 2;
    uint64_t step = mgi_torch_workspace_gemm_rows(MGK_BF16, 1);
    uint64_t sizes = mgi_torch_workspace_gemm_rows(MGK_BF16, e->batch_tokens) / step;
    return sizes * SHAPES * mgt_program_bytes() + cores * largest;
}

void mgi_torch_estimate(const mgi_encoder *e, const mgi_weights *weights, unsigned cores,
                        mgi_encoder_estimate *estimate) {
    footprint first = {.dtype = e->dtype};
    load(&first, &e->spec, weights);
    /* Where anything is kept, everything lies in memory from the fingerprint on. */
    footprint f = {.dtype = e->dtype, .keeps = first.kept > 0};
    if (f.keeps) f.resident = first.files;
    load(&f, &e->spec, weights);
    uint64_t scratch = mgk_kernels_attention_scratch(e->max_length, e->spec.hidden / e->spec.heads);
    memset(estimate, 0, sizeof *estimate);
    estimate->precision = e->precision;
    estimate->batch_tokens = e->batch_tokens;
    estimate->weights = f.kept + f.copied;
    estimate->opening = f.highest > estimate->weights ? f.highest : estimate->weights;
    estimate->lane = mgi_torch_workspace_bytes(e) + scratch * sizeof(float) * cores;
    estimate->workspace = blas_workspace(e, cores) + onednn_workspace(e, cores);
    estimate->keeps_weights = f.keeps;
    estimate->on_cpu = true;
    mgi_fixed_text_copy(estimate->device, sizeof estimate->device, "torch");
}
