/* SPDX-License-Identifier: Apache-2.0 */
/* Which waiting rows are computed together, by whom, and how they are packed. */
#ifndef MGI_RUN_BATCHER_H
#define MGI_RUN_BATCHER_H

#include "backend/backend.h"
#include "run/queue.h"

/* The state of things when a worker is about to take rows. */
typedef struct mgi_batcher_demand {
    uint32_t waiting_rows; /* at least 1 */
    uint64_t waiting_tokens;
    uint32_t calls;        /* calls in flight */
    uint32_t free_workers; /* that may start now, the one that asks included */
    uint32_t busy_workers; /* that compute on the same cores, for whichever model */
    uint32_t cores;        /* CPU cores for all workers together */
    uint32_t busy_cores;
} mgi_batcher_demand;

/* What a worker may take of it. */
typedef struct mgi_batcher_grant {
    uint32_t tokens; /* at most, except that one row is always taken */
    uint32_t cores;  /* to compute with, at least 1 */
} mgi_batcher_grant;

/* How many free workers to split the waiting rows among: at least 1, and no more than leave each of
 * them `min_split_tokens`. */
uint32_t mgi_batcher_split_count(const mgi_batcher_demand *demand, uint32_t min_split_tokens);

/* A worker's fair part: rows are split evenly among free workers, and cores are left to those who
 * can use them. With rows for all, each worker gets a batch and one core; a single row gets all
 * cores. */
mgi_batcher_grant mgi_batcher_grant_for(const mgi_batcher_demand *demand, uint32_t batch_tokens,
                                        uint32_t min_split_tokens);

/* Where the result of a packed row belongs. */
typedef struct mgi_batcher_entry {
    mgi_queue_source *source;
    size_t index;
    uint32_t length;
    uint32_t flags;
    double queued_at; /* when the row began to wait */
} mgi_batcher_entry;

/* One batch, packed; its memory is reused for the next one. */
typedef struct mgi_batcher {
    mgi_queue_row **picked;     /* [2 * max_rows]: filled from the middle outwards */
    mgi_batcher_entry *entries; /* [max_rows], in the batch's order */
    int32_t *ids;               /* [batch_tokens] */
    uint8_t *types;
    uint32_t *offsets; /* [max_rows + 1] */
    uint32_t max_rows;
    uint32_t batch_tokens;
    bool mixed_lengths; /* rows are taken in the queue's order, not by like length */
    mgi_batch batch;    /* points into the above */
} mgi_batcher;

/* For rows of a queue that holds `queue_rows`. false when out of memory; the batcher may be
 * finished either way. */
bool mgi_batcher_init(mgi_batcher *batcher, uint32_t batch_tokens, uint32_t queue_rows,
                      bool mixed_lengths);
void mgi_batcher_finish(mgi_batcher *batcher);

/* Rows that a batcher of these sizes can hold, and the memory that it takes. */
uint32_t mgi_batcher_rows(uint32_t batch_tokens, uint32_t queue_rows);
uint64_t mgi_batcher_bytes(uint32_t batch_tokens, uint32_t queue_rows);

/* Takes rows out of the queue, packs them by length and releases their places in the queue. The
 * first is the queue's next; the others are those nearest to it in length, or with mixed_lengths
 * those that follow. At least one row waits. */
void mgi_batcher_fill(mgi_batcher *batcher, mgi_queue *queue, uint32_t tokens);

#endif
