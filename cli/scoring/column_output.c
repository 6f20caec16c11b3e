/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks become record batches, which the module writes. */
#include "scoring/column_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "columnar/arrays.h"
#include "columnar/open.h"
#include "common/interrupt.h"
#include "common/memory.h"
#include "common/utf8.h"

/* What the module writes goes to a sink, whose failures say more than the module can. */
struct target {
    const struct columnar_module *module;
    struct columnar_writer *writer;
    struct sink *sink;
    bool failed; /* with `failure` */
    struct error failure;
};

struct column_output {
    struct target target;
    struct writer *of;
    struct arrays_field *text_fields, *added_fields;
    struct arrays *texts, *added; /* texts: of an input of text */
    int64_t *rows;                /* [capacity]: places in the chunk's columns */
    size_t capacity;
    struct string_buffer sound;
};

/* ---- the module ------------------------------------------------------------------------------ */

static bool write_sink(void *opaque, const void *bytes, int64_t length) {
    struct target *target = opaque;
    target->failed =
        target->failed || !sink_write(target->sink, bytes, (size_t)length, &target->failure);
    return !target->failed;
}

static bool fail(const struct target *target, const struct columnar_failure *failure,
                 struct error *error) {
    if (target->failed) {
        *error = target->failure;
        return false;
    }
    return error_set(error, "the output cannot be written: %s", failure->line);
}

static enum columnar_format format_of(const struct writer_options *options) {
    switch (options->format) {
    case WRITER_PARQUET: return COLUMNAR_PARQUET;
    case WRITER_ARROW: return COLUMNAR_ARROW;
    default: return COLUMNAR_ARROWS;
    }
}

static bool open_target(struct target *target, enum columnar_format format,
                        enum columnar_compression compression, struct ArrowSchema *columns,
                        struct ArrowSchema *added, struct error *error) {
    struct columnar_failure failure = {""};
    struct columnar_target bytes = {.write = write_sink, .opaque = target};
    target->writer =
        target->module->writer_open(format, compression, columns, added, &bytes, &failure);
    return target->writer != NULL || fail(target, &failure, error);
}

/* ---- the columns ----------------------------------------------------------------------------- */

static void begin_texts(struct column_output *output) {
    const struct table *table = output->of->table;
    size_t width = table != NULL ? table->width : 0;
    output->text_fields = memory_zeroed(width + 1, sizeof *output->text_fields);
    for (size_t i = 0; i < width; i++) output->text_fields[i].name = output->of->keys[i];
    output->texts = arrays_create(output->text_fields, width);
}

static enum arrays_type type_of(enum added_kind kind) {
    switch (kind) {
    case ADDED_NUMBER: return ARRAYS_FLOAT;
    case ADDED_WORD: return ARRAYS_WORD;
    case ADDED_FLAG: return ARRAYS_FLAG;
    case ADDED_WHOLE: return ARRAYS_WHOLE;
    default: return ARRAYS_TEXT;
    }
}

static void begin_added(struct column_output *output) {
    const struct writer *writer = output->of;
    const struct added *added = &writer->added;
    output->added_fields = memory_zeroed(added->count + 1, sizeof *output->added_fields);
    for (size_t i = 0; i < added->count; i++) {
        const struct added_column *column = &added->columns[i];
        output->added_fields[i] = (struct arrays_field){.type = type_of(column->kind),
                                                        .name = writer->names[i],
                                                        .words = column->words,
                                                        .word_count = column->word_count};
    }
    output->added = arrays_create(output->added_fields, added->count);
}

static void release_nothing(struct ArrowSchema *schema) { schema->release = NULL; }

/* A copy that the module may release: the table keeps its own. */
static void borrow_schema(const struct ArrowSchema *from, struct ArrowSchema *to) {
    *to = *from;
    to->release = release_nothing;
}

struct column_output *column_output_open(struct writer *writer, struct error *error) {
    const struct columnar_module *module = columnar_open("the output", error);
    if (module == NULL) return NULL;
    struct column_output *opened = memory_zeroed(1, sizeof *opened);
    const struct writer_options *options = &writer->options;
    struct ArrowSchema columns, added;
    opened->of = writer;
    opened->target = (struct target){.module = module, .sink = writer->sink};
    if (writer->table != NULL && writer->table->columnar != COLUMNAR_NONE) {
        borrow_schema(&writer->table->schema, &columns);
    } else {
        begin_texts(opened);
        arrays_schema(opened->texts, &columns);
    }
    begin_added(opened);
    arrays_schema(opened->added, &added);
    if (open_target(&opened->target, options->parts ? COLUMNAR_PARTS : format_of(options),
                    options->parts ? COLUMNAR_COMPRESSION_NONE : options->compression, &columns,
                    &added, error)) {
        return opened;
    }
    column_output_close(opened);
    return NULL;
}

