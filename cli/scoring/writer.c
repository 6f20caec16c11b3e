/* SPDX-License-Identifier: Apache-2.0 */
/* Formats rows: the input's columns as they came where they can stay so, then the added ones. */
#include "scoring/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/parse.h"
#include "scoring/column_output.h"

const char *const writer_format_names[] = {[WRITER_AS_INPUT] = "input",  [WRITER_TSV] = "tsv",
                                           [WRITER_CSV] = "csv",         [WRITER_JSONL] = "jsonl",
                                           [WRITER_PARQUET] = "parquet", [WRITER_ARROW] = "arrow",
                                           [WRITER_ARROWS] = "arrows",   NULL};

/* ---- what is written ------------------------------------------------------------------------- */

static enum writer_format of_columns(enum columnar_format format) {
    switch (format) {
    case COLUMNAR_PARQUET: return WRITER_PARQUET;
    case COLUMNAR_ARROW: return WRITER_ARROW;
    case COLUMNAR_ARROWS: return WRITER_ARROWS;
    default: return WRITER_AS_INPUT;
    }
}

static enum writer_format text_by_name(const char *output) {
    static const struct {
        const char *ending;
        enum writer_format format;
    } known[] = {{".tsv", WRITER_TSV},
                 {".csv", WRITER_CSV},
                 {".jsonl", WRITER_JSONL},
                 {".ndjson", WRITER_JSONL}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (parse_has_ending(output, known[i].ending)) return known[i].format;
    }
    return WRITER_AS_INPUT;
}

enum writer_format writer_format_for(enum writer_format asked, const char *output,
                                     enum columnar_format input) {
    if (asked != WRITER_AS_INPUT) return asked;
    enum writer_format named = of_columns(columnar_by_name(output));
    if (named != WRITER_AS_INPUT || input == COLUMNAR_NONE) return named;
    named = text_by_name(output);
    return named != WRITER_AS_INPUT ? named : of_columns(input);
}

void writer_describe(const struct writer *writer, char *to, size_t capacity) {
    const struct writer_options *options = &writer->options;
    if (!writer_is_columnar(options->format)) {
        dialect_describe(&writer->dialect, to, capacity);
        return;
    }
    snprintf(to, capacity, "%s", writer_format_names[options->format]);
}

/* ---- names ----------------------------------------------------------------------------------- */

static bool is_taken(char *const *names, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) return true;
    }
    return false;
}

static bool input_has(const struct table *table, const char *name) {
    return table != NULL && table->names != NULL && is_taken(table->names, table->width, name);
}

/* An added column whose name the input has already is called mgeo_NAME. */
static char *free_name(const struct table *table, const char *name) {
    struct string_buffer full = {0};
    string_buffer_put(&full, name);
    while (input_has(table, full.bytes)) {
        struct string_buffer longer = {0};
        string_buffer_format(&longer, "mgeo_%s", full.bytes);
        string_buffer_finish(&full);
        full = longer;
    }
    return full.bytes;
}

static void name_added(struct writer *writer) {
    const struct added *added = &writer->added;
    writer->names = memory_zeroed(added->count + 1, sizeof *writer->names);
    for (size_t i = 0; i < added->count; i++) {
        writer->names[i] = free_name(writer->table, added->columns[i].name);
    }
}

/* Keys: the header's names or column_N; a repeated or empty name gets column_N too. */
static void name_keys(struct writer *writer) {
    const struct table *table = writer->table;
    writer->keys = memory_resize(NULL, table->width, sizeof *writer->keys);
    for (size_t i = 0; i < table->width; i++) {
        const char *name = table->names != NULL ? table->names[i] : "";
        struct string_buffer key = {0};
        if (name[0] != '\0' && !is_taken(writer->keys, i, name)) {
            string_buffer_put(&key, name);
        } else {
            string_buffer_format(&key, "column_%zu", i + 1);
        }
        while (is_taken(writer->keys, i, key.bytes)) string_buffer_put(&key, "_");
        writer->keys[i] = key.bytes;
    }
}

static char *no_names[1];
const struct table writer_no_table = {
    .has_header = true,
    .names = no_names,
    .dialect = {.format = DIALECT_TSV, .delimiter = '\t'},
};

static struct dialect output_dialect(enum writer_format format, const struct table *table) {
    static const struct dialect tsv = {.format = DIALECT_TSV, .delimiter = '\t'},
                                csv = {.format = DIALECT_CSV, .delimiter = ',', .quoted = true},
                                jsonl = {.format = DIALECT_JSONL};
    if (format == WRITER_TSV) return tsv;
    if (format == WRITER_JSONL) return jsonl;
    if (table == NULL) return format == WRITER_CSV ? csv : tsv;
    if (format == WRITER_CSV && table->dialect.format != DIALECT_CSV) return csv;
    struct dialect same = table->dialect;
    if (format == WRITER_CSV) same.single = same.padded = false;
    return same;
}

