/* SPDX-License-Identifier: Apache-2.0 */
/* Model directories that are worse than the one they are made from, each in its own way: what gates
 * and watches have to find.
 *
 *     char root[TINY_PATH_BYTES], path[TINY_PATH_BYTES];
 *     tiny_models_begin(root);
 *     degraded_model_write(SOURCE_ROOT "/models/mini", root, DEGRADED_LABELS, path);
 *     … load path …
 *     tiny_models_end(root);
 *
 * The base is a directory with config.json, vocab.txt and one model.safetensors of MGeo's three
 * labels (models/mini). Tensors are written as F32, so that a DEGRADED_NONE copy answers exactly as
 * its base does at fp32. Everything is deterministic, and takes a fraction of a second. */
#ifndef TEST_SUPPORT_DEGRADED_MODEL_H
#define TEST_SUPPORT_DEGRADED_MODEL_H

#include "tiny_model.h"

typedef enum degraded_kind {
    DEGRADED_NONE,   /* a faithful copy */
    DEGRADED_NAN,    /* the classifier's first bias is NaN: no row has a finite answer */
    DEGRADED_LABELS, /* id2label is rotated against the weights: what was exact_match is not_match
                      */
    DEGRADED_SLOW,   /* the same answers for more than 3 times the work: wider layers, filled with 0
                      */
    DEGRADED_SUBTLE  /* noise on the word embeddings: most answers stay, some become wrong */
} degraded_kind;

/* Writes the directory "root/NAME" and its path; fails the running test if it cannot. */
void degraded_model_write(const char *base, const char *root, degraded_kind kind,
                          char path[TINY_PATH_BYTES]);

#endif
