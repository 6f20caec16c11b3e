/* SPDX-License-Identifier: Apache-2.0 */
/* One candidate of each row, so that the pairs of the sample do not hang together. */
#include "match/search/choose.h"

#include "common/interrupt.h"
#include "common/random.h"
#include "match/reference/records.h"
#include "scoring/cascade/cascade_sample.h"
#include "scoring/resume/identity.h"
#include "table/reader.h"
#include "table/selection.h"

enum { ROWS = 512 };

static uint32_t sample_rows(const struct options *options) {
    return options->cascade.sample > 0 ? options->cascade.sample : CASCADE_SAMPLE;
}

/* Keeps of the pairs of each query one, and takes it for the sample. */
static bool add_batch(struct cascade_sample *sample, struct batch *batch, struct random *random,
                      struct error *error) {
    struct chunk *pairs = &batch->pairs;
    size_t kept = 0;
    for (size_t i = 0; i < batch->count; i++) {
        size_t from = batch->first_of[i], count, scored = 0;
        uint32_t first = BATCH_DECIDED;
        mgeo_candidates_of(batch->found, i, &count);
        for (size_t j = 0; j < count; j++) {
            if (batch->pair_of[from + j] == BATCH_DECIDED) continue;
            if (scored++ == 0) first = batch->pair_of[from + j];
        }
        if (scored == 0) continue;
        pairs->rows[kept++] = pairs->rows[first + random_below(random, (unsigned)scored)];
    }
    pairs->count = kept;
    return kept == 0 || cascade_sample_add(sample, pairs, error);
}

bool choose_rule(struct run *run, choose_next *next, void *opaque, batch_text_of *text_of,
                 const void *text_opaque, struct error *error) {
    struct cascade_sample sample;
    struct batch batch;
    struct random random = {1};
    int got = 1;
    batch_init(&batch, run->info.label_count);
    cascade_sample_init(&sample, &run->cascade, run->job);
    while (got > 0) {
        batch_clear(&batch);
        got = next(opaque, &batch, error);
        if (got <= 0) break;
        batch_make_pairs(&batch, text_of, text_opaque);
        if (!add_batch(&sample, &batch, &random, error)) got = -1;
        if (got > 0 && interrupt_received()) {
            error_set(error, "%s", "");
            got = -1;
        }
    }
    if (got == 0) cascade_sample_choose(&sample);
    cascade_sample_finish(&sample);
    batch_finish(&batch);
    return got == 0;
}

/* Whether there is nothing to choose; else what was chosen earlier is taken, if it was. */
static bool is_chosen(struct run *run) {
    const char *noted = run->resume != NULL ? resume_noted(run->resume, identity_choice) : NULL;
    if (run_cascade(run) == NULL || run->options->cascade.keep == 0) return true;
    return noted != NULL && cascade_read_choice(&run->cascade, noted);
}

static bool say(struct run *run, bool done) {
    bool chosen = run_cascade(run) != NULL && run->options->cascade.keep > 0;
    if (done && chosen && !run->options->quiet) cascade_say_choice(&run->cascade);
    return done;
}

/* ---- of tables ------------------------------------------------------------------------------- */

struct table_rows {
    struct run *run;
    struct reader *reader;
    struct selection *selection;
};

static int next_rows(void *opaque, struct batch *batch, struct error *error) {
    struct table_rows *rows = opaque;
    int got = selection_fill(rows->selection, &batch->rows, ROWS, error);
    if (got <= 0) return got;
    records_check(reader_table(rows->reader), &batch->rows);
    batch_take_rows(batch);
    return search_texts(rows->run->options, rows->run->index, batch->texts, batch->count,
                        &batch->found, error)
               ? 1
               : -1;
}

bool choose_rule_by_tables(struct run *run, const char *const *paths, size_t count,
                           const struct table_options *table, struct error *error) {
    if (is_chosen(run)) return say(run, true);
    struct table_options quiet = *table;
    struct selection_options wanted = {.sample = sample_rows(run->options)};
    quiet.input.quiet = true;
    quiet.keep_columns = quiet.without_json = false;
    struct table_rows rows = {.run = run, .reader = reader_open(paths, count, &quiet, error)};
    if (rows.reader == NULL) return false;
    rows.selection = selection_create(rows.reader, &wanted);
    bool done = reader_table(rows.reader) == NULL ||
                choose_rule(run, next_rows, &rows, batch_row_text, NULL, error);
    selection_destroy(rows.selection);
    reader_close(rows.reader);
    return say(run, done);
}

/* ---- of the index ---------------------------------------------------------------------------- */

struct index_rows {
    struct run *run;
    uint64_t rows, generation, asked, next;
};

/* One row a batch: the rows of a sample do not follow each other. */
static int next_index_row(void *opaque, struct batch *batch, struct error *error) {
    struct index_rows *rows = opaque;
    if (rows->next == rows->asked) return 0;
    batch->first = rows->next++ * rows->rows / rows->asked;
    batch->count = 1;
    return search_rows(rows->run->options, rows->run->index, batch, &rows->generation, error) ? 1
                                                                                              : -1;
}

bool choose_rule_by_index(struct run *run, uint64_t rows, batch_text_of *text_of,
                          const void *text_opaque, struct error *error) {
    if (is_chosen(run)) return say(run, true);
    uint64_t most = sample_rows(run->options);
    struct index_rows all = {.run = run, .rows = rows, .asked = rows < most ? rows : most};
    return say(run, choose_rule(run, next_index_row, &all, text_of, text_opaque, error));
}