void writer_init(struct writer *writer, const struct writer_options *options,
                 const struct table *table, const struct added *added, struct sink *sink) {
    memset(writer, 0, sizeof *writer);
    writer->options = *options;
    writer->table = table;
    writer->added = *added;
    writer->values = memory_zeroed(added->count + 1, sizeof *writer->values);
    writer->sink = sink;
    name_added(writer);
    writer->dialect = output_dialect(options->format, table);
    bool keyed = writer->dialect.format == DIALECT_JSONL || writer_is_columnar(options->format);
    if (keyed && table != NULL) name_keys(writer);
}

void writer_finish(struct writer *writer) {
    column_output_close(writer->columns);
    for (size_t i = 0; i < writer->added.count; i++) free(writer->names[i]);
    free(writer->names);
    free(writer->values);
    if (writer->keys != NULL) {
        for (size_t i = 0; i < writer->table->width; i++) free(writer->keys[i]);
    }
    free(writer->keys);
    writer_cells_finish(&writer->cells);
    string_buffer_finish(&writer->text);
    memset(writer, 0, sizeof *writer);
}

static void put_delimiter(struct writer *writer) {
    string_buffer_add(&writer->text, &writer->dialect.delimiter, 1);
}

static void put_cell(struct writer *writer, const char *text, size_t length) {
    writer->blanked += !record_write_cell(&writer->text, &writer->dialect, text, length);
}

static void put_names(struct writer *writer) {
    const struct table *table = writer->table;
    bool as_it_came = table->header.text != NULL && dialect_same(&writer->dialect, &table->dialect);
    size_t columns = 0;
    if (as_it_came) {
        string_buffer_add(&writer->text, table->header.text, table->header.length);
        columns = table->header_columns + table->row_names; /* R leaves the first name out */
    }
    for (size_t i = columns; i < table->width; i++) {
        if (i > 0) put_delimiter(writer);
        if (!as_it_came) put_cell(writer, table->names[i], strlen(table->names[i]));
    }
}

bool writer_header(struct writer *writer, struct error *error) {
    const struct table *table = writer->table;
    if (writer_is_columnar(writer->options.format)) {
        return (writer->columns = column_output_open(writer, error)) != NULL;
    }
    if (table == NULL || table->names == NULL || writer->dialect.format == DIALECT_JSONL) {
        return true;
    }
    struct string_buffer *text = &writer->text;
    string_buffer_clear(text);
    put_names(writer);
    for (size_t i = 0; i < writer->added.count; i++) {
        if (i > 0 || table->width > 0) put_delimiter(writer);
        put_cell(writer, writer->names[i], strlen(writer->names[i]));
    }
    string_buffer_add(text, "\n", 1);
    return sink_write(writer->sink, text->bytes, text->length, error);
}

const struct added_value *writer_values(struct writer *writer, const struct chunk *chunk,
                                        const struct row *row) {
    const struct added *added = &writer->added;
    if (row->reason != ROW_GOOD) return NULL;
    memset(writer->values, 0, added->count * sizeof *writer->values);
    added->answer(added->of, chunk, row, writer->values);
    return writer->values;
}

/* A value as text. */
static const char *value_text(const struct added_column *column, const struct added_value *value,
                              size_t *length) {
    const char *text = value->text;
    if (column->kind == ADDED_TEXT) {
        *length = value->length;
        return text;
    }
    text = column->kind == ADDED_WORD ? column->words[value->word] : value->flag ? "yes" : "no";
    *length = strlen(text);
    return text;
}

static bool is_broken(const struct row *row) {
    return row->reason == ROW_OPEN_QUOTE || row->reason == ROW_STRAY_QUOTE;
}

/* The table's columns: as they came, if the row can stand so in the output. */
static void put_columns(struct writer *writer, const struct row *row, const char *line) {
    size_t width = writer->table->width;
    bool as_it_came =
        dialect_same(&writer->dialect, row->dialect) && !(writer->dialect.quoted && is_broken(row));
    if (as_it_came) {
        string_buffer_add(&writer->text, line, row->kept);
        size_t columns = row->reason == ROW_TOO_LONG ? 1 : row->columns;
        for (size_t i = columns; i < width; i++) put_delimiter(writer);
        return;
    }
    writer_cells_read(&writer->cells, writer->table, row, line);
    for (size_t i = 0; i < width; i++) {
        if (i > 0) put_delimiter(writer);
        put_cell(writer, writer_cells_text(&writer->cells, i), writer->cells.cell[i].length);
    }
}

/* False: the value is none. */
static bool put_number(struct string_buffer *text, enum added_kind kind,
                       const struct added_value *value) {
    if (kind == ADDED_NUMBER) writer_cells_number(text, value->number);
    if (kind == ADDED_WHOLE) writer_cells_whole(text, value->whole);
    return kind == ADDED_NUMBER || kind == ADDED_WHOLE;
}

