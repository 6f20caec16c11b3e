/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-match cluster: scored pairs of ids become clusters. */
#include <stdlib.h>

#include "common/interrupt.h"
#include "match/clusters/clusters_output.h"
#include "match/clusters/clusters_report.h"
#include "match/commands.h"
#include "match/run.h"
#include "scoring/files.h"

struct run_of_pairs {
    const struct options *options;
    struct scored_pairs pairs;
    struct clustering clusterings[WRITER_THRESHOLDS];
    size_t count;
    struct previous *previous;
    struct previous_counts kept;
    struct known_pairs *known;
    struct sink *output;
};

static bool check(const struct options *options, struct error *error) {
    if (options->previous != NULL && options->threshold_count > 1) {
        return error_set(error, "--previous keeps the ids of one clustering: give one --threshold");
    }
    const struct files files = {.inputs = options->operands,
                                .input_count = options->operand_count,
                                .kept = {options->report},
                                .before = options->previous,
                                .output = options->output,
                                .errors = options->errors};
    const struct writer_options wanted = clusters_output_options(options);
    return files_check(&files, error) && files_check_format(&files, &wanted, error) &&
           (options->previous == NULL || files_check_input(options->previous, error)) &&
           (options->report == NULL || files_check_input(options->report, error));
}

/* What may fail at once fails before the pairs are read. */
static bool open_all(struct run_of_pairs *run, struct error *error) {
    const struct options *options = run->options;
    if (!check(options, error)) return false;
    if (options->report != NULL && (run->known = known_pairs_read(options, error)) == NULL) {
        return false;
    }
    run->output = sink_open(options->output, error);
    return run->output != NULL && scored_pairs_read(&run->pairs, options, error);
}

static bool cluster_all(struct run_of_pairs *run, struct error *error) {
    const struct options *options = run->options;
    for (; run->count < options->threshold_count; run->count++) {
        if (!clustering_make(&run->clusterings[run->count], &run->pairs, options,
                             options->thresholds[run->count], error)) {
            return false;
        }
    }
    if (options->previous == NULL) return true;
    run->previous = previous_read(options, &run->pairs, error);
    if (run->previous == NULL) return false;
    run->kept = previous_name(run->previous, &run->pairs, &run->clusterings[0]);
    return true;
}

static bool write_all(struct run_of_pairs *run, struct error *error) {
    if (!clusters_output_write(run->options, &run->pairs, run->clusterings, run->count, run->output,
                               error)) {
        return false;
    }
    struct sink *closing = run->output;
    run->output = NULL;
    return sink_commit(closing, error);
}

static bool report(const struct run_of_pairs *run) {
    if (!run->options->quiet) {
        clusters_report_pairs(&run->pairs);
        for (size_t i = 0; i < run->count; i++) {
            clusters_report_counts(&run->clusterings[i], &run->pairs);
        }
        if (run->previous != NULL) clusters_report_previous(&run->kept);
    }
    return run->known == NULL ||
           clusters_report_known(run->clusterings, run->count, &run->pairs, run->known);
}

static void finish(struct run_of_pairs *run) {
    for (size_t i = 0; i < WRITER_THRESHOLDS; i++) clustering_finish(&run->clusterings[i]);
    scored_pairs_finish(&run->pairs);
    previous_destroy(run->previous);
    known_pairs_destroy(run->known);
    sink_abandon(run->output);
}

int command_cluster(const struct options *options) {
    struct run_of_pairs run = {.options = options};
    struct error error = {""};
    int status = MATCH_DONE;
    bool quietly = false;
    if (open_all(&run, &error) && cluster_all(&run, &error) && write_all(&run, &error)) {
        if (run.pairs.bad > 0) status = MATCH_BAD_ROWS;
        if (!report(&run)) status = MATCH_FAILED;
    } else {
        quietly =
            run.output != NULL && sink_broken_pipe(run.output) && interrupt_broken_pipe_ends();
        if (!quietly) status = run_failed(options, &error);
    }
    finish(&run);
    if (quietly) interrupt_end_by_broken_pipe();
    return status;
}
