/* SPDX-License-Identifier: Apache-2.0 */
/* Rows are read a second time, so that only their ids and texts need be held. */
#include "match/dedupe/dedupe_output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "columnar/open.h"
#include "common/interrupt.h"
#include "common/memory.h"
#include "match/reference/records.h"
#include "table/reader.h"

/* ---- pairs ----------------------------------------------------------------------------------- */

static struct pairs_output_row *add_rows(struct pairs_output *output, const struct records *records,
                                         uint32_t a, uint32_t b) {
    struct pairs_output_row *row = pairs_output_add(output);
    row->id_a = records_id(records, a);
    row->id_a_length = records->places[a].id_length;
    row->text_a = records_text(records, a);
    row->text_a_length = records->places[a].text_length;
    row->id_b = records_id(records, b);
    row->id_b_length = records->places[b].id_length;
    row->text_b = records_text(records, b);
    row->text_b_length = records->places[b].text_length;
    return row;
}

void dedupe_output_same(struct pairs_output *output, const struct dedupe_texts *texts, uint32_t a,
                        int32_t positive, bool scored) {
    uint32_t first = texts->distinct->record[a];
    for (uint32_t next = texts->distinct->next[first]; next != DISTINCT_END;
         next = texts->distinct->next[next]) {
        struct pairs_output_row *row = add_rows(output, texts->records, first, next);
        row->rank = 1;
        row->score = row->similarity = 1;
        row->flags = MGEO_CANDIDATE_SAME_TEXT | MGEO_CANDIDATE_SAME_FORM;
        row->label = positive;
        row->reason = BATCH_SAME_TEXT;
        row->scored = scored;
    }
}

void dedupe_output_pair(struct pairs_output *output, const struct dedupe_texts *texts,
                        const struct link_log_pair *pair, bool scored) {
    struct pairs_output_row *row = add_rows(
        output, texts->records, texts->distinct->record[pair->a], texts->distinct->record[pair->b]);
    row->rank = pair->rank;
    row->score = pair->score;
    row->flags = pair->flags;
    row->similarity = pair->similarity;
    row->label = pair->label;
    row->reason = (enum batch_reason)pair->reason;
    row->scored = scored;
}

bool dedupe_output_pairs(struct run *run, const struct dedupe_texts *texts,
                         const struct link_log *log, struct sink *sink, struct error *error) {
    enum { PIECE = 16384 };
    struct writer_options options = {0};
    options.format = pairs_output_format(WRITER_AS_INPUT, run->options->pairs);
    struct pairs_output output;
    pairs_output_init(&output, &options, &run->info, sink);
    bool done = writer_header(&output.writer, error);
    size_t at = 0;
    for (uint32_t a = 0; done && a < texts->distinct->count; a++) {
        dedupe_output_same(&output, texts, a, run_positive(run), true);
        for (; at < log->count && log->pairs[at].a == a; at++) {
            dedupe_output_pair(&output, texts, &log->pairs[at], true);
        }
        if (output.count >= PIECE) done = pairs_output_flush(&output, error);
    }
    done = done && pairs_output_flush(&output, error) && writer_end(&output.writer, error);
    pairs_output_finish(&output);
    return done;
}

/* ---- rows ------------------------------------------------------------------------------------ */

enum { CLUSTER, REPRESENTATIVE, SIZE, WEAKEST, LINK, COLUMNS };

static const struct added_column columns[COLUMNS] = {
    [CLUSTER] = {.name = "cluster_id", .kind = ADDED_TEXT},
    [REPRESENTATIVE] = {.name = "representative_id", .kind = ADDED_TEXT},
    [SIZE] = {.name = "cluster_size", .kind = ADDED_WHOLE},
    [WEAKEST] = {.name = "weakest_link", .kind = ADDED_NUMBER},
    [LINK] = {.name = "link", .kind = ADDED_NUMBER},
};

struct clustered {
    const struct records *records;
    const mgeo_member *members;
    size_t *record; /* of the chunk's rows that are good */
    size_t capacity, next;
};

static struct added_value id_of(const struct records *records, uint64_t record) {
    return (struct added_value){.there = true,
                                .text = records_id(records, record),
                                .length = records->places[record].id_length};
}

static struct added_value number(float value) {
    return (struct added_value){.there = !isnan(value), .number = value};
}

