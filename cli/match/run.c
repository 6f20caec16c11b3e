/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing, and the line that says beforehand what will be held. */
#include "match/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/interrupt.h"
#include "common/memory.h"
#include "common/message.h"
#include "match/commands.h"
#include "match/reference/index_file.h"
#include "match/reference/records.h"
#include "scoring/model.h"

int commands_failed(const struct options *options, const struct error *error, const char *left) {
    if (error->line[0] != '\0' && !interrupt_received()) {
        message_print("%s", error->line);
        return MATCH_FAILED;
    }
    if (!options->quiet) message_print("interrupted%s", left);
    return MATCH_INTERRUPTED;
}

bool run_open_sinks(struct run *run, struct error *error) {
    const struct files *files = &run->files;
    if (files->resume) {
        run->resume = resume_open(files, run->options->resume_every, error);
        return run->resume != NULL;
    }
    if ((run->output = sink_open(files->output, error)) == NULL) return false;
    if (files->errors != NULL && (run->errors = sink_open(files->errors, error)) == NULL) {
        return false;
    }
    return files->second == NULL || (run->second = sink_open(files->second, error)) != NULL;
}

static bool open_cascade(struct run *run, struct error *error) {
    const struct options *options = run->options;
    enum { LOADING = INTERRUPT_CALLS - 1 };
    if (!cascade_options_any(&options->cascade)) return true;
    return cascade_open(&run->cascade, &options->cascade, &options->model, options->quiet,
                        interrupt_progress(LOADING), run->engine, &run->info, error);
}

bool run_open_model(struct run *run, struct error *error) {
    const struct options *options = run->options;
    mgeo_error cause;
    if (options->candidates) return true;
    mgeo_progress *loading = interrupt_progress(INTERRUPT_LOADING);
    if (model_open(&options->model, true, options->quiet, loading, &run->engine, &run->info,
                   error) != MGEO_OK) {
        return false;
    }
    if (mgeo_job_begin(run->engine, NULL, &run->job, &cause) == MGEO_OK &&
        mgeo_job_get_info(run->job, &run->info, &cause) == MGEO_OK) {
        return open_cascade(run, error);
    }
    return error_set(error, "cannot use the model: %s", cause.message);
}

static bool say_mapped(const struct run *run, const char *path, struct error *error) {
    mgeo_index_info info;
    char mapped[32];
    if (!index_file_info(run->index, &info, error)) return false;
    if (run->options->quiet) return true;
    index_file_print_bytes(info.bytes_mapped, mapped, sizeof mapped);
    message_print("%s: %" PRIu64 " rows in %s, mapped; beside it memory does not grow with the "
                  "input",
                  path, info.records, mapped);
    return true;
}

static bool say_replaced(const struct run *run, const struct records *records, const char *path,
                         struct error *error) {
    mgeo_index_info info;
    if (!index_file_info(run->index, &info, error)) return false;
    index_file_say_replaced(path, records->count - info.records, run->options->quiet);
    return true;
}

static bool index_tables(struct run *run, const char *const *paths, size_t count,
                         struct error *error) {
    const struct options *options = run->options;
    struct records records = {0};
    struct records_wish wish = {.options = options,
                                .table = &options->reference,
                                .id_option = "--ref-id",
                                .listed_by = "--errors FILE of mgeo-match index"};
    bool done = records_read(&records, paths, count, &wish, error) &&
                index_file_create(options->model.threads, &run->index, error);
    if (done) {
        index_file_say_memory(&records, paths[0], options->quiet);
        progress_watch(run->progress, index_file_stages);
        done = index_file_put(run->index, &records, error) &&
               say_replaced(run, &records, paths[0], error);
    }
    run->bad_reference = records.bad;
    records_finish(&records);
    return done;
}

