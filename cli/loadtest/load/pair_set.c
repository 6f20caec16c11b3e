/* SPDX-License-Identifier: Apache-2.0 */
/* A growing list of pairs with texts of its own. */
#include "loadtest/load/pair_set.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "table/chunk.h"
#include "table/reader.h"

enum { READ_ROWS = 4096 };

static const char *keep(struct pair_set *set, const char *text, size_t length) {
    char *copy = memory_copy(text, length);
    set->texts[set->text_count++] = copy;
    return copy;
}

static void make_room(struct pair_set *set) {
    if (set->count < set->capacity) return;
    set->capacity = set->capacity > 0 ? set->capacity * 2 : 256;
    set->pairs = memory_resize(set->pairs, set->capacity, sizeof *set->pairs);
    set->gold = memory_resize(set->gold, set->capacity, sizeof *set->gold);
    set->texts = memory_resize(set->texts, set->capacity * 3, sizeof *set->texts);
}

void pair_set_add(struct pair_set *set, const char *a, size_t a_length, const char *b,
                  size_t b_length) {
    make_room(set);
    mgeo_pair *pair = &set->pairs[set->count];
    *pair = (mgeo_pair){keep(set, a, a_length), a_length, keep(set, b, b_length), b_length};
    set->gold[set->count++] = NULL;
}

static void take_row(struct pair_set *set, const char *text, const struct row *row, bool labelled) {
    if (row->reason != ROW_GOOD || set->count == PAIR_SET_LIMIT) {
        set->left_out++;
        return;
    }
    pair_set_add(set, text + row->a, row->a_length, text + row->b, row->b_length);
    if (labelled && row->gold_length > 0) {
        set->gold[set->count - 1] = keep(set, text + row->gold, row->gold_length);
    }
}

static int read_chunk(struct pair_set *set, struct reader *reader, struct chunk *chunk,
                      struct error *error) {
    const struct table *table = reader_table(reader);
    bool labelled = table != NULL && table->gold != TABLE_NO_COLUMN;
    chunk_clear(chunk);
    int got = reader_fill(reader, chunk, READ_ROWS, error);
    for (size_t i = 0; got > 0 && i < chunk->count; i++) {
        const struct row *row = &chunk->rows[i];
        take_row(set, chunk_text(chunk, row), row, labelled);
    }
    return got;
}

bool pair_set_read(struct pair_set *set, const char *path, const struct table_options *options,
                   struct error *error) {
    memset(set, 0, sizeof *set);
    struct reader *reader = reader_open(&path, 1, options, error);
    if (reader == NULL) return false;
    struct chunk chunk;
    chunk_init(&chunk, 1);
    int got;
    while ((got = read_chunk(set, reader, &chunk, error)) > 0) {
    }
    chunk_finish(&chunk);
    reader_close(reader);
    if (got < 0) return false;
    return set->count > 0 || error_set(error, "%s: there is no pair in it", path);
}

void pair_set_wrap(struct pair_set *set, uint32_t per_call) {
    set->further = per_call - 1;
    set->pairs = memory_resize(set->pairs, set->count + set->further, sizeof *set->pairs);
    for (size_t i = 0; i < set->further; i++) set->pairs[set->count + i] = set->pairs[i];
}

void pair_set_finish(struct pair_set *set) {
    for (size_t i = 0; i < set->text_count; i++) free(set->texts[i]);
    free(set->texts);
    free((void *)set->gold);
    free(set->pairs);
    memset(set, 0, sizeof *set);
}
