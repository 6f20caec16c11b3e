/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs → lines → rows, with what is wrong with a row found before it is scored. */
#include "table/reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/memory.h"
#include "common/message.h"
#include "input/guess.h"
#include "input/input.h"
#include "input/lines.h"
#include "table/json_table.h"
#include "table/null_words.h"
#include "table/reader_internal.h"

enum { PATIENCE_MS = 100 }; /* how long a begun chunk waits for more rows from a slow pipe */

/* How far an open quote is followed: halved each time it leads nowhere, so that a file of such
 * lines is not read over and over. */
enum { LEAST_FOLLOWED = 4096 };

void reader_close_input(struct reader *reader) {
    if (reader->input == NULL) return;
    if (reader->columns != NULL) {
        reader->groups += columnar_rows_groups(reader->columns);
        reader->passed += columnar_rows_passed(reader->columns);
        columnar_rows_close(reader->columns);
        reader->columns = NULL;
    }
    reader->finished += input_size(reader->input) > 0 && reader->table.columnar != COLUMNAR_NONE
                            ? input_size(reader->input)
                            : input_position(reader->input);
    lines_finish(&reader->lines);
    input_close(reader->input);
    reader->input = NULL;
}

static struct table_cell cell_of(const struct line *line) {
    return (struct table_cell){line->text, line->length};
}

/* The line ends in an open quoted cell: takes the next ones to it until that is closed. A record
 * that never is, or not well, is cut back to its first line. False on failure. */
static bool close_record(struct reader *reader, const struct dialect *dialect, struct line *line,
                         bool *closed, struct error *error) {
    enum record_fault fault = RECORD_OPEN;
    struct line more;
    int got = 1;
    while (fault == RECORD_OPEN &&
           (got = lines_extend(&reader->lines, line, reader->followed, &more, error)) > 0) {
        fault = record_continue(dialect, cell_of(&more));
    }
    if (got < 0) return false;
    *closed = fault == RECORD_SOUND;
    if (*closed) return true;
    if (fault == RECORD_OPEN && reader->followed > LEAST_FOLLOWED) reader->followed /= 2;
    lines_shrink(&reader->lines, line);
    return true;
}

static bool settle(struct reader *reader, const struct table_first *first, const char *where,
                   struct error *error) {
    enum table_header mode = reader->options->header;
    if (reader->settled) {
        return table_matches(&reader->table, mode, dialect_of(reader), first->text, where, error);
    }
    reader->settled = table_resolve(&reader->table, reader->options, first, where, error);
    return reader->settled;
}

/* The first record of a delimited input: settles the table or is compared with it. */
static int take_first(struct reader *reader, const struct sniffed *sniffed, struct error *error) {
    struct line line;
    int got = lines_next(&reader->lines, &line, error);
    if (got <= 0) return got;
    enum record_fault fault;
    bool closed;
    record_count(&sniffed->dialect, cell_of(&line), &fault);
    if (fault == RECORD_OPEN && !close_record(reader, &sniffed->dialect, &line, &closed, error)) {
        return -1;
    }
    struct table_first first = {cell_of(&line), !line.too_long, *sniffed};
    if (!settle(reader, &first, input_name(reader->input), error)) return -1;
    reader->has_pending = !reader->table.has_header;
    reader->pending = line;
    return 1;
}

static void tell(const struct reader *reader, const struct sniffed *sniffed, const char *where) {
    if (reader->options->input.quiet) return;
    if (sniffed->guessed) {
        char what[80];
        dialect_describe(&sniffed->dialect, what, sizeof what);
        message_print("%s: read as %s; --input-format says otherwise", where, what);
    }
    if (sniffed->marks != NULL) {
        message_print("%s: many cells stand in %s, which are scored as text; take them off, or "
                      "quote all texts as CSV does",
                      where, sniffed->marks);
    }
    if (sniffed->carriage) {
        message_print("%s: lines end in carriage returns alone, which are taken as line ends",
                      where);
    }
}

/* JSON lines have no header: all lines are data. */
static int take_json(struct reader *reader, struct table_cell sample, struct error *error) {
    const char *where = input_name(reader->input);
    if (reader->settled) return 1;
    reader->settled = json_table_resolve(&reader->table, reader->options, sample, where, error);
    return reader->settled ? 1 : -1;
}

