/* SPDX-License-Identifier: Apache-2.0 */
/* Packs a chunk's good rows as pairs, scores them, and puts the answers back into the rows. */
#include "score/scorer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/interrupt.h"
#include "common/memory.h"

void scorer_init(struct scorer *scorer, mgeo_job *job, size_t labels, unsigned number) {
    memset(scorer, 0, sizeof *scorer);
    scorer->job = job;
    scorer->labels = labels;
    scorer->number = number;
}

void scorer_finish(struct scorer *scorer) {
    free(scorer->pairs);
    free(scorer->rows);
    free(scorer->similarity);
    free(scorer->label);
    free(scorer->flags);
    free(scorer->probabilities);
    memset(scorer, 0, sizeof *scorer);
}

static void make_room(struct scorer *scorer, size_t rows) {
    if (rows <= scorer->capacity) return;
    scorer->capacity = rows;
    scorer->pairs = memory_resize(scorer->pairs, rows, sizeof *scorer->pairs);
    scorer->rows = memory_resize(scorer->rows, rows, sizeof *scorer->rows);
    scorer->similarity = memory_resize(scorer->similarity, rows, sizeof *scorer->similarity);
    scorer->label = memory_resize(scorer->label, rows, sizeof *scorer->label);
    scorer->flags = memory_resize(scorer->flags, rows, sizeof *scorer->flags);
    scorer->probabilities =
        memory_resize(scorer->probabilities, rows, scorer->labels * sizeof *scorer->probabilities);
}

static size_t pack(struct scorer *scorer, const struct chunk *chunk) {
    size_t packed = 0;
    for (size_t i = 0; i < chunk->count; i++) {
        const struct row *row = &chunk->rows[i];
        if (row->reason != ROW_GOOD || row->repeated) continue;
        const char *text = chunk_text(chunk, row);
        scorer->pairs[packed] = (mgeo_pair){
            .a = text + row->a, .a_len = row->a_length, .b = text + row->b, .b_len = row->b_length};
        scorer->rows[packed++] = i;
    }
    return packed;
}

static enum row_error reason_of(uint32_t flags, float similarity, bool labelled) {
    if (flags & MGEO_ROW_INVALID_UTF8) return ROW_NOT_UTF8;
    if (flags & MGEO_ROW_EMPTY) return ROW_NOTHING;
    if (flags & MGEO_ROW_NOT_FINITE) return ROW_NOT_FINITE;
    if ((flags & MGEO_ROW_SKIPPED) || !labelled) return ROW_NOT_ANSWERED;
    return isfinite(similarity) ? ROW_GOOD : ROW_NOT_FINITE;
}

static void put_back(const struct scorer *scorer, struct chunk *chunk, size_t packed) {
    for (size_t i = 0; i < packed; i++) {
        struct row *row = &chunk->rows[scorer->rows[i]];
        row->flags = scorer->flags[i];
        row->similarity = scorer->similarity[i];
        row->label = scorer->label[i];
        bool labelled = row->label >= 0 && (size_t)row->label < scorer->labels;
        row->reason = reason_of(row->flags, row->similarity, labelled);
        memcpy(chunk->probabilities + scorer->rows[i] * scorer->labels,
               scorer->probabilities + i * scorer->labels, scorer->labels * sizeof(float));
    }
}

bool scorer_run(struct scorer *scorer, struct chunk *chunk, struct error *error) {
    make_room(scorer, chunk->count);
    size_t packed = pack(scorer, chunk);
    mgeo_scores scores = {.struct_size = sizeof scores,
                          .similarity = scorer->similarity,
                          .label = scorer->label,
                          .probabilities = scorer->probabilities,
                          .probability_stride = scorer->labels,
                          .flags = scorer->flags,
                          .progress = interrupt_progress(INTERRUPT_SCORING + scorer->number)};
    mgeo_error cause;
    double begun = clock_seconds();
    mgeo_status status = MGEO_OK;
    if (packed > 0) status = mgeo_job_score(scorer->job, scorer->pairs, packed, &scores, &cause);
    chunk->seconds = clock_seconds() - begun;
    if (status == MGEO_E_CANCELLED && interrupt_stopping()) return error_set(error, "%s", "");
    if (status != MGEO_OK) return error_set(error, "scoring failed: %s", cause.message);
    chunk->tokens = scores.tokens;
    put_back(scorer, chunk, packed);
    return true;
}
