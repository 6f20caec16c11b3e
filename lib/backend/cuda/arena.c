/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out an arena: weights and lanes, by the same code for counting and for laying out, so that
 * what is estimated is what is allocated. */
#include "backend/cuda/arena.h"

#include "backend/cuda/upload.h"

#include <string.h>

enum { ALIGNMENT = 256 };

/* memory NULL: bytes are counted, and every pointer is NULL. */
typedef struct arena {
    char *memory;
    uint64_t used;
} arena;

static void *take(arena *a, uint64_t bytes) {
    void *at = a->memory != NULL ? a->memory + a->used : NULL;
    a->used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return at;
}

static bool is_scaled(mgk_cuda_dtype type) { return type == MGK_CUDA_E4M3 || type == MGK_CUDA_S8; }

/* ---- weights ---- */

static void take_linear(arena *a, mgk_cuda_dtype gemm, mgk_cuda_dtype activation, uint32_t outputs,
                        uint32_t inputs, mgi_cuda_linear *to) {
    to->outputs = outputs;
    to->inputs = inputs;
    to->common_scale = 1;
    to->weight = take(a, (uint64_t)outputs * inputs * mgk_cuda_dtype_bytes(gemm));
    to->bias = take(a, outputs * sizeof(float));
    if (mgk_cuda_dtype_is_half(activation)) {
        to->epilogue_bias = take(a, outputs * mgk_cuda_dtype_bytes(activation));
    }
    if (is_scaled(gemm)) to->scale = take(a, outputs * sizeof(float));
}

static void take_norm(arena *a, uint32_t hidden, mgi_cuda_norm_weights *to) {
    to->weight = take(a, hidden * sizeof(float));
    to->bias = take(a, hidden * sizeof(float));
    to->scale = 1;
}

static void take_layer(arena *a, const mgi_encoder *e, mgi_cuda_layer *to) {
    const uint32_t hidden = e->spec.hidden, wide = e->spec.intermediate;
    const mgk_cuda_dtype gemm = e->dtypes.gemm, activation = e->dtypes.activation;
    take_linear(a, gemm, activation, 3 * hidden, hidden, &to->qkv);
    take_linear(a, gemm, activation, hidden, hidden, &to->attention_output);
    take_norm(a, hidden, &to->attention_norm);
    take_linear(a, gemm, activation, wide, hidden, &to->up);
    take_linear(a, gemm, activation, hidden, wide, &to->down);
    take_norm(a, hidden, &to->output_norm);
    to->context_scale = to->wide_scale = 1;
    to->wide_scale_device = take(a, sizeof(float));
}

uint64_t mgi_cuda_arena_layout_weights(const mgi_encoder *e, mgi_cuda_replica *replica,
                                       char *memory) {
    const mgi_encoder_spec *spec = &e->spec;
    const uint64_t hidden = spec->hidden;
    arena a = {.memory = memory};
    replica->words =
        take(&a, spec->vocabulary * hidden * mgk_cuda_dtype_bytes(e->dtypes.activation));
    replica->positions = take(&a, spec->positions * hidden * sizeof(float));
    replica->types = take(&a, spec->types * hidden * sizeof(float));
    take_norm(&a, spec->hidden, &replica->embedding_norm);
    mgi_cuda_layer counted;
    for (uint32_t i = 0; i < spec->layers; i++) {
        take_layer(&a, e, replica->layers != NULL ? &replica->layers[i] : &counted);
    }
    take_linear(&a, MGK_CUDA_F32, MGK_CUDA_F32, spec->hidden, spec->hidden, &replica->pooler);
    take_linear(&a, MGK_CUDA_F32, MGK_CUDA_F32, spec->labels, spec->hidden, &replica->classifier);
    return a.used;
}

/* ---- lanes ---- */

static uint64_t most(uint64_t a, uint64_t b) { return a > b ? a : b; }

uint64_t mgi_cuda_arena_layout_lane(const mgi_encoder *e, mgi_cuda_buffers *b, char *memory) {
    const uint64_t hidden = e->spec.hidden, wide = e->spec.intermediate;
    const uint64_t rows = ((uint64_t)e->batch_tokens + MGI_CUDA_ARENA_ROWS_STEP - 1) /
                          MGI_CUDA_ARENA_ROWS_STEP * MGI_CUDA_ARENA_ROWS_STEP;
    const size_t activation = mgk_cuda_dtype_bytes(e->dtypes.activation);
    const size_t gemm = mgk_cuda_dtype_bytes(e->dtypes.gemm);
    const bool int8 = e->dtypes.gemm == MGK_CUDA_S8;
    arena a = {.memory = memory};
    memset(b, 0, sizeof *b);
    b->upload =
        take(&a, mgi_cuda_upload_bytes_tiled(e->batch_tokens, e->batch_tokens, e->batch_tokens));
    b->sizes = take(&a, 2 * sizeof *b->sizes);
    b->offsets = take(&a, (rows + 1) * sizeof *b->offsets);
    b->arrived = take(&a, sizeof *b->arrived);
    b->x = take(&a, rows * hidden * activation);
    if (is_scaled(e->dtypes.gemm)) b->quantised = take(&a, rows * hidden * gemm);
    b->qkv = take(&a, rows * hidden * most(3 * activation, sizeof(float)));
    b->context = take(&a, rows * hidden * (int8 ? activation : gemm));
    b->y = take(&a, rows * hidden * most(activation, sizeof(float)));
    /* In the last layer it also holds rows of hidden activations. */
    b->wide = take(&a, rows * most(wide * gemm, hidden * activation));
    if (int8) {
        b->row_scale = take(&a, rows * sizeof *b->row_scale);
        b->context_int8 = take(&a, rows * hidden);
        b->context_scale = take(&a, rows * sizeof *b->context_scale);
        b->wide_scale = take(&a, rows * sizeof *b->wide_scale);
        b->sums = take(&a, rows * most(3 * hidden, wide) * sizeof *b->sums);
    }
    b->workspace = take(&a, MGI_CUDA_CUBLAS_WORKSPACE);
    return a.used;
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
