/* SPDX-License-Identifier: Apache-2.0 */
/* Where everything lies in an arena: weights and lanes, gone through once to count and once to
 * place, so that what is predicted is what is taken. */
#include "backend/cuda/encoder.h"

#include <string.h>

enum { ALIGNMENT = 256 };

/* From NULL on nothing is placed and all is counted. */
typedef struct ground {
    char *memory;
    uint64_t used;
} ground;

static void *take(ground *g, uint64_t bytes) {
    void *at = g->memory ? g->memory + g->used : NULL;
    g->used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return at;
}

size_t mgk_cuda_dtype_bytes(mgk_cuda_dtype type) {
    switch (type) {
    case MGK_CUDA_F16:
    case MGK_CUDA_BF16: return 2;
    case MGK_CUDA_E4M3:
    case MGK_CUDA_S8: return 1;
    default: return 4;
    }
}

static bool is_half(mgk_cuda_dtype type) { return type == MGK_CUDA_F16 || type == MGK_CUDA_BF16; }

static bool is_scaled(mgk_cuda_dtype type) { return type == MGK_CUDA_E4M3 || type == MGK_CUDA_S8; }

/* ---- weights ---- */

static void take_linear(ground *g, mgk_cuda_dtype product, mgk_cuda_dtype flow, uint32_t outputs,
                        uint32_t inputs, mgi_cuda_linear *to) {
    to->outputs = outputs;
    to->inputs = inputs;
    to->step = 1;
    to->weight = take(g, (uint64_t)outputs * inputs * mgk_cuda_dtype_bytes(product));
    to->bias = take(g, outputs * sizeof(float));
    if (is_half(flow)) to->flow_bias = take(g, outputs * mgk_cuda_dtype_bytes(flow));
    if (is_scaled(product)) to->scale = take(g, outputs * sizeof(float));
}

static void take_norm(ground *g, uint32_t hidden, mgi_cuda_norm_weights *to) {
    to->weight = take(g, hidden * sizeof(float));
    to->bias = take(g, hidden * sizeof(float));
    to->scale = 1;
}

static void take_layer(ground *g, const mgi_encoder *e, mgi_cuda_layer *to) {
    const uint32_t hidden = e->spec.hidden, wide = e->spec.intermediate;
    const mgk_cuda_dtype product = e->forms.product, flow = e->forms.flow;
    take_linear(g, product, flow, 3 * hidden, hidden, &to->qkv);
    take_linear(g, product, flow, hidden, hidden, &to->attention_output);
    take_norm(g, hidden, &to->attention_norm);
    take_linear(g, product, flow, wide, hidden, &to->up);
    take_linear(g, product, flow, hidden, wide, &to->down);
    take_norm(g, hidden, &to->output_norm);
    to->context_scale = to->wide_scale = 1;
    to->wide_scale_there = take(g, sizeof(float));
}

uint64_t mgi_cuda_arena_layout_weights(const mgi_encoder *e, mgi_cuda_replica *copy, char *memory) {
    const mgi_encoder_spec *spec = &e->spec;
    const uint64_t hidden = spec->hidden;
    ground g = {.memory = memory};
    copy->words = take(&g, spec->vocabulary * hidden * mgk_cuda_dtype_bytes(e->forms.flow));
    copy->positions = take(&g, spec->positions * hidden * sizeof(float));
    copy->types = take(&g, spec->types * hidden * sizeof(float));
    take_norm(&g, spec->hidden, &copy->embedding_norm);
    mgi_cuda_layer counted;
    for (uint32_t i = 0; i < spec->layers; i++) {
        take_layer(&g, e, copy->layers ? &copy->layers[i] : &counted);
    }
    take_linear(&g, MGK_CUDA_F32, MGK_CUDA_F32, spec->hidden, spec->hidden, &copy->pooler);
    take_linear(&g, MGK_CUDA_F32, MGK_CUDA_F32, spec->labels, spec->hidden, &copy->classifier);
    return g.used;
}

/* ---- lanes ---- */

