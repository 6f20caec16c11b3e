/* SPDX-License-Identifier: Apache-2.0 */
/* A growing list of pairs with texts of its own. */
#include "loadtest/load/pair_set.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "table/chunk.h"
#include "table/reader.h"

enum { READ_ROWS = 4096 };

static const char *keep(struct pairset *set, const char *text, size_t length) {
    char *copy = must_copy(text, length);
    set->texts[set->text_count++] = copy;
    return copy;
}

static void make_room(struct pairset *set) {
    if (set->count < set->capacity) return;
    set->capacity = set->capacity > 0 ? set->capacity * 2 : 256;
    set->pairs = must_resize(set->pairs, set->capacity, sizeof *set->pairs);
    set->gold = must_resize(set->gold, set->capacity, sizeof *set->gold);
    set->texts = must_resize(set->texts, set->capacity * 3, sizeof *set->texts);
}

void pairset_add(struct pairset *set, const char *a, size_t a_length, const char *b,
                 size_t b_length) {
    make_room(set);
    mgeo_pair *pair = &set->pairs[set->count];
    *pair = (mgeo_pair){keep(set, a, a_length), a_length, keep(set, b, b_length), b_length};
    set->gold[set->count++] = NULL;
}

static void take_row(struct pairset *set, const char *text, const struct row *row, bool labelled) {
    if (row->reason != ROW_GOOD || set->count == PAIRSET_LIMIT) {
        set->left_out++;
        return;
    }
    pairset_add(set, text + row->a, row->a_length, text + row->b, row->b_length);
    if (labelled && row->gold_length > 0)
        set->gold[set->count - 1] = keep(set, text + row->gold, row->gold_length);
}

static int read_chunk(struct pairset *set, struct reader *reader, struct chunk *chunk,
                      struct fault *fault) {
    const struct table *table = reader_table(reader);
    bool labelled = table != NULL && table->gold != TABLE_NO_COLUMN;
    chunk_clear(chunk);
    int got = reader_fill(reader, chunk, READ_ROWS, fault);
    for (size_t i = 0; got > 0 && i < chunk->count; i++) {
        const struct row *row = &chunk->rows[i];
        take_row(set, chunk_text(chunk, row), row, labelled);
    }
    return got;
}

bool pairset_read(struct pairset *set, const char *path, const struct table_wish *wish,
                  struct fault *fault) {
    memset(set, 0, sizeof *set);
    struct reader *reader = reader_open(&path, 1, wish, fault);
    if (reader == NULL) return false;
    struct chunk chunk;
    chunk_init(&chunk, 1);
    int got;
    while ((got = read_chunk(set, reader, &chunk, fault)) > 0) {
    }
    chunk_finish(&chunk);
    reader_close(reader);
    if (got < 0) return false;
    return set->count > 0 || fault_set(fault, "%s: there is no pair in it", path);
}

void pairset_wrap(struct pairset *set, uint32_t per_call) {
    set->further = per_call - 1;
    set->pairs = must_resize(set->pairs, set->count + set->further, sizeof *set->pairs);
    for (size_t i = 0; i < set->further; i++) set->pairs[set->count + i] = set->pairs[i];
}

void pairset_finish(struct pairset *set) {
    for (size_t i = 0; i < set->text_count; i++) free(set->texts[i]);
    free(set->texts);
    free((void *)set->gold);
    free(set->pairs);
    memset(set, 0, sizeof *set);
}
