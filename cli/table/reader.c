/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs → lines → rows, with what is wrong with a row found before it is scored. */
#include "table/reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/memory.h"
#include "common/utf8.h"
#include "input/charset.h"
#include "input/input.h"
#include "input/lines.h"
#include "table/null_words.h"

enum { PATIENCE_MS = 100 }; /* how long a begun chunk waits for more rows from a slow pipe */

struct reader {
    const char *const *paths;
    size_t count, next; /* next: the path to open next */
    const struct table_options *options;
    struct null_words *null_words;
    struct table table;
    bool settled;
    struct input *input; /* NULL: none open */
    struct lines lines;
    struct line pending; /* the first line of the input, read ahead, if it is data */
    bool has_pending;
    uint64_t size, finished; /* bytes: of all inputs; of those read to their end */
    bool failed;             /* with `error`, kept until the rows before it were handed out */
    struct error error;
};

static void close_input(struct reader *reader) {
    if (reader->input == NULL) return;
    reader->finished += input_position(reader->input);
    lines_finish(&reader->lines);
    input_close(reader->input);
    reader->input = NULL;
}

/* The first line of an input: settles the table or is compared with it. */
static bool take_first_line(struct reader *reader, const struct line *first, struct error *error) {
    struct table_cell text = {first->text, first->length};
    const char *where = input_name(reader->input);
    if (!reader->settled) {
        if (!table_resolve(&reader->table, reader->options, text, !first->too_long, where, error)) {
            return false;
        }
        reader->settled = true;
    } else if (!table_matches(&reader->table, reader->options->header, text, where, error)) {
        return false;
    }
    reader->has_pending = !reader->table.has_header;
    reader->pending = *first;
    return true;
}

/* Opens inputs until one has a line: 1, or 0 if none is left, or -1. */
static int open_next(struct reader *reader, struct error *error) {
    while (reader->next < reader->count) {
        reader->input = input_open(reader->paths[reader->next++], &reader->options->input, error);
        if (reader->input == NULL) return -1;
        lines_init(&reader->lines, reader->input);
        struct line first;
        int got = lines_next(&reader->lines, &first, error);
        if (got < 0) return -1;
        if (got > 0) return take_first_line(reader, &first, error) ? 1 : -1;
        close_input(reader);
    }
    return 0;
}

static uint64_t total_size(const char *const *paths, size_t count) {
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        struct stat about;
        int status = strcmp(paths[i], "-") == 0 ? fstat(0, &about) : stat(paths[i], &about);
        if (status != 0 || !S_ISREG(about.st_mode)) return 0;
        total += (uint64_t)about.st_size;
    }
    return total;
}

struct reader *reader_open(const char *const *paths, size_t count,
                           const struct table_options *options, struct error *error) {
    struct reader *opened = memory_zeroed(1, sizeof *opened);
    opened->paths = paths;
    opened->count = count;
    opened->options = options;
    opened->null_words = null_words_create(options->null_words);
    opened->size = total_size(paths, count);
    if (open_next(opened, error) >= 0) return opened;
    reader_close(opened);
    return NULL;
}

void reader_close(struct reader *reader) {
    if (reader == NULL) return;
    close_input(reader);
    table_finish(&reader->table);
    null_words_destroy(reader->null_words);
    free(reader);
}

const struct table *reader_table(const struct reader *reader) {
    return reader->settled ? &reader->table : NULL;
}

uint64_t reader_size(const struct reader *reader) { return reader->size; }

static bool bad_text(struct row *row, struct table_cell line, struct table_cell text,
                     size_t column) {
    row->column = column;
    row->byte = (size_t)(text.text - line.text) + 1;
    if (text.length == 0) {
        row->reason = ROW_EMPTY_CELL;
        return true;
    }
    const char *nul = memchr(text.text, '\0', text.length);
    if (nul != NULL) {
        row->reason = ROW_NUL;
        row->byte += (size_t)(nul - text.text);
        return true;
    }
    size_t valid = utf8_valid_prefix(text.text, text.length);
    if (valid == text.length) return false;
    row->reason = ROW_NOT_UTF8;
    row->byte += valid;
    return true;
}

static size_t first_missing(const struct table *table, size_t columns) {
    size_t first = table->a < table->b ? table->a : table->b;
    if (first >= columns) return first;
    size_t second = table->a < table->b ? table->b : table->a;
    return second >= columns ? second : TABLE_NO_COLUMN;
}