bool run_open_index(struct run *run, const char *const *paths, size_t count, struct error *error) {
    if (count == 1 && index_file_is_one(paths[0])) {
        const struct table_options *reference = &run->options->reference;
        if (reference->a != NULL || reference->gold != NULL) {
            return error_set(error,
                             "%s is an index file: --ref-text and --ref-id are of a table; "
                             "leave them out",
                             paths[0]);
        }
        return index_file_open(paths[0], run->options->model.threads, &run->index, error) &&
               say_mapped(run, paths[0], error);
    }
    return index_tables(run, paths, count, error);
}

/* Always the same ones by what was asked for: where the scores of a device depend on which pairs
 * share a batch, they are those of any other run. Fewer rows where each has many candidates, of
 * which the batches on their way would hold gigabytes. */
size_t run_batch_rows(const struct run *run) {
    enum { ROWS = 4096, SCORED_ON_CPU = 256, SCORED_ON_GPU = 4096, MANY = 20, MANY_SCORED = 100 };
    bool on_gpu = strncmp(run->info.device, "cuda", 4) == 0;
    size_t rows = run->job == NULL ? ROWS : on_gpu ? SCORED_ON_GPU : SCORED_ON_CPU;
    size_t many = run->job == NULL ? MANY : MANY_SCORED, top = run->options->top;
    return top <= many ? rows : rows * many / top;
}

struct sink *run_open_sink(const struct run *run, const char *path, struct error *error) {
    return run->resume != NULL ? resume_sink(run->resume, path, error) : sink_open(path, error);
}

bool run_commit(struct sink **sink, struct error *error) {
    struct sink *closing = *sink;
    *sink = NULL;
    return closing == NULL || sink_commit(closing, error);
}

void run_abandon(struct run *run, struct sink *sink) {
    if (sink == NULL) return;
    run->broken_pipe = run->broken_pipe || sink_broken_pipe(sink);
    sink_abandon(sink);
}

bool run_complete(struct run *run, const struct resume_counts *counts, struct error *error) {
    if (interrupt_received()) return error_set(error, "%s", "");
    if (run->resume == NULL) {
        return writer_end(counts->writer, error) && run_commit(&run->errors, error) &&
               run_commit(&run->second, error) && run_commit(&run->output, error);
    }
    bool done = resume_commit(run->resume, counts, run->repeats, true, error) &&
                resume_copy_errors(run->resume, error) && resume_copy_second(run->resume, error) &&
                resume_convert(run->resume, error) && run_commit(&run->output, error);
    if (done) resume_remove(run->resume);
    return done;
}

void run_close(struct run *run) {
    search_stop(&run->search);
    repeats_destroy(run->repeats);
    writer_finish(&run->writer);
    pairs_output_finish(&run->pairs);
    row_errors_finish(&run->row_errors);
    known_pairs_destroy(run->known);
    cascade_close(&run->cascade);
    mgeo_job_end(run->job);
    mgeo_engine_destroy(run->engine);
    mgeo_index_destroy(run->index);
    reader_close(run->reader);
    sink_abandon(run->output);
    sink_abandon(run->errors);
    sink_abandon(run->second);
    resume_close(run->resume);
}

/* ---- a run that failed ----------------------------------------------------------------------- */

bool run_ends_quietly(const struct run *run) {
    bool broken = run->broken_pipe || (run->output != NULL && sink_broken_pipe(run->output));
    return broken && interrupt_broken_pipe_ends();
}

int run_failed(const struct options *options, const struct error *error) {
    const char *left = options->output != NULL ? "; the output file was not written" : "";
    return commands_failed(options, error, left);
}

bool run_table_changed(struct error *error) {
    return error_set(error, "the table has changed while it was read again; run this again");
}

void run_keep_parts(struct run *run, const struct resume_counts *counts, const char *things) {
    struct error ignored;
    if (run->resume == NULL) return;
    if (run->search.ring != NULL && !run->halfway && *counts->rows > resume_rows(run->resume)) {
        resume_commit(run->resume, counts, run->repeats, false, &ignored);
    }
    if (resume_rows(run->resume) > 0 && !run->options->quiet) {
        message_print("%" PRIu64 " %s are kept in %s; the same command goes on after them",
                      resume_rows(run->resume), things, resume_folder(run->resume));
    }
}
