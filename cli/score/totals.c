/* SPDX-License-Identifier: Apache-2.0 */
/* Counts rows as they are written. */
#include "score/totals.h"

void totals_add(struct totals *totals, const struct chunk *chunk, double threshold,
                struct gold *gold) {
    totals->rows += chunk->count;
    totals->tokens += chunk->tokens;
    for (size_t i = 0; i < chunk->count; i++) {
        const struct row *row = &chunk->rows[i];
        if (row->reason != ROW_GOOD) continue;
        double similarity = (double)row->similarity;
        totals->scored++;
        totals->truncated += (row->flags & MGEO_ROW_TRUNCATED) != 0;
        totals->matches += similarity >= threshold;
        if (row->label < MGEO_MAX_LABELS) totals->by_label[row->label]++;
        histogram_add(&totals->similarity, similarity);
        if (gold != NULL) {
            gold_add(gold, chunk_text(chunk, row) + row->gold, row->gold_length, row->label,
                     similarity);
        }
    }
}
