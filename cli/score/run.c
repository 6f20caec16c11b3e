/* SPDX-License-Identifier: Apache-2.0 */
/* The flow of a run: open everything, let chunks pass, close everything. */
#include "score/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/files/standard_streams.h"
#include "common/interrupt.h"
#include "common/memory.h"
#include "common/message.h"
#include "common/sink.h"
#include "score/choose_rule.h"
#include "score/pipeline.h"
#include "score/report/cascade_report.h"
#include "score/report/gold.h"
#include "score/report/gold_report.h"
#include "score/report/histogram_chart.h"
#include "score/report/report.h"
#include "score/resume/counters.h"
#include "score/resume/score_identity.h"
#include "scoring/answers.h"
#include "scoring/files.h"
#include "scoring/model.h"
#include "scoring/progress.h"
#include "scoring/resume/identity.h"
#include "scoring/resume/paths.h"
#include "scoring/resume/resume.h"
#include "scoring/row_errors.h"
#include "scoring/terminal.h"
#include "table/reader.h"

struct run {
    const struct options *options;
    struct files files; /* that they name */
    struct reader *reader;
    struct selection *selection;
    struct sink *output, *errors, *summary;
    mgeo_engine *engine;
    mgeo_job *job; /* one model from the first row to the last */
    mgeo_model_info info;
    struct cascade cascade; /* all zero: none */
    struct progress *progress;
    struct repeats *repeats;
    struct pipeline *pipeline;
    struct writer_options wanted; /* with the format that it comes to */
    struct answers answers;
    struct writer writer;
    struct row_errors row_errors;
    struct report_totals totals;
    struct gold *gold; /* NULL: no --gold */
    struct counters counters;
    struct resume *resume; /* NULL: no --resume */
    bool halfway; /* a chunk is counted or written in part, so that nothing may be committed */
    double seconds_before; /* of the runs that this one goes on with */
};

static bool open_sinks(struct run *run, struct error *error) {
    const struct options *options = run->options;
    if (options->resume) {
        run->resume = resume_open(&run->files, options->resume_every, error);
        if (run->resume == NULL) return false;
    } else {
        run->output = sink_open(options->output, error);
        if (run->output == NULL) return false;
        if (options->errors != NULL && (run->errors = sink_open(options->errors, error)) == NULL) {
            return false;
        }
    }
    if (options->summary == NULL) return true;
    run->summary = run->resume != NULL ? resume_sink(run->resume, options->summary, error)
                                       : sink_open(options->summary, error);
    return run->summary != NULL;
}

static void greet_terminal(const struct options *options) {
    if (!options->quiet && strcmp(options->inputs[0], "-") == 0 && isatty(STDIN_FILENO)) {
        message_print("reading pairs from the terminal; Ctrl-D ends, --help explains");
    }
}

/* Parts of --resume that this run neither reads nor removes. */
static void say_unfinished(const struct options *options) {
    if (options->resume || options->quiet || options->output == NULL) return;
    char *folder = paths_folder(options->output);
    if (access(folder, F_OK) == 0) {
        message_print("%s holds an unfinished run, which its command goes on with by --resume; "
                      "this one begins anew",
                      folder);
    }
    free(folder);
}

/* A name is no order to compress. */
static void say_plain(const struct options *options) {
    static const char *const ends[][2] = {{".gz", "gzip"}, {".zst", "zstd"}, {".xz", "xz"}};
    size_t length = options->output != NULL && !options->quiet ? strlen(options->output) : 0;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i][0]);
        if (length < end || strcmp(options->output + length - end, ends[i][0]) != 0) continue;
        message_print("%s is written as plain text; to compress it: mgeo-score … | %s > FILE",
                      options->output, ends[i][1]);
    }
}

