/* SPDX-License-Identifier: Apache-2.0 */
/* From a model's label names to where its similarity lies, and from logits to similarity. */
#include "model/labels.h"

#include "core/fixed_text.h"
#include "core/pathname.h"
#include "model/apart.h"
#include "model/config.h"
#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const different_names[] = {"not_match", "no_match", "different", "no",
                                              "false",     "0",        NULL};

static int32_t label_find(const mgi_labels *labels, const char *name) {
    for (uint32_t i = 0; i < labels->count; i++) {
        if (strcmp(labels->names[i], name) == 0) return (int32_t)i;
    }
    return -1;
}

/* The names of all labels, for an error line. */
static void label_list(const mgi_labels *labels, char *list, size_t capacity) {
    size_t used = 0;
    list[0] = '\0';
    for (uint32_t i = 0; i < labels->count && used < capacity; i++) {
        int more =
            snprintf(list + used, capacity - used, "%s%s", i == 0 ? "" : ", ", labels->names[i]);
        used += more > 0 ? (size_t)more : 0;
    }
}

static mgeo_status need_positive(const mgi_labels *labels, const char *directory,
                                 const char *reason, mgeo_error *error) {
    char list[200];
    label_list(labels, list, sizeof list);
    return mgi_fail(error, MGEO_E_ARGUMENT, "%s: positive_label: %s; the labels are %s",
                    mgi_pathname_shown(directory), reason, list);
}

/* The first label that has one of the names; -1: none. */
static int32_t find_one_of(const mgi_labels *labels, const char *const names[]) {
    for (size_t i = 0; names[i] != NULL; i++) {
        int32_t index = label_find(labels, names[i]);
        if (index >= 0) return index;
    }
    return -1;
}

/* The label that by its name means "the same place", or is the other one of two; -1: none. */
static int32_t find_same(const mgi_labels *labels) {
    static const char *const same[] = {"exact_match", "match", "same", "yes", "true", "1", NULL};
    int32_t index = find_one_of(labels, same);
    int32_t different = find_one_of(labels, different_names);
    return index < 0 && different >= 0 && labels->count == 2 ? 1 - different : index;
}

static int32_t positive_of_two(const mgi_labels *labels) {
    int32_t same = find_same(labels);
    return same >= 0 ? same : 1;
}

/* What texts that differ unseen must not be: similarity may be asked of another label. */
static void decide_cap(mgi_labels *labels, bool keep) {
    int32_t same = find_same(labels);
    labels->same = same >= 0 ? same : labels->positive;
    labels->near = label_find(labels, "partial_match");
    if (labels->same == labels->near) labels->near = -1;
    bool different = find_one_of(labels, different_names) == labels->same;
    labels->caps = !keep && (labels->count == 1 || !different);
}

static mgeo_status decide_positive(mgi_labels *labels, const char *asked, const char *directory,
                                   mgeo_error *error) {
    int32_t exact = label_find(labels, "exact_match");
    labels->positive = -1;
    labels->partial = -1;
    if (labels->count == 1 && asked == NULL) return MGEO_OK;
    if (labels->count == 1) {
        return need_positive(labels, directory, "a model with one output takes none", error);
    }
    if (asked != NULL) {
        labels->positive = label_find(labels, asked);
        if (labels->positive < 0) {
            return need_positive(labels, directory, "no label has that name", error);
        }
    } else if (labels->count == 2) {
        labels->positive = positive_of_two(labels);
    } else if (labels->count == 3 && exact >= 0 && label_find(labels, "not_match") >= 0) {
        labels->positive = exact;
    } else {
        return need_positive(labels, directory,
                             "needed, because the labels do not tell which one means a match",
                             error);
    }
    if (labels->positive == exact) labels->partial = label_find(labels, "partial_match");
    return MGEO_OK;
}

