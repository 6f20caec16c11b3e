/* SPDX-License-Identifier: Apache-2.0 */
/* Packs a chunk's good rows as pairs, scores them, and puts the answers back into the rows. */
#include "scoring/scorer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/interrupt.h"
#include "common/memory.h"

void scorer_init(struct scorer *scorer, mgeo_job *job, const struct cascade *cascade, size_t labels,
                 unsigned number) {
    memset(scorer, 0, sizeof *scorer);
    scorer->job = job;
    scorer->cascade = cascade;
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
    same_form_finish(&scorer->forms);
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

void scorer_pack(struct scorer *scorer, const struct chunk *chunk) {
    make_room(scorer, chunk->count);
    size_t packed = 0;
    for (size_t i = 0; i < chunk->count; i++) {
        const struct row *row = &chunk->rows[i];
        if (row->reason != ROW_GOOD || row->repeated) continue;
        const char *text = chunk_text(chunk, row);
        scorer->pairs[packed] = (mgeo_pair){
            .a = text + row->a, .a_len = row->a_length, .b = text + row->b, .b_len = row->b_length};
        scorer->rows[packed++] = i;
    }
    scorer->packed = packed;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static bool ask(struct scorer *scorer, mgeo_job *job, struct chunk *chunk, struct error *error) {
    mgeo_scores scores = {.struct_size = sizeof scores,
                          .similarity = scorer->similarity,
                          .label = scorer->label,
                          .probabilities = scorer->probabilities,
                          .probability_stride = scorer->labels,
                          .flags = scorer->flags,
                          .progress = interrupt_progress(INTERRUPT_SCORING + scorer->number)};
    mgeo_error cause;
    mgeo_status status = MGEO_OK;
    if (scorer->packed > 0) {
        status = mgeo_job_score(job, scorer->pairs, scorer->packed, &scores, &cause);
    }
    if (status == MGEO_E_CANCELLED && interrupt_stopping()) return error_set(error, "%s", "");
    if (status != MGEO_OK) return error_set(error, "scoring failed: %s", cause.message);
    chunk->tokens += scores.tokens;
    return true;
}

bool scorer_same_form(struct scorer *scorer, size_t packed) {
    const struct cascade *cascade = scorer->cascade;
    return cascade->same_form && same_form_of(&scorer->forms, &scorer->pairs[packed]);
}

/* The first model may have the labels in another order. */
static void turn_labels(const struct scorer *scorer, const int32_t *labels) {
    for (size_t i = 0; i < scorer->packed; i++) {
        float *of = scorer->probabilities + i * scorer->labels, turned[MGEO_MAX_LABELS];
        for (size_t j = 0; j < scorer->labels; j++) turned[labels[j]] = of[j];
        memcpy(of, turned, scorer->labels * sizeof *of);
        if (scorer->label[i] >= 0 && (size_t)scorer->label[i] < scorer->labels) {
            scorer->label[i] = labels[scorer->label[i]];
        }
    }
}

bool scorer_ask_first(struct scorer *scorer, struct chunk *chunk, struct error *error) {
    if (!ask(scorer, scorer->cascade->first, chunk, error)) return false;
    turn_labels(scorer, scorer->cascade->labels);
    return true;
}

bool scorer_ask_second(struct scorer *scorer, struct chunk *chunk, struct error *error) {
    return ask(scorer, scorer->job, chunk, error);
}

/* ---- deciding -------------------------------------------------------------------------------- */

static enum row_error reason_of(uint32_t flags, float similarity, bool labelled) {
    if (flags & MGEO_ROW_INVALID_UTF8) return ROW_NOT_UTF8;
    if (flags & MGEO_ROW_EMPTY) return ROW_NOTHING;
    if (flags & MGEO_ROW_NOT_FINITE) return ROW_NOT_FINITE;
    if ((flags & MGEO_ROW_SKIPPED) || !labelled) return ROW_NOT_ANSWERED;
    return isfinite(similarity) ? ROW_GOOD : ROW_NOT_FINITE;
}

static void put_back(const struct scorer *scorer, struct chunk *chunk, size_t packed,
                     enum cascade_step step) {
    struct row *row = &chunk->rows[scorer->rows[packed]];
    row->flags = scorer->flags[packed];
    row->similarity = scorer->similarity[packed];
    row->label = scorer->label[packed];
    row->decided = (uint8_t)step;
    bool labelled = row->label >= 0 && (size_t)row->label < scorer->labels;
    row->reason = reason_of(row->flags, row->similarity, labelled);
    memcpy(chunk->probabilities + scorer->rows[packed] * scorer->labels,
           scorer->probabilities + packed * scorer->labels, scorer->labels * sizeof(float));
}

/* As sure as can be: a similarity of 1, and the positive label alone. */
static void put_same_form(const struct scorer *scorer, struct chunk *chunk, size_t packed) {
    struct row *row = &chunk->rows[scorer->rows[packed]];
    float *probabilities = chunk->probabilities + scorer->rows[packed] * scorer->labels;
    row->flags = 0;
    row->similarity = 1;
    row->label = scorer->cascade->info.positive_label;
    row->decided = CASCADE_SAME_FORM;
    for (size_t i = 0; i < scorer->labels; i++) probabilities[i] = 0;
    probabilities[row->label] = 1;
}

static bool is_sure(const struct scorer *scorer, size_t packed) {
    int32_t label = scorer->label[packed];
    float similarity = scorer->similarity[packed];
    if (scorer->flags[packed] & MGEO_ROW_BAD) return false;
    if (label < 0 || (size_t)label >= scorer->labels || !isfinite(similarity)) return false;
    float probability = scorer->probabilities[packed * scorer->labels + (size_t)label];
    return cascade_rule_keeps(&scorer->cascade->rule, similarity, label, probability);
}

/* Keeps packed what a step has not decided. */
static void keep_packed(struct scorer *scorer, size_t *kept, size_t packed) {
    scorer->pairs[*kept] = scorer->pairs[packed];
    scorer->rows[(*kept)++] = scorer->rows[packed];
}

static void decide_by_form(struct scorer *scorer, struct chunk *chunk) {
    size_t kept = 0;
    for (size_t i = 0; i < scorer->packed; i++) {
        if (scorer_same_form(scorer, i)) {
            put_same_form(scorer, chunk, i);
        } else {
            keep_packed(scorer, &kept, i);
        }
    }
    scorer->packed = kept;
}

static void decide_by_first(struct scorer *scorer, struct chunk *chunk) {
    size_t kept = 0;
    for (size_t i = 0; i < scorer->packed; i++) {
        if (is_sure(scorer, i)) {
            put_back(scorer, chunk, i, CASCADE_FIRST);
        } else {
            keep_packed(scorer, &kept, i);
        }
    }
    scorer->packed = kept;
}

/* Nothing is asked of a first model that decides nothing. */
static bool run_cascade(struct scorer *scorer, struct chunk *chunk, struct error *error) {
    const struct cascade *cascade = scorer->cascade;
    if (cascade->same_form) decide_by_form(scorer, chunk);
    if (cascade->first == NULL || cascade->rule.kind == CASCADE_NEVER) return true;
    if (!scorer_ask_first(scorer, chunk, error)) return false;
    decide_by_first(scorer, chunk);
    return true;
}

bool scorer_run(struct scorer *scorer, struct chunk *chunk, struct error *error) {
    double begun = clock_seconds();
    bool done = true;
    chunk->tokens = 0;
    scorer_pack(scorer, chunk);
    if (scorer->cascade != NULL) done = run_cascade(scorer, chunk, error);
    done = done && scorer_ask_second(scorer, chunk, error);
    chunk->seconds = clock_seconds() - begun;
    for (size_t i = 0; done && i < scorer->packed; i++) put_back(scorer, chunk, i, CASCADE_SECOND);
    return done;
}