/* What the summary says of the model is said by the model that scores. */
static bool begin_job(struct run *run, struct error *error) {
    mgeo_error cause;
    if (mgeo_job_begin(run->engine, NULL, &run->job, &cause) != MGEO_OK ||
        mgeo_job_get_info(run->job, &run->info, &cause) != MGEO_OK) {
        return error_set(error, "cannot use the model: %s", cause.message);
    }
    return true;
}

/* What is written, and whether it can be. */
static bool choose_format(struct run *run, struct error *error) {
    const struct options *options = run->options;
    const struct table *table = reader_table(run->reader);
    run->wanted = options->writer;
    run->wanted.parts = options->resume;
    run->wanted.format = writer_format_for(options->writer.format, options->output,
                                           table != NULL ? table->columnar : COLUMNAR_NONE);
    return files_check_format(&run->files, &run->wanted, error);
}

static bool open_reader(struct run *run, struct error *error) {
    const struct options *options = run->options;
    run->reader = reader_open(options->inputs, options->input_count, &options->table, error);
    return run->reader != NULL && choose_format(run, error);
}

static const struct cascade *cascade_of(const struct run *run) {
    return cascade_options_any(&run->options->cascade) ? &run->cascade : NULL;
}

/* Where --keep-agreement asks for it, by a sample, or as an earlier run has chosen. */
static bool find_rule(struct run *run, struct error *error) {
    const struct options *options = run->options;
    const char *noted = run->resume != NULL ? resume_noted(run->resume, identity_choice) : NULL;
    if (options->cascade.keep == 0) return true;
    if ((noted == NULL || !cascade_read_choice(&run->cascade, noted)) &&
        !choose_rule(options, &run->cascade, run->job, error)) {
        return false;
    }
    if (!options->quiet) cascade_say_choice(&run->cascade);
    return true;
}

static bool open_cascade(struct run *run, struct error *error) {
    const struct options *options = run->options;
    enum { LOADING = INTERRUPT_CALLS - 1 }; /* the other block is being watched */
    if (cascade_of(run) == NULL) return true;
    return cascade_open(&run->cascade, &options->cascade, &options->model, options->quiet,
                        interrupt_progress(LOADING), run->engine, &run->info, error) &&
           find_rule(run, error);
}

/* A mistake in the table is found before the model takes its time; but a row that is waited for
 * finds the model ready. */
static bool open_reader_and_model(struct run *run, struct error *error) {
    const struct options *options = run->options;
    if (!options->stream && !open_reader(run, error)) return false;
    mgeo_progress *loading = interrupt_progress(INTERRUPT_LOADING);
    run->progress = progress_start(options->progress, options->quiet, loading);
    return model_open(&options->model, true, options->quiet, loading, &run->engine, &run->info,
                      error) == MGEO_OK &&
           begin_job(run, error) && open_cascade(run, error) &&
           (!options->stream || open_reader(run, error));
}

static bool open_all(struct run *run, struct error *error) {
    const struct options *options = run->options;
    if (!files_check(&run->files, error) || !open_sinks(run, error)) return false;
    greet_terminal(options);
    say_unfinished(options);
    say_plain(options);
    return open_reader_and_model(run, error);
}

/* What --resume keeps of the counts. */
static struct resume_counts counts_of(struct run *run) {
    run->counters = (struct counters){.totals = &run->totals,
                                      .row_errors = &run->row_errors,
                                      .writer = &run->writer,
                                      .gold = run->gold};
    return counters_for_resume(&run->counters);
}

/* Goes on where an earlier run ended, or opens the parts for a later one. */
static bool begin_parts(struct run *run, struct error *error) {
    const struct options *options = run->options;
    struct resume_counts counts = counts_of(run);
    struct notes identity = {0};
    bool done = score_identity_note(&identity, options, &run->files, reader_table(run->reader),
                                    &run->writer, &run->info, cascade_of(run), error) &&
                resume_begin(run->resume, &identity, &counts, run->repeats, error);
    notes_finish(&identity);
    if (!done) return false;
    run->seconds_before = run->totals.seconds;
    run->output = run->writer.sink = resume_output(run->resume, error);
    if (run->output == NULL) return false;
    if (options->errors != NULL) {
        run->errors = run->row_errors.file = resume_errors(run->resume, error);
        if (run->errors == NULL) return false;
    }
    if (resume_has_begun(run->resume) && !options->quiet) {
        message_print("goes on after row %" PRIu64 " of an earlier run (%s)",
                      resume_rows(run->resume), resume_folder(run->resume));
    }
    return true;
}

