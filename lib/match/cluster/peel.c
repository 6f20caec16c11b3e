/* SPDX-License-Identifier: Apache-2.0 */
/* Peeling, with a heap of rows from the loosest on in which each row knows its place: when a row
 * goes, the means of those that it was linked to change. */
#include "match/cluster/peel.h"

#include "core/alloc.h"
#include "match/cluster/guards.h"

#include <math.h>

typedef struct peeling {
    double *sum;     /* [rows]: of links to rows with the same label */
    uint32_t *links; /* [rows]: how many */
    uint32_t *place; /* [rows]: in the heap */
    uint32_t *heap;  /* rows */
    uint32_t count;
} peeling;

static void peeling_finish(peeling *it) {
    mgi_free(it->sum);
    mgi_free(it->links);
    mgi_free(it->place);
    mgi_free(it->heap);
}

static mgeo_status peeling_init(peeling *it, uint32_t row_limit, uint32_t count,
                                mgeo_error *error) {
    *it = (peeling){
        .sum = mgi_calloc(row_limit, sizeof *it->sum),
        .links = mgi_calloc(row_limit, sizeof *it->links),
        .place = mgi_calloc(row_limit, sizeof *it->place),
        .heap = mgi_calloc(count, sizeof *it->heap),
    };
    if (it->sum != NULL && it->links != NULL && it->place != NULL && it->heap != NULL) {
        return MGEO_OK;
    }
    peeling_finish(it);
    return mgi_fail_memory(error, "mean links", (size_t)row_limit * 16);
}

static double mean(const peeling *it, uint32_t row) {
    return it->links[row] == 0 ? (double)INFINITY : it->sum[row] / it->links[row];
}

static bool goes_first(const peeling *it, uint32_t a, uint32_t b) {
    double mean_a = mean(it, a), mean_b = mean(it, b);
    return mean_a < mean_b || (mean_a == mean_b && a > b);
}

static void put(peeling *it, uint32_t place, uint32_t row) {
    it->heap[place] = row;
    it->place[row] = place;
}

static void sift_up(peeling *it, uint32_t row) {
    uint32_t place = it->place[row];
    while (place > 0 && goes_first(it, row, it->heap[(place - 1) / 2])) {
        put(it, place, it->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(it, place, row);
}

static void sift_down(peeling *it, uint32_t row) {
    uint64_t place = it->place[row];
    for (;;) {
        uint64_t child = 2 * place + 1;
        if (child + 1 < it->count && goes_first(it, it->heap[child + 1], it->heap[child])) child++;
        if (child >= it->count || !goes_first(it, it->heap[child], row)) break;
        put(it, (uint32_t)place, it->heap[child]);
        place = child;
    }
    put(it, (uint32_t)place, row);
}

/* Whether a link counts: all do, or those that are sure to stay or that speak against a row. */
static bool counts(const mgi_neighbours *neighbours, uint64_t link, const mgi_peel_rule *rule) {
    return neighbours->link[link] < rule->sure ||
           !(mgi_neighbours_score(neighbours, link) >= rule->least_link);
}

static void fill(peeling *it, const mgi_neighbours *neighbours, const uint32_t *rows,
                 uint32_t count, const mgi_peel_rule *rule, const uint32_t *labels) {
    for (uint32_t n = 0; n < count; n++) {
        uint32_t row = rows[n];
        for (uint64_t i = neighbours->start[row]; i < neighbours->start[row + 1]; i++) {
            if (labels[mgi_neighbours_row(neighbours, row, i)] != labels[row]) continue;
            if (!counts(neighbours, i, rule)) continue;
            it->sum[row] += (double)mgi_neighbours_score(neighbours, i);
            it->links[row]++;
        }
        put(it, it->count++, row);
        sift_up(it, row);
    }
}

static void take_out_first(peeling *it, const mgi_neighbours *neighbours, const mgi_peel_rule *rule,
                           uint32_t *labels) {
    uint32_t row = it->heap[0], last = it->heap[--it->count];
    if (it->count > 0) {
        put(it, 0, last);
        sift_down(it, last);
    }
    uint32_t label = labels[row];
    labels[row] = MGI_FOREST_ALONE;
    for (uint64_t i = neighbours->start[row]; i < neighbours->start[row + 1]; i++) {
        uint32_t other = mgi_neighbours_row(neighbours, row, i);
        if (labels[other] != label || !counts(neighbours, i, rule)) continue;
        it->sum[other] -= (double)mgi_neighbours_score(neighbours, i);
        it->links[other]--;
        sift_up(it, other);
        sift_down(it, other);
    }
}

mgeo_status mgi_peel(const mgi_neighbours *neighbours, const uint32_t *rows, uint32_t count,
                     uint32_t row_limit, const mgi_peel_rule *rule, uint32_t *labels,
                     uint32_t *peeled, mgeo_error *error) {
    peeling it;
    *peeled = 0;
    mgeo_status status = peeling_init(&it, row_limit, count, error);
    if (status != MGEO_OK) return status;
    fill(&it, neighbours, rows, count, rule, labels);
    while (it.count > 0 &&
           mgi_guards_is_loose(it.sum[it.heap[0]], it.links[it.heap[0]], rule->least_link)) {
        take_out_first(&it, neighbours, rule, labels);
        ++*peeled;
    }
    peeling_finish(&it);
    return MGEO_OK;
}
