/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-match match: rows pass, each with the best row of the reference, or pairs alone. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "columnar/formats.h"
#include "common/interrupt.h"
#include "common/memory.h"
#include "common/message.h"
#include "match/commands.h"
#include "match/reference/index_file.h"
#include "match/reference/records.h"
#include "match/rows/match_identity.h"
#include "match/rows/match_output.h"
#include "match/rows/one_to_one.h"
#include "match/rows/report.h"
#include "match/run.h"
#include "match/search/choose.h"

struct match {
    struct run run;
    struct match_output output;
    struct table_options asked; /* how the table is read */
    /* of --one-to-one, where nothing is written before all pairs are scored */
    struct link_log log;
    struct writer log_writer; /* stands for the log where parts are kept */
    struct one_to_one given;
};

static struct resume_counts counts_of(struct match *match) {
    struct run *run = &match->run;
    const struct options *options = run->options;
    return (struct resume_counts){.writer = options->one_to_one   ? &match->log_writer
                                            : options->candidates ? &run->pairs.writer
                                                                  : &run->writer,
                                  .row_errors = &run->row_errors,
                                  .second = run->second,
                                  .rows = &run->totals.count[TOTALS_ROWS],
                                  .all = &run->totals,
                                  .save = totals_save,
                                  .load = totals_load};
}

/* ---- opening --------------------------------------------------------------------------------- */

static void name_files(struct match *match) {
    const struct options *options = match->run.options;
    const char *first =
        options->cascade.first != NULL ? cascade_options_path(&options->cascade) : NULL;
    match->run.files =
        (struct files){.inputs = options->operands,
                       .input_count = options->operand_count,
                       .kept = {options->operands[options->operand_count - 1], options->report},
                       .models = {options->model.path, first},
                       .output = options->output,
                       .errors = options->errors,
                       .second = options->one_to_one ? NULL : options->unmatched,
                       .second_option = "--unmatched",
                       .resume = options->resume,
                       .twice = options->one_to_one         ? "--one-to-one"
                                : options->cascade.keep > 0 ? "--keep-agreement"
                                                            : NULL};
}

/* The table's rows as they are, or as what --format says. */
static bool open_table(struct match *match, struct error *error) {
    struct run *run = &match->run;
    const struct options *options = run->options;
    struct table_options *asked = &match->asked;
    run->wanted = options->writer;
    run->wanted.parts = options->resume && !options->one_to_one; /* which are those of the log */
    enum writer_format likely =
        writer_format_for(options->writer.format, options->output, COLUMNAR_PARQUET);
    *asked = options->table;
    asked->keep_columns = !options->candidates && writer_is_columnar(likely);
    asked->without_json = (asked->keep_columns || options->candidates) && options->errors == NULL &&
                          options->unmatched == NULL;
    run->reader = reader_open(options->operands, options->operand_count - 1, asked, error);
    if (run->reader == NULL) return false;
    const struct table *table = reader_table(run->reader);
    run->wanted.format = options->candidates
                             ? pairs_output_format(options->writer.format, options->output)
                             : writer_format_for(options->writer.format, options->output,
                                                 table != NULL ? table->columnar : COLUMNAR_NONE);
    if (!files_check_format(&run->files, &run->wanted, error)) return false;
    if (options->candidates || options->report != NULL) {
        records_say_numbers(table, options->operands[0], "--id", options->quiet);
    }
    return true;
}

/* One to one, the rows are written when all are read; bad ones are listed meanwhile. */
static bool open_sinks(struct run *run, struct error *error) {
    if (!run->options->one_to_one || run->options->resume) return run_open_sinks(run, error);
    return run->files.errors == NULL || (run->errors = sink_open(run->files.errors, error)) != NULL;
}

static bool check_files(const struct match *match, struct error *error) {
    const struct options *options = match->run.options;
    struct files all = match->run.files;
    all.second = options->unmatched;
    if (!files_check(&all, error)) return false;
    if (options->unmatched == NULL || columnar_by_name(options->unmatched) == COLUMNAR_NONE) {
        return true;
    }
    return error_set(error, "--unmatched %s: these rows are listed as text; give a name like that",
                     options->unmatched);
}

static bool open_all(struct match *match, struct error *error) {
    struct run *run = &match->run;
    const struct options *options = run->options;
    if (!check_files(match, error)) return false;
    if (!open_sinks(run, error)) return false;
    if (options->report != NULL && (run->known = known_pairs_read(options, error)) == NULL) {
        return false;
    }
    run->progress =
        progress_start(options->progress, options->quiet, interrupt_progress(INTERRUPT_LOADING));
    return open_table(match, error) &&
           run_open_index(run, options->operands + options->operand_count - 1, 1, error) &&
           run_open_model(run, error) &&
           choose_rule_by_tables(run, options->operands, options->operand_count - 1,
                                 &options->table, error);
}