static bool write_headers(struct run *run, struct error *error) {
    if (run->resume != NULL && resume_has_begun(run->resume)) {
        return !writer_is_columnar(run->wanted.format) || writer_header(&run->writer, error);
    }
    return writer_header(&run->writer, error) && row_errors_begin(&run->row_errors, error);
}

static bool begin(struct run *run, struct error *error) {
    const struct options *options = run->options;
    const struct table *table = reader_table(run->reader);
    answers_init(&run->answers, &run->wanted, &run->info);
    struct added added = answers_added(&run->answers);
    writer_init(&run->writer, &run->wanted, table, &added, run->output);
    run->row_errors = (struct row_errors){.file = run->errors,
                                          .paths = options->inputs,
                                          .table = table,
                                          .quiet = options->quiet,
                                          .limited = options->limit_errors,
                                          .limit = options->max_errors};
    if (options->table.gold != NULL) {
        run->gold = memory_resize(NULL, 1, sizeof *run->gold);
        double threshold =
            options->writer.threshold_count > 0 ? options->writer.thresholds[0] : 0.5;
        if (!gold_init(run->gold, &run->info, threshold, options->gold_map, error)) return false;
    }
    run->repeats = repeats_create(run->info.label_count);
    if (run->resume != NULL && !begin_parts(run, error)) return false;
    progress_scoring(run->progress, reader_size(run->reader), run->totals.rows);
    return write_headers(run, error);
}

static bool pass_chunk(struct run *run, struct chunk *chunk, struct error *error) {
    report_add_chunk(&run->totals, chunk, &run->options->writer, run->gold);
    if (!writer_chunk(&run->writer, chunk, error)) return false;
    progress_update(run->progress, run->totals.rows, chunk->position);
    return row_errors_chunk(&run->row_errors, chunk, error);
}

static bool start_pipeline(struct run *run, struct error *error) {
    struct pipeline_options options = {.cascade = cascade_of(run)};
    if (run->resume != NULL) {
        options.skip = resume_rows(run->resume);
        options.rows = resume_chunk_rows(run->resume, &run->info);
    }
    run->selection = selection_create(run->reader, &run->options->selection);
    run->pipeline = pipeline_start(run->selection, run->job, run->repeats, run->info.label_count,
                                   &options, error);
    return run->pipeline != NULL;
}

/* With parts, a chunk that was handed out is written even if a signal came: it is scored. */
static bool pass_and_release(struct run *run, struct chunk *chunk, double begun,
                             struct error *error) {
    run->halfway = true;
    if (run->resume == NULL && interrupt_received()) return error_set(error, "%s", "");
    if (!pass_chunk(run, chunk, error)) return false;
    pipeline_release(run->pipeline);
    run->halfway = false;
    run->totals.seconds = run->seconds_before + clock_seconds() - begun;
    if (run->resume == NULL) return true;
    if (interrupt_received()) return error_set(error, "%s", "");
    struct resume_counts counts = counts_of(run);
    return resume_step(run->resume, &counts, run->repeats, error);
}

static bool pass_all(struct run *run, struct error *error) {
    double begun = clock_seconds();
    if (run->resume != NULL && resume_is_whole(run->resume)) return true;
    if (!start_pipeline(run, error)) return false;
    struct chunk *chunk;
    int got;
    while ((got = pipeline_next(run->pipeline, &chunk, error)) > 0) {
        if (!pass_and_release(run, chunk, begun, error)) return false;
    }
    run->totals.seconds = run->seconds_before + clock_seconds() - begun;
    if (got == 0) run->totals.input_rows = selection_seen(run->selection);
    return got == 0;
}

