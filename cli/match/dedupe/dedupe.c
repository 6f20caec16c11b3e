/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-match dedupe: a table is indexed, its texts are searched in it, scored and clustered. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/interrupt.h"
#include "common/memory.h"
#include "common/message.h"
#include "match/clusters/ids.h"
#include "match/commands.h"
#include "match/dedupe/dedupe_output.h"
#include "match/dedupe/dedupe_report.h"
#include "match/reference/index_file.h"
#include "match/rows/match_identity.h"
#include "match/search/choose.h"
#include "table/reader.h"

struct dedupe {
    struct run run;
    struct records records;
    struct distinct distinct;
    struct dedupe_texts texts;
    struct link_log log;
    struct writer log_writer; /* stands for the log where parts are kept */
    mgeo_member *members;
};

static struct resume_counts counts_of(struct dedupe *dedupe) {
    struct run *run = &dedupe->run;
    return (struct resume_counts){.writer = run->options->candidates ? &run->pairs.writer
                                                                     : &dedupe->log_writer,
                                  .row_errors = &run->row_errors,
                                  .rows = &run->totals.count[TOTALS_ROWS],
                                  .all = &run->totals,
                                  .save = totals_save,
                                  .load = totals_load};
}

/* ---- opening --------------------------------------------------------------------------------- */

/* The errors are listed while the table is read, before there is anything to go on with. */
static void name_files(struct dedupe *dedupe) {
    const struct options *options = dedupe->run.options;
    const char *first =
        options->cascade.first != NULL ? cascade_options_path(&options->cascade) : NULL;
    dedupe->run.files = (struct files){.inputs = options->operands,
                                       .input_count = options->operand_count,
                                       .kept = {options->report},
                                       .models = {options->model.path, first},
                                       .output = options->output,
                                       .second_option = "--pairs",
                                       .resume = options->resume,
                                       .twice = options->candidates ? NULL : "dedupe"};
}

static bool check_files(struct dedupe *dedupe, struct error *error) {
    const struct options *options = dedupe->run.options;
    struct files all = dedupe->run.files;
    all.errors = options->errors;
    all.second = options->pairs;
    return files_check(&all, error);
}

/* Whether what is written at the end can be: nothing is scored in vain. */
static bool check_formats(struct dedupe *dedupe, struct error *error) {
    struct run *run = &dedupe->run;
    const struct options *options = run->options;
    run->wanted = options->writer;
    if (!options->candidates) return dedupe_output_check(run, error);
    run->wanted.parts = options->resume;
    run->wanted.format = pairs_output_format(options->writer.format, options->output);
    return files_check_format(&run->files, &run->wanted, error);
}

/* Rows whose ids are the same cannot be told apart in cluster ids and pairs. */
static void say_repeated_ids(const struct dedupe *dedupe) {
    const struct options *options = dedupe->run.options;
    const struct records *records = &dedupe->records;
    struct ids ids = {0};
    if (options->quiet || options->table.gold == NULL) return;
    for (size_t i = 0; i < records->count; i++) {
        ids_add(&ids, IDS_A, records_id(records, i), records->places[i].id_length);
    }
    if (ids.count < records->count) {
        message_print("%s: rows with an id that came before, from which cluster ids and pairs do "
                      "not tell them: %zu; --id names another column",
                      options->operands[0], records->count - ids.count);
    }
    ids_finish(&ids);
}

static bool index_texts(struct dedupe *dedupe, struct error *error) {
    struct run *run = &dedupe->run;
    const struct options *options = run->options;
    struct records_wish wish = {.options = options,
                                .table = &options->table,
                                .id_option = "--id",
                                .errors = options->errors,
                                .progress = run->progress};
    if (!records_read(&dedupe->records, options->operands, options->operand_count, &wish, error) ||
        !distinct_make(&dedupe->distinct, &dedupe->records, error)) {
        return false;
    }
    say_repeated_ids(dedupe);
    dedupe->texts = (struct dedupe_texts){&dedupe->records, &dedupe->distinct};
    index_file_say_memory(&dedupe->records, options->operands[0], options->quiet);
    progress_watch(run->progress, index_file_stages);
    return index_file_create(options->model.threads, &run->index, error) &&
           distinct_index(&dedupe->distinct, &dedupe->records, run->index, error);
}

static mgeo_text text_of(const void *opaque, const struct batch *batch, size_t query) {
    const struct dedupe *dedupe = opaque;
    size_t record = dedupe->distinct.record[batch->first + query];
    return (mgeo_text){records_text(&dedupe->records, record),
                       dedupe->records.places[record].text_length};
}

static bool open_all(struct dedupe *dedupe, struct error *error) {
    struct run *run = &dedupe->run;
    const struct options *options = run->options;
    if (!check_files(dedupe, error) || !check_formats(dedupe, error)) return false;
    if (options->candidates || options->resume) {
        if (!run_open_sinks(run, error)) return false;
    }
    if (options->report != NULL && (run->known = known_pairs_read(options, error)) == NULL) {
        return false;
    }
    run->progress =
        progress_start(options->progress, options->quiet, interrupt_progress(INTERRUPT_LOADING));
    return index_texts(dedupe, error) && run_open_model(run, error) &&
           choose_rule_by_index(run, dedupe->distinct.count, text_of, dedupe, error);
}

