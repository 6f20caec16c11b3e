/* SPDX-License-Identifier: Apache-2.0 */
/* Added columns whose values are looked up by a row's place in its batch. */
#include "match/rows/match_output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "match/reference/records.h"
#include "match/rows/one_to_one.h"
#include "match/rows/report.h"
#include "table/reader.h"

enum { ID, TEXT, SIMILARITY, LABEL, REASON, SECOND_ID, SECOND_SIMILARITY, GAP, COLUMNS };

static const char *const unmatched_reasons[] = {[MATCH_FOUND] = "",
                                                [MATCH_BELOW] = "below_threshold",
                                                [MATCH_NOTHING] = "no_candidate",
                                                [MATCH_TAKEN] = "taken"};

static const struct added_column columns[COLUMNS] = {
    [ID] = {.name = "match_id", .kind = ADDED_TEXT},
    [TEXT] = {.name = "match_text", .kind = ADDED_TEXT},
    [SIMILARITY] = {.name = "similarity", .kind = ADDED_NUMBER},
    [LABEL] = {.name = "label", .kind = ADDED_WORD},
    [REASON] = {.name = "reason",
                .kind = ADDED_WORD,
                .words = batch_reason_names,
                .word_count = BATCH_REASONS},
    [SECOND_ID] = {.name = "runner_up_id", .kind = ADDED_TEXT},
    [SECOND_SIMILARITY] = {.name = "runner_up_similarity", .kind = ADDED_NUMBER},
    [GAP] = {.name = "gap", .kind = ADDED_NUMBER},
};

/* ---- values ---------------------------------------------------------------------------------- */

static void put_id(struct added_value *to, const mgeo_candidate *candidate) {
    *to = (struct added_value){.there = true, .text = candidate->id, .length = candidate->id_len};
}

static void put_number(struct added_value *to, float number) {
    *to = (struct added_value){.there = true, .number = number};
}

/* Both as they are written, so that the gap is what a reader of the file would take. */
static float gap_of(const struct match_decision *decision) {
    return (rintf(decision->best.similarity * 1e6f) - rintf(decision->second.similarity * 1e6f)) /
           1e6f;
}

static void put_pair(const struct match_decision *decision, struct added_value *values) {
    const struct batch_pair *best = &decision->best, *second = &decision->second;
    if (best->candidate == NULL) return;
    put_id(&values[ID], best->candidate);
    values[TEXT] = (struct added_value){
        .there = true, .text = best->candidate->text, .length = best->candidate->text_len};
    put_number(&values[SIMILARITY], best->similarity);
    values[LABEL] = (struct added_value){.there = true, .word = best->label};
    values[REASON] = (struct added_value){.there = true, .word = (int32_t)best->reason};
    if (second->candidate == NULL) return;
    put_id(&values[SECOND_ID], second->candidate);
    put_number(&values[SECOND_SIMILARITY], second->similarity);
    put_number(&values[GAP], gap_of(decision));
}

static void answer_row(const void *of, const struct chunk *chunk, const struct row *row,
                       struct added_value *values) {
    const struct match_output *output = of;
    const struct match_decision *decision = &output->decisions[row - chunk->rows];
    if (decision->state == MATCH_FOUND) put_pair(decision, values);
}

/* The best that was found, though it is none; and why. */
static void answer_unmatched(const void *of, const struct chunk *chunk, const struct row *row,
                             struct added_value *values) {
    const struct match_output *output = of;
    const struct match_decision *decision = output->left_decisions[row - chunk->rows];
    put_pair(decision, values);
    values[REASON] = (struct added_value){.there = true, .word = (int32_t)decision->state};
}

/* ---- setting up ------------------------------------------------------------------------------ */

/* Text, whatever the output is: a part of a file of columns could not be read by itself. */
static struct writer_options unmatched_options(const struct run *run, const struct table *table) {
    struct writer_options options = {0};
    options.format = writer_format_for(WRITER_AS_INPUT, run->options->unmatched,
                                       table != NULL ? table->columnar : COLUMNAR_NONE);
    if (writer_is_columnar(options.format)) options.format = WRITER_TSV;
    return options;
}

void match_output_init(struct match_output *output, struct run *run, const struct table *table) {
    const struct mgeo_model_info *info = &run->info;
    output->run = run;
    chunk_init(&output->left, 0);
    if (run->options->candidates) {
        pairs_output_init(&run->pairs, &run->wanted, NULL, run->output);
        return;
    }
    memcpy(output->columns, columns, sizeof columns);
    for (uint32_t i = 0; i < info->label_count; i++) output->labels[i] = info->labels[i];
    output->columns[LABEL].words = output->labels;
    output->columns[LABEL].word_count = info->label_count;
    memcpy(output->unmatched_columns, output->columns, sizeof columns);
    output->unmatched_columns[REASON].words = unmatched_reasons;
    output->unmatched_columns[REASON].word_count = MATCH_STATES;
    struct added added = {output->columns, COLUMNS, output, answer_row};
    writer_init(&run->writer, &run->wanted, table, &added, run->output);
    if (run->options->unmatched == NULL) return;
    struct writer_options options = unmatched_options(run, table);
    struct added left = {output->unmatched_columns, COLUMNS, output, answer_unmatched};
    writer_init(&output->unmatched, &options, table, &left, run->second);
}

