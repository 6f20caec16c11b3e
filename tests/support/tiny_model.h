/* SPDX-License-Identifier: Apache-2.0 */
/* Model directories small enough to be written by a test: their classifier's bias tells them
 * apart. */
#ifndef TEST_SUPPORT_TINY_MODEL_H
#define TEST_SUPPORT_TINY_MODEL_H

#include <stdint.h>

enum { TINY_MAX_LENGTH = 64, TINY_PATH_BYTES = 512 };

typedef struct tiny_model {
    uint32_t variant; /* which oracle_bias */
    uint32_t labels;  /* 2 or 3 */
    uint32_t unused;  /* tensors that scoring does not need: "spare.0", "spare.1" … */
} tiny_model;

/* Makes a fresh directory for models and writes its path; fails the running test if it cannot. */
void tiny_models_begin(char root[TINY_PATH_BYTES]);

/* Writes "root/name" and its path. */
void tiny_model_write(const char *root, const char *name, const tiny_model *model,
                      char path[TINY_PATH_BYTES]);

/* Writes one more file, or replaces one, in a model's directory. */
void tiny_model_spoil(const char *path, const char *file, const char *contents);

/* Gives a model without unused tensors other biases than its variant's, [labels]. */
void tiny_model_set_bias(const char *path, const float *bias, uint32_t labels);

/* Removes the directory and all in it. */
void tiny_models_end(const char *root);

#endif
