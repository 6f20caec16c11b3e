/* SPDX-License-Identifier: Apache-2.0 */
/* Scores one pair through a model's tokenizer, backend and labels, without run and engine. */
#ifndef TESTS_MODEL_SCORING_H
#define TESTS_MODEL_SCORING_H

#include "model/model.h"

#include <jansson.h>

enum { SCORING_LENGTH = 512 };

typedef struct scored {
    int32_t ids[SCORING_LENGTH];
    uint8_t types[SCORING_LENGTH];
    uint32_t length;
    uint32_t flags;
    float logits[MGEO_MAX_LABELS];
    float probabilities[MGEO_MAX_LABELS];
    int32_t label;
    float similarity;
} scored;

/* On what models are opened from now on; before that on the CPU in fp32. */
void scoring_use(const char *device, int32_t precision);

/* Opens a model there; fails the running test if it cannot. */
mgi_model *scoring_open(const char *path);

/* Fails the running test on any error. */
void scoring_pair(const mgi_model *model, uint32_t max_length, const char *a, const char *b,
                  scored *result);

/* The rows of a .jsonl file as an array; fails the running test if it cannot be read. */
json_t *scoring_rows(const char *path);

#endif