/* Settles what an opened input of text is: 1, or 0 if it is empty, or -1. */
static int begin_text(struct reader *reader, struct error *error) {
    const char *bytes, *where = input_name(reader->input);
    size_t length;
    bool whole;
    struct sniffed sniffed;
    if (!lines_sample(&reader->lines, &bytes, &length, &whole, error)) return -1;
    size_t marks = 0;
    while (length - marks >= 3 && memcmp(bytes + marks, "\xEF\xBB\xBF", 3) == 0) {
        marks += 3;
    }
    if (length == marks && whole) return 0;
    if (reader->settled && reader->table.columnar != COLUMNAR_NONE) {
        error_set(error, "%s is text, and the first input is %s; score them in two runs", where,
                  columnar_kinds[reader->table.columnar]);
        return -1;
    }
    if (!sniff(&sniffed, &reader->options->dialect, bytes + marks, length - marks, whole, where,
               error)) {
        return -1;
    }
    *dialect_of(reader) = sniffed.dialect;
    reader->followed = LINES_MAX_BYTES;
    reader->lines.end_byte = sniffed.carriage ? '\r' : '\n';
    if (sniffed.skip > 0) lines_skip(&reader->lines, marks + sniffed.skip);
    tell(reader, &sniffed, where);
    if (sniffed.dialect.format != DIALECT_JSONL) return take_first(reader, &sniffed, error);
    return take_json(reader, (struct table_cell){bytes + marks, length - marks}, error);
}

/* Settles what an opened input is: 1, or 0 if it is empty, or -1. */
int reader_begin_input(struct reader *reader, struct error *error) {
    enum columnar_format format;
    lines_init(&reader->lines, reader->input);
    if (!input_format(reader->input, &format, error)) return -1;
    if (format != COLUMNAR_NONE) return reader_begin_columns(reader, format, error);
    return begin_text(reader, error);
}

struct input *reader_open_input(const char *path, const struct table_options *options,
                                struct error *error) {
    struct input_options any_file = options->input;
    any_file.columnar = true;
    return input_open(path, &any_file, error);
}

/* Opens inputs until one has a line: 1, or 0 if none is left, or -1. */
int reader_open_next(struct reader *reader, struct error *error) {
    while (reader->next < reader->count) {
        reader->input = reader_open_input(reader->paths[reader->next++], reader->options, error);
        if (reader->input == NULL) return -1;
        int begun = reader_begin_input(reader, error);
        if (begun != 0) return begun;
        reader_close_input(reader);
    }
    return 0;
}

static bool is_at_hand(const char *path) {
    struct stat about;
    return strcmp(path, "-") != 0 && stat(path, &about) == 0 &&
           (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode));
}

/* Looks at the beginning of each further file, so that one that cannot be read is known before
 * hours have gone into those before it. Pipes are as they come. */
static bool check_others(const struct reader *reader, struct error *error) {
    struct table_options quiet = *reader->options;
    quiet.input.quiet = true;
    bool done = true;
    for (size_t i = reader->next; done && reader->settled && i < reader->count; i++) {
        if (!is_at_hand(reader->paths[i])) continue;
        struct reader other = *reader;
        other.options = &quiet;
        other.next = i + 1;
        other.lines = (struct lines){0};
        other.has_pending = false;
        other.columns = NULL;
        other.input = reader_open_input(reader->paths[i], &quiet, error);
        done = other.input != NULL && reader_begin_input(&other, error) >= 0;
        reader_close_input(&other);
    }
    return done;
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
    opened->dialects = memory_zeroed(count, sizeof *opened->dialects);
    opened->null_words = null_words_create(options->null_words);
    opened->size = total_size(paths, count);
    if (reader_open_next(opened, error) >= 0 && check_others(opened, error)) return opened;
    reader_close(opened);
    return NULL;
}

void reader_close(struct reader *reader) {
    if (reader == NULL) return;
    reader_close_input(reader);
    table_finish(&reader->table);
    free(reader->dialects);
    null_words_destroy(reader->null_words);
    free(reader);
}

const struct table *reader_table(const struct reader *reader) {
    return reader->settled ? &reader->table : NULL;
}

uint64_t reader_size(const struct reader *reader) { return reader->size; }

/* ---- one row --------------------------------------------------------------------------------- */

/* Where a cell lies, counted from the row's text: in it, or decoded behind it. */
static void place(struct chunk *chunk, struct row *row, const char *line,
                  const struct record_cell *cell, size_t *at, size_t *length) {
    if (cell->inner.text == NULL) return;
    *at = (size_t)(cell->inner.text - line);
    *length = cell->inner.length;
    if (!cell->doubled) return;
    size_t behind = chunk_append(chunk, row, cell->inner.length);
    char *to = chunk->bytes + row->text + behind;
    if (row->dialect->format != DIALECT_JSONL) {
        *length = record_undouble(row->dialect, cell->inner.text, cell->inner.length, to);
    } else if (!json_unescape(cell->inner, to, length)) {
        row->reason = ROW_NOT_JSON;
        row->wrong = "half of a surrogate pair";
        *length = 0;
    }
    *at = behind;
}

