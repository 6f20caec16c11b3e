/* SPDX-License-Identifier: Apache-2.0 */
/* Formats rows: the input's columns as they came where they can stay so, then the added ones. */
#include "score/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/parse.h"
#include "score/column_output.h"

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
static void add_name(struct writer *writer, const char *prefix, const char *name) {
    struct string_buffer full = {0};
    string_buffer_format(&full, "%s%s", prefix, name);
    while (input_has(writer->table, full.bytes)) {
        struct string_buffer longer = {0};
        string_buffer_format(&longer, "mgeo_%s", full.bytes);
        string_buffer_finish(&full);
        full = longer;
    }
    writer->names[writer->added++] = full.bytes;
}

static void name_matches(struct writer *writer) {
    const struct writer_options *options = &writer->options;
    if (options->threshold_count == 1) add_name(writer, "", "match");
    for (size_t i = 0; options->threshold_count > 1 && i < options->threshold_count; i++) {
        char number[32];
        parse_print_number(options->thresholds[i], number, sizeof number);
        add_name(writer, "match_", number);
    }
}

static void name_added(struct writer *writer) {
    const mgeo_model_info *info = writer->info;
    size_t most = 2 + WRITER_THRESHOLDS + (size_t)info->label_count;
    writer->names = memory_resize(NULL, most, sizeof *writer->names);
    add_name(writer, "", "similarity");
    add_name(writer, "", "label");
    name_matches(writer);
    if (!writer->options.probabilities) return;
    for (uint32_t i = 0; i < info->label_count; i++) add_name(writer, "p_", info->labels[i]);
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
                 const struct table *table, const mgeo_model_info *info, struct sink *sink) {
    memset(writer, 0, sizeof *writer);
    writer->options = *options;
    writer->table = table;
    writer->info = info;
    writer->sink = sink;
    name_added(writer);
    writer->dialect = output_dialect(options->format, table);
    bool keyed = writer->dialect.format == DIALECT_JSONL || writer_is_columnar(options->format);
    if (keyed && table != NULL) name_keys(writer);
}

void writer_finish(struct writer *writer) {
    column_output_close(writer->columns);
    for (size_t i = 0; i < writer->added; i++) free(writer->names[i]);
    free(writer->names);
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
    for (size_t i = 0; i < writer->added; i++) {
        put_delimiter(writer);
        put_cell(writer, writer->names[i], strlen(writer->names[i]));
    }
    string_buffer_add(text, "\n", 1);
    return sink_write(writer->sink, text->bytes, text->length, error);
}

static const char *match_word(const struct writer *writer, const struct row *row, size_t which) {
    return (double)row->similarity >= writer->options.thresholds[which] ? "yes" : "no";
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

static void put_answers(struct writer *writer, const struct row *row, const float *probabilities) {
    struct string_buffer *text = &writer->text;
    char delimiter = writer->dialect.delimiter;
    const char *label = writer->info->labels[row->label];
    string_buffer_format(text, "%c%.6f%c", delimiter, (double)row->similarity, delimiter);
    put_cell(writer, label, strlen(label));
    for (size_t i = 0; i < writer->options.threshold_count; i++) {
        string_buffer_format(text, "%c%s", delimiter, match_word(writer, row, i));
    }
    for (uint32_t i = 0; writer->options.probabilities && i < writer->info->label_count; i++) {
        string_buffer_format(text, "%c%.6f", delimiter, (double)probabilities[i]);
    }
}

static void delimited_row(struct writer *writer, const struct row *row, const char *line,
                          const float *probabilities) {
    put_columns(writer, row, line);
    if (row->reason == ROW_GOOD) {
        put_answers(writer, row, probabilities);
    } else {
        for (size_t i = 0; i < writer->added; i++) put_delimiter(writer);
    }
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

/* Begins an added value: a comma, and its key unless it goes into an array. */
static void json_added(struct writer *writer, size_t which, bool array) {
    string_buffer_add(&writer->text, ",", 1);
    if (!array) json_key(&writer->text, writer->names[which]);
}

static void json_answers(struct writer *writer, const struct row *row, const float *probabilities,
                         bool array) {
    struct string_buffer *text = &writer->text;
    const char *label = writer->info->labels[row->label];
    size_t name = 0;
    json_added(writer, name++, array);
    string_buffer_format(text, "%.6f", (double)row->similarity);
    json_added(writer, name++, array);
    string_buffer_json_string(text, label, strlen(label));
    for (size_t i = 0; i < writer->options.threshold_count; i++) {
        json_added(writer, name++, array);
        string_buffer_format(text, "\"%s\"", match_word(writer, row, i));
    }
    for (size_t i = 0; name < writer->added; i++) {
        json_added(writer, name++, array);
        string_buffer_format(text, "%.6f", (double)probabilities[i]);
    }
}

static void json_nothing(struct writer *writer, bool array) {
    for (size_t i = 0; i < writer->added; i++) {
        json_added(writer, i, array);
        string_buffer_put(&writer->text, "null");
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
                     const float *probabilities) {
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
    if (row->reason == ROW_GOOD) {
        json_answers(writer, row, probabilities, array);
    } else {
        json_nothing(writer, array);
    }
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
        const float *probabilities = chunk->probabilities + i * chunk->labels;
        const char *line = chunk_text(chunk, row);
        if (writer->dialect.format == DIALECT_JSONL) {
            json_row(writer, row, line, probabilities);
        } else {
            delimited_row(writer, row, line, probabilities);
        }
        if (text->length < PIECE) continue;
        if (!sink_write(writer->sink, text->bytes, text->length, error)) return false;
        string_buffer_clear(text);
    }
    return sink_write(writer->sink, text->bytes, text->length, error);
}
