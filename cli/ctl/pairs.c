/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that can be scored become JSON; others are counted. */
#include "ctl/pairs.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/message.h"
#include "table/chunk.h"
#include "table/reader.h"

enum { READ_ROWS = 4096, BYTES_MOST = 60 * 1024 * 1024, PAIRS_MOST = 1000000 };

static void add_gold(struct pairs *pairs, const char *text, size_t length) {
    string_buffer_put(&pairs->gold, pairs->count == 0 ? "[" : ", ");
    if (length > 0) {
        string_buffer_json_string(&pairs->gold, text, length);
    } else {
        string_buffer_put(&pairs->gold, "null");
    }
}

static void take_row(struct pairs *pairs, const char *text, const struct row *row, bool labelled) {
    if (row->reason != ROW_GOOD) {
        pairs->left_out++;
        return;
    }
    if (pairs->count == pairs->capacity) {
        pairs->capacity = pairs->capacity > 0 ? pairs->capacity * 2 : 256;
        pairs->begins = memory_resize(pairs->begins, pairs->capacity, sizeof *pairs->begins);
    }
    if (labelled) add_gold(pairs, text + row->gold, row->gold_length);
    string_buffer_put(&pairs->list, pairs->count == 0 ? "[" : ", ");
    pairs->begins[pairs->count++] = pairs->list.length;
    string_buffer_put(&pairs->list, "[");
    string_buffer_json_string(&pairs->list, text + row->a, row->a_length);
    string_buffer_put(&pairs->list, ", ");
    string_buffer_json_string(&pairs->list, text + row->b, row->b_length);
    string_buffer_put(&pairs->list, "]");
}

static bool fits(const struct pairs *pairs) {
    return pairs->list.length + pairs->gold.length <= BYTES_MOST && pairs->count <= PAIRS_MOST;
}

static bool read_rows(struct pairs *pairs, struct reader *reader, const struct options *options,
                      struct error *error) {
    const struct table *table = reader_table(reader);
    bool labelled = table != NULL && table->gold != TABLE_NO_COLUMN;
    struct selection *selection = selection_create(reader, &options->selection);
    struct chunk chunk;
    int got;
    chunk_init(&chunk, 1);
    do {
        chunk_clear(&chunk);
        got = selection_fill(selection, &chunk, READ_ROWS, error);
        for (size_t i = 0; got > 0 && i < chunk.count; i++) {
            take_row(pairs, chunk_text(&chunk, &chunk.rows[i]), &chunk.rows[i], labelled);
        }
    } while (got > 0 && fits(pairs));
    chunk_finish(&chunk);
    selection_destroy(selection);
    return got >= 0;
}

bool pairs_read(struct pairs *pairs, const char *path, const struct options *options,
                struct error *error) {
    *pairs = (struct pairs){0};
    struct reader *reader = reader_open(&path, 1, &options->table, error);
    if (reader == NULL) return false;
    bool done = read_rows(pairs, reader, options, error);
    reader_close(reader);
    if (!done) return false;
    if (pairs->count == 0) return error_set(error, "%s: there is no pair in it", path);
    if (!fits(pairs)) {
        return error_set(error, "%s: too many pairs for one request: give --sample 100000", path);
    }
    string_buffer_put(&pairs->list, "]");
    if (pairs->gold.length > 0) string_buffer_put(&pairs->gold, "]");
    if (pairs->left_out > 0 && !options->quiet) {
        message_print("%s: %llu row%s without a pair left out; mgeo-score --errors names them",
                      path, (unsigned long long)pairs->left_out, pairs->left_out == 1 ? "" : "s");
    }
    return true;
}

void pairs_finish(struct pairs *pairs) {
    string_buffer_finish(&pairs->list);
    string_buffer_finish(&pairs->gold);
    free(pairs->begins);
    *pairs = (struct pairs){0};
}

const char *pairs_at(const struct pairs *pairs, size_t i, size_t *length) {
    size_t end = i + 1 < pairs->count ? pairs->begins[i + 1] - 2 : pairs->list.length - 1;
    *length = end - pairs->begins[i];
    return pairs->list.bytes + pairs->begins[i];
}

void pairs_write(const struct pairs *pairs, struct string_buffer *body) {
    if (body->length == 0) string_buffer_put(body, "{");
    if (body->bytes[body->length - 1] != '{') string_buffer_put(body, ", ");
    string_buffer_put(body, "\"pairs\": ");
    string_buffer_add(body, pairs->list.bytes, pairs->list.length);
    if (pairs->gold.length == 0) return;
    string_buffer_put(body, ", \"gold\": ");
    string_buffer_add(body, pairs->gold.bytes, pairs->gold.length);
}
