/* SPDX-License-Identifier: Apache-2.0 */
/* From a model's label names to where its similarity lies, and from logits to similarity. */
#include "model/labels.h"

#include "core/fixed_text.h"
#include "core/pathname.h"
#include "model/apart.h"
#include "model/config.h"
#include "model/label_names.h"
#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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

/* Of more than two labels that are numbers, 0 and 1 are numbers and no answers. */
static mgi_label_role role_of(const mgi_labels *labels, uint32_t index) {
    const char *name = labels->names[index];
    if (labels->count > 2 && mgi_label_names_number(name) >= 0) return MGI_LABEL_UNKNOWN;
    return mgi_label_names_role(name);
}

/* The only label in that role; of several the only one of the task's own name; -1: none, or the
 * names do not tell which. */
static int32_t find_role(const mgi_labels *labels, mgi_label_role role) {
    static const char *const own[] = {[MGI_LABEL_SAME] = "exactmatch",
                                      [MGI_LABEL_PARTLY] = "partialmatch",
                                      [MGI_LABEL_OTHER] = "notmatch"};
    int32_t any = -1, named = -1;
    uint32_t count = 0, own_count = 0;
    for (uint32_t i = 0; i < labels->count; i++) {
        if (role_of(labels, i) != role) continue;
        any = (int32_t)i;
        count++;
        if (!mgi_label_names_is(labels->names[i], own[role])) continue;
        named = (int32_t)i;
        own_count++;
    }
    if (own_count > 0) return own_count == 1 ? named : -1;
    return count == 1 ? any : -1;
}

/* The label of two whose name is the number 1, where the other one's is 0; -1: none. */
static int32_t find_number_one(const mgi_labels *labels) {
    int32_t first = mgi_label_names_number(labels->names[0]);
    int32_t second = mgi_label_names_number(labels->names[1]);
    if (first == 0 && second == 1) return 1;
    return first == 1 && second == 0 ? 0 : -1;
}

/* The label that by its name means "the same place", or is the other one of two; -1: none. */
static int32_t find_same(const mgi_labels *labels) {
    int32_t same = find_role(labels, MGI_LABEL_SAME);
    if (labels->count != 2 || same >= 0) return same;
    int32_t other = find_role(labels, MGI_LABEL_OTHER);
    return other >= 0 ? 1 - other : find_number_one(labels);
}

static int32_t positive_of_two(mgi_labels *labels) {
    int32_t same = find_same(labels);
    labels->guessed = same < 0;
    return same >= 0 ? same : 1;
}

/* MGeo's three in any words, or its exact_match and not_match and a third of any name. */
static bool tell_of_three(const mgi_labels *labels) {
    int32_t same = find_role(labels, MGI_LABEL_SAME);
    int32_t other = find_role(labels, MGI_LABEL_OTHER);
    if (labels->count != 3 || same < 0 || other < 0) return false;
    if (find_role(labels, MGI_LABEL_PARTLY) == 3 - same - other) return true;
    return mgi_label_names_is(labels->names[same], "exactmatch") &&
           mgi_label_names_is(labels->names[other], "notmatch");
}

/* The label that counts by partial_weight beside the positive one; -1: none. Of two labels only
 * the task's own names say that a part of a match is meant. */
static int32_t find_partial(const mgi_labels *labels) {
    int32_t partly = find_role(labels, MGI_LABEL_PARTLY);
    if (labels->positive != find_role(labels, MGI_LABEL_SAME) || partly < 0) return -1;
    bool own = mgi_label_names_is(labels->names[labels->positive], "exactmatch") &&
               mgi_label_names_is(labels->names[partly], "partialmatch");
    return own || tell_of_three(labels) ? partly : -1;
}

/* What texts that differ unseen must not be: similarity may be asked of another label. */
static void decide_cap(mgi_labels *labels, bool keep) {
    int32_t same = find_same(labels);
    labels->same = same >= 0 ? same : labels->positive;
    labels->near = find_role(labels, MGI_LABEL_PARTLY);
    if (labels->same == labels->near) labels->near = -1;
    bool different =
        labels->count > 1 && role_of(labels, (uint32_t)labels->same) == MGI_LABEL_OTHER;
    labels->caps = !keep && !different;
}

static mgeo_status decide_positive(mgi_labels *labels, const char *asked, const char *directory,
                                   mgeo_error *error) {
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
    } else if (tell_of_three(labels)) {
        labels->positive = find_role(labels, MGI_LABEL_SAME);
    } else {
        return need_positive(labels, directory,
                             "needed, because the labels do not tell which one means a match",
                             error);
    }
    labels->partial = find_partial(labels);
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

void mgi_labels_warn(const mgi_labels *labels, char *line, size_t capacity) {
    line[0] = '\0';
    if (!labels->guessed) return;
    snprintf(line, capacity,
             "labels %.40s, %.40s do not say which means a match: number 1 is taken; "
             "positive_label chooses",
             labels->names[0], labels->names[1]);
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
