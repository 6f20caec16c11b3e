/* SPDX-License-Identifier: Apache-2.0 */
/* BERT-base and the bundled model's shape with random weights, and packed pairs of about 45 tokens,
 * for benchmarks of encoders. */
#include "bert_base.h"

#include "core/alloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const mgi_encoder_spec bert_base = {.layers = 12,
                                    .hidden = 768,
                                    .heads = 12,
                                    .intermediate = 3072,
                                    .vocabulary = 21128,
                                    .positions = 512,
                                    .types = 2,
                                    .labels = BERT_LABELS,
                                    .norm_eps = 1e-12f,
                                    .activation = MGI_GELU};

const mgi_encoder_spec bert_mini = {.layers = 4,
                                    .hidden = 256,
                                    .heads = 4,
                                    .intermediate = 1024,
                                    .vocabulary = 6072,
                                    .positions = 128,
                                    .types = 2,
                                    .labels = BERT_LABELS,
                                    .norm_eps = 1e-12f,
                                    .activation = MGI_GELU};

void bench_die(const char *what) {
    fprintf(stderr, "bench: %s\n", what);
    exit(2);
}

void *bench_memory(size_t count, size_t size) {
    void *memory = mgi_alloc_aligned(count, size);
    if (memory == NULL) bench_die("out of memory");
    return memory;
}

uint64_t bench_random(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

double bench_uniform(uint64_t *state) { return (double)(bench_random(state) >> 11) * 0x1p-53; }

static double normal(uint64_t *state) {
    double radius = sqrt(-2 * log(1 - bench_uniform(state)));
    return radius * cos(6.283185307179586 * bench_uniform(state));
}

/* ---- weights ---- */

static mgi_tensor tensor(uint32_t rows, uint32_t columns, float middle, float spread,
                         uint64_t *state) {
    size_t count = (size_t)rows * (columns ? columns : 1);
    float *data = bench_memory(count, sizeof *data);
    for (size_t i = 0; i < count; i++) {
        data[i] = middle + spread * 2 * ((float)bench_uniform(state) - 0.5f);
    }
    return (mgi_tensor){.data = data,
                        .bytes = count * sizeof *data,
                        .shape = {rows, columns ? columns : 1},
                        .rank = columns ? 2 : 1,
                        .dtype = MGI_F32};
}

static mgi_linear linear(uint32_t outputs, uint32_t inputs, uint64_t *state) {
    const float spread = 1.5f / sqrtf((float)inputs);
    mgi_linear l = {tensor(outputs, inputs, 0, spread, state), tensor(outputs, 0, 0, 0.1f, state)};
    return l;
}

static mgi_norm norm(uint32_t hidden, uint64_t *state) {
    mgi_norm n = {tensor(hidden, 0, 1, 0.2f, state), tensor(hidden, 0, 0, 0.1f, state)};
    return n;
}

static void layer(const mgi_encoder_spec *spec, mgi_layer_weights *l, uint64_t *state) {
    const uint32_t hidden = spec->hidden, wide = spec->intermediate;
    l->query = linear(hidden, hidden, state);
    l->key = linear(hidden, hidden, state);
    l->value = linear(hidden, hidden, state);
    l->attention_output = linear(hidden, hidden, state);
    l->attention_norm = norm(hidden, state);
    l->intermediate = linear(wide, hidden, state);
    l->output = linear(hidden, wide, state);
    l->output_norm = norm(hidden, state);
}

void bench_weights(const mgi_encoder_spec *spec, mgi_weights *w) {
    const uint32_t hidden = spec->hidden;
    uint64_t seed = 1, *state = &seed;
    w->word_embeddings = tensor(spec->vocabulary, hidden, 0, 0.05f, state);
    w->position_embeddings = tensor(spec->positions, hidden, 0, 0.02f, state);
    w->type_embeddings = tensor(spec->types, hidden, 0, 0.02f, state);
    w->embedding_norm = norm(hidden, state);
    w->layers = bench_memory(spec->layers, sizeof *w->layers);
    for (uint32_t i = 0; i < spec->layers; i++) layer(spec, &w->layers[i], state);
    w->pooler = linear(hidden, hidden, state);
    w->classifier = linear(spec->labels, hidden, state);
}

/* ---- pairs ---- */

uint32_t bench_pair_length(uint64_t *state) {
    const double length = round(45 + 12 * normal(state));
    return (uint32_t)fmin(fmax(length, PAIR_SHORTEST), PAIR_LONGEST);
}

static int by_number(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

void bench_sort_lengths(uint32_t *lengths, size_t count) {
    qsort(lengths, count, sizeof *lengths, by_number);
}

mgi_batch bench_pack(const mgi_encoder_spec *spec, const uint32_t *lengths, uint32_t rows,
                     uint64_t *state) {
    uint32_t *offsets = bench_memory(rows + 1, sizeof *offsets);
    for (uint32_t r = 0; r < rows; r++) offsets[r + 1] = offsets[r] + lengths[r];
    uint32_t tokens = offsets[rows];
    int32_t *ids = bench_memory(tokens, sizeof *ids);
    uint8_t *types = bench_memory(tokens, 1);
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t i = offsets[r]; i < offsets[r + 1]; i++) {
            ids[i] = (int32_t)(bench_random(state) % spec->vocabulary);
            types[i] = i - offsets[r] > lengths[r] / 2;
        }
    }
    return (mgi_batch){ids, types, offsets, rows, tokens};
}

void bench_drop(mgi_batch *batch) {
    mgi_free((void *)(uintptr_t)batch->ids);
    mgi_free((void *)(uintptr_t)batch->types);
    mgi_free((void *)(uintptr_t)batch->offsets);
}
