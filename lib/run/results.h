/* SPDX-License-Identifier: Apache-2.0 */
/* How a row's result is written into the caller's arrays. */
#ifndef MGI_RUN_RESULTS_H
#define MGI_RUN_RESULTS_H

#include "model/model.h"
#include "run/batcher.h"

/* Checks that a row's probabilities fit, and says how many there are. The totals (tokens, bad_rows)
 * belong to whoever scores. Errors: MGEO_E_CAPACITY; then nothing may be scored. */
mgeo_status mgi_results_begin(const mgi_labels *labels, mgeo_scores *scores, mgeo_error *error);

/* Writes the result that a row's logits give; entry->flags gets what they add. */
void mgi_results_write_row(const mgi_labels *labels, mgi_batcher_entry *entry, const float *logits,
                           mgeo_scores *scores);

/* Marks the row at `index` as one without a score. */
void mgi_results_refuse_row(mgeo_scores *scores, size_t index, uint32_t flags);

#endif
