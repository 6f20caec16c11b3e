/* SPDX-License-Identifier: Apache-2.0 */
/* The flow of --check: load, self-test, comparison, and one report on standard output. */
#include "score/check/check_run.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/files/file_use.h"
#include "common/files/standard_streams.h"
#include "common/interrupt.h"
#include "common/memory.h"
#include "common/message.h"
#include "score/check/check_json.h"
#include "score/check/check_text.h"
#include "score/check/expect_report.h"
#include "score/run.h"
#include "scoring/files.h"
#include "scoring/model.h"

struct check_report {
    const struct options *options;
    mgeo_engine *engine;
    mgeo_model_info info;
    struct check_result result;
    struct expect_result expect;
    bool expected;              /* --expect was read to its end */
    struct error expect_error;  /* otherwise why it was not */
    struct string_buffer shown; /* what standard output gets */
};

static void write_text(struct check_report *report) {
    struct string_buffer text = {0}; /* labels, paths and tensors have others' names */
    check_text_write(report->engine, &report->info, &report->result, &text);
    if (report->expected) {
        expect_report_text(&report->expect, &text);
    } else if (report->options->expect != NULL) {
        string_buffer_format(&text, "NOT COMPARED: %s\n", report->expect_error.line);
    }
    string_buffer_shown_lines(&report->shown, text.bytes);
    string_buffer_finish(&text);
}

static void write_json(struct check_report *report) {
    struct json_writer json = {0};
    check_json_begin(&json);
    check_json_model(report->engine, &report->info, &report->result, &json);
    if (report->expected) {
        expect_report_json(&report->expect, NULL, &json);
    } else if (report->options->expect != NULL) {
        expect_report_json(&report->expect, report->expect_error.line, &json);
    }
    check_json_end(&json);
    report->shown = json.text;
}

/* A model that cannot be loaded is an answer too: programs read why from standard output, people
 * from standard error as ever. */
static int not_loaded(const struct options *options, mgeo_status status,
                      const struct error *error) {
    struct error unwritten;
    if (options->json && error->line[0] != '\0') {
        struct json_writer json = {0};
        check_json_begin(&json);
        check_json_refused(options->model.path, status, error->line, &json);
        check_json_end(&json);
        if (!standard_streams_print(json.text.bytes, json.text.length, &unwritten)) {
            message_print("%s", unwritten.line);
        }
        string_buffer_finish(&json.text);
    }
    return run_failed(options, error);
}

/* Standard error tells in a line what made the status; the report on standard output has more. */
static int conclude(const struct check_report *report) {
    const struct expect_result *expect = &report->expect;
    bool asked = report->options->expect != NULL;
    if (asked && !report->expected) return run_failed(report->options, &report->expect_error);
    if (asked && expect->compared == 0) {
        message_print("%s: no row was compared: rows %" PRIu64 ", without a score %" PRIu64
                      ", without an expected value %" PRIu64,
                      expect->path, expect->rows, expect->without_score, expect->without_value);
    } else if (asked && !expect->passed) {
        message_print("%s: %" PRIu64 " of %" PRIu64 " rows differ from what is expected",
                      expect->path, expect->differing, expect->compared + expect->without_score);
    }
    if (!report->result.sound) return RUN_FAILED;
    return !asked || expect->passed ? RUN_ALL_SCORED : RUN_BAD_ROWS;
}

static int check_loaded(struct check_report *report) {
    const struct options *options = report->options;
    struct error error;
    check_model(report->engine, &report->info, &report->result);
    if (options->expect != NULL) {
        report->expected = expect_run(report->engine, &report->info, options, &report->expect,
                                      &report->expect_error);
        if (interrupt_received()) return run_failed(options, &report->expect_error);
    }
    (options->json ? write_json : write_text)(report);
    if (!standard_streams_print(report->shown.bytes, report->shown.length, &error)) {
        return run_failed(options, &error);
    }
    return conclude(report);
}

/* Standard output, the table of --expect and the model are different files. */
static bool files_fit(const struct options *options, struct error *error) {
    if (!standard_streams_check_output(error)) return false;
    if (options->expect == NULL) return true;
    struct file_uses uses = {0};
    files_add_input(options->expect, &uses);
    file_use_add_model(&uses, options->model.path);
    file_use_add_outputs(&uses);
    bool done = file_use_check(&uses, error);
    file_use_finish(&uses);
    return done;
}

int check_run(const struct options *options) {
    struct error error = {""};
    if (!files_fit(options, &error)) return run_failed(options, &error);
    struct check_report *report = memory_zeroed(1, sizeof *report);
    report->options = options;
    mgeo_progress *loading = interrupt_progress(INTERRUPT_LOADING);
    struct progress *progress = progress_start(options->progress, options->quiet, loading);
    mgeo_status status = model_open(&options->model, false, options->quiet, loading,
                                    &report->engine, &report->info, &error);
    progress_end(progress);
    int ending = status == MGEO_OK ? check_loaded(report) : not_loaded(options, status, &error);
    mgeo_engine_destroy(report->engine);
    string_buffer_finish(&report->shown);
    free(report);
    return ending;
}
