/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that wait to be computed: a fixed number of them, and the orders in which they are taken. */
#include "run/queue.h"

#include "core/alloc.h"

bool mgi_queue_init(mgi_queue *queue, uint32_t capacity, uint32_t max_length) {
    *queue = (mgi_queue){.capacity = capacity, .max_length = max_length};
    size_t tokens;
    if (__builtin_mul_overflow((size_t)capacity, (size_t)max_length, &tokens)) return false;
    queue->rows = mgi_calloc(capacity, sizeof *queue->rows);
    queue->ids = mgi_calloc(tokens, sizeof *queue->ids);
    queue->types = mgi_calloc(tokens, sizeof *queue->types);
    queue->by_length = mgi_calloc((size_t)max_length + 1, sizeof *queue->by_length);
    if (queue->rows == NULL || queue->ids == NULL || queue->types == NULL ||
        queue->by_length == NULL) {
        return false;
    }
    for (uint32_t i = capacity; i-- > 0;) {
        queue->rows[i].ids = queue->ids + (size_t)i * max_length;
        queue->rows[i].types = queue->types + (size_t)i * max_length;
        mgi_queue_release(queue, &queue->rows[i]);
    }
    return true;
}

uint64_t mgi_queue_bytes(uint32_t capacity, uint32_t max_length) {
    const mgi_queue *queue = NULL;
    uint64_t token = sizeof *queue->ids + sizeof *queue->types;
    return capacity * (sizeof *queue->rows + max_length * token) +
           ((uint64_t)max_length + 1) * sizeof *queue->by_length;
}

void mgi_queue_finish(mgi_queue *queue) {
    mgi_free(queue->by_length);
    mgi_free(queue->types);
    mgi_free(queue->ids);
    mgi_free(queue->rows);
    *queue = (mgi_queue){0};
}

mgi_queue_row *mgi_queue_claim(mgi_queue *queue, uint32_t max_rows, uint32_t *count) {
    mgi_queue_row *chain = queue->free_rows;
    mgi_queue_row *last = NULL;
    *count = 0;
    while (*count < max_rows && queue->free_rows != NULL) {
        last = queue->free_rows;
        queue->free_rows = last->source_next;
        *count += 1;
    }
    queue->free_count -= *count;
    if (last == NULL) return NULL;
    last->source_next = NULL;
    return chain;
}

void mgi_queue_release(mgi_queue *queue, mgi_queue_row *row) {
    row->source_next = queue->free_rows;
    queue->free_rows = row;
    queue->free_count++;
}

static void join_ring(mgi_queue *queue, mgi_queue_source *source) {
    if (queue->turn == NULL) {
        source->next = source->previous = source;
        queue->turn = source;
        return;
    }
    source->next = queue->turn; /* the last of the ring */
    source->previous = queue->turn->previous;
    source->previous->next = source;
    queue->turn->previous = source;
}

static void leave_ring(mgi_queue *queue, mgi_queue_source *source) {
    source->previous->next = source->next;
    source->next->previous = source->previous;
    if (queue->turn == source) queue->turn = source->next == source ? NULL : source->next;
    source->next = source->previous = NULL;
}

void mgi_queue_put(mgi_queue *queue, mgi_queue_source *source, mgi_queue_row *row) {
    row->source = source;
    if (source->rows.first == NULL) join_ring(queue, source);
    row->source_next = NULL;
    row->source_previous = source->rows.last;
    *(source->rows.last == NULL ? &source->rows.first : &source->rows.last->source_next) = row;
    source->rows.last = row;

    mgi_queue_row_list *alike = &queue->by_length[row->length];
    row->length_next = NULL;
    row->length_previous = alike->last;
    *(alike->last == NULL ? &alike->first : &alike->last->length_next) = row;
    alike->last = row;

    queue->waiting_rows++;
    queue->waiting_tokens += row->length;
}

void mgi_queue_remove(mgi_queue *queue, mgi_queue_row *row) {
    mgi_queue_source *source = row->source;
    mgi_queue_row *before = row->source_previous;
    mgi_queue_row *after = row->source_next;
    *(before == NULL ? &source->rows.first : &before->source_next) = after;
    *(after == NULL ? &source->rows.last : &after->source_previous) = before;
    if (source->rows.first == NULL) leave_ring(queue, source);

    mgi_queue_row_list *alike = &queue->by_length[row->length];
    before = row->length_previous;
    after = row->length_next;
    *(before == NULL ? &alike->first : &before->length_next) = after;
    *(after == NULL ? &alike->last : &after->length_previous) = before;

    queue->waiting_rows--;
    queue->waiting_tokens -= row->length;
}

const mgi_queue_row *mgi_queue_peek(const mgi_queue *queue) {
    return queue->turn == NULL ? NULL : queue->turn->rows.first;
}

mgi_queue_row *mgi_queue_next(mgi_queue *queue) {
    mgi_queue_source *source = queue->turn;
    if (source == NULL) return NULL;
    queue->turn = source->next;
    mgi_queue_row *row = source->rows.first;
    mgi_queue_remove(queue, row);
    return row;
}
