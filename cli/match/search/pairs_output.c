/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs are the added columns of rows that have no others. */
#include "match/search/pairs_output.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum { ID_A, TEXT_A, ID_B, TEXT_B, SCORE, RANK, FLAGS, SIMILARITY, LABEL, REASON, COLUMNS };

static const struct added_column columns[COLUMNS] = {
    [ID_A] = {.name = "id_a", .kind = ADDED_TEXT},
    [TEXT_A] = {.name = "text_a", .kind = ADDED_TEXT},
    [ID_B] = {.name = "id_b", .kind = ADDED_TEXT},
    [TEXT_B] = {.name = "text_b", .kind = ADDED_TEXT},
    [SCORE] = {.name = "score", .kind = ADDED_NUMBER},
    [RANK] = {.name = "rank", .kind = ADDED_WHOLE},
    [FLAGS] = {.name = "flags", .kind = ADDED_TEXT},
    [SIMILARITY] = {.name = "similarity", .kind = ADDED_NUMBER},
    [LABEL] = {.name = "label", .kind = ADDED_WORD},
    [REASON] = {.name = "reason",
                .kind = ADDED_WORD,
                .words = batch_reason_names,
                .word_count = BATCH_REASONS},
};

enum writer_format pairs_output_format(enum writer_format asked, const char *path) {
    enum writer_format format = writer_format_for(asked, path, COLUMNAR_NONE);
    if (format != WRITER_AS_INPUT) return format;
    format = writer_format_for(asked, path, COLUMNAR_PARQUET); /* what the name says, if anything */
    return writer_is_columnar(format) ? WRITER_TSV : format;
}

static const char *flags_text(uint32_t flags) {
    static const char *const texts[] = {"", "same_text", "same_form", "same_text|same_form"};
    return texts[flags & (MGEO_CANDIDATE_SAME_TEXT | MGEO_CANDIDATE_SAME_FORM)];
}

static struct added_value text_value(const char *text, size_t length) {
    return (struct added_value){.there = true, .text = text, .length = length};
}

static void answer(const void *of, const struct chunk *chunk, const struct row *row,
                   struct added_value *values) {
    const struct pairs_output *output = of;
    const struct pairs_output_row *pair = &output->rows[row - chunk->rows];
    const char *flags = flags_text(pair->flags);
    values[ID_A] = text_value(pair->id_a, pair->id_a_length);
    values[TEXT_A] = text_value(pair->text_a, pair->text_a_length);
    values[ID_B] = text_value(pair->id_b, pair->id_b_length);
    values[TEXT_B] = text_value(pair->text_b, pair->text_b_length);
    values[SCORE] = (struct added_value){.there = true, .number = pair->score};
    values[RANK] = (struct added_value){.there = true, .whole = pair->rank};
    values[FLAGS] = text_value(flags, strlen(flags));
    if (!pair->scored) return;
    values[SIMILARITY] = (struct added_value){.there = true, .number = pair->similarity};
    values[LABEL] = (struct added_value){.there = true, .word = pair->label};
    values[REASON] = (struct added_value){.there = true, .word = (int32_t)pair->reason};
}

void pairs_output_init(struct pairs_output *output, const struct writer_options *options,
                       const mgeo_model_info *info, struct sink *sink) {
    memset(output, 0, sizeof *output);
    memcpy(output->columns, columns, sizeof columns);
    for (uint32_t i = 0; info != NULL && i < info->label_count; i++) {
        output->labels[i] = info->labels[i];
        output->columns[LABEL].word_count++;
    }
    output->columns[LABEL].words = output->labels;
    struct added added = {.columns = output->columns,
                          .count = info != NULL ? COLUMNS : SIMILARITY,
                          .of = output,
                          .answer = answer};
    chunk_init(&output->chunk, 0);
    writer_init(&output->writer, options, &writer_no_table, &added, sink);
}

void pairs_output_finish(struct pairs_output *output) {
    writer_finish(&output->writer);
    chunk_finish(&output->chunk);
    free(output->rows);
    memset(output, 0, sizeof *output);
}

static void reach(struct pairs_output *output) {
    if (output->count < output->capacity) return;
    output->capacity = output->capacity == 0 ? 1024 : output->capacity * 2;
    output->rows = memory_resize(output->rows, output->capacity, sizeof *output->rows);
    while (output->chunk.count < output->capacity) {
        chunk_add(&output->chunk, "", 0)->dialect = &writer_no_table.dialect;
    }
}

struct pairs_output_row *pairs_output_add(struct pairs_output *output) {
    reach(output);
    struct pairs_output_row *row = &output->rows[output->count++];
    memset(row, 0, sizeof *row);
    return row;
}

/* The chunk's rows stay what they are; only how many are shown is the pairs' number. */
bool pairs_output_flush(struct pairs_output *output, struct error *error) {
    size_t all = output->chunk.count;
    output->chunk.count = output->count;
    bool done = output->count == 0 || writer_chunk(&output->writer, &output->chunk, error);
    output->chunk.count = all;
    output->count = 0;
    return done;
}
