/* SPDX-License-Identifier: Apache-2.0 */
/* The flow of a run: open everything, let chunks pass, close everything. */
#include "score/run.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/interrupt.h"
#include "common/memory.h"
#include "common/message.h"
#include "score/model.h"
#include "common/sink.h"
#include "score/check.h"
#include "score/gold.h"
#include "score/gold_report.h"
#include "score/pipeline.h"
#include "score/progress.h"
#include "score/report.h"
#include "score/row_errors.h"
#include "score/totals.h"
#include "table/reader.h"

struct run {
    const struct options *options;
    struct reader *reader;
    struct sink *output, *errors, *summary;
    mgeo_engine *engine;
    mgeo_job *job; /* one model from the first row to the last */
    mgeo_model_info info;
    struct progress *progress;
    struct pipeline *pipeline;
    struct writer writer;
    struct badrows badrows;
    struct totals totals;
    struct gold *gold; /* NULL: no --gold */
};

static bool open_sinks(struct run *run, struct fault *fault) {
    const struct options *options = run->options;
    run->output = sink_open(options->output, fault);
    if (run->output == NULL) return false;
    if (options->errors != NULL && (run->errors = sink_open(options->errors, fault)) == NULL)
        return false;
    return options->summary == NULL || (run->summary = sink_open(options->summary, fault)) != NULL;
}

static bool inputs_readable(const struct options *options, struct fault *fault) {
    for (size_t i = 0; i < options->input_count; i++) {
        const char *path = options->inputs[i];
        if (strcmp(path, "-") != 0 && access(path, R_OK) != 0)
            return fault_set(fault, "%s: cannot read: no such file, or no permission", path);
    }
    return true;
}

static void greet_terminal(const struct options *options) {
    if (!options->quiet && strcmp(options->inputs[0], "-") == 0 && isatty(STDIN_FILENO))
        notice("reading pairs from the terminal; Ctrl-D ends, --help explains");
}

/* What the summary says of the model is said by the model that scores. */
static bool begin_job(struct run *run, struct fault *fault) {
    mgeo_error error;
    if (mgeo_job_begin(run->engine, NULL, &run->job, &error) != MGEO_OK ||
        mgeo_job_get_info(run->job, &run->info, &error) != MGEO_OK)
        return fault_set(fault, "cannot use the model: %s", error.message);
    return true;
}

static bool open_all(struct run *run, struct fault *fault) {
    const struct options *options = run->options;
    if (!inputs_readable(options, fault) || !open_sinks(run, fault)) return false;
    greet_terminal(options);
    run->reader = reader_open(options->inputs, options->input_count, &options->table, fault);
    if (run->reader == NULL) return false;
    mgeo_progress *loading = interrupt_progress(INTERRUPT_LOADING);
    run->progress = progress_start(options->progress, options->quiet, loading);
    return model_open(options, loading, &run->engine, &run->info, fault) && begin_job(run, fault);
}

static bool begin(struct run *run, struct fault *fault) {
    const struct options *options = run->options;
    const struct table *table = reader_table(run->reader);
    writer_init(&run->writer, &options->writer, table, &run->info, run->output);
    run->badrows = (struct badrows){.file = run->errors,
                                    .paths = options->inputs,
                                    .table = table,
                                    .quiet = options->quiet,
                                    .limited = options->limit_errors,
                                    .limit = options->max_errors};
    if (options->table.gold != NULL) {
        run->gold = must_resize(NULL, 1, sizeof *run->gold);
        gold_init(run->gold, &run->info, options->writer.match ? options->writer.threshold : 0.5);
    }
    progress_scoring(run->progress, reader_size(run->reader));
    return writer_header(&run->writer, fault) && badrows_begin(&run->badrows, fault);
}

static bool pass_chunk(struct run *run, const struct chunk *chunk, struct fault *fault) {
    totals_add(&run->totals, chunk, run->options->writer.threshold, run->gold);
    if (!writer_chunk(&run->writer, chunk, fault)) return false;
    progress_update(run->progress, run->totals.rows, chunk->position);
    return badrows_chunk(&run->badrows, chunk, fault);
}

static bool pass_all(struct run *run, struct fault *fault) {
    double begun = clock_seconds();
    run->pipeline = pipeline_start(run->reader, run->job, run->info.label_count, fault);
    if (run->pipeline == NULL) return false;
    struct chunk *chunk;
    int got;
    while ((got = pipeline_next(run->pipeline, &chunk, fault)) > 0) {
        if (interrupted()) return fault_set(fault, "%s", "");
        if (!pass_chunk(run, chunk, fault)) return false;
        pipeline_release(run->pipeline);
    }
    run->totals.seconds = clock_seconds() - begun;
    return got == 0;
}

