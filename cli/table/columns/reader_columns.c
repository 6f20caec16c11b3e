/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's part for files of columns: their schema as the table, their batches as rows. */
#include <string.h>
#include <sys/stat.h>

#include "common/memory.h"
#include "table/reader_internal.h"

/* ---- beginning ------------------------------------------------------------------------------- */

static bool has_text_options(const struct table_options *options) {
    const char *encoding = options->input.encoding;
    return options->header != TABLE_HEADER_AUTO || options->dialect.format != DIALECT_AUTO ||
           options->dialect.delimiter != '\0' ||
           (encoding != NULL && strcmp(encoding, "auto") != 0);
}

static bool settle_columns(struct reader *reader, enum columnar_format format,
                           struct ArrowSchema *schema, struct error *error) {
    const char *where = input_name(reader->input);
    struct table *table = &reader->table;
    if (reader->settled) {
        bool same =
            table_matches_schema(table, schema, reader->options->keep_columns, where, error);
        schema->release(schema);
        return same;
    }
    size_t count = (size_t)schema->n_children;
    char **names = memory_zeroed(count + 1, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        const char *name = schema->children[i]->name;
        names[i] = memory_copy(name != NULL ? name : "", name != NULL ? strlen(name) : 0);
    }
    reader->settled =
        table_resolve_cells(table, reader->options, names, count, true, "its schema", where, error);
    table->columnar = format;
    table->schema = *schema;
    return reader->settled;
}

static bool wish_for_columns(const struct reader *reader, struct error *error) {
    const struct table *table = &reader->table;
    struct columnar_wish wish = {.a = (int64_t)table->a,
                                 .b = (int64_t)table->b,
                                 .gold = -1,
                                 .json = !reader->options->without_json,
                                 .shard = reader->shard.shard,
                                 .shards = reader->shard.shards,
                                 .groups_before = reader->groups};
    if (table->gold != TABLE_NO_COLUMN) wish.gold = (int64_t)table->gold;
    return columnar_rows_wish(reader->columns, &wish, error);
}

