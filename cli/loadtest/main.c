/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-bench: the load test before going live. */
#include <math.h>
#include <mgeo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/files/file_use.h"
#include "common/files/standard_streams.h"
#include "common/interrupt.h"
#include "common/memory.h"
#include "common/message.h"
#include "common/sink.h"
#include "loadtest/load/load_generator.h"
#include "loadtest/options.h"
#include "loadtest/report/bench_result.h"
#include "loadtest/report/json_report.h"
#include "loadtest/report/plot.h"
#include "loadtest/report/summary.h"
#include "loadtest/search.h"

enum { EXIT_GOOD = 0, EXIT_BAD = 1, EXIT_COULD_NOT = 2, EXIT_INTERRUPTED = 130 };

static int print(const char *text) {
    return standard_streams_say(text) ? EXIT_GOOD : EXIT_COULD_NOT;
}

/* Before the load begins: no file is read and written, or written twice, and the figures will
 * have a place. */
static bool files_fit(const struct options *options, struct error *error) {
    struct file_uses uses = {0};
    if (options->pairs != NULL && strcmp(options->pairs, "-") == 0) {
        file_use_add_descriptor(&uses, "--pairs", FILE_USE_READ, STDIN_FILENO);
    } else {
        file_use_add(&uses, "--pairs", FILE_USE_READ, options->pairs);
    }
    file_use_add(&uses, "--gate", FILE_USE_READ, options->gate);
    file_use_add_model(&uses, options->model);
    file_use_add_model(&uses, options->standby);
    file_use_add(&uses, "--json", FILE_USE_WRITTEN, options->json);
    file_use_add(&uses, "--plot", FILE_USE_WRITTEN, options->plot);
    file_use_add_outputs(&uses);
    bool done = standard_streams_check_output(error) && file_use_check(&uses, error);
    file_use_finish(&uses);
    return done;
}

static bool get_pairs(const struct options *options, struct pair_set *pairs, struct error *error) {
    if (options->pairs == NULL) {
        pair_set_generate(pairs, options->seed);
    } else if (!pair_set_read(pairs, options->pairs, &options->table, error)) {
        return false;
    }
    if (pairs->left_out > 0 && !options->quiet) {
        message_print("%s: %llu rows are no pairs, or too many, and are left out", options->pairs,
                      (unsigned long long)pairs->left_out);
    }
    pair_set_wrap(pairs, options->pairs_per_call);
    return true;
}

static bool run_load(struct rollout *rollout, struct bench_result *result, struct error *error) {
    const struct options *options = result->options;
    bench_result_read_machine(&result->before);
    if (!options->quiet && !(options->find_rate > 0)) {
        message_print("calling for %g seconds", options->warm_up + options->duration);
    }
    bool done;
    if (options->find_rate > 0) {
        done = search_rate(rollout, result, error);
    } else {
        struct load_generator_trial trial = {.rollout = rollout,
                                             .rate = options->rate,
                                             .duration = options->duration,
                                             .warm_up = options->warm_up,
                                             .block = options->compare};
        done = load_generator_run(&trial, result->logs, &result->stats, error);
    }
    bench_result_read_machine(&result->after);
    return done;
}

/* The files are opened before the load begins: a wrong name should not cost a whole run. */
struct files {
    struct sink *json, *plot; /* NULL: not asked for */
};

static bool open_files(const struct options *options, struct files *files, struct error *error) {
    if (options->json != NULL && (files->json = sink_open(options->json, error)) == NULL) {
        return false;
    }
    return options->plot == NULL || (files->plot = sink_open(options->plot, error)) != NULL;
}

static bool write_file(struct sink **sink, const struct string_buffer *text, struct error *error) {
    if (!sink_write(*sink, text->bytes, text->length, error)) return false;
    struct sink *closing = *sink;
    *sink = NULL;
    return sink_commit(closing, error);
}

static bool write_files(const struct bench_result *result, struct files *files,
                        struct error *error) {
    struct string_buffer text = {0};
    bool done = true;
    if (files->json != NULL) {
        json_report_write(result, &text);
        done = write_file(&files->json, &text, error);
    }
    string_buffer_clear(&text);
    if (files->plot != NULL && done) {
        plot_write(result, &text);
        done = write_file(&files->plot, &text, error);
    }
    string_buffer_finish(&text);
    return done;
}

static int report(const struct bench_result *result, struct files *files) {
    struct error error = {""};
    struct string_buffer text = {0};
    summary_write(result, &text);
    struct string_buffer shown = {0}; /* versions, paths and reasons are others' texts */
    string_buffer_shown_lines(&shown, text.bytes);
    int status = print(shown.bytes);
    string_buffer_finish(&shown);
    string_buffer_finish(&text);
    if (!write_files(result, files, &error)) {
        message_print("%s", error.line);
        return EXIT_COULD_NOT;
    }
    if (status != EXIT_GOOD) return status;
    if (interrupt_received()) return EXIT_INTERRUPTED;
    return bench_result_is_good(result) ? EXIT_GOOD : EXIT_BAD;
}

static int fail(const struct error *error) {
    if (error->line[0] != '\0') {
        message_print("%s", error->line);
        return EXIT_COULD_NOT;
    }
    message_print("interrupted");
    return EXIT_INTERRUPTED;
}

static int run(const struct options *options) {
    struct error error = {""};
    struct pair_set pairs = {0};
    struct rollout rollout = {0};
    struct files files = {NULL, NULL};
    struct bench_result *result = memory_zeroed(1, sizeof *result);
    result->options = options;
    result->rollout = &rollout;
    result->pairs = &pairs;
    result->found = NAN;
    for (int i = 0; i < EVENT_KINDS; i++) event_log_init(&result->logs[i]);
    bool done =
        files_fit(options, &error) && open_files(options, &files, &error) &&
        get_pairs(options, &pairs, &error) &&
        rollout_open(&rollout, options, &pairs, interrupt_progress(INTERRUPT_LOADING), &error) &&
        run_load(&rollout, result, &error);
    int status = done ? report(result, &files) : fail(&error);
    sink_abandon(files.json);
    sink_abandon(files.plot);
    trial_stats_finish(&result->stats);
    for (int i = 0; i < EVENT_KINDS; i++) event_log_finish(&result->logs[i]);
    free(result);
    rollout_close(&rollout);
    pair_set_finish(&pairs);
    return status;
}

static int act(const struct options *options) {
    switch (options->action) {
    case OPTIONS_HELP: return option_table_print_help(&options_table) ? EXIT_GOOD : EXIT_COULD_NOT;
    case OPTIONS_VERSION:
        return option_table_print_version(&options_table) ? EXIT_GOOD : EXIT_COULD_NOT;
    default: return run(options);
    }
}

int main(int argc, char **argv) {
    struct options options;
    struct error error = {""};
    int status = EXIT_COULD_NOT;
    standard_streams_hold();
    message_set_program("mgeo-bench");
    if (!options_parse(&options, argc, argv, &error)) {
        message_print("%s", error.line);
    } else if (!interrupt_install()) {
        message_print("cannot install signal handlers");
    } else {
        status = act(&options);
    }
    options_finish(&options);
    return status;
}
