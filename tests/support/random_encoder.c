/* SPDX-License-Identifier: Apache-2.0 */
/* Makes models of seeded random weights, and batches for them. */
#include "random_encoder.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

uint64_t random_encoder_next_u64(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static float uniform(uint64_t *state) {
    return (float)((double)(random_encoder_next_u64(state) >> 11) / 4503599627370496.0 - 1.0);
}

mgi_encoder_spec random_encoder_spec(void) {
    return (mgi_encoder_spec){.layers = 2,
                              .hidden = 32,
                              .heads = 4,
                              .intermediate = 64,
                              .vocabulary = 97,
                              .positions = 40,
                              .types = 2,
                              .labels = 3,
                              .norm_eps = 1e-12f,
                              .activation = MGI_GELU};
}

static void store(mgi_dtype type, unsigned char *to, float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (type == MGI_F32) {
        memcpy(to, &x, sizeof x);
    } else if (type == MGI_BF16) {
        uint16_t half = (uint16_t)(bits >> 16);
        memcpy(to, &half, sizeof half);
    } else { /* only normal numbers, cut short */
        uint32_t magnitude = bits & 0x7fffffff;
        uint16_t half = (uint16_t)(bits >> 16 & 0x8000);
        if (magnitude >= 0x38800000) half |= (uint16_t)((magnitude - 0x38000000) >> 13);
        memcpy(to, &half, sizeof half);
    }
}

static mgi_tensor tensor(random_encoder *t, const random_encoder_options *o, uint32_t rows,
                         uint32_t columns, float middle, float spread, uint64_t *state) {
    size_t size = o->dtype == MGI_F32 ? 4 : 2, count = (size_t)rows * (columns ? columns : 1);
    unsigned char *memory = malloc(count * size + 1);
    t->memory = realloc(t->memory, (t->blocks + 1) * sizeof *t->memory);
    assert(memory && t->memory);
    t->memory[t->blocks++] = memory;
    if (o->misaligned) memory++;
    for (size_t i = 0; i < count; i++) {
        store(o->dtype, memory + i * size, middle + spread * uniform(state));
    }
    return (mgi_tensor){.data = memory,
                        .bytes = count * size,
                        .shape = {rows, columns ? columns : 1},
                        .rank = columns ? 2 : 1,
                        .dtype = o->dtype};
}

random_encoder *random_encoder_create(const random_encoder_options *o) {
    const mgi_encoder_spec *s = &o->spec;
    random_encoder *t = calloc(1, sizeof *t);
    assert(t);
    uint64_t seed = o->seed, *state = &seed;
    float wide = o->spread > 0 ? o->spread : 2.0f / sqrtf((float)s->hidden);
    t->spec = *s;
    mgi_weights *w = &t->weights;
    w->layers = calloc(s->layers, sizeof *w->layers);
    assert(w->layers);
#define MATRIX(rows, columns) tensor(t, o, rows, columns, 0, wide, state)
#define LINEAR(out, in) (mgi_linear){MATRIX(out, in), tensor(t, o, out, 0, 0, 0.2f, state)}
#define NORM                                                                                       \
    (mgi_norm) {                                                                                   \
        tensor(t, o, s->hidden, 0, 1, 0.3f, state), tensor(t, o, s->hidden, 0, 0, 0.2f, state)     \
    }
    w->word_embeddings = MATRIX(s->vocabulary, s->hidden);
    w->position_embeddings = MATRIX(s->positions, s->hidden);
    w->type_embeddings = MATRIX(s->types, s->hidden);
    w->embedding_norm = NORM;
    for (uint32_t i = 0; i < s->layers; i++) {
        mgi_layer_weights *l = &w->layers[i];
        l->query = LINEAR(s->hidden, s->hidden);
        l->key = LINEAR(s->hidden, s->hidden);
        l->value = LINEAR(s->hidden, s->hidden);
        l->attention_output = LINEAR(s->hidden, s->hidden);
        l->attention_norm = NORM;
        l->intermediate = LINEAR(s->intermediate, s->hidden);
        l->output = LINEAR(s->hidden, s->intermediate);
        l->output_norm = NORM;
    }
    w->pooler = LINEAR(s->hidden, s->hidden);
    w->classifier = LINEAR(s->labels, s->hidden);
#undef MATRIX
#undef LINEAR
#undef NORM
    return t;
}

void random_encoder_destroy(random_encoder *t) {
    if (t == NULL) return;
    for (size_t i = 0; i < t->blocks; i++) free(t->memory[i]);
    free(t->memory);
    free(t->weights.layers);
    free(t);
}

mgi_encoder_request random_encoder_request(const random_encoder *t, const char *device,
                                           int32_t precision) {
    return (mgi_encoder_request){.device = device,
                                 .precision = precision,
                                 .max_length = t->spec.positions,
                                 .spec = &t->spec,
                                 .weights = &t->weights};
}

static random_encoder_batch *empty_batch(uint32_t rows, uint32_t tokens) {
    random_encoder_batch *b = calloc(1, sizeof *b);
    assert(b);
    b->ids = calloc(tokens, sizeof *b->ids);
    b->types = calloc(tokens, sizeof *b->types);
    b->offsets = calloc((size_t)rows + 1, sizeof *b->offsets);
    assert(b->ids && b->types && b->offsets);
    b->batch = (mgi_batch){b->ids, b->types, b->offsets, rows, tokens};
    return b;
}

random_encoder_batch *random_encoder_batch_create(const mgi_encoder_spec *spec,
                                                  const uint32_t *lengths, uint32_t rows,
                                                  uint64_t seed) {
    uint32_t tokens = 0;
    for (uint32_t r = 0; r < rows; r++) tokens += lengths[r];
    random_encoder_batch *b = empty_batch(rows, tokens);
    for (uint32_t r = 0, at = 0; r < rows; r++) {
        uint64_t state = seed + r;
        for (uint32_t i = 0; i < lengths[r]; i++, at++) {
            b->ids[at] = (int32_t)(random_encoder_next_u64(&state) % spec->vocabulary);
            b->types[at] = (uint8_t)(i * 2 >= lengths[r] ? spec->types - 1 : 0);
        }
        b->offsets[r + 1] = at;
    }
    return b;
}

random_encoder_batch *random_encoder_batch_row(const random_encoder_batch *from, uint32_t row) {
    uint32_t first = from->offsets[row], length = from->offsets[row + 1] - first;
    random_encoder_batch *b = empty_batch(1, length);
    memcpy(b->ids, from->ids + first, length * sizeof *b->ids);
    memcpy(b->types, from->types + first, length * sizeof *b->types);
    b->offsets[1] = length;
    return b;
}

void random_encoder_batch_destroy(random_encoder_batch *b) {
    if (b == NULL) return;
    free(b->ids);
    free(b->types);
    free(b->offsets);
    free(b);
}

double random_encoder_number(const mgi_tensor *tensor, size_t index) {
    const unsigned char *at = tensor->data;
    if (tensor->dtype == MGI_F32) {
        float x;
        memcpy(&x, at + 4 * index, sizeof x);
        return x;
    }
    uint16_t half;
    memcpy(&half, at + 2 * index, sizeof half);
    if (tensor->dtype == MGI_BF16) {
        uint32_t bits = (uint32_t)half << 16;
        float x;
        memcpy(&x, &bits, sizeof x);
        return x;
    }
    int exponent = half >> 10 & 31;
    double fraction = (half & 1023) / 1024.0;
    double x = exponent ? ldexp(1 + fraction, exponent - 15) : ldexp(fraction, -14);
    return half & 0x8000 ? -x : x;
}
