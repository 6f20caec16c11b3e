/* SPDX-License-Identifier: Apache-2.0 */
/* What a model will take of memory: placing (weights.c) and lanes (lane.c, pass.c) gone through
 * without a byte of weights, and what is known of the libraries. */
#include "backend/torch/convert.h"
#include "backend/torch/forward.h"
#include "core/fixed_text.h"

#include <string.h>

/* Placing, tensor by tensor: what lies in memory after each, and at the highest point. */
typedef struct tally {
    mgk_dtype form;
    bool keeps;        /* the files stay mapped, and have been read whole for the fingerprint */
    uint64_t files;    /* bytes of mapped tensors */
    uint64_t kept;     /* bytes of tensors that are used where they lie */
    uint64_t made;     /* bytes in memory of their own */
    uint64_t resident; /* the files' pages and what has been made, so far */
    uint64_t highest;
} tally;

static uint64_t numbers_of(const mgi_tensor *tensor) {
    return (uint64_t)tensor->shape[0] * (tensor->rank == 2 ? tensor->shape[1] : 1);
}

/* `bytes` are made out of a tensor whose pages are then given back (mgi_tensor_release). */
static void make(tally *t, uint64_t bytes, const mgi_tensor *const *from, unsigned count) {
    t->made += bytes;
    t->resident += bytes; /* zeroed as a whole before it is filled */
    for (unsigned i = 0; i < count; i++) {
        uint64_t source = from[i]->mapped ? from[i]->bytes : 0;
        t->files += source;
        if (!t->keeps) t->resident += source; /* read in now */
        if (t->resident > t->highest) t->highest = t->resident;
        t->resident -= source;
    }
}

static void keep(tally *t, const mgi_tensor *tensor) {
    t->files += tensor->mapped ? tensor->bytes : 0;
    t->kept += tensor->bytes;
}

static void vector(tally *t, const mgi_tensor *tensor) {
    make(t, numbers_of(tensor) * sizeof(float), &tensor, 1);
}

static uint64_t product_bytes(mgk_dtype form, uint64_t outputs, uint64_t inputs) {
    if (mgk_kernels_is_quantised(form)) {
        return mgk_int8_bytes(outputs, inputs) + outputs * sizeof(float);
    }
    return outputs * inputs * (form == MGK_BF16 ? 2 : 4);
}

static void stack(tally *t, mgk_dtype form, const mgi_tensor *const *parts, unsigned count) {
    uint64_t outputs = 0;
    if (count == 1 && form == t->form && mgi_torch_weights_in_place(form, parts[0])) {
        keep(t, parts[0]);
        return;
    }
    for (unsigned i = 0; i < count; i++) outputs += parts[i]->shape[0];
    make(t, product_bytes(form, outputs, parts[0]->shape[1]), parts, count);
}

static void linear(tally *t, mgk_dtype form, const mgi_linear *from) {
    const mgi_tensor *weight = &from->weight;
    stack(t, form, &weight, 1);
    vector(t, &from->bias);
}

static void norm(tally *t, const mgi_norm *from) {
    vector(t, &from->weight);
    vector(t, &from->bias);
}

static void layer(tally *t, const mgi_layer_weights *from, bool last) {
    const mgi_tensor *const parts[MGI_TORCH_QKV_PARTS] = {&from->query.weight, &from->key.weight,
                                                          &from->value.weight};
    const mgi_tensor *const biases[MGI_TORCH_QKV_PARTS] = {&from->query.bias, &from->key.bias,
                                                           &from->value.bias};
    const unsigned products = mgi_torch_weights_qkv_gemms(t->form, from, last);
    unsigned part = 0;
    for (unsigned i = 0; i < products; i++) {
        const unsigned width = mgi_torch_weights_qkv_width(products, i);
        stack(t, t->form, parts + part, width);
        part += width;
    }
    for (unsigned i = 0; i < MGI_TORCH_QKV_PARTS; i++) vector(t, biases[i]);
    linear(t, t->form, &from->attention_output);
    norm(t, &from->attention_norm);
    linear(t, t->form, &from->intermediate);
    linear(t, t->form, &from->output);
    norm(t, &from->output_norm);
}

static void words(tally *t, const mgi_tensor *from) {
    if (mgi_torch_weights_in_place(t->form, from)) {
        keep(t, from);
    } else {
        mgi_dtype type = mgi_torch_weights_words_dtype(t->form, from->dtype);
        make(t, numbers_of(from) * mgi_tensor_dtype_bytes(type), &from, 1);
    }
}

static void place(tally *t, const mgi_encoder_spec *spec, const mgi_weights *from) {
    words(t, &from->word_embeddings);
    vector(t, &from->position_embeddings);
    vector(t, &from->type_embeddings);
    norm(t, &from->embedding_norm);
    for (uint32_t i = 0; i < spec->layers; i++) layer(t, &from->layers[i], i + 1 == spec->layers);
    linear(t, MGK_FP32, &from->pooler);
    linear(t, MGK_FP32, &from->classifier);
}

/* ---- what the libraries take beside the lanes ---- */

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
    if (e->form != MGK_FP32) return cores * blas_core(1, hidden, hidden); /* the pooler alone */
    uint64_t up = blas_core(rows, wide, hidden), down = blas_core(rows, hidden, wide);
    return cores * (up > down ? up : down);
}

/* oneDNN makes a program for each number of rows (mgi_torch_workspace_gemm_rows keeps them few) and
 * each shape of weight, and keeps it for all lanes: code and tables that hardly depend on the
 * shape. And each core at work lays out the weight of its product anew. */
static uint64_t onednn_workspace(const mgi_encoder *e, unsigned cores) {
    enum { SHAPES = 5 }; /* fused QKV; KV; Q and attention's output; up; down */
    if (e->form != MGK_BF16 || mgt_program_bytes() == 0) return 0;
    uint64_t hidden = e->spec.hidden, wide = e->spec.intermediate;
    uint64_t largest = hidden * (wide > 3 * hidden ? wide : 3 * hidden) * 2;
    uint64_t step = mgi_torch_workspace_gemm_rows(MGK_BF16, 1);
    uint64_t sizes = mgi_torch_workspace_gemm_rows(MGK_BF16, e->batch_tokens) / step;
    return sizes * SHAPES * mgt_program_bytes() + cores * largest;
}

void mgi_torch_estimate(const mgi_encoder *e, const mgi_weights *weights, unsigned cores,
                        mgi_encoder_estimate *needs) {
    tally first = {.form = e->form};
    place(&first, &e->spec, weights);
    /* Where anything is kept, everything lies in memory from the fingerprint on. */
    tally t = {.form = e->form, .keeps = first.kept > 0};
    if (t.keeps) t.resident = first.files;
    place(&t, &e->spec, weights);
    uint64_t scratch = mgk_kernels_attention_scratch(e->max_length, e->spec.hidden / e->spec.heads);
    memset(needs, 0, sizeof *needs);
    needs->precision = e->precision;
    needs->batch_tokens = e->batch_tokens;
    needs->weights = t.kept + t.made;
    needs->opening = t.highest > needs->weights ? t.highest : needs->weights;
    needs->lane = mgi_torch_workspace_bytes(e) + scratch * sizeof(float) * cores;
    needs->workspace = blas_workspace(e, cores) + onednn_workspace(e, cores);
    needs->keeps_weights = t.keeps;
    needs->on_cpu = true;
    mgi_fixed_text_copy(needs->device, sizeof needs->device, "cpu");
}
