/* SPDX-License-Identifier: Apache-2.0 */
/* Chunk by chunk into one block of bytes. */
#include "match/reference/records.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/interrupt.h"
#include "common/memory.h"
#include "common/message.h"
#include "common/utf8.h"
#include "scoring/row_errors.h"
#include "table/reader.h"

void records_finish(struct records *records) {
    free(records->bytes);
    free(records->places);
    memset(records, 0, sizeof *records);
}

static uint64_t keep(struct records *records, const char *bytes, size_t length) {
    uint64_t at = records->used;
    if (at + length + 1 > records->capacity) {
        records->capacity = (at + length + 1) * 2 < 65536 ? 65536 : (at + length + 1) * 2;
        records->bytes = memory_resize(records->bytes, records->capacity, 1);
    }
    if (length > 0) memcpy(records->bytes + at, bytes, length);
    records->bytes[at + length] = '\0';
    records->used = at + length + 1;
    return at;
}

void records_add(struct records *records, const char *id, size_t id_length, const char *text,
                 size_t text_length) {
    if (records->count == records->place_capacity) {
        records->place_capacity = records->count < 1024 ? 2048 : records->count * 2;
        records->places =
            memory_resize(records->places, records->place_capacity, sizeof *records->places);
    }
    struct record_place *place = &records->places[records->count++];
    place->id = keep(records, id, id_length);
    place->id_length = (uint32_t)id_length;
    place->text = keep(records, text, text_length);
    place->text_length = (uint32_t)text_length;
}

mgeo_record *records_list(const struct records *records) {
    mgeo_record *list = memory_resize(NULL, records->count + 1, sizeof *list);
    for (size_t i = 0; i < records->count; i++) {
        const struct record_place *place = &records->places[i];
        list[i] = (mgeo_record){.id = records->bytes + place->id,
                                .id_len = place->id_length,
                                .text = records->bytes + place->text,
                                .text_len = place->text_length};
    }
    return list;
}

/* ---- ids ------------------------------------------------------------------------------------- */

void records_say_numbers(const struct table *table, const char *where, const char *option,
                         bool quiet) {
    if (quiet || table == NULL || table->gold != TABLE_NO_COLUMN) return;
    message_print("%s: rows go by their numbers, from 1; %s names a column of ids", where, option);
}

const char *records_row_id(const struct table *table, const struct chunk *chunk,
                           const struct row *row, uint64_t number, char to[24], size_t *length) {
    if (table->gold != TABLE_NO_COLUMN) {
        *length = row->gold_length;
        return chunk_text(chunk, row) + row->gold;
    }
    *length = (size_t)snprintf(to, 24, "%" PRIu64, number);
    return to;
}

/* Equal texts name one place; those that people cannot see name none. */
static bool shows_nothing(const char *text, size_t length) {
    uint32_t code;
    size_t bytes;
    while ((bytes = utf8_character(text, length, &code)) > 0) {
        if (code != ' ' && !utf8_is_invisible(code)) return false;
        text += bytes;
        length -= bytes;
    }
    return length == 0;
}

static void check_id(const struct table *table, const struct chunk *chunk, struct row *row) {
    const char *id = chunk_text(chunk, row) + row->gold;
    size_t length = row->gold_length;
    if (length == 0) {
        row->reason = ROW_EMPTY_CELL;
    } else if (memchr(id, '\0', length) != NULL) {
        row->reason = ROW_NUL;
    } else if (utf8_valid_prefix(id, length) != length) {
        row->reason = ROW_NOT_UTF8;
    }
    if (row->reason == ROW_GOOD) return;
    row->column = table->gold;
    row->byte = 1;
}

void records_check(const struct table *table, struct chunk *chunk) {
    for (size_t i = 0; i < chunk->count; i++) {
        struct row *row = &chunk->rows[i];
        if (row->reason != ROW_GOOD) continue;
        if (shows_nothing(chunk_text(chunk, row) + row->a, row->a_length)) {
            row->reason = ROW_NOTHING;
        } else if (table->gold != TABLE_NO_COLUMN) {
            check_id(table, chunk, row);
        }
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

static void take_chunk(struct records *records, const struct table *table,
                       const struct chunk *chunk) {
    char number[24];
    for (size_t i = 0; i < chunk->count; i++) {
        const struct row *row = &chunk->rows[i];
        uint64_t before = records->rows_read++;
        if (row->reason != ROW_GOOD) continue;
        size_t length;
        const char *id = records_row_id(table, chunk, row, before + 1, number, &length);
        records_add(records, id, length, chunk_text(chunk, row) + row->a, row->a_length);
    }
}

static bool read_rows(struct records *records, struct reader *reader,
                      const struct records_wish *wish, struct row_errors *row_errors,
                      struct error *error) {
    enum { ROWS = 8192 };
    const struct table *table = reader_table(reader);
    struct chunk chunk;
    int got = 1;
    chunk_init(&chunk, 0);
    while (got > 0) {
        chunk_clear(&chunk);
        got = reader_fill(reader, &chunk, ROWS, error);
        if (got > 0 && interrupt_received()) {
            error_set(error, "%s", "");
            got = -1;
        }
        if (got <= 0) break;
        records_check(table, &chunk);
        take_chunk(records, table, &chunk);
        if (!row_errors_chunk(row_errors, &chunk, error)) got = -1;
        if (wish->progress != NULL) {
            progress_update(wish->progress, records->rows_read, chunk.position);
        }
    }
    chunk_finish(&chunk);
    return got == 0;
}

bool records_read(struct records *records, const char *const *paths, size_t count,
                  const struct records_wish *wish, struct error *error) {
    const struct options *options = wish->options;
    struct table_options table = *wish->table;
    table.without_json = options->errors == NULL; /* a row's text is of use there alone */
    struct reader *reader = reader_open(paths, count, &table, error);
    if (reader == NULL) return false;
    struct row_errors row_errors = {.paths = paths,
                                    .table = reader_table(reader),
                                    .listed_by = wish->listed_by,
                                    .quiet = options->quiet,
                                    .limited = options->limit_errors,
                                    .limit = options->max_errors};
    if (wish->id_option != NULL) {
        records_say_numbers(reader_table(reader), paths[0], wish->id_option, options->quiet);
    }
    if (wish->progress != NULL) progress_scoring(wish->progress, reader_size(reader), 0);
    bool done =
        row_errors_open(&row_errors, wish->errors, error) &&
        (reader_table(reader) == NULL || read_rows(records, reader, wish, &row_errors, error));
    done = row_errors_close(&row_errors, done, error);
    records->bad += row_errors.total;
    reader_close(reader);
    return done;
}
