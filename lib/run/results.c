/* SPDX-License-Identifier: Apache-2.0 */
/* How a row's result is written into the caller's arrays, by workers and side scorers alike. */
#include "run/results.h"

#include <math.h>
#include <string.h>

mgeo_status mgi_results_begin(const mgi_labels *labels, mgeo_scores *scores, mgeo_error *error) {
    scores->label_count = labels->count;
    bool rows = scores->probabilities != NULL || scores->logits != NULL;
    if (!rows || scores->probability_stride >= labels->count) return MGEO_OK;
    return mgi_fail(error, MGEO_E_CAPACITY,
                    "mgeo_scores.probability_stride is %zu and the model has %u labels: "
                    "make room for that many floats per row",
                    scores->probability_stride, labels->count);
}

static void clear_row(float *row, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) row[i] = NAN;
}

void mgi_results_write_row(const mgi_labels *labels, mgi_batcher_entry *entry, const float *logits,
                           mgeo_scores *scores) {
    size_t index = entry->index;
    float *probabilities = scores->probabilities;
    if (probabilities != NULL) probabilities += index * scores->probability_stride;
    int32_t *label = scores->label == NULL ? NULL : &scores->label[index];
    float *similarity = &scores->similarity[index];
    bool capped = false;
    bool finite =
        (entry->flags & MGEO_ROW_UNKNOWN_DIFFER) == 0
            ? mgi_labels_score(labels, logits, probabilities, label, similarity)
            : mgi_labels_score_apart(labels, logits, probabilities, label, similarity, &capped);
    if (scores->logits != NULL) {
        float *row = scores->logits + index * scores->probability_stride;
        if (finite) {
            memcpy(row, logits, labels->count * sizeof *row);
        } else {
            clear_row(row, labels->count);
        }
    }
    if (!finite) entry->flags |= MGEO_ROW_NOT_FINITE;
    if (capped) entry->flags |= MGEO_ROW_CAPPED;
    if (scores->flags != NULL) scores->flags[index] = entry->flags;
}

void mgi_results_refuse_row(mgeo_scores *scores, size_t index, uint32_t flags) {
    scores->similarity[index] = NAN;
    if (scores->label != NULL) scores->label[index] = -1;
    if (scores->flags != NULL) scores->flags[index] = flags;
    size_t first = index * scores->probability_stride;
    if (scores->probabilities != NULL) {
        clear_row(scores->probabilities + first, scores->label_count);
    }
    if (scores->logits != NULL) clear_row(scores->logits + first, scores->label_count);
}