int reader_begin_columns(struct reader *reader, enum columnar_format format, struct error *error) {
    const char *where = input_name(reader->input), *kind = columnar_kinds[format];
    struct ArrowSchema schema;
    if (has_text_options(reader->options)) {
        error_set(error,
                  "%s is %s: --header, --input-format, --delimiter and --encoding are of text; "
                  "leave them out",
                  where, kind);
        return -1;
    }
    if (reader->settled && reader->table.columnar == COLUMNAR_NONE) {
        error_set(error, "%s is %s, and the first input is text; score them in two runs", where,
                  kind);
        return -1;
    }
    *dialect_of(reader) = (struct dialect){.format = DIALECT_JSONL};
    reader->columns = columnar_rows_open(reader->input, format, &schema, error);
    bool done = reader->columns != NULL && settle_columns(reader, format, &schema, error) &&
                wish_for_columns(reader, error);
    return done ? 1 : -1;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* A text of one row; NULL: null. */
static const char *text_at(const struct ArrowArray *texts, int64_t i, size_t *length) {
    const unsigned char *validity = texts->release != NULL ? texts->buffers[0] : NULL;
    *length = 0;
    if (texts->release == NULL) return NULL;
    i += texts->offset;
    if (validity != NULL && (validity[i / 8] >> (i % 8) & 1) == 0) return NULL;
    const int64_t *offsets = texts->buffers[1];
    *length = (size_t)(offsets[i + 1] - offsets[i]);
    return (const char *)texts->buffers[2] + offsets[i];
}

/* Puts a text behind the row's own. A null is as an empty one. */
static void take_text(struct chunk *chunk, struct row *row, const struct ArrowArray *texts,
                      size_t *at, size_t *length) {
    const char *text = text_at(texts, row->at, length);
    *at = chunk_append(chunk, row, *length);
    if (*length > 0) memcpy(chunk->bytes + row->text + *at, text, *length);
}

static void add_columns_row(struct reader *reader, struct chunk *chunk,
                            const struct columnar_batch *batch, int64_t i) {
    size_t length;
    const char *json = text_at(&batch->texts[COLUMNAR_TEXT_JSON], i, &length);
    struct row *row = chunk_add(chunk, json, length);
    row->at = (uint32_t)i;
    row->line = (uint64_t)(batch->first + i) + 1;
    row->offset = (uint64_t)batch->group;
    row->input = (uint32_t)(reader->next - 1);
    row->dialect = dialect_of(reader);
    row->columns = reader->table.width;
    take_text(chunk, row, &batch->texts[COLUMNAR_TEXT_A], &row->a, &row->a_length);
    take_text(chunk, row, &batch->texts[COLUMNAR_TEXT_B], &row->b, &row->b_length);
    take_text(chunk, row, &batch->texts[COLUMNAR_TEXT_GOLD], &row->gold, &row->gold_length);
    row->bytes = row->a_length > row->b_length ? row->a_length : row->b_length;
    if (row->bytes > LINES_MAX_BYTES) {
        row->reason = ROW_TOO_LONG;
        return;
    }
    static const size_t at[] = {1, 1};
    const size_t columns[] = {reader->table.a, reader->table.b};
    row_check_texts(row, chunk_text(chunk, row), columns, at, reader->null_words, false);
}

/* The next batch, of whichever input has one: 1, or 0 at the end, or -1. */
static int next_batch(struct reader *reader, size_t most, struct columnar_batch *batch,
                      struct error *error) {
    for (;;) {
        int got =
            reader->columns != NULL ? columnar_rows_next(reader->columns, most, batch, error) : 0;
        if (got != 0) return got;
        reader_close_input(reader);
        int opened = reader_open_next(reader, error);
        if (opened <= 0) return opened;
    }
}

int reader_fill_columns(struct reader *reader, struct chunk *chunk, size_t max_rows,
                        struct error *error) {
    struct columnar_batch batch;
    int got = next_batch(reader, max_rows, &batch, error);
    if (got <= 0) return got;
    for (int64_t i = 0; i < batch.columns.length; i++) add_columns_row(reader, chunk, &batch, i);
    if (reader->options->keep_columns) {
        chunk->columns = batch.columns;
        batch.columns.release = NULL;
    }
    columnar_batch_drop(&batch);
    chunk->position = reader->finished + columnar_rows_position(reader->columns);
    return 1;
}

bool reader_shard(struct reader *reader, uint32_t shard, uint32_t shards, struct error *error) {
    reader->shard = (struct reader_shard){shard, shards};
    return reader->columns == NULL || wish_for_columns(reader, error);
}

bool reader_is_columnar(const struct reader *reader) {
    return reader->settled && reader->table.columnar != COLUMNAR_NONE;
}

uint64_t reader_passed(const struct reader *reader) {
    uint64_t open = reader->columns != NULL ? columnar_rows_passed(reader->columns) : 0;
    return reader->passed + open;
}

/* Of an input that is not open. */
static bool count_other(const struct reader *reader, size_t i, uint64_t *rows,
                        struct error *error) {
    struct reader other = *reader;
    struct stat about;
    const char *path = reader->paths[i];
    if (strcmp(path, "-") == 0 || stat(path, &about) != 0 || !S_ISREG(about.st_mode)) {
        return error_set(error, "--sample: %s cannot be read twice; write it to a file", path);
    }
    other.next = i + 1;
    other.lines = (struct lines){0};
    other.columns = NULL;
    other.input = reader_open_input(path, reader->options, error);
    int begun = other.input != NULL ? reader_begin_input(&other, error) : -1;
    bool done = begun == 0 || (begun > 0 && columnar_rows_count(other.columns, rows, error));
    reader_close_input(&other);
    return done;
}

bool reader_count(const struct reader *reader, uint64_t *rows, struct error *error) {
    *rows = 0;
    for (size_t i = reader->next - 1; i < reader->count; i++) {
        uint64_t count = 0;
        bool done = i == reader->next - 1 ? columnar_rows_count(reader->columns, &count, error)
                                          : count_other(reader, i, &count, error);
        if (!done) return false;
        *rows += count;
    }
    return true;
}
