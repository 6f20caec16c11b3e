/* SPDX-License-Identifier: Apache-2.0 */
/* Some hundred or thousand rows on their way from the reader through the scorer to the writer. */
#ifndef CLI_TABLE_CHUNK_H
#define CLI_TABLE_CHUNK_H

#include <mgeo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/row.h"

enum { CHUNK_BYTES = 4 * 1024 * 1024 }; /* a chunk is closed once its texts are this long */

struct chunk {
    char *bytes;
    size_t used, capacity;
    struct row *rows;
    size_t count, row_capacity;
    float *probabilities; /* [count * labels]; a bad row's are not set */
    size_t labels;
    uint64_t tokens;
    uint64_t position;         /* bytes taken from the inputs when the chunk was closed */
    double seconds;            /* that scoring took */
    struct ArrowArray columns; /* of files of columns: all of them, of the rows `at`; release NULL:
                                  not kept */
};

void chunk_init(struct chunk *chunk, size_t labels);
void chunk_finish(struct chunk *chunk);
void chunk_clear(struct chunk *chunk);

/* Adds a row with a copy of text; its other members are zero. The pointer is valid until the next
 * call. */
struct row *chunk_add(struct chunk *chunk, const char *text, size_t length);

/* Adds bytes behind a row's text: where they begin, counted from the row's text. */
size_t chunk_append(struct chunk *chunk, const struct row *row, size_t length);

static inline const char *chunk_text(const struct chunk *chunk, const struct row *row) {
    return chunk->bytes + row->text;
}

#endif