/* Each piece between carriage returns is as wide as the table. */
static bool joined_by_carriages(const struct row *row, struct table_cell line, size_t width) {
    const char *from = line.text, *end = line.text + line.length;
    if (memchr(from, '\r', line.length) == NULL) return false;
    while (from <= end) {
        const char *stop = from < end ? memchr(from, '\r', (size_t)(end - from)) : NULL;
        if (stop == NULL) stop = end;
        struct table_cell piece = {from, (size_t)(stop - from)};
        if (record_count(row->dialect, piece, NULL) != width) return false;
        from = stop + 1;
    }
    return true;
}

static enum row_error fault_of(const struct reader *reader, const struct row *row,
                               struct table_cell line, const struct table_row *cut) {
    if (line.length == 0) return ROW_BLANK_LINE;
    if (reader->broken > 0 || cut->fault == RECORD_OPEN) return ROW_OPEN_QUOTE;
    if (cut->fault == RECORD_STRAY) return ROW_STRAY_QUOTE;
    if (cut->wrong != NULL) return ROW_NOT_JSON;
    if (cut->missing != TABLE_NO_COLUMN) return ROW_TOO_FEW;
    if (cut->no_text) return ROW_NOT_TEXT;
    if (cut->columns > reader->table.width && row->dialect->format != DIALECT_JSONL) {
        return joined_by_carriages(row, line, reader->table.width) ? ROW_LONE_CR : ROW_TOO_MANY;
    }
    return table_is_header(&reader->table, cut) ? ROW_HEADER : ROW_GOOD;
}

static void skip_mark(struct record_cell *cell, const char *line) {
    if (cell->inner.text != line || cell->inner.length < 3) return;
    if (memcmp(line, "\xEF\xBB\xBF", 3) != 0) return;
    cell->inner.text += 3;
    cell->inner.length -= 3;
}

/* Where the encoding was guessed, a row that is plainly in another one ends the run: the rows after
 * it would be nonsense with a score, wherever they happen to be UTF-8. */
static bool is_of_one_encoding(struct reader *reader, const struct line *line,
                               enum row_error reason) {
    if (reason != ROW_NOT_UTF8 || !input_is_guessed(reader->input) ||
        input_is_converted(reader->input) || !guess_is_another(line->text, line->length)) {
        return true;
    }
    return error_set(
        &reader->error,
        "%s:%" PRIu64 ": the row is GB18030, and UTF-8 stands before it: two encodings "
        "in one file; convert one part (iconv -f GB18030 -t UTF-8), or give --encoding",
        input_name(reader->input), line->number);
}

static void examine(struct reader *reader, struct chunk *chunk, struct row *row,
                    struct table_cell line, struct table_row *cut) {
    const struct table *table = &reader->table;
    row->columns = cut->columns;
    row->kept = cut->kept;
    row->column = cut->no_text ? cut->no_text_column : cut->missing;
    row->wrong = cut->wrong;
    row->array = cut->array;
    row->reason = fault_of(reader, row, line, cut);
    if (row->reason != ROW_GOOD) return;
    skip_mark(&cut->a, line.text);
    skip_mark(&cut->b, line.text);
    place(chunk, row, line.text, &cut->a, &row->a, &row->a_length);
    place(chunk, row, line.text, &cut->b, &row->b, &row->b_length);
    place(chunk, row, line.text, &cut->gold, &row->gold, &row->gold_length);
    if (row->reason != ROW_GOOD) return;
    const size_t columns[] = {table->a, table->b};
    const size_t at[] = {(size_t)(cut->a.inner.text - line.text) + 1,
                         (size_t)(cut->b.inner.text - line.text) + 1};
    row_check_texts(row, chunk_text(chunk, row), columns, at, reader->null_words,
                    input_is_converted(reader->input));
}

static bool is_row(const struct reader *reader, struct table_cell line) {
    size_t columns = record_count(dialect_of(reader), line, NULL);
    return columns > reader->table.a && columns > reader->table.b;
}

/* A line of plain TSV that ends in an open quoted cell is half a record if the next lines close it
 * and it, or all of them, are no rows by themselves: then none of them may be scored. */
static bool find_half(struct reader *reader, struct table_cell text, const struct line *line,
                      struct error *error) {
    struct dialect quoted = *dialect_of(reader);
    quoted.quoted = true;
    bool half = !is_row(reader, text), rows = false;
    enum record_fault fault;
    struct line whole = *line, more;
    int got = 1;
    record_count(&quoted, text, &fault);
    if (fault != RECORD_OPEN) return true;
    while (fault == RECORD_OPEN &&
           (got = lines_extend(&reader->lines, &whole, reader->followed, &more, error)) > 0) {
        fault = record_continue(&quoted, cell_of(&more));
        rows = rows || is_row(reader, cell_of(&more));
    }
    if (got < 0) return false;
    if (fault == RECORD_SOUND && (half || !rows)) {
        reader->broken = (size_t)(reader->lines.number - line->number) + 1;
    }
    if (fault == RECORD_OPEN && reader->followed > LEAST_FOLLOWED) reader->followed /= 2;
    lines_shrink(&reader->lines, &whole);
    return true;
}