static void store_cells(struct row *row, struct table_cell line, const struct table_row *cut) {
    row->columns = cut->columns;
    row->kept = cut->kept;
    if (cut->a.text != NULL) row->a = (size_t)(cut->a.text - line.text);
    if (cut->b.text != NULL) row->b = (size_t)(cut->b.text - line.text);
    if (cut->gold.text != NULL) row->gold = (size_t)(cut->gold.text - line.text);
    row->a_length = cut->a.length;
    row->b_length = cut->b.length;
    row->gold_length = cut->gold.length;
}

static void examine(struct row *row, struct table_cell line, const struct table *table) {
    struct table_row cut;
    table_split(table, line, &cut);
    store_cells(row, line, &cut);
    if (line.length == 0) {
        row->reason = ROW_BLANK_LINE;
    } else if (first_missing(table, cut.columns) != TABLE_NO_COLUMN) {
        row->reason = ROW_TOO_FEW;
        row->column = first_missing(table, cut.columns);
    } else if (cut.columns > table->width) {
        row->reason = ROW_TOO_MANY;
    } else if (!bad_text(row, line, cut.a, table->a)) {
        bad_text(row, line, cut.b, table->b);
    }
}

/* Where the encoding was guessed, a row that is plainly in another one ends the run: the rows after
 * it would be nonsense with a score, wherever they happen to be UTF-8. */
static bool is_of_one_encoding(struct reader *reader, const struct line *line,
                               enum row_error reason) {
    if (reason != ROW_NOT_UTF8 || !input_is_guessed(reader->input) ||
        input_is_converted(reader->input) || !charset_is_another(line->text, line->length)) {
        return true;
    }
    return error_set(
        &reader->error,
        "%s:%" PRIu64 ": the row is GB18030, and UTF-8 stands before it: two encodings "
        "in one file; convert one part (iconv -f GB18030 -t UTF-8), or give --encoding",
        input_name(reader->input), line->number);
}

/* A text that says that there is none gets no score. */
static void refuse_null_words(const struct reader *reader, struct row *row, const char *text) {
    bool a = null_words_hold(reader->null_words, text + row->a, row->a_length);
    if (!a && !null_words_hold(reader->null_words, text + row->b, row->b_length)) return;
    row->reason = ROW_NULL_WORD;
    row->column = a ? reader->table.a : reader->table.b;
    row->byte = (a ? row->a : row->b) + 1;
}

static bool add_line(struct reader *reader, struct chunk *chunk, const struct line *line) {
    struct row *row = chunk_add(chunk, line->text, line->length);
    row->line = line->number;
    row->offset = line->offset;
    row->bytes = line->bytes;
    row->input = (uint32_t)(reader->next - 1);
    if (line->too_long) {
        row->reason = ROW_TOO_LONG;
        row->kept = 0;
    } else {
        examine(row, (struct table_cell){line->text, line->length}, &reader->table);
    }
    if (row->reason == ROW_GOOD) refuse_null_words(reader, row, chunk_text(chunk, row));
    if (is_of_one_encoding(reader, line, row->reason)) return true;
    chunk->count--;
    return false;
}

static int next_line(struct reader *reader, struct line *line, struct error *error) {
    for (;;) {
        if (reader->has_pending) {
            *line = reader->pending;
            reader->has_pending = false;
            return 1;
        }
        int got = reader->input != NULL ? lines_next(&reader->lines, line, error) : 0;
        if (got != 0) return got;
        close_input(reader);
        int opened = open_next(reader, error);
        if (opened <= 0) return opened;
    }
}

static bool worth_waiting(struct reader *reader, const struct chunk *chunk) {
    return chunk->count == 0 || reader->has_pending || reader->input == NULL ||
           lines_ready(&reader->lines, PATIENCE_MS);
}

int reader_fill(struct reader *reader, struct chunk *chunk, size_t max_rows, struct error *error) {
    while (!reader->failed && chunk->count < max_rows && chunk->used < CHUNK_BYTES &&
           worth_waiting(reader, chunk)) {
        struct line line;
        int got = next_line(reader, &line, &reader->error);
        reader->failed = got < 0;
        if (got <= 0) break;
        reader->failed = !add_line(reader, chunk, &line);
    }
    chunk->position =
        reader->finished + (reader->input != NULL ? input_position(reader->input) : 0);
    if (chunk->count > 0) return 1;
    if (reader->failed) *error = reader->error;
    return reader->failed ? -1 : 0;
}
