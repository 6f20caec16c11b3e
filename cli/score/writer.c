/* SPDX-License-Identifier: Apache-2.0 */
/* Formats rows: the input's columns as they came, then the added ones. */
#include "score/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/parse.h"

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

void writer_init(struct writer *writer, const struct writer_options *options,
                 const struct table *table, const mgeo_model_info *info, struct sink *sink) {
    memset(writer, 0, sizeof *writer);
    writer->options = *options;
    writer->table = table;
    writer->info = info;
    writer->sink = sink;
    name_added(writer);
    if (options->format == WRITER_JSONL && table != NULL) name_keys(writer);
}

void writer_finish(struct writer *writer) {
    for (size_t i = 0; i < writer->added; i++) free(writer->names[i]);
    free(writer->names);
    if (writer->keys != NULL) {
        for (size_t i = 0; i < writer->table->width; i++) free(writer->keys[i]);
    }
    free(writer->keys);
    string_buffer_finish(&writer->text);
    memset(writer, 0, sizeof *writer);
}

bool writer_header(struct writer *writer, struct error *error) {
    const struct table *table = writer->table;
    if (table == NULL || table->names == NULL || writer->options.format != WRITER_TSV) return true;
    struct string_buffer *text = &writer->text;
    string_buffer_clear(text);
    for (size_t i = 0; i < table->width; i++) {
        string_buffer_format(text, "%s%s", i > 0 ? "\t" : "", table->names[i]);
    }
    for (size_t i = 0; i < writer->added; i++) string_buffer_format(text, "\t%s", writer->names[i]);
    string_buffer_add(text, "\n", 1);
    return sink_write(writer->sink, text->bytes, text->length, error);
}

static const char *match_word(const struct writer *writer, const struct row *row, size_t which) {
    return (double)row->similarity >= writer->options.thresholds[which] ? "yes" : "no";
}

static void tsv_row(struct writer *writer, const struct row *row, const char *line,
                    const float *probabilities) {
    struct string_buffer *text = &writer->text;
    string_buffer_add(text, line, row->kept);
    size_t columns = row->reason == ROW_TOO_LONG ? 1 : row->columns;
    for (size_t i = columns; i < writer->table->width; i++) string_buffer_add(text, "\t", 1);
    if (row->reason != ROW_GOOD) {
        for (size_t i = 0; i < writer->added; i++) string_buffer_add(text, "\t", 1);
    } else {
        string_buffer_format(text, "\t%.6f\t%s", (double)row->similarity,
                             writer->info->labels[row->label]);
        for (size_t i = 0; i < writer->options.threshold_count; i++) {
            string_buffer_format(text, "\t%s", match_word(writer, row, i));
        }
        if (writer->options.probabilities) {
            for (uint32_t i = 0; i < writer->info->label_count; i++) {
                string_buffer_format(text, "\t%.6f", (double)probabilities[i]);
            }
        }
    }
    string_buffer_add(text, "\n", 1);
}

static void json_key(struct string_buffer *text, const char *key) {
    string_buffer_json_string(text, key, strlen(key));
    string_buffer_add(text, ":", 1);
}

static void json_cells(struct writer *writer, const struct row *row, const char *line) {
    struct string_buffer *text = &writer->text;
    size_t at = 0;
    for (size_t i = 0; i < writer->table->width; i++) {
        struct table_cell cell;
        bool there = row->reason != ROW_TOO_LONG &&
                     table_next_cell((struct table_cell){line, row->length}, &at, &cell);
        json_key(text, writer->keys[i]);
        if (there) {
            string_buffer_json_string(text, cell.text, cell.length);
        } else {
            string_buffer_put(text, "null");
        }
        string_buffer_add(text, ",", 1);
    }
}

static void json_answers(struct writer *writer, const struct row *row, const float *probabilities) {
    struct string_buffer *text = &writer->text;
    const char *label = writer->info->labels[row->label];
    size_t name = 0;
    json_key(text, writer->names[name++]);
    string_buffer_format(text, "%.6f,", (double)row->similarity);
    json_key(text, writer->names[name++]);
    string_buffer_json_string(text, label, strlen(label));
    for (size_t i = 0; i < writer->options.threshold_count; i++) {
        string_buffer_add(text, ",", 1);
        json_key(text, writer->names[name++]);
        string_buffer_format(text, "\"%s\"", match_word(writer, row, i));
    }
    for (size_t i = 0; name < writer->added; i++) {
        string_buffer_add(text, ",", 1);
        json_key(text, writer->names[name++]);
        string_buffer_format(text, "%.6f", (double)probabilities[i]);
    }
}

static void json_row(struct writer *writer, const struct row *row, const char *line,
                     const float *probabilities) {
    struct string_buffer *text = &writer->text;
    string_buffer_add(text, "{", 1);
    json_cells(writer, row, line);
    if (row->reason == ROW_GOOD) {
        json_answers(writer, row, probabilities);
    } else {
        for (size_t i = 0; i < writer->added; i++) {
            if (i > 0) string_buffer_add(text, ",", 1);
            json_key(text, writer->names[i]);
            string_buffer_put(text, "null");
        }
    }
    string_buffer_add(text, "}\n", 2);
}

bool writer_chunk(struct writer *writer, const struct chunk *chunk, struct error *error) {
    enum { PIECE = 1024 * 1024 };
    struct string_buffer *text = &writer->text;
    string_buffer_clear(text);
    for (size_t i = 0; i < chunk->count; i++) {
        const struct row *row = &chunk->rows[i];
        const float *probabilities = chunk->probabilities + i * chunk->labels;
        const char *line = chunk_text(chunk, row);
        if (writer->options.format == WRITER_TSV) {
            tsv_row(writer, row, line, probabilities);
        } else {
            json_row(writer, row, line, probabilities);
        }
        if (text->length < PIECE) continue;
        if (!sink_write(writer->sink, text->bytes, text->length, error)) return false;
        string_buffer_clear(text);
    }
    return sink_write(writer->sink, text->bytes, text->length, error);
}