static bool commit(struct sink **sink, struct error *error) {
    struct sink *closing = *sink;
    *sink = NULL;
    return closing == NULL || sink_commit(closing, error);
}

static bool write_summary(struct run *run, struct error *error) {
    if (run->summary == NULL) return true;
    struct string_buffer text = {0};
    report_write_json(run->options, &run->info, &run->totals, &run->row_errors, cascade_of(run),
                      run->gold, &text);
    bool done = sink_write(run->summary, text.bytes, text.length, error);
    string_buffer_finish(&text);
    return done;
}

static bool complete_outputs(struct run *run, struct error *error) {
    if (run->resume == NULL) {
        return writer_end(&run->writer, error) && commit(&run->output, error) &&
               commit(&run->errors, error);
    }
    struct resume_counts counts = counts_of(run);
    return resume_commit(run->resume, &counts, run->repeats, true, error) &&
           resume_copy_errors(run->resume, error) && resume_convert(run->resume, error) &&
           commit(&run->output, error);
}

/* The summary comes last: when it is there, all else is. */
static bool complete(struct run *run, struct error *error) {
    if (interrupt_received()) return error_set(error, "%s", "");
    if (!write_summary(run, error) || !complete_outputs(run, error) ||
        !commit(&run->summary, error)) {
        return false;
    }
    if (run->resume != NULL) resume_remove(run->resume);
    return true;
}

static bool say_histogram(const struct run *run) {
    const struct writer_options *writer = &run->options->writer;
    struct string_buffer text = {0};
    histogram_chart_write(&run->totals.similarity, writer->thresholds, writer->threshold_count,
                          terminal_columns(), terminal_is_utf8(), &text);
    bool done = message_text(text.bytes);
    string_buffer_finish(&text);
    return done;
}

static bool say_gold(const struct gold *gold) {
    struct string_buffer text = {0};
    gold_report_text(gold, &text);
    bool said = message_text(text.bytes);
    string_buffer_finish(&text);
    return said;
}

static void say_unknown(const struct run *run) {
    const struct report_totals *totals = &run->totals;
    uint64_t affected = run->options->model.keep_unknown ? totals->unknown_differ : totals->capped;
    if (affected == 0 || run->options->quiet) return;
    message_print("pairs with characters that the vocabulary lacks: %" PRIu64
                  ", differing in them: %" PRIu64 ", therefore no match: %" PRIu64
                  "; see --unknown",
                  totals->unknown, totals->unknown_differ, totals->capped);
}

static void say_selection(const struct run *run) {
    const struct selection_options *selection = &run->options->selection;
    const struct report_totals *totals = &run->totals;
    if (run->options->quiet) return;
    if (selection->sample > 0) {
        message_print("sample of %" PRIu64 " of %" PRIu64 " rows (--seed %" PRIu32 ")",
                      totals->rows, totals->input_rows, selection->seed);
    } else if (selection->shards > 0) {
        message_print("shard %" PRIu32 "/%" PRIu32 ": %" PRIu64 " of %" PRIu64 " rows",
                      selection->shard, selection->shards, totals->rows, totals->input_rows);
    }
}

/* False: the figures that --gold is for are lost. */
static bool say_result(struct run *run) {
    const struct report_totals *totals = &run->totals;
    say_selection(run);
    row_errors_print_total(&run->row_errors);
    if (totals->rows == 0 && !run->options->quiet) message_print("there are no rows");
    if (run->writer.blanked > 0 && !run->options->quiet) {
        message_print("cells with tabs or line ends, for which TSV has blanks: %" PRIu64,
                      run->writer.blanked);
    }
    if (totals->truncated > 0 && !run->options->quiet) {
        message_print("pairs cut to %" PRIu32 " tokens: %" PRIu64 "; --max-length sets the limit",
                      run->info.max_length, totals->truncated);
    }
    if (totals->repeated > 0 && !run->options->quiet) {
        message_print("rows with a pair that came before: %" PRIu64 "; each pair is scored once",
                      totals->repeated);
    }
    say_unknown(run);
    if (cascade_of(run) != NULL && !run->options->quiet) {
        cascade_report_say(&run->cascade, totals);
    }
    bool done = run->gold == NULL || say_gold(run->gold);
    return (!run->options->histogram || say_histogram(run)) && done;
}

