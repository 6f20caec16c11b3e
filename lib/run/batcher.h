/* SPDX-License-Identifier: Apache-2.0 */
/* Which waiting rows are computed together, by whom, and how they are packed. */
#ifndef MGI_RUN_BATCHER_H
#define MGI_RUN_BATCHER_H

#include "backend/backend.h"
#include "run/queue.h"

/* What is going on when a worker comes to take rows. */
typedef struct mgi_batcher_demand {
    uint32_t waiting_rows; /* at least 1 */
    uint64_t waiting_tokens;
    uint32_t calls;        /* calls in flight */
    uint32_t free_workers; /* that may begin now, the one that asks counted */
    uint32_t busy_workers; /* that compute on the same cores, other models' too */
    uint32_t cores;        /* CPU cores for all workers together */
    uint32_t busy_cores;
} mgi_batcher_demand;

typedef struct mgi_batcher_grant {
    uint32_t tokens; /* to take at most, except that one row is always taken */
    uint32_t cores;  /* to compute with, at least 1 */
} mgi_batcher_grant;

/* Free workers that the waiting rows are to be split among: no more than leave each of them
 * `whole_tokens`, and at least 1. */
uint32_t mgi_batcher_split_count(const mgi_batcher_demand *load, uint32_t min_split_tokens);

/* A worker's fair part: rows are split evenly among the sharers, and cores are left to those who
 * can use them. With rows for everybody each worker gets a batch and one core; a lone row gets all
 * cores. */
mgi_batcher_grant mgi_batcher_grant_for(const mgi_batcher_demand *load, uint32_t batch_tokens,
                                        uint32_t min_split_tokens);

/* Whose answer a packed row is. */
typedef struct mgi_batcher_entry {
    mgi_queue_source *source;
    size_t index;
    uint32_t length;
    uint32_t flags;
    double since; /* when the row began to wait */
} mgi_batcher_entry;

/* One batch, packed; its memory is used again for the next one. */
typedef struct mgi_batcher {
    mgi_queue_row **picked;     /* [2 * rows_most]: filled from the middle outwards */
    mgi_batcher_entry *entries; /* [rows_most], in the batch's order */
    int32_t *ids;               /* [batch_tokens] */
    uint8_t *types;
    uint32_t *offsets; /* [rows_most + 1] */
    uint32_t rows_most;
    uint32_t batch_tokens;
    bool mixed_lengths; /* rows go together as they come, not by length */
    mgi_batch batch;    /* points into the above */
} mgi_batcher;

/* false when out of memory; the batcher may be finished either way. Rows are no more than
 * `queue_rows`. */
bool mgi_batcher_init(mgi_batcher *batcher, uint32_t batch_tokens, uint32_t queue_rows,
                      bool mixed_lengths);
void mgi_batcher_finish(mgi_batcher *batcher);

/* Rows that a batcher of such sizes may hold, and the memory that it takes. */
uint32_t mgi_batcher_rows(uint32_t batch_tokens, uint32_t queue_rows);
uint64_t mgi_batcher_bytes(uint32_t batch_tokens, uint32_t queue_rows);

/* Takes rows out of the queue, packs them by length and gives their places in the queue back. The
 * first is the one whose turn it is; the others are those nearest to its length, or with any_length
 * those whose turn is next. */
void mgi_batcher_fill(mgi_batcher *batcher, mgi_queue *queue, uint32_t tokens);

#endif