static bool begin_parts(struct dedupe *dedupe, struct error *error) {
    struct run *run = &dedupe->run;
    struct resume_counts counts = counts_of(dedupe);
    struct notes identity = {0};
    bool done = match_identity_note(&identity, run, counts.writer, error) &&
                resume_begin(run->resume, &identity, &counts, run->repeats, error);
    notes_finish(&identity);
    if (!done) return false;
    if ((run->output = counts.writer->sink = resume_output(run->resume, error)) == NULL) {
        return false;
    }
    if (!resume_has_begun(run->resume)) return true;
    if (!run->options->quiet) {
        message_print("goes on after text %" PRIu64 " of an earlier run (%s)",
                      resume_rows(run->resume), resume_folder(run->resume));
    }
    return run->options->candidates || link_log_continue(&dedupe->log, resume_folder(run->resume),
                                                         run->totals.count[TOTALS_LINKS], error);
}

static bool begin(struct dedupe *dedupe, struct error *error) {
    struct run *run = &dedupe->run;
    const struct options *options = run->options;
    run->totals.row_errors = &run->row_errors;
    run->repeats = repeats_create(run->info.label_count);
    dedupe->log_writer.options.format = WRITER_TSV;
    dedupe->log_writer.table = &writer_no_table;
    if (options->candidates) pairs_output_init(&run->pairs, &run->wanted, NULL, run->output);
    if (run->resume != NULL && !begin_parts(dedupe, error)) return false;
    progress_scoring(run->progress, dedupe->distinct.count, run->totals.count[TOTALS_ROWS]);
    if (!options->candidates) return true;
    bool old = run->resume != NULL && resume_has_begun(run->resume);
    return (old && !writer_is_columnar(run->wanted.format)) ||
           writer_header(&run->pairs.writer, error);
}

/* ---- passing --------------------------------------------------------------------------------- */

static void fill_pair(struct link_log_pair *to, uint32_t a, size_t rank,
                      const mgeo_candidate *candidate) {
    *to = (struct link_log_pair){.a = a,
                                 .b = (uint32_t)candidate->row,
                                 .rank = (uint32_t)rank,
                                 .flags = candidate->flags,
                                 .score = candidate->score};
}

static bool write_candidates(struct dedupe *dedupe, const struct batch *batch,
                             struct error *error) {
    struct run *run = &dedupe->run;
    for (size_t i = 0; i < batch->count; i++) {
        uint32_t a = (uint32_t)(batch->first + i);
        size_t count;
        const mgeo_candidate *candidates = mgeo_candidates_of(batch->found, i, &count);
        dedupe_output_same(&run->pairs, &dedupe->texts, a, 0, false);
        for (size_t j = 0; j < count; j++) {
            struct link_log_pair pair;
            fill_pair(&pair, a, j + 1, &candidates[j]);
            dedupe_output_pair(&run->pairs, &dedupe->texts, &pair, false);
        }
    }
    run->totals.count[TOTALS_CANDIDATES] += run->pairs.count;
    return pairs_output_flush(&run->pairs, error);
}

static bool log_pairs(struct dedupe *dedupe, const struct batch *batch, struct error *error) {
    struct run *run = &dedupe->run;
    for (size_t i = 0; i < batch->count; i++) {
        link_log_add_query(&dedupe->log, (uint32_t)(batch->first + i), batch, i, run_positive(run));
    }
    totals_add_pairs(&run->totals, batch);
    run->totals.count[TOTALS_LINKS] = dedupe->log.count;
    return run->output == NULL || link_log_write(&dedupe->log, run->output, error);
}

static bool pass_batch(struct dedupe *dedupe, struct batch *batch, struct error *error) {
    struct run *run = &dedupe->run;
    run->halfway = true;
    if (run->resume == NULL && interrupt_received()) return error_set(error, "%s", "");
    run->totals.count[TOTALS_ROWS] += batch->count;
    bool done = run->options->candidates ? write_candidates(dedupe, batch, error)
                                         : log_pairs(dedupe, batch, error);
    if (!done) return false;
    progress_update(run->progress, run->totals.count[TOTALS_ROWS], batch->first + batch->count);
    search_release(&run->search);
    run->halfway = false;
    if (run->resume == NULL) return true;
    if (interrupt_received()) return error_set(error, "%s", "");
    struct resume_counts counts = counts_of(dedupe);
    return resume_step(run->resume, &counts, run->repeats, error);
}