static bool begin_parts(struct match *match, struct error *error) {
    struct run *run = &match->run;
    struct resume_counts counts = counts_of(match);
    struct notes identity = {0};
    bool done = match_identity_note(&identity, run, counts.writer, error) &&
                resume_begin(run->resume, &identity, &counts, run->repeats, error);
    notes_finish(&identity);
    if (!done) return false;
    if ((run->output = counts.writer->sink = resume_output(run->resume, error)) == NULL) {
        return false;
    }
    if (run->files.errors != NULL) {
        run->errors = run->row_errors.file = resume_errors(run->resume, error);
        if (run->errors == NULL) return false;
    }
    if (run->files.second != NULL) {
        run->second = match->output.unmatched.sink = resume_second(run->resume, error);
        if (run->second == NULL) return false;
    }
    if (!resume_has_begun(run->resume)) return true;
    if (!run->options->quiet) {
        message_print("goes on after row %" PRIu64 " of an earlier run (%s)",
                      resume_rows(run->resume), resume_folder(run->resume));
    }
    return !run->options->one_to_one || link_log_continue(&match->log, resume_folder(run->resume),
                                                          run->totals.count[TOTALS_LINKS], error);
}

static bool write_headers(struct match *match, struct error *error) {
    struct run *run = &match->run;
    struct writer *writer = counts_of(match).writer;
    if (run->options->one_to_one) {
        bool old = run->resume != NULL && resume_has_begun(run->resume);
        return old || row_errors_begin(&run->row_errors, error);
    }
    if (run->resume != NULL && resume_has_begun(run->resume)) {
        return !writer_is_columnar(run->wanted.format) || writer_header(writer, error);
    }
    return writer_header(writer, error) && row_errors_begin(&run->row_errors, error) &&
           (run->second == NULL || writer_header(&match->output.unmatched, error));
}

static bool begin(struct match *match, struct error *error) {
    struct run *run = &match->run;
    const struct options *options = run->options;
    const struct table *table = reader_table(run->reader);
    run->row_errors = (struct row_errors){.file = run->errors,
                                          .paths = options->operands,
                                          .table = table,
                                          .quiet = options->quiet,
                                          .limited = options->limit_errors,
                                          .limit = options->max_errors};
    run->totals.row_errors = &run->row_errors;
    run->repeats = repeats_create(run->info.label_count);
    match->log_writer.table = &writer_no_table;
    match->log_writer.options.format = WRITER_TSV;
    if (!options->one_to_one) match_output_init(&match->output, run, table);
    if (run->resume != NULL && !begin_parts(match, error)) return false;
    progress_scoring(run->progress, reader_size(run->reader), run->totals.count[TOTALS_ROWS]);
    return write_headers(match, error);
}

/* ---- passing --------------------------------------------------------------------------------- */

/* The pairs of rows and candidates that have a score, for the time when all have. */
static bool log_batch(struct match *match, const struct batch *batch, struct error *error) {
    struct run *run = &match->run;
    if (batch->rows_before + batch->count > UINT32_MAX) {
        return error_set(error, "--one-to-one: there are more rows than can be numbered");
    }
    for (size_t i = 0; i < batch->count; i++) {
        link_log_add_query(&match->log, (uint32_t)(batch->rows_before + i), batch, i,
                           run_positive(run));
    }
    run->totals.count[TOTALS_ROWS] += batch->count;
    totals_add_pairs(&run->totals, batch);
    run->totals.count[TOTALS_LINKS] = match->log.count;
    return run->resume == NULL || link_log_write(&match->log, run->output, error);
}

static bool pass_batch(struct match *match, struct batch *batch, struct error *error) {
    struct run *run = &match->run;
    run->halfway = true;
    if (run->resume == NULL && interrupt_received()) return error_set(error, "%s", "");
    bool done = run->options->one_to_one ? log_batch(match, batch, error)
                                         : match_output_batch(&match->output, batch, error);
    if (!done) return false;
    progress_update(run->progress, run->totals.count[TOTALS_ROWS], batch->rows.position);
    if (!row_errors_chunk(&run->row_errors, &batch->rows, error)) return false;
    search_release(&run->search);
    run->halfway = false;
    if (run->resume == NULL) return true;
    if (interrupt_received()) return error_set(error, "%s", "");
    struct resume_counts counts = counts_of(match);
    return resume_step(run->resume, &counts, run->repeats, error);
}