void match_output_finish(struct match_output *output) {
    output->left.bytes = NULL; /* a batch's */
    output->left.rows = NULL;
    writer_finish(&output->unmatched);
    free(output->decisions);
    free(output->left_decisions);
}

/* ---- batches --------------------------------------------------------------------------------- */

static enum match_state state_of(const struct match_output *output,
                                 const struct match_decision *decision) {
    if (decision->best.candidate == NULL) return MATCH_NOTHING;
    bool enough = (double)decision->best.similarity >= output->run->options->threshold;
    return enough ? MATCH_FOUND : MATCH_BELOW;
}

static void count(struct totals *totals, const struct match_decision *decision) {
    static const int by_reason[] = {[BATCH_SAME_TEXT] = TOTALS_SAME_TEXT,
                                    [BATCH_SAME_FORM] = TOTALS_SAME_FORM,
                                    [BATCH_MODEL] = TOTALS_BY_MODEL,
                                    [BATCH_FIRST_MODEL] = TOTALS_BY_MODEL};
    switch (decision->state) {
    case MATCH_FOUND: totals->count[by_reason[decision->best.reason]]++; break;
    case MATCH_BELOW: totals->count[TOTALS_BELOW]++; break;
    case MATCH_TAKEN: totals->count[TOTALS_TAKEN]++; break;
    default: totals->count[TOTALS_NOTHING]++;
    }
}

static void decide(struct match_output *output, const struct batch *batch) {
    struct run *run = output->run;
    if (batch->count > output->capacity) {
        output->capacity = batch->count;
        output->decisions =
            memory_resize(output->decisions, batch->count, sizeof *output->decisions);
        output->left_decisions =
            memory_resize(output->left_decisions, batch->count, sizeof *output->left_decisions);
    }
    for (size_t i = 0; i < batch->count; i++) {
        struct match_decision *decision = &output->decisions[i];
        if (batch->rows.rows[i].reason != ROW_GOOD) continue;
        if (output->given != NULL) {
            one_to_one_decide(output->given, batch->rows_before + i, batch, i, decision);
        } else {
            batch_best(batch, i, run_positive(run), &decision->best, &decision->second);
            decision->state = state_of(output, decision);
        }
        count(&run->totals, decision);
    }
}

/* The unmatched rows, at the beginning of an array of their own. */
static bool write_unmatched(struct match_output *output, const struct batch *batch,
                            struct error *error) {
    struct chunk *left = &output->left;
    if (output->run->second == NULL) return true;
    struct row *rows = memory_resize(NULL, batch->count + 1, sizeof *rows);
    left->bytes = batch->rows.bytes;
    left->rows = rows;
    left->count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct match_decision *decision = &output->decisions[i];
        if (batch->rows.rows[i].reason != ROW_GOOD || decision->state == MATCH_FOUND) continue;
        output->left_decisions[left->count] = decision;
        rows[left->count++] = batch->rows.rows[i];
    }
    bool done = left->count == 0 || writer_chunk(&output->unmatched, left, error);
    free(rows);
    left->rows = NULL;
    return done;
}

static bool write_pairs(struct match_output *output, const struct batch *batch,
                        struct error *error) {
    struct run *run = output->run;
    const struct table *table = reader_table(run->reader);
    char(*numbers)[24] = memory_resize(NULL, batch->count + 1, sizeof *numbers);
    for (size_t i = 0; i < batch->count; i++) {
        const struct row *row = &batch->rows.rows[i];
        size_t count, length;
        const mgeo_candidate *candidate = mgeo_candidates_of(batch->found, i, &count);
        if (row->reason != ROW_GOOD) continue;
        const char *id = records_row_id(table, &batch->rows, row, batch->rows_before + i + 1,
                                        numbers[i], &length);
        mgeo_text text = batch_row_text(NULL, batch, i);
        run->totals.count[count == 0 ? TOTALS_NOTHING : TOTALS_CANDIDATES] +=
            count == 0 ? 1 : count;
        for (size_t j = 0; j < count; j++, candidate++) {
            struct pairs_output_row *pair = pairs_output_add(&run->pairs);
            *pair = (struct pairs_output_row){.id_a = id,
                                              .id_a_length = length,
                                              .text_a = text.text,
                                              .text_a_length = text.text_len,
                                              .id_b = candidate->id,
                                              .id_b_length = candidate->id_len,
                                              .text_b = candidate->text,
                                              .text_b_length = candidate->text_len,
                                              .rank = j + 1,
                                              .score = candidate->score,
                                              .flags = candidate->flags};
        }
    }
    bool done = pairs_output_flush(&run->pairs, error);
    free(numbers);
    return done;
}

bool match_output_batch(struct match_output *output, struct batch *batch, struct error *error) {
    struct run *run = output->run;
    if (output->given == NULL) run->totals.count[TOTALS_ROWS] += batch->count;
    if (run->options->candidates) {
        report_add_batch(run, batch, NULL);
        return write_pairs(output, batch, error);
    }
    decide(output, batch);
    if (output->given == NULL) totals_add_pairs(&run->totals, batch);
    report_add_batch(run, batch, output->decisions);
    return write_unmatched(output, batch, error) && writer_chunk(&run->writer, &batch->rows, error);
}