static mgeo_status name_labels(mgi_labels *labels, const mgi_config *config, uint32_t outputs,
                               const char *directory, mgeo_error *error) {
    labels->count = outputs;
    if (config->labels.count == outputs) {
        memcpy(labels->names, config->labels.names, sizeof labels->names);
        return MGEO_OK;
    }
    if (outputs == 1 && (config->labels.count == 0 || config->ranks)) {
        mgi_fixed_text_copy(labels->names[0], sizeof labels->names[0], "score");
        return MGEO_OK;
    }
    if (config->labels.count != 0) {
        return mgi_fail(error, MGEO_E_FORMAT,
                        "%s: %s: names %u labels, but tensor classifier.weight has %u rows",
                        mgi_pathname_shown(directory), config->labels.source, config->labels.count,
                        outputs);
    }
    for (uint32_t i = 0; i < outputs; i++) {
        snprintf(labels->names[i], sizeof labels->names[i], "LABEL_%u", i);
    }
    return MGEO_OK;
}

mgeo_status mgi_labels_decide(mgi_labels *labels, const mgi_config *config, uint32_t outputs,
                              const mgi_model_options *options, const char *directory,
                              mgeo_error *error) {
    *labels = (mgi_labels){0};
    float weight = options->partial_weight;
    if (!(weight <= 1.0f)) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "partial_weight: %g is not at most 1",
                        (double)weight);
    }
    labels->partial_weight = weight == 0.0f ? 0.5f : weight < 0.0f ? 0.0f : weight;
    mgeo_status status = mgi_head_check(&config->head, outputs, directory, error);
    if (status == MGEO_OK) status = name_labels(labels, config, outputs, directory, error);
    if (status != MGEO_OK) return status;
    status = decide_positive(labels, options->positive_label, directory, error);
    if (status == MGEO_OK) decide_cap(labels, options->keep_unknown);
    return status;
}

/* ---- logits ---------------------------------------------------------------------------------- */

static bool score_nothing(const mgi_labels *labels, float *probabilities, int32_t *label,
                          float *similarity) {
    for (uint32_t i = 0; probabilities != NULL && i < labels->count; i++) probabilities[i] = NAN;
    if (label != NULL) *label = -1;
    *similarity = NAN;
    return false;
}

static uint32_t likeliest(const double *probabilities, uint32_t count) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < count; i++) {
        if (probabilities[i] > probabilities[best]) best = i;
    }
    return best;
}

static uint32_t softmax(const float *logits, uint32_t count, double *probabilities) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < count; i++) {
        if (logits[i] > logits[best]) best = i;
    }
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        probabilities[i] = exp((double)logits[i] - (double)logits[best]);
        sum += probabilities[i];
    }
    for (uint32_t i = 0; i < count; i++) probabilities[i] /= sum;
    return best;
}

/* Was it a match, before it is made none? */
static bool cap(const mgi_labels *labels, double *shares, uint32_t *best) {
    bool match = labels->count == 1 ? shares[0] >= 0.5 : (int32_t)*best == labels->same;
    mgi_apart_apply(labels, shares);
    *best = likeliest(shares, labels->count);
    return match;
}

static bool score(const mgi_labels *labels, const float *logits, float *probabilities,
                  int32_t *label, float *similarity, bool *capped) {
    double shares[MGEO_MAX_LABELS] = {0};
    uint32_t best = 0;
    for (uint32_t i = 0; i < labels->count; i++) {
        if (!isfinite(logits[i])) {
            return score_nothing(labels, probabilities, label, similarity);
        }
    }
    if (labels->count == 1) {
        shares[0] = 1.0 / (1.0 + exp(-(double)logits[0]));
    } else {
        best = softmax(logits, labels->count, shares);
    }
    if (capped != NULL && labels->caps) *capped = cap(labels, shares, &best);
    for (uint32_t i = 0; probabilities != NULL && i < labels->count; i++) {
        probabilities[i] = (float)shares[i];
    }
    if (label != NULL) *label = (int32_t)best;
    double answer = shares[labels->positive < 0 ? 0 : labels->positive];
    if (labels->partial >= 0) answer += (double)labels->partial_weight * shares[labels->partial];
    *similarity = (float)answer;
    return true;
}

bool mgi_labels_score(const mgi_labels *labels, const float *logits, float *probabilities,
                      int32_t *label, float *similarity) {
    return score(labels, logits, probabilities, label, similarity, NULL);
}

bool mgi_labels_score_apart(const mgi_labels *labels, const float *logits, float *probabilities,
                            int32_t *label, float *similarity, bool *capped) {
    *capped = false;
    return score(labels, logits, probabilities, label, similarity, capped);
}
