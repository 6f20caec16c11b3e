/* SPDX-License-Identifier: Apache-2.0 */
/* Small models with seeded random weights, and batches for them. */
#ifndef TESTS_SUPPORT_RANDOM_ENCODER_H
#define TESTS_SUPPORT_RANDOM_ENCODER_H

#include "backend/backend.h"

typedef struct random_encoder_options {
    mgi_encoder_spec spec;
    mgi_dtype dtype; /* of the tensors */
    uint64_t seed;
    float spread;    /* of the weights; 0: one that keeps a model's numbers lively */
    bool misaligned; /* tensors begin at odd addresses */
} random_encoder_options;

typedef struct random_encoder {
    mgi_encoder_spec spec;
    mgi_weights weights;
    void **memory;
    size_t blocks;
} random_encoder;

/* A spec of 2 layers, 32 hidden, 4 heads, 64 intermediate, 97 words, 3 labels, gelu. */
mgi_encoder_spec random_encoder_spec(void);

random_encoder *random_encoder_create(const random_encoder_options *options);
void random_encoder_destroy(random_encoder *model);

/* A request for device and precision over the model, with its positions as max_length. */
mgi_encoder_request random_encoder_request(const random_encoder *model, const char *device,
                                           int32_t precision);

typedef struct random_encoder_batch {
    mgi_batch batch;
    int32_t *ids;
    uint8_t *types;
    uint32_t *offsets;
} random_encoder_batch;

/* Rows of the given lengths, in non-decreasing order, with seeded ids and types. A row's contents
 * depend on its seed alone: row r has seed + r. */
random_encoder_batch *random_encoder_batch_create(const mgi_encoder_spec *spec,
                                                  const uint32_t *lengths, uint32_t rows,
                                                  uint64_t seed);
/* Row `row` of a batch as a batch of its own. */
random_encoder_batch *random_encoder_batch_row(const random_encoder_batch *from, uint32_t row);
void random_encoder_batch_destroy(random_encoder_batch *batch);

uint64_t random_encoder_next_u64(uint64_t *state);

/* A tensor's number, whatever its type. */
double random_encoder_number(const mgi_tensor *tensor, size_t index);

#endif