void column_output_close(struct column_output *output) {
    if (output == NULL) return;
    output->target.module->writer_close(output->target.writer);
    arrays_destroy(output->texts);
    arrays_destroy(output->added);
    free(output->text_fields);
    free(output->added_fields);
    free(output->rows);
    string_buffer_finish(&output->sound);
    free(output);
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* Columns of texts are UTF-8: what is not becomes U+FFFD. */
static void add_sound(struct column_output *output, struct arrays *to, size_t column,
                      const char *text, size_t length) {
    struct string_buffer *sound = &output->sound;
    size_t valid = utf8_valid_prefix(text, length);
    if (valid == length) {
        arrays_add_text(to, column, text, length);
        return;
    }
    string_buffer_clear(sound);
    for (size_t at = 0; at < length; at += valid) {
        valid = utf8_valid_prefix(text + at, length - at);
        string_buffer_add(sound, text + at, valid);
        if (at + valid == length) break;
        string_buffer_put(sound, "\xEF\xBF\xBD");
        valid++;
    }
    arrays_add_text(to, column, sound->bytes, sound->length);
}

static void add_texts(struct column_output *output, const struct row *row, const char *line) {
    struct writer *writer = output->of;
    writer_cells_read(&writer->cells, writer->table, row, line);
    for (size_t i = 0; i < writer->table->width; i++) {
        const struct writer_cell *cell = &writer->cells.cell[i];
        if (cell->there) {
            add_sound(output, output->texts, i, writer_cells_text(&writer->cells, i), cell->length);
        } else {
            arrays_add_null(output->texts, i);
        }
    }
}

static void add_value(struct column_output *output, size_t column,
                      const struct added_value *value) {
    if (value == NULL || !value->there) {
        arrays_add_null(output->added, column);
        return;
    }
    switch (output->of->added.columns[column].kind) {
    case ADDED_NUMBER: arrays_add_float(output->added, column, value->number); break;
    case ADDED_WORD: arrays_add_word(output->added, column, value->word); break;
    case ADDED_FLAG: arrays_add_flag(output->added, column, value->flag); break;
    case ADDED_WHOLE: arrays_add_whole(output->added, column, (int64_t)value->whole); break;
    default: add_sound(output, output->added, column, value->text, value->length);
    }
}

static void add_values(struct column_output *output, const struct chunk *chunk,
                       const struct row *row) {
    const struct added_value *values = writer_values(output->of, chunk, row);
    for (size_t i = 0; i < output->of->added.count; i++) {
        add_value(output, i, values != NULL ? &values[i] : NULL);
    }
}

static const int64_t *places_of(struct column_output *output, const struct chunk *chunk) {
    if (chunk->columns.length == (int64_t)chunk->count) return NULL;
    if (chunk->count > output->capacity) {
        output->capacity = chunk->count;
        output->rows = memory_resize(output->rows, chunk->count, sizeof *output->rows);
    }
    for (size_t i = 0; i < chunk->count; i++) output->rows[i] = chunk->rows[i].at;
    return output->rows;
}

bool column_output_chunk(struct column_output *output, struct chunk *chunk, struct error *error) {
    struct columnar_failure failure = {""};
    struct ArrowArray columns, added;
    const int64_t *rows = NULL;
    for (size_t i = 0; i < chunk->count; i++) {
        const struct row *row = &chunk->rows[i];
        if (output->texts != NULL) add_texts(output, row, chunk_text(chunk, row));
        add_values(output, chunk, row);
    }
    if (output->texts != NULL) {
        arrays_take(output->texts, chunk->count, &columns);
    } else {
        rows = places_of(output, chunk);
        columns = chunk->columns;
        chunk->columns.release = NULL;
    }
    arrays_take(output->added, chunk->count, &added);
    return output->target.module->writer_write(output->target.writer, &columns, &added, rows,
                                               &failure) ||
           fail(&output->target, &failure, error);
}

bool column_output_seal(struct column_output *output, struct error *error) {
    struct columnar_failure failure = {""};
    return output->target.module->writer_seal(output->target.writer, &failure) ||
           fail(&output->target, &failure, error);
}

bool column_output_end(struct column_output *output, struct error *error) {
    struct columnar_failure failure = {""};
    return output->target.module->writer_end(output->target.writer, &failure) ||
           fail(&output->target, &failure, error);
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* False on failure, with a line in one of the two errors. */
static bool copy_rows(struct columnar_reader *reader, struct target *to,
                      struct columnar_failure *failure, struct error *error) {
    enum { ROWS = 8192 };
    struct columnar_batch batch;
    int got;
    while ((got = to->module->reader_next(reader, ROWS, &batch, failure)) > 0) {
        if (!to->module->writer_write(to->writer, &batch.columns, NULL, NULL, failure)) {
            return false;
        }
        if (interrupt_received()) return error_set(error, "%s", "");
    }
    return got == 0 && to->module->writer_end(to->writer, failure);
}

bool column_output_convert(const struct writer_options *options, const char *part, struct sink *to,
                           struct error *error) {
    struct target target = {.module = columnar_open("the output", error), .sink = to};
    if (target.module == NULL) return false;
    struct columnar_failure failure = {""};
    struct columnar_source source = {.descriptor = open(part, O_RDONLY | O_CLOEXEC)};
    struct ArrowSchema schema;
    if (source.descriptor < 0) return error_set(error, "%s: %s", part, strerror(errno));
    struct columnar_reader *reader =
        target.module->reader_open(COLUMNAR_PARTS, &source, &schema, &failure);
    bool done = reader != NULL ? open_target(&target, format_of(options), options->compression,
                                             &schema, NULL, error) &&
                                     copy_rows(reader, &target, &failure, error)
                               : error_set(error, "%s: %s", part, failure.line);
    if (!done && failure.line[0] != '\0') fail(&target, &failure, error);
    if (reader != NULL) target.module->reader_close(reader);
    target.module->writer_close(target.writer);
    close(source.descriptor);
    return done;
}
