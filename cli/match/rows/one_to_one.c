/* SPDX-License-Identifier: Apache-2.0 */
/* Greedy: the pairs in the order of their similarity, each given if both its rows are free. */
#include "match/rows/one_to_one.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* Of equal similarity what is written alike first, then in the order of the table. */
static int compare(const void *one, const void *other, void *opaque) {
    const struct link_log_pair *pairs = opaque;
    const struct link_log_pair *x = &pairs[*(const uint32_t *)one];
    const struct link_log_pair *y = &pairs[*(const uint32_t *)other];
    if (x->similarity != y->similarity) return x->similarity > y->similarity ? -1 : 1;
    if (x->reason != y->reason) return x->reason < y->reason ? -1 : 1;
    if (x->a != y->a) return x->a < y->a ? -1 : 1;
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static void give(struct one_to_one *made, const uint32_t *order, size_t count, uint32_t most) {
    bool *taken = memory_zeroed((size_t)most + 1, sizeof *taken);
    for (size_t i = 0; i < count; i++) {
        const struct link_log_pair *pair = &made->log->pairs[order[i]];
        if (made->chosen[pair->a] != ONE_TO_ONE_NONE || taken[pair->b]) continue;
        taken[pair->b] = true;
        made->chosen[pair->a] = order[i];
    }
    free(taken);
}

bool one_to_one_make(struct one_to_one *made, const struct link_log *log, uint64_t rows,
                     double threshold, struct error *error) {
    *made = (struct one_to_one){.log = log, .rows = rows, .threshold = (float)threshold};
    if (log->count >= UINT32_MAX) {
        return error_set(error,
                         "--one-to-one: %zu pairs are more than can be held; give a lower "
                         "--top",
                         log->count);
    }
    uint32_t *order = memory_resize(NULL, log->count + 1, sizeof *order), most = 0;
    size_t count = 0;
    made->chosen = memory_resize(NULL, rows + 1, sizeof *made->chosen);
    memset(made->chosen, 0xFF, (rows + 1) * sizeof *made->chosen);
    for (uint32_t i = 0; i < log->count; i++) {
        if ((double)log->pairs[i].similarity < threshold) continue;
        order[count++] = i;
        if (log->pairs[i].b > most) most = log->pairs[i].b;
    }
    qsort_r(order, count, sizeof *order, compare, log->pairs);
    give(made, order, count, most);
    free(order);
    return true;
}

void one_to_one_finish(struct one_to_one *made) {
    free(made->chosen);
    memset(made, 0, sizeof *made);
}

/* Where the row's pairs begin in the log. */
static size_t first_of(const struct link_log *log, uint64_t row) {
    size_t low = 0, high = log->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->pairs[middle].a < row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool one_to_one_fits(const struct one_to_one *made, const struct batch *batch) {
    const struct link_log *log = made->log;
    uint64_t begin = batch->rows_before, end = begin + batch->count;
    if (end > made->rows) return false;
    for (size_t i = first_of(log, begin); i < log->count && log->pairs[i].a < end; i++) {
        const struct link_log_pair *pair = &log->pairs[i];
        size_t count;
        const mgeo_candidate *candidates =
            mgeo_candidates_of(batch->found, (size_t)(pair->a - begin), &count);
        if (pair->rank > count || candidates[pair->rank - 1].row != pair->b) return false;
    }
    return true;
}

static struct batch_pair found_again(const struct link_log_pair *pair, const struct batch *batch,
                                     size_t query) {
    size_t count;
    const mgeo_candidate *candidates = mgeo_candidates_of(batch->found, query, &count);
    return (struct batch_pair){.candidate = &candidates[pair->rank - 1],
                               .reason = (enum batch_reason)pair->reason,
                               .similarity = pair->similarity,
                               .label = pair->label};
}

void one_to_one_decide(const struct one_to_one *made, uint64_t row, const struct batch *batch,
                       size_t query, struct match_decision *decision) {
    const struct link_log *log = made->log;
    uint32_t chosen = made->chosen[row];
    size_t best = ONE_TO_ONE_NONE, second = ONE_TO_ONE_NONE;
    if (chosen != ONE_TO_ONE_NONE) best = chosen;
    for (size_t i = first_of(log, row); i < log->count && log->pairs[i].a == row; i++) {
        uint32_t at = (uint32_t)i;
        uint32_t than = (uint32_t)(best != ONE_TO_ONE_NONE ? best : i);
        if (i == chosen) continue;
        if (chosen == ONE_TO_ONE_NONE &&
            (best == ONE_TO_ONE_NONE || compare(&at, &than, log->pairs) < 0)) {
            second = best;
            best = i;
            continue;
        }
        than = (uint32_t)second;
        if (second == ONE_TO_ONE_NONE || compare(&at, &than, log->pairs) < 0) second = i;
    }
    *decision = (struct match_decision){.state = MATCH_NOTHING};
    if (best == ONE_TO_ONE_NONE) return;
    decision->best = found_again(&log->pairs[best], batch, query);
    if (second != ONE_TO_ONE_NONE) {
        decision->second = found_again(&log->pairs[second], batch, query);
    }
    bool enough = decision->best.similarity >= made->threshold;
    decision->state = chosen != ONE_TO_ONE_NONE ? MATCH_FOUND : enough ? MATCH_TAKEN : MATCH_BELOW;
}