/* The rows that were too many are what the user will want to see. */
static void keep_errors(struct run *run) {
    struct error ignored;
    if (!row_errors_too_many(&run->row_errors)) return;
    if (run->resume != NULL) {
        resume_copy_errors(run->resume, &ignored);
    } else {
        commit(&run->errors, &ignored);
    }
}

/* What was scored since the last commit is kept too, if it can be. */
static void keep_parts(struct run *run) {
    if (run->resume == NULL) return;
    struct error ignored;
    struct resume_counts counts = counts_of(run);
    if (run->pipeline != NULL && !run->halfway && run->totals.rows > resume_rows(run->resume)) {
        resume_commit(run->resume, &counts, run->repeats, false, &ignored);
    }
    if (resume_rows(run->resume) > 0 && !run->options->quiet) {
        message_print("%" PRIu64 " rows are kept in %s; the same command goes on after them",
                      resume_rows(run->resume), resume_folder(run->resume));
    }
}

static void close_all(struct run *run) {
    pipeline_stop(run->pipeline);
    selection_destroy(run->selection);
    repeats_destroy(run->repeats);
    writer_finish(&run->writer);
    answers_finish(&run->answers);
    row_errors_finish(&run->row_errors);
    free(run->gold);
    cascade_close(&run->cascade);
    mgeo_job_end(run->job);
    mgeo_engine_destroy(run->engine);
    reader_close(run->reader);
    sink_abandon(run->output);
    sink_abandon(run->errors);
    sink_abandon(run->summary);
    resume_close(run->resume);
    free(run);
}

int run_failed(const struct options *options, const struct error *error) {
    if (error->line[0] != '\0' && !interrupt_received()) {
        message_print("%s", error->line);
        return RUN_FAILED;
    }
    if (!options->quiet) {
        message_print("interrupted%s",
                      options->output != NULL ? "; the output file was not written" : "");
    }
    return RUN_INTERRUPTED;
}

static struct files files_of(const struct options *options) {
    const char *first =
        options->cascade.first != NULL ? cascade_options_path(&options->cascade) : NULL;
    return (struct files){.inputs = options->inputs,
                          .input_count = options->input_count,
                          .models = {options->model.path, first},
                          .output = options->output,
                          .errors = options->errors,
                          .summary = options->summary,
                          .stream = options->stream,
                          .resume = options->resume,
                          .twice = options->cascade.keep > 0 ? "--keep-agreement" : NULL};
}

int run_score(const struct options *options) {
    struct run *run = memory_zeroed(1, sizeof *run);
    run->options = options;
    run->files = files_of(options);
    struct error error = {""};
    bool done = open_all(run, &error) && begin(run, &error) && pass_all(run, &error);
    progress_end(run->progress);
    done = done && complete(run, &error);
    bool compared = run->gold == NULL || run->gold->compared > 0;
    int status = run->row_errors.total > 0 || !compared ? RUN_BAD_ROWS : RUN_ALL_SCORED;
    bool broken_pipe = !done && run->output != NULL && sink_broken_pipe(run->output);
    if (done) {
        if (!say_result(run)) status = RUN_FAILED;
    } else {
        keep_errors(run);
    }
    bool quietly = broken_pipe && interrupt_broken_pipe_ends();
    if (!done && !quietly) status = run_failed(options, &error);
    if (!done) keep_parts(run);
    close_all(run);
    if (quietly) interrupt_end_by_broken_pipe();
    return status;
}
