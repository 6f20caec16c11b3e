/* SPDX-License-Identifier: Apache-2.0 */
/* From a model's label names to where its similarity lies, and from logits to similarity. */
#ifndef MGI_MODEL_LABELS_H
#define MGI_MODEL_LABELS_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mgi_config;
struct mgi_model_options;

/* Where in the logits the answer lies. */
typedef struct mgi_labels {
    char names[MGEO_MAX_LABELS][64];
    uint32_t count;
    int32_t positive; /* index; -1 for one logit */
    int32_t partial;  /* index of the label that counts by partial_weight; -1: none */
    float partial_weight;
    bool guessed; /* positive is index 1 of two because the names do not say */
    bool caps;    /* two texts that differ in what the model cannot see never match: apart.h */
    int32_t same; /* then: index of the label that means a match, if there are more than one */
    int32_t near; /* and of that which takes its place; -1: the best other one */
} mgi_labels;

/* Decides the labels of a classifier with `outputs` outputs from their names in the files and the
 * caller's options (positive_label, partial_weight). directory is for error lines.
 * Errors: MGEO_E_ARGUMENT (positive_label is needed, or is no label; a weight out of range),
 * MGEO_E_FORMAT (the files name another number of labels). */
mgeo_status mgi_labels_decide(mgi_labels *labels, const struct mgi_config *config, uint32_t outputs,
                              const struct mgi_model_options *options, const char *directory,
                              mgeo_error *error);

/* One line for the operator where the positive label was guessed; else "". */
void mgi_labels_warn(const mgi_labels *labels, char *line, size_t capacity);

/* Turns one row of logits [count] into probabilities [count], the likeliest label and the
 * similarity. false, and NaN everywhere and label -1, if a logit is not finite. probabilities and
 * label may be NULL. A one-logit model has one probability, its sigmoid, and label 0. */
bool mgi_labels_score(const mgi_labels *labels, const float *logits, float *probabilities,
                      int32_t *label, float *similarity);

/* The same for two texts that differ in what the model cannot see, if labels->caps. *capped: would
 * it have been a match? */
bool mgi_labels_score_apart(const mgi_labels *labels, const float *logits, float *probabilities,
                            int32_t *label, float *similarity, bool *capped);

#endif
