/* SPDX-License-Identifier: Apache-2.0 */
/* Which waiting rows are computed together, by whom, and how they are packed. */
#include "run/batcher.h"

#include "core/alloc.h"

#include <string.h>

static uint32_t min_u32(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t max_u32(uint32_t a, uint32_t b) { return a > b ? a : b; }

uint32_t mgi_batcher_split_count(const mgi_batcher_demand *demand, uint32_t min_split_tokens) {
    uint32_t workers = min_u32(demand->waiting_rows, demand->free_workers);
    uint64_t parts = min_split_tokens == 0 ? workers : demand->waiting_tokens / min_split_tokens;
    if (parts < workers) workers = (uint32_t)parts;
    return max_u32(1, workers);
}

mgi_batcher_grant mgi_batcher_grant_for(const mgi_batcher_demand *demand, uint32_t batch_tokens,
                                        uint32_t min_split_tokens) {
    uint32_t workers = mgi_batcher_split_count(demand, min_split_tokens);
    uint64_t tokens = (demand->waiting_tokens + workers - 1) / workers;
    mgi_batcher_grant grant = {.tokens = tokens < batch_tokens ? (uint32_t)tokens : batch_tokens};
    /* Callers whose rows are not in the queue yet count too: they are about to want cores. */
    uint32_t contenders = max_u32(demand->busy_workers + workers, demand->calls);
    uint32_t free_cores =
        demand->cores > demand->busy_cores ? demand->cores - demand->busy_cores : 0;
    grant.cores = max_u32(1, min_u32(demand->cores / contenders, free_cores));
    return grant;
}

uint32_t mgi_batcher_rows(uint32_t batch_tokens, uint32_t queue_rows) {
    return max_u32(1, min_u32(batch_tokens, queue_rows));
}

bool mgi_batcher_init(mgi_batcher *batcher, uint32_t batch_tokens, uint32_t queue_rows,
                      bool mixed_lengths) {
    *batcher = (mgi_batcher){.batch_tokens = batch_tokens, .mixed_lengths = mixed_lengths};
    uint32_t rows = mgi_batcher_rows(batch_tokens, queue_rows);
    batcher->max_rows = rows;
    batcher->picked = mgi_calloc((size_t)rows * 2, sizeof(mgi_queue_row *));
    batcher->entries = mgi_calloc(rows, sizeof *batcher->entries);
    batcher->ids = mgi_calloc(batch_tokens, sizeof *batcher->ids);
    batcher->types = mgi_calloc(batch_tokens, sizeof *batcher->types);
    batcher->offsets = mgi_calloc((size_t)rows + 1, sizeof *batcher->offsets);
    batcher->batch =
        (mgi_batch){.ids = batcher->ids, .types = batcher->types, .offsets = batcher->offsets};
    return batcher->picked != NULL && batcher->entries != NULL && batcher->ids != NULL &&
           batcher->types != NULL && batcher->offsets != NULL;
}

uint64_t mgi_batcher_bytes(uint32_t batch_tokens, uint32_t queue_rows) {
    const mgi_batcher *b = NULL;
    uint64_t row = 2 * sizeof *b->picked + sizeof *b->entries + sizeof *b->offsets;
    uint64_t token = sizeof *b->ids + sizeof *b->types;
    return mgi_batcher_rows(batch_tokens, queue_rows) * row + batch_tokens * token;
}

void mgi_batcher_finish(mgi_batcher *batcher) {
    mgi_free(batcher->offsets);
    mgi_free(batcher->types);
    mgi_free(batcher->ids);
    mgi_free(batcher->entries);
    mgi_free(batcher->picked);
    *batcher = (mgi_batcher){0};
}

/* The rows picked so far: shortest at `low`, one past the longest at `high`. */
typedef struct row_pick {
    mgi_batcher *batcher;
    mgi_queue *queue;
    uint32_t low, high;
    uint32_t tokens_left;
} row_pick;

static bool pick_has_room(const row_pick *pick, uint32_t length) {
    return pick->high - pick->low < pick->batcher->max_rows && length <= pick->tokens_left;
}

static void pick_length(row_pick *pick, uint32_t length, bool shorter) {
    mgi_queue_row *row;
    while ((row = pick->queue->by_length[length].first) != NULL && pick_has_room(pick, length)) {
        mgi_queue_remove(pick->queue, row);
        pick->batcher->picked[shorter ? --pick->low : pick->high++] = row;
        pick->tokens_left -= length;
    }
}

static void pick_nearest(row_pick *pick, uint32_t length) {
    pick_length(pick, length, false);
    for (uint32_t distance = 1; distance <= pick->queue->max_length; distance++) {
        if (pick->queue->waiting_rows == 0 || !pick_has_room(pick, 1)) return;
        if (distance < length) pick_length(pick, length - distance, true);
        if (length + distance <= pick->queue->max_length) {
            pick_length(pick, length + distance, false);
        }
    }
}

/* Merges two ascending runs, rows[0 .. middle) and rows[middle .. count). */
static void merge_runs(mgi_queue_row *const *rows, uint32_t middle, uint32_t count,
                       mgi_queue_row **to) {
    uint32_t low = 0, high = middle;
    for (uint32_t i = 0; i < count; i++) {
        const bool lower =
            high == count || (low < middle && rows[low]->length <= rows[high]->length);
        to[i] = rows[lower ? low++ : high++];
    }
}

/* By length; rows of one length keep their order. Unlike qsort it allocates nothing; scratch has
 * room for as many rows. */
static void sort_rows(mgi_queue_row **rows, mgi_queue_row **scratch, uint32_t count) {
    mgi_queue_row **from = rows, **to = scratch;
    for (uint32_t run = 1; run < count; run *= 2) {
        for (uint32_t first = 0; first < count; first += 2 * run) {
            const uint32_t left = count - first;
            merge_runs(from + first, min_u32(run, left), min_u32(2 * run, left), to + first);
        }
        mgi_queue_row **swapped = from;
        from = to;
        to = swapped;
    }
    if (from != rows) memcpy(rows, from, count * sizeof(mgi_queue_row *));
}

static void pick_in_order(row_pick *pick) {
    mgi_queue_row **picked = pick->batcher->picked;
    const mgi_queue_row *next;
    while ((next = mgi_queue_peek(pick->queue)) != NULL && pick_has_room(pick, next->length)) {
        pick->tokens_left -= next->length;
        picked[pick->high++] = mgi_queue_next(pick->queue);
    }
    sort_rows(picked + pick->low, picked, pick->high - pick->low); /* below low it is empty */
}

static void pack_batch(mgi_batcher *batcher, mgi_queue *queue, uint32_t low, uint32_t high) {
    uint32_t tokens = 0;
    for (uint32_t i = low; i < high; i++) {
        mgi_queue_row *row = batcher->picked[i];
        memcpy(batcher->ids + tokens, row->ids, row->length * sizeof *row->ids);
        memcpy(batcher->types + tokens, row->types, row->length);
        batcher->entries[i - low] = (mgi_batcher_entry){.source = row->source,
                                                        .index = row->index,
                                                        .length = row->length,
                                                        .flags = row->flags,
                                                        .queued_at = row->queued_at};
        batcher->offsets[i - low] = tokens;
        tokens += row->length;
        mgi_queue_release(queue, row);
    }
    batcher->offsets[high - low] = tokens;
    batcher->batch.rows = high - low;
    batcher->batch.tokens = tokens;
}

void mgi_batcher_fill(mgi_batcher *batcher, mgi_queue *queue, uint32_t tokens) {
    row_pick pick = {.batcher = batcher, .queue = queue, .low = batcher->max_rows};
    mgi_queue_row *first = mgi_queue_next(queue);
    batcher->picked[pick.low] = first;
    pick.high = pick.low + 1;
    tokens = min_u32(tokens, batcher->batch_tokens);
    pick.tokens_left = tokens > first->length ? tokens - first->length : 0;
    if (batcher->mixed_lengths) {
        pick_in_order(&pick);
    } else {
        pick_nearest(&pick, first->length);
    }
    pack_batch(batcher, queue, pick.low, pick.high);
}