static bool pass_all(struct match *match, struct error *error) {
    struct run *run = &match->run;
    struct batch *batch;
    int got;
    if (run->resume != NULL && resume_is_whole(run->resume)) return true;
    if (reader_table(run->reader) == NULL) return true;
    run->search = (struct search){.options = run->options,
                                  .index = run->index,
                                  .reader = run->reader,
                                  .text_of = batch_row_text,
                                  .skip = run->resume != NULL ? resume_rows(run->resume) : 0,
                                  .rows = run_batch_rows(run),
                                  .job = run->job,
                                  .cascade = run_cascade(run),
                                  .labels = run->info.label_count,
                                  .repeats = run->repeats};
    if (!search_start(&run->search, error)) return false;
    while ((got = search_next(&run->search, &batch, error)) > 0) {
        if (!pass_batch(match, batch, error)) return false;
    }
    return got == 0;
}

/* ---- one to one ------------------------------------------------------------------------------ */

static bool write_given(struct match *match, struct reader *reader, struct error *error) {
    struct run *run = &match->run;
    struct search again = {.options = run->options,
                           .index = run->index,
                           .reader = reader,
                           .rows = run_batch_rows(run)};
    struct batch *batch;
    int got = search_start(&again, error) ? 1 : -1;
    while (got > 0 && (got = search_next(&again, &batch, error)) > 0) {
        if (interrupt_received()) {
            error_set(error, "%s", "");
            got = -1;
        }
        if (got > 0 && !one_to_one_fits(&match->given, batch)) {
            run_table_changed(error);
            got = -1;
        }
        if (got > 0 && !match_output_batch(&match->output, batch, error)) got = -1;
        if (got > 0) search_release(&again);
    }
    search_stop(&again);
    return got == 0 && (again.rows_read == match->given.rows || run_table_changed(error));
}

/* Rows are read and searched once more; the scores are those of the log. */
static bool write_one_to_one(struct match *match, struct error *error) {
    struct run *run = &match->run;
    const struct options *options = run->options;
    struct table_options quiet = match->asked;
    quiet.input.quiet = true;
    struct sink *rows = run_open_sink(run, options->output, error);
    struct reader *reader =
        rows != NULL ? reader_open(options->operands, options->operand_count - 1, &quiet, error)
                     : NULL;
    bool done = reader != NULL &&
                one_to_one_make(&match->given, &match->log, run->totals.count[TOTALS_ROWS],
                                options->threshold, error);
    if (done && options->unmatched != NULL) {
        done = (run->second = run_open_sink(run, options->unmatched, error)) != NULL;
    }
    if (done) {
        struct sink *log = run->output;
        run->output = rows;
        match->output.given = &match->given;
        match_output_init(&match->output, run, reader_table(reader));
        run->output = log;
        done = writer_header(&run->writer, error) &&
               (run->second == NULL || writer_header(&match->output.unmatched, error)) &&
               (reader_table(reader) == NULL || write_given(match, reader, error)) &&
               writer_end(&run->writer, error) &&
               (run->resume != NULL || run_commit(&run->errors, error)) &&
               run_commit(&run->second, error) && run_commit(&rows, error);
    }
    run_abandon(run, rows);
    writer_finish(&run->writer);
    writer_finish(&match->output.unmatched);
    reader_close(reader);
    return done;
}

static bool complete(struct match *match, struct error *error) {
    struct run *run = &match->run;
    struct resume_counts counts = counts_of(match);
    if (!run->options->one_to_one) return run_complete(run, &counts, error);
    if (run->resume != NULL && (!resume_commit(run->resume, &counts, run->repeats, true, error) ||
                                !resume_copy_errors(run->resume, error))) {
        return false;
    }
    if (!write_one_to_one(match, error)) return false;
    if (run->resume != NULL) resume_forget(run->resume);
    return true;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* The rows that were too many are what the user will want to see. */
static void keep_errors(struct run *run) {
    struct error ignored;
    if (!row_errors_too_many(&run->row_errors)) return;
    if (run->resume != NULL) {
        resume_copy_errors(run->resume, &ignored);
    } else {
        run_commit(&run->errors, &ignored);
    }
}

int command_match(const struct options *options) {
    struct match *match = memory_zeroed(1, sizeof *match);
    struct run *run = &match->run;
    struct error error = {""};
    run->options = options;
    name_files(match);
    bool done = open_all(match, &error) && begin(match, &error) && pass_all(match, &error);
    progress_end(run->progress);
    done = done && complete(match, &error);
    int status = run->row_errors.total + run->bad_reference > 0 ? MATCH_BAD_ROWS : MATCH_DONE;
    bool quietly = !done && run_ends_quietly(run);
    if (done && !report_match(run)) status = MATCH_FAILED;
    if (!done) {
        const struct resume_counts counts = counts_of(match);
        keep_errors(run);
        if (!quietly) status = run_failed(options, &error);
        run_keep_parts(run, &counts, "rows");
    }
    match_output_finish(&match->output);
    one_to_one_finish(&match->given);
    link_log_finish(&match->log);
    run_close(run);
    free(match);
    if (quietly) interrupt_end_by_broken_pipe();
    return status;
}
