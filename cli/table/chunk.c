/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a chunk: it grows to its largest content once and is then used again. */
#include "table/chunk.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

void chunk_init(struct chunk *chunk, size_t labels) {
    memset(chunk, 0, sizeof *chunk);
    chunk->labels = labels;
}

static void drop_columns(struct chunk *chunk) {
    if (chunk->columns.release != NULL) chunk->columns.release(&chunk->columns);
}

void chunk_finish(struct chunk *chunk) {
    drop_columns(chunk);
    free(chunk->bytes);
    free(chunk->rows);
    free(chunk->probabilities);
    memset(chunk, 0, sizeof *chunk);
}

void chunk_clear(struct chunk *chunk) {
    drop_columns(chunk);
    chunk->used = 0;
    chunk->count = 0;
    chunk->tokens = 0;
    chunk->seconds = 0;
}

static void grow_rows(struct chunk *chunk) {
    chunk->row_capacity = chunk->row_capacity == 0 ? 256 : chunk->row_capacity * 2;
    chunk->rows = memory_resize(chunk->rows, chunk->row_capacity, sizeof *chunk->rows);
    if (chunk->labels > 0) {
        chunk->probabilities = memory_resize(chunk->probabilities, chunk->row_capacity,
                                             chunk->labels * sizeof *chunk->probabilities);
    }
}

static void grow_bytes(struct chunk *chunk, size_t length) {
    size_t wanted = chunk->used + length;
    size_t capacity = chunk->capacity * 2 > wanted ? chunk->capacity * 2 : wanted + 4096;
    chunk->bytes = memory_resize(chunk->bytes, capacity, 1);
    chunk->capacity = capacity;
}

struct row *chunk_add(struct chunk *chunk, const char *text, size_t length) {
    if (chunk->count == chunk->row_capacity) grow_rows(chunk);
    if (chunk->capacity - chunk->used < length || chunk->bytes == NULL) grow_bytes(chunk, length);
    struct row *added = &chunk->rows[chunk->count++];
    *added = (struct row){.text = chunk->used, .length = length, .kept = length, .label = -1};
    if (length > 0) memcpy(chunk->bytes + chunk->used, text, length);
    chunk->used += length;
    return added;
}

size_t chunk_append(struct chunk *chunk, const struct row *row, size_t length) {
    if (chunk->capacity - chunk->used < length) grow_bytes(chunk, length);
    size_t at = chunk->used - row->text;
    chunk->used += length;
    return at;
}