static void put_values(struct writer *writer, const struct added_value *values) {
    for (size_t i = 0; i < writer->added.count; i++) {
        const struct added_column *column = &writer->added.columns[i];
        if (i > 0 || writer->table->width > 0) put_delimiter(writer);
        if (values == NULL || !values[i].there) continue;
        if (!put_number(&writer->text, column->kind, &values[i])) {
            size_t length;
            const char *text = value_text(column, &values[i], &length);
            put_cell(writer, text, length);
        }
    }
}

static void delimited_row(struct writer *writer, const struct row *row, const char *line,
                          const struct added_value *values) {
    put_columns(writer, row, line);
    put_values(writer, values);
    string_buffer_add(&writer->text, "\n", 1);
}

static void json_key(struct string_buffer *text, const char *key) {
    string_buffer_json_string(text, key, strlen(key));
    string_buffer_add(text, ":", 1);
}

static void json_cells(struct writer *writer, const struct row *row, const char *line) {
    struct string_buffer *text = &writer->text;
    writer_cells_read(&writer->cells, writer->table, row, line);
    for (size_t i = 0; i < writer->table->width; i++) {
        const struct writer_cell *cell = &writer->cells.cell[i];
        if (i > 0) string_buffer_add(text, ",", 1);
        json_key(text, writer->keys[i]);
        if (cell->there) {
            string_buffer_json_string(text, writer_cells_text(&writer->cells, i), cell->length);
        } else {
            string_buffer_put(text, "null");
        }
    }
}

static void json_value(struct writer *writer, const struct added_column *column,
                       const struct added_value *value) {
    struct string_buffer *text = &writer->text;
    if (value == NULL || !value->there) {
        string_buffer_put(text, "null");
    } else if (!put_number(text, column->kind, value)) {
        size_t length;
        const char *bytes = value_text(column, value, &length);
        string_buffer_json_string(text, bytes, length);
    }
}

/* Each with a comma before it, and its key unless it goes into an array. */
static void json_values(struct writer *writer, const struct added_value *values, bool array) {
    for (size_t i = 0; i < writer->added.count; i++) {
        if (i > 0 || writer->table->width > 0) string_buffer_add(&writer->text, ",", 1);
        if (!array) json_key(&writer->text, writer->names[i]);
        json_value(writer, &writer->added.columns[i], values != NULL ? &values[i] : NULL);
    }
}

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* The row's text without its closing bracket; what is added follows. An empty one gets no comma. */
static bool json_as_it_came(struct writer *writer, const struct row *row, const char *line) {
    size_t length = row->length, begin = 0;
    while (length > 0 && line[length - 1] != '}' && line[length - 1] != ']') length--;
    length--;
    while (length > 0 && is_blank(line[length - 1])) length--;
    while (is_blank(line[begin])) begin++;
    string_buffer_add(&writer->text, line, length);
    return length == begin + 1;
}

static void json_row(struct writer *writer, const struct row *row, const char *line,
                     const struct added_value *values) {
    struct string_buffer *text = &writer->text;
    bool as_it_came = row->dialect->format == DIALECT_JSONL && row->reason != ROW_NOT_JSON &&
                      row->reason != ROW_TOO_LONG && row->reason != ROW_BLANK_LINE;
    bool array = as_it_came && row->array;
    size_t empty = SIZE_MAX;
    if (!as_it_came) {
        string_buffer_add(text, "{", 1);
        json_cells(writer, row, line);
    } else if (json_as_it_came(writer, row, line)) {
        empty = text->length;
    }
    json_values(writer, values, array);
    if (empty != SIZE_MAX) text->bytes[empty] = ' '; /* the comma after an empty object's bracket */
    string_buffer_put(text, array ? "]\n" : "}\n");
}

bool writer_flush(struct writer *writer, struct error *error) {
    return writer->columns == NULL || column_output_seal(writer->columns, error);
}

bool writer_end(struct writer *writer, struct error *error) {
    return writer->columns == NULL || column_output_end(writer->columns, error);
}

bool writer_chunk(struct writer *writer, struct chunk *chunk, struct error *error) {
    enum { PIECE = 1024 * 1024 };
    if (writer->columns != NULL) return column_output_chunk(writer->columns, chunk, error);
    struct string_buffer *text = &writer->text;
    string_buffer_clear(text);
    for (size_t i = 0; i < chunk->count; i++) {
        const struct row *row = &chunk->rows[i];
        const struct added_value *values = writer_values(writer, chunk, row);
        const char *line = chunk_text(chunk, row);
        if (writer->dialect.format == DIALECT_JSONL) {
            json_row(writer, row, line, values);
        } else {
            delimited_row(writer, row, line, values);
        }
        if (text->length < PIECE) continue;
        if (!sink_write(writer->sink, text->bytes, text->length, error)) return false;
        string_buffer_clear(text);
    }
    return sink_write(writer->sink, text->bytes, text->length, error);
}