static bool commit(struct sink **sink, struct fault *fault) {
    struct sink *closing = *sink;
    *sink = NULL;
    return closing == NULL || sink_commit(closing, fault);
}

static bool write_summary(struct run *run, struct fault *fault) {
    if (run->summary == NULL) return true;
    struct text text = {0};
    report_json(run->options, &run->info, &run->totals, &run->badrows, run->gold, &text);
    bool done = sink_write(run->summary, text.bytes, text.length, fault);
    text_finish(&text);
    return done;
}

/* The summary comes last: when it is there, all else is. */
static bool complete(struct run *run, struct fault *fault) {
    if (interrupted()) return fault_set(fault, "%s", "");
    return write_summary(run, fault) && commit(&run->output, fault) &&
           commit(&run->errors, fault) && commit(&run->summary, fault);
}

static void say_gold(const struct gold *gold) {
    struct text text = {0};
    gold_report_text(gold, &text);
    notice_text(text.bytes);
    text_finish(&text);
}

static void say_result(struct run *run) {
    const struct totals *totals = &run->totals;
    badrows_close_account(&run->badrows);
    if (totals->truncated > 0 && !run->options->quiet)
        notice("pairs cut to %" PRIu32 " tokens: %" PRIu64 "; --max-length sets the limit",
               run->info.max_length, totals->truncated);
    if (run->gold != NULL) say_gold(run->gold);
}

/* The rows that were too many are what the user will want to see. */
static void keep_errors(struct run *run) {
    struct fault ignored;
    if (badrows_too_many(&run->badrows)) commit(&run->errors, &ignored);
}

static void close_all(struct run *run) {
    pipeline_stop(run->pipeline);
    writer_finish(&run->writer);
    badrows_finish(&run->badrows);
    free(run->gold);
    mgeo_job_end(run->job);
    mgeo_engine_destroy(run->engine);
    reader_close(run->reader);
    sink_abandon(run->output);
    sink_abandon(run->errors);
    sink_abandon(run->summary);
    free(run);
}

/* The reader of our pipe has gone: end as other programs do, quietly and by the signal. */
static void end_by_broken_pipe(void) {
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}

int run_failed(const struct options *options, const struct fault *fault) {
    if (fault->line[0] != '\0' && !interrupted()) {
        notice("%s", fault->line);
        return EXIT_COULD_NOT;
    }
    if (!options->quiet)
        notice("interrupted%s", options->output != NULL ? "; the output file was not written" : "");
    return EXIT_INTERRUPTED;
}

int run_score(const struct options *options) {
    struct run *run = must_resize(NULL, 1, sizeof *run);
    memset(run, 0, sizeof *run);
    run->options = options;
    struct fault fault = {""};
    bool done = open_all(run, &fault) && begin(run, &fault) && pass_all(run, &fault);
    progress_end(run->progress);
    done = done && complete(run, &fault);
    int status = run->badrows.total > 0 ? EXIT_BAD_ROWS : EXIT_ALL_SCORED;
    bool broken_pipe = !done && run->output != NULL && sink_broken_pipe(run->output);
    if (done)
        say_result(run);
    else
        keep_errors(run);
    if (!done && !broken_pipe) status = run_failed(options, &fault);
    close_all(run);
    if (broken_pipe) end_by_broken_pipe();
    return status;
}

static bool write_check(const struct text *text, struct fault *fault) {
    struct sink *output = sink_open(NULL, fault);
    if (output == NULL) return false;
    bool done = sink_write(output, text->bytes, text->length, fault);
    sink_abandon(output);
    return done;
}

int run_check(const struct options *options) {
    struct fault fault = {""};
    mgeo_engine *engine = NULL;
    mgeo_model_info info;
    mgeo_progress *loading = interrupt_progress(INTERRUPT_LOADING);
    struct progress *progress = progress_start(options->progress, options->quiet, loading);
    bool opened = model_open(options, loading, &engine, &info, &fault);
    progress_end(progress);
    if (!opened) return run_failed(options, &fault);
    struct text text = {0};
    bool sound = check_model(engine, &info, &text);
    bool written = write_check(&text, &fault);
    text_finish(&text);
    mgeo_engine_destroy(engine);
    if (!written) return run_failed(options, &fault);
    return sound ? EXIT_ALL_SCORED : EXIT_COULD_NOT;
}
