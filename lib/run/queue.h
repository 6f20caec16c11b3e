/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that wait to be computed: a fixed number of them, and the orders in which they are taken.
 *
 * A waiting row is in two lists: its call's, so that calls take turns, and that of its length, so
 * that a batch is filled with rows of like length. The queue takes no lock: the runner's mutex
 * guards it. */
#ifndef MGI_RUN_QUEUE_H
#define MGI_RUN_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mgi_queue_row mgi_queue_row;

typedef struct mgi_queue_row_list {
    mgi_queue_row *first, *last;
} mgi_queue_row_list;

/* Whose rows they are: embedded in each call, all zero to begin with. */
typedef struct mgi_queue_source {
    mgi_queue_row_list rows;                  /* waiting, oldest first */
    struct mgi_queue_source *next, *previous; /* ring of the sources that have rows waiting */
} mgi_queue_source;

struct mgi_queue_row {
    mgi_queue_source *source;
    mgi_queue_row *source_next,
        *source_previous; /* source_next also chains rows that are not waiting */
    mgi_queue_row *length_next, *length_previous;
    size_t index;     /* the row's place in its call's arrays */
    uint32_t length;  /* tokens */
    uint32_t flags;   /* MGEO_ROW_* so far */
    double queued_at; /* of mgi_clock_now(): when it began to wait; not used by the queue itself */
    int32_t *ids;     /* [max_length of the queue] */
    uint8_t *types;
};

typedef struct mgi_queue {
    mgi_queue_row *rows; /* [capacity] */
    int32_t *ids;
    uint8_t *types;
    mgi_queue_row *free_rows; /* chained by source_next */
    uint32_t free_count;
    uint32_t capacity;
    uint32_t max_length;
    uint32_t waiting_rows;
    uint64_t waiting_tokens;
    mgi_queue_row_list *by_length; /* [max_length + 1] */
    mgi_queue_source *turn;        /* the source whose oldest row is next; NULL: no row waits */
} mgi_queue;

/* false when out of memory; the queue may be finished either way. */
bool mgi_queue_init(mgi_queue *queue, uint32_t capacity, uint32_t max_length);
void mgi_queue_finish(mgi_queue *queue);

/* Memory that a queue of these sizes takes once all rows have been used. */
uint64_t mgi_queue_bytes(uint32_t capacity, uint32_t max_length);

/* Takes up to max_rows free rows, chained by source_next; *count says how many. */
mgi_queue_row *mgi_queue_claim(mgi_queue *queue, uint32_t max_rows, uint32_t *count);

/* Frees one row that is not waiting. */
void mgi_queue_release(mgi_queue *queue, mgi_queue_row *row);

/* Makes a filled row wait. length is 1 .. max_length. */
void mgi_queue_put(mgi_queue *queue, mgi_queue_source *source, mgi_queue_row *row);

/* Takes a waiting row out; it is then to be released. */
void mgi_queue_remove(mgi_queue *queue, mgi_queue_row *row);

/* Takes out the oldest row of the source whose turn it is, and passes the turn to the next source.
 * NULL: none waits. */
mgi_queue_row *mgi_queue_next(mgi_queue *queue);

/* The row that mgi_queue_next would take. */
const mgi_queue_row *mgi_queue_peek(const mgi_queue *queue);

#endif