static bool add_row(struct reader *reader, struct chunk *chunk, const struct line *line,
                    struct table_row *cut) {
    struct row *row = chunk_add(chunk, line->text, line->length);
    row->line = line->number;
    row->offset = line->offset;
    row->bytes = line->bytes;
    row->input = (uint32_t)(reader->next - 1);
    row->dialect = dialect_of(reader);
    if (line->too_long) {
        row->reason = ROW_TOO_LONG;
        row->kept = 0;
    } else {
        examine(reader, chunk, row, cell_of(line), cut);
    }
    if (reader->broken > 0) reader->broken--;
    if (is_of_one_encoding(reader, line, row->reason)) return true;
    chunk->count--;
    return false;
}

static bool may_be_half(const struct reader *reader, const struct table_row *cut) {
    return cut->last.length > 0 && cut->last.text[0] == '"' && reader->broken == 0 &&
           reader->options->dialect.format == DIALECT_AUTO && !reader->options->input.prompt &&
           dialect_of(reader)->format == DIALECT_TSV && !dialect_of(reader)->quoted;
}

static bool add_line(struct reader *reader, struct chunk *chunk, struct line *line,
                     struct error *error) {
    const struct dialect *dialect = dialect_of(reader);
    struct table_row cut = {0};
    if (!line->too_long) table_split(&reader->table, dialect, cell_of(line), &cut);
    if (cut.fault == RECORD_OPEN && !line->too_long) {
        bool closed;
        if (!close_record(reader, dialect, line, &closed, error)) return false;
        table_split(&reader->table, dialect, cell_of(line), &cut);
    }
    if (line->too_long || !may_be_half(reader, &cut)) {
        return add_row(reader, chunk, line, &cut);
    }
    char *text = memory_copy(line->text, line->length); /* reading on moves it */
    struct line kept = *line;
    bool done = find_half(reader, (struct table_cell){text, line->length}, line, error);
    kept.text = text;
    table_split(&reader->table, dialect, cell_of(&kept), &cut);
    done = done && add_row(reader, chunk, &kept, &cut);
    free(text);
    return done;
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
        reader_close_input(reader);
        int opened = reader_open_next(reader, error);
        if (opened <= 0) return opened;
    }
}

/* The next record may be the beginning of one whose end is not there yet. */
static bool is_whole_next(const struct reader *reader) {
    struct table_cell next;
    enum record_fault fault;
    if (!lines_peek(&reader->lines, &next.text, &next.length)) return false;
    if (next.length > 0 && next.text[next.length - 1] == '\r') next.length--;
    record_count(dialect_of(reader), next, &fault);
    return fault != RECORD_OPEN;
}

/* Prompt: what is there waits for nothing that is not. */
static bool is_there(struct reader *reader) {
    if (!lines_ready(&reader->lines, 0) || lines_at_end(&reader->lines)) return false;
    return !dialect_of(reader)->quoted || is_whole_next(reader);
}

static bool worth_waiting(struct reader *reader, const struct chunk *chunk) {
    if (chunk->count == 0 || reader->has_pending || reader->input == NULL) return true;
    return reader->options->input.prompt ? is_there(reader)
                                         : lines_ready(&reader->lines, PATIENCE_MS);
}

/* How far the rows that were handed out reach into the input. Text is taken from it ahead of them,
 * a MiB at its beginning, which may be all of it: they have their share of what was taken. */
static uint64_t position_of_rows(const struct reader *reader) {
    const struct lines *lines = &reader->lines;
    if (reader->input == NULL) return 0;
    double rows = (double)lines->offset, position = (double)input_position(reader->input);
    double ahead = (double)(lines->end - lines->begin + input_waiting(reader->input));
    return ahead > 0 ? (uint64_t)(position * (rows / (rows + ahead))) : (uint64_t)position;
}

int reader_fill(struct reader *reader, struct chunk *chunk, size_t max_rows, struct error *error) {
    if (reader->settled && reader->table.columnar != COLUMNAR_NONE) {
        return reader_fill_columns(reader, chunk, max_rows, error);
    }
    while (!reader->failed && chunk->count < max_rows && chunk->used < CHUNK_BYTES &&
           worth_waiting(reader, chunk)) {
        struct line line;
        int got = next_line(reader, &line, &reader->error);
        reader->failed = got < 0;
        if (got <= 0) break;
        reader->failed = !add_line(reader, chunk, &line, &reader->error);
    }
    chunk->position = reader->finished + position_of_rows(reader);
    if (chunk->count > 0) return 1;
    if (reader->failed) *error = reader->error;
    return reader->failed ? -1 : 0;
}