static bool pass_all(struct dedupe *dedupe, struct error *error) {
    struct run *run = &dedupe->run;
    struct batch *batch;
    int got;
    if (run->resume != NULL && resume_is_whole(run->resume)) return true;
    run->search = (struct search){.options = run->options,
                                  .index = run->index,
                                  .end = dedupe->distinct.count,
                                  .text_of = text_of,
                                  .text_opaque = dedupe,
                                  .skip = run->resume != NULL ? resume_rows(run->resume) : 0,
                                  .rows = run_batch_rows(run),
                                  .job = run->job,
                                  .cascade = run_cascade(run),
                                  .labels = run->info.label_count,
                                  .repeats = run->repeats};
    if (!search_start(&run->search, error)) return false;
    while ((got = search_next(&run->search, &batch, error)) > 0) {
        if (!pass_batch(dedupe, batch, error)) return false;
    }
    return got == 0;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Of equal texts each with the first, and of texts as they were scored. */
static mgeo_link *links_of(const struct dedupe *dedupe, size_t *count) {
    const struct records *records = &dedupe->records;
    size_t most = dedupe->log.count + records->count;
    mgeo_link *links = memory_resize(NULL, most + 1, sizeof *links);
    *count = 0;
    for (size_t i = 0; i < dedupe->log.count; i++) {
        const struct link_log_pair *pair = &dedupe->log.pairs[i];
        links[(*count)++] = (mgeo_link){.a = dedupe->distinct.record[pair->a],
                                        .b = dedupe->distinct.record[pair->b],
                                        .score = pair->similarity};
    }
    for (size_t i = 0; i < dedupe->distinct.count; i++) {
        uint32_t first = dedupe->distinct.record[i];
        for (uint32_t next = dedupe->distinct.next[first]; next != DISTINCT_END;
             next = dedupe->distinct.next[next]) {
            links[(*count)++] = (mgeo_link){.a = first, .b = next, .score = 1};
        }
    }
    return links;
}

static bool cluster(struct dedupe *dedupe, struct error *error) {
    const struct options *options = dedupe->run.options;
    mgeo_cluster_options how = {.struct_size = sizeof how,
                                .threshold = (float)options->threshold,
                                .cut = options->cut,
                                .max_size = options->max_size,
                                .least_link = (float)options->least_link};
    size_t count, rows = dedupe->records.count;
    mgeo_error cause;
    mgeo_link *links = links_of(dedupe, &count);
    dedupe->members = memory_zeroed(rows + 1, sizeof *dedupe->members);
    mgeo_status status = mgeo_cluster(links, count, rows, &how, dedupe->members, &cause);
    free(links);
    return status == MGEO_OK || index_file_failed(status, &cause, "cannot cluster", error);
}

/* The clusters come last: when they are there, all else is. */
static bool write_all(struct dedupe *dedupe, struct error *error) {
    struct run *run = &dedupe->run;
    const struct options *options = run->options;
    struct sink *pairs = NULL, *rows = run_open_sink(run, options->output, error);
    bool done = rows != NULL;
    if (done && options->pairs != NULL) {
        pairs = run_open_sink(run, options->pairs, error);
        done =
            pairs != NULL && dedupe_output_pairs(run, &dedupe->texts, &dedupe->log, pairs, error);
    }
    done = done && dedupe_output_rows(run, &dedupe->texts, dedupe->members, rows, error) &&
           run_commit(&pairs, error) && run_commit(&rows, error);
    sink_abandon(pairs);
    run_abandon(run, rows);
    return done;
}

static bool complete(struct dedupe *dedupe, struct error *error) {
    struct run *run = &dedupe->run;
    struct resume_counts counts = counts_of(dedupe);
    if (run->options->candidates) return run_complete(run, &counts, error);
    if (run->resume != NULL && !resume_commit(run->resume, &counts, run->repeats, true, error)) {
        return false;
    }
    if (!cluster(dedupe, error) || !write_all(dedupe, error)) return false;
    if (run->resume != NULL) resume_forget(run->resume);
    return true;
}

static void finish(struct dedupe *dedupe) {
    run_close(&dedupe->run);
    link_log_finish(&dedupe->log);
    distinct_finish(&dedupe->distinct);
    records_finish(&dedupe->records);
    free(dedupe->members);
    free(dedupe);
}

int command_dedupe(const struct options *options) {
    struct dedupe *dedupe = memory_zeroed(1, sizeof *dedupe);
    struct run *run = &dedupe->run;
    struct error error = {""};
    run->options = options;
    name_files(dedupe);
    bool done = open_all(dedupe, &error) && begin(dedupe, &error) && pass_all(dedupe, &error) &&
                complete(dedupe, &error);
    progress_end(run->progress);
    int status = dedupe->records.bad > 0 ? MATCH_BAD_ROWS : MATCH_DONE;
    bool quietly = !done && run_ends_quietly(run);
    if (done && !dedupe_report(run, &dedupe->texts, dedupe->members)) {
        status = MATCH_FAILED;
    }
    if (!done) {
        const struct resume_counts counts = counts_of(dedupe);
        if (!quietly) status = run_failed(options, &error);
        run_keep_parts(run, &counts, "texts");
    }
    finish(dedupe);
    if (quietly) interrupt_end_by_broken_pipe();
    return status;
}