static void answer(const void *of, const struct chunk *chunk, const struct row *row,
                   struct added_value *values) {
    const struct clustered *clustered = of;
    const mgeo_member *member = &clustered->members[clustered->record[row - chunk->rows]];
    values[CLUSTER] = id_of(clustered->records, member->cluster);
    values[REPRESENTATIVE] = id_of(clustered->records, member->representative);
    values[SIZE] = (struct added_value){.there = true, .whole = member->size};
    values[WEAKEST] = number(member->weakest);
    values[LINK] = number(member->link);
}

static bool is_record(const struct records *records, size_t record, const struct chunk *chunk,
                      const struct row *row) {
    return record < records->count && records->places[record].text_length == row->a_length &&
           memcmp(records_text(records, record), chunk_text(chunk, row) + row->a, row->a_length) ==
               0;
}

/* The good rows are the records, in the same order. */
static bool number_rows(struct clustered *clustered, const struct chunk *chunk,
                        struct error *error) {
    if (chunk->count > clustered->capacity) {
        clustered->capacity = chunk->count;
        clustered->record =
            memory_resize(clustered->record, chunk->count, sizeof *clustered->record);
    }
    for (size_t i = 0; i < chunk->count; i++) {
        const struct row *row = &chunk->rows[i];
        if (row->reason != ROW_GOOD) continue;
        if (!is_record(clustered->records, clustered->next, chunk, row)) {
            return run_table_changed(error);
        }
        clustered->record[i] = clustered->next++;
    }
    return true;
}

static bool pass_rows(struct clustered *clustered, struct writer *writer, struct reader *reader,
                      struct error *error) {
    enum { ROWS = 8192 };
    struct chunk chunk;
    int got;
    chunk_init(&chunk, 0);
    while ((got = reader_fill(reader, &chunk, ROWS, error)) > 0) {
        records_check(reader_table(reader), &chunk);
        if (interrupt_received()) {
            error_set(error, "%s", "");
            got = -1;
        }
        if (got < 0 || !number_rows(clustered, &chunk, error) ||
            !writer_chunk(writer, &chunk, error)) {
            break;
        }
        chunk_clear(&chunk);
    }
    chunk_finish(&chunk);
    if (got == 0 && clustered->next != clustered->records->count) return run_table_changed(error);
    return got == 0 && writer_end(writer, error);
}

static struct reader *open_reader(const struct run *run, struct table_options *asked,
                                  struct writer_options *wanted, struct error *error) {
    const struct options *options = run->options;
    *asked = options->table;
    asked->input.quiet = true; /* what was guessed is said already */
    asked->keep_columns = writer_is_columnar(
        writer_format_for(options->writer.format, options->output, COLUMNAR_PARQUET));
    asked->without_json = asked->keep_columns;
    struct reader *reader = reader_open(options->operands, options->operand_count, asked, error);
    if (reader == NULL) return NULL;
    const struct table *table = reader_table(reader);
    *wanted = options->writer;
    wanted->format = writer_format_for(options->writer.format, options->output,
                                       table != NULL ? table->columnar : COLUMNAR_NONE);
    if (files_check_format(&run->files, wanted, error)) return reader;
    reader_close(reader);
    return NULL;
}

bool dedupe_output_check(const struct run *run, struct error *error) {
    const char *pairs = run->options->pairs;
    struct table_options asked;
    struct writer_options wanted;
    struct reader *reader = open_reader(run, &asked, &wanted, error);
    reader_close(reader);
    if (reader == NULL || pairs == NULL) return reader != NULL;
    return !writer_is_columnar(pairs_output_format(WRITER_AS_INPUT, pairs)) ||
           columnar_open("--pairs", error) != NULL;
}

bool dedupe_output_rows(struct run *run, const struct dedupe_texts *texts,
                        const mgeo_member *members, struct sink *sink, struct error *error) {
    struct table_options asked;
    struct writer_options wanted;
    struct clustered clustered = {.records = texts->records, .members = members};
    struct added added = {columns, COLUMNS, &clustered, answer};
    struct writer writer;
    struct reader *reader = open_reader(run, &asked, &wanted, error);
    if (reader == NULL) return false;
    writer_init(&writer, &wanted, reader_table(reader), &added, sink);
    bool done = writer_header(&writer, error) &&
                (reader_table(reader) == NULL || pass_rows(&clustered, &writer, reader, error));
    writer_finish(&writer);
    free(clustered.record);
    reader_close(reader);
    return done;
}