size_t mgi_cuda_upload_tokens(uint32_t rows) {
    return ((size_t)(MGK_CUDA_UPLOAD_OFFSETS + rows + 1) * sizeof(uint32_t) + 15) / 16 * 16;
}

size_t mgi_cuda_upload_bytes(uint32_t rows, uint32_t tokens) {
    return mgi_cuda_upload_tokens(rows) + tokens * sizeof(mgk_cuda_token);
}

static size_t aligned(size_t bytes) { return (bytes + 15) / 16 * 16; }

size_t mgi_cuda_upload_bounds(uint32_t rows, uint32_t tokens) {
    return aligned(mgi_cuda_upload_bytes(rows, tokens));
}

size_t mgi_cuda_upload_tiles(uint32_t rows, uint32_t tokens) {
    return aligned(mgi_cuda_upload_bounds(rows, tokens) + tokens * sizeof(mgk_qkv_bounds));
}

size_t mgi_cuda_upload_bytes_tiled(uint32_t rows, uint32_t tokens, uint32_t tiles) {
    return mgi_cuda_upload_tiles(rows, tokens) + tiles * sizeof(mgk_qkv_tile);
}

static uint64_t most(uint64_t a, uint64_t b) { return a > b ? a : b; }

uint64_t mgi_cuda_arena_layout_lane(const mgi_encoder *e, mgi_cuda_buffers *b, char *memory) {
    const uint64_t hidden = e->spec.hidden, wide = e->spec.intermediate;
    const uint64_t rows = ((uint64_t)e->batch_tokens + MGI_CUDA_ARENA_ROWS_STEP - 1) /
                          MGI_CUDA_ARENA_ROWS_STEP * MGI_CUDA_ARENA_ROWS_STEP;
    const size_t flow = mgk_cuda_dtype_bytes(e->forms.flow);
    const size_t product = mgk_cuda_dtype_bytes(e->forms.product);
    const bool steps = e->forms.product == MGK_CUDA_S8;
    ground g = {.memory = memory};
    memset(b, 0, sizeof *b);
    b->upload =
        take(&g, mgi_cuda_upload_bytes_tiled(e->batch_tokens, e->batch_tokens, e->batch_tokens));
    b->sizes = take(&g, 2 * sizeof *b->sizes);
    b->offsets = take(&g, (rows + 1) * sizeof *b->offsets);
    b->arrived = take(&g, sizeof *b->arrived);
    b->x = take(&g, rows * hidden * flow);
    if (is_scaled(e->forms.product)) b->quantised = take(&g, rows * hidden * product);
    b->qkv = take(&g, rows * hidden * most(3 * flow, sizeof(float)));
    b->context = take(&g, rows * hidden * (steps ? flow : product));
    b->y = take(&g, rows * hidden * most(flow, sizeof(float)));
    /* In the last layer it holds rows of flow, hidden wide, for a while. */
    b->wide = take(&g, rows * most(wide * product, hidden * flow));
    if (steps) {
        b->row_scale = take(&g, rows * sizeof *b->row_scale);
        b->context_steps = take(&g, rows * hidden);
        b->context_scale = take(&g, rows * sizeof *b->context_scale);
        b->wide_scale = take(&g, rows * sizeof *b->wide_scale);
        b->sums = take(&g, rows * most(3 * hidden, wide) * sizeof *b->sums);
    }
    b->workspace = take(&g, MGI_CUDA_CUBLAS_WORKSPACE);
    return g.used;
}

/* The largest group of weights that is looked at as a whole, in fp32, and a few numbers. */
uint64_t mgi_cuda_arena_staging_bytes(const mgi_encoder *e) {
    const uint64_t hidden = e->spec.hidden, wide = e->spec.intermediate;
    const uint64_t largest = hidden * most(3 * hidden, wide) * sizeof(float);
    return most(largest, MGI_CUDA_STAGING_BYTES) + ALIGNMENT;
}

uint64_t mgi_cuda_arena_bytes(const mgi_encoder *e) {
    return e->weight_bytes +
           most(MGI_CUDA_LANES_PER_CARD * e->lane_bytes, mgi_cuda_arena_staging_bytes(e));
}
