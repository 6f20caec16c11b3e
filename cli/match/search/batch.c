/* SPDX-License-Identifier: Apache-2.0 */
/* Queries, candidates and pairs, numbered so that each finds the others. */
#include "match/search/batch.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "scoring/cascade/cascade.h"

const char *const batch_reason_names[] = {[BATCH_SAME_TEXT] = "same_text",
                                          [BATCH_SAME_FORM] = "same_form",
                                          [BATCH_MODEL] = "model",
                                          [BATCH_FIRST_MODEL] = "first_model"};

void batch_init(struct batch *batch, size_t labels) {
    memset(batch, 0, sizeof *batch);
    chunk_init(&batch->rows, 0);
    chunk_init(&batch->pairs, labels);
}

void batch_finish(struct batch *batch) {
    mgeo_candidates_destroy(batch->found);
    chunk_finish(&batch->rows);
    chunk_finish(&batch->pairs);
    free(batch->pair_of);
    free(batch->first_of);
    free(batch->texts);
    memset(batch, 0, sizeof *batch);
}

void batch_clear(struct batch *batch) {
    mgeo_candidates_destroy(batch->found);
    batch->found = NULL;
    batch->count = 0;
    chunk_clear(&batch->rows);
    chunk_clear(&batch->pairs);
}

static void reach_queries(struct batch *batch, size_t count) {
    if (count <= batch->query_capacity) return;
    batch->query_capacity = count;
    batch->texts = memory_resize(batch->texts, count, sizeof *batch->texts);
    batch->first_of = memory_resize(batch->first_of, count, sizeof *batch->first_of);
}

mgeo_text batch_row_text(const void *unused, const struct batch *batch, size_t query) {
    (void)unused;
    const struct row *row = &batch->rows.rows[query];
    return (mgeo_text){chunk_text(&batch->rows, row) + row->a, row->a_length};
}

void batch_take_rows(struct batch *batch) {
    batch->count = batch->rows.count;
    reach_queries(batch, batch->count);
    for (size_t i = 0; i < batch->count; i++) {
        bool good = batch->rows.rows[i].reason == ROW_GOOD;
        batch->texts[i] = good ? batch_row_text(NULL, batch, i) : (mgeo_text){"", 0};
    }
}

/* ---- pairs ----------------------------------------------------------------------------------- */

static bool is_decided(const mgeo_candidate *candidate) {
    return (candidate->flags & (MGEO_CANDIDATE_SAME_TEXT | MGEO_CANDIDATE_SAME_FORM)) != 0;
}

static uint32_t add_pair(struct batch *batch, mgeo_text a, const mgeo_candidate *candidate) {
    struct chunk *pairs = &batch->pairs;
    struct row *row = chunk_add(pairs, a.text, a.text_len);
    row->a_length = a.text_len;
    row->b = chunk_append(pairs, row, candidate->text_len);
    row->b_length = candidate->text_len;
    memcpy(pairs->bytes + row->text + row->b, candidate->text, candidate->text_len);
    return (uint32_t)(pairs->count - 1);
}

static void reach_pairs(struct batch *batch, size_t count) {
    if (count <= batch->pair_capacity) return;
    batch->pair_capacity = count * 2;
    batch->pair_of = memory_resize(batch->pair_of, batch->pair_capacity, sizeof *batch->pair_of);
}

void batch_make_pairs(struct batch *batch, batch_text_of *text_of, const void *opaque) {
    size_t at = 0;
    reach_queries(batch, batch->count);
    for (size_t i = 0; i < batch->count; i++) {
        size_t count;
        const mgeo_candidate *candidates = mgeo_candidates_of(batch->found, i, &count);
        mgeo_text text = count > 0 ? text_of(opaque, batch, i) : (mgeo_text){"", 0};
        batch->first_of[i] = at;
        reach_pairs(batch, at + count);
        for (size_t j = 0; j < count; j++) {
            bool decided = is_decided(&candidates[j]);
            batch->pair_of[at++] = decided ? BATCH_DECIDED : add_pair(batch, text, &candidates[j]);
        }
    }
}

/* ---- in the end ------------------------------------------------------------------------------ */

static enum batch_reason reason_of(const struct row *row) {
    if (row->decided == CASCADE_SAME_FORM) return BATCH_SAME_FORM;
    return row->decided == CASCADE_FIRST ? BATCH_FIRST_MODEL : BATCH_MODEL;
}

bool batch_pair_at(const struct batch *batch, size_t query, size_t which, int32_t positive,
                   struct batch_pair *pair) {
    size_t count;
    const mgeo_candidate *candidate = mgeo_candidates_of(batch->found, query, &count) + which;
    uint32_t place = batch->pair_of[batch->first_of[query] + which];
    if (place == BATCH_DECIDED) {
        bool same = (candidate->flags & MGEO_CANDIDATE_SAME_TEXT) != 0;
        *pair =
            (struct batch_pair){candidate, same ? BATCH_SAME_TEXT : BATCH_SAME_FORM, 1, positive};
        return true;
    }
    const struct row *row = &batch->pairs.rows[place];
    *pair = (struct batch_pair){candidate, reason_of(row), row->similarity, row->label};
    return row->reason == ROW_GOOD;
}

/* Of equal similarity, what is written alike is surer. */
static bool is_better(const struct batch_pair *one, const struct batch_pair *other) {
    if (other->candidate == NULL) return true;
    if (one->similarity != other->similarity) return one->similarity > other->similarity;
    return one->reason < other->reason;
}

void batch_best(const struct batch *batch, size_t query, int32_t positive, struct batch_pair *best,
                struct batch_pair *second) {
    size_t count;
    mgeo_candidates_of(batch->found, query, &count);
    *best = *second = (struct batch_pair){0};
    for (size_t j = 0; j < count; j++) {
        struct batch_pair pair;
        if (!batch_pair_at(batch, query, j, positive, &pair)) continue;
        if (is_better(&pair, best)) {
            *second = *best;
            *best = pair;
        } else if (is_better(&pair, second)) {
            *second = pair;
        }
    }
}
