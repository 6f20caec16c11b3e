/* SPDX-License-Identifier: Apache-2.0 */
#include "reference.h"

#include "support/random_encoder.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static double *numbers(size_t count) {
    double *memory = calloc(count, sizeof *memory);
    assert(memory);
    return memory;
}

/* to[rows, outputs] = from[rows, inputs] weightᵀ + bias */
static void linear(const mgi_linear *layer, const double *from, size_t rows, double *to) {
    size_t outputs = layer->weight.shape[0], inputs = layer->weight.shape[1];
    for (size_t r = 0; r < rows; r++) {
        for (size_t o = 0; o < outputs; o++) {
            double sum = random_encoder_number(&layer->bias, o);
            for (size_t i = 0; i < inputs; i++) {
                sum += from[r * inputs + i] * random_encoder_number(&layer->weight, o * inputs + i);
            }
            to[r * outputs + o] = sum;
        }
    }
}

static void layer_norm(const mgi_norm *norm, double *x, size_t rows, size_t width, double eps) {
    for (size_t r = 0; r < rows; r++, x += width) {
        double mean = 0, variance = 0;
        for (size_t i = 0; i < width; i++) mean += x[i] / (double)width;
        for (size_t i = 0; i < width; i++) {
            variance += (x[i] - mean) * (x[i] - mean) / (double)width;
        }
        for (size_t i = 0; i < width; i++) {
            x[i] = (x[i] - mean) / sqrt(variance + eps) * random_encoder_number(&norm->weight, i) +
                   random_encoder_number(&norm->bias, i);
        }
    }
}

static double activate(mgi_activation activation, double x) {
    switch (activation) {
    case MGI_GELU: return x / 2 * (1 + erf(x / sqrt(2)));
    case MGI_GELU_TANH: return x / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
    case MGI_RELU: return x > 0 ? x : 0;
    case MGI_TANH: break;
    }
    return tanh(x);
}

static void attend(const mgi_encoder_spec *spec, const double *q, const double *k, const double *v,
                   size_t length, double *context) {
    size_t hidden = spec->hidden, width = hidden / spec->heads;
    double *p = numbers(length);
    for (size_t i = 0; i < length; i++) {
        for (size_t at = 0; at < hidden; at += width) {
            double top = -INFINITY, total = 0;
            for (size_t j = 0; j < length; j++) {
                p[j] = 0;
                for (size_t d = at; d < at + width; d++) {
                    p[j] += q[i * hidden + d] * k[j * hidden + d] / sqrt((double)width);
                }
                top = fmax(top, p[j]);
            }
            for (size_t j = 0; j < length; j++) total += p[j] = exp(p[j] - top);
            for (size_t d = at; d < at + width; d++) {
                context[i * hidden + d] = 0;
                for (size_t j = 0; j < length; j++) {
                    context[i * hidden + d] += p[j] / total * v[j * hidden + d];
                }
            }
        }
    }
    free(p);
}

static void encoder_layer(const mgi_encoder_spec *spec, const mgi_layer_weights *w, double *x,
                          size_t length) {
    size_t cells = length * spec->hidden;
    double *q = numbers(cells), *k = numbers(cells), *v = numbers(cells), *y = numbers(cells);
    double *wide = numbers(length * spec->intermediate);
    linear(&w->query, x, length, q);
    linear(&w->key, x, length, k);
    linear(&w->value, x, length, v);
    attend(spec, q, k, v, length, y);
    linear(&w->attention_output, y, length, q);
    for (size_t i = 0; i < cells; i++) x[i] += q[i];
    layer_norm(&w->attention_norm, x, length, spec->hidden, spec->norm_eps);
    linear(&w->intermediate, x, length, wide);
    for (size_t i = 0; i < length * spec->intermediate; i++) {
        wide[i] = activate(spec->activation, wide[i]);
    }
    linear(&w->output, wide, length, y);
    for (size_t i = 0; i < cells; i++) x[i] += y[i];
    layer_norm(&w->output_norm, x, length, spec->hidden, spec->norm_eps);
    free(q);
    free(k);
    free(v);
    free(y);
    free(wide);
}

void reference_logits(const mgi_encoder_spec *spec, const mgi_weights *weights, const int32_t *ids,
                      const uint8_t *types, uint32_t length, double *logits) {
    size_t hidden = spec->hidden;
    double *x = numbers(length * hidden), *pooled = numbers(hidden);
    for (size_t t = 0; t < length; t++) {
        for (size_t i = 0; i < hidden; i++) {
            x[t * hidden + i] =
                random_encoder_number(&weights->word_embeddings, (size_t)ids[t] * hidden + i) +
                random_encoder_number(&weights->type_embeddings, (size_t)types[t] * hidden + i) +
                random_encoder_number(&weights->position_embeddings, t * hidden + i);
        }
    }
    layer_norm(&weights->embedding_norm, x, length, hidden, spec->norm_eps);
    for (uint32_t i = 0; i < spec->layers; i++) encoder_layer(spec, &weights->layers[i], x, length);
    linear(&weights->pooler, x, 1, pooled);
    for (size_t i = 0; i < hidden; i++) pooled[i] = tanh(pooled[i]);
    linear(&weights->classifier, pooled, 1, logits);
    free(x);
    free(pooled);
}
