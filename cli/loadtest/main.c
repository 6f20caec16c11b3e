/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-bench: the load test before going live. */
#include <math.h>
#include <mgeo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/interrupt.h"
#include "common/memory.h"
#include "common/message.h"
#include "common/sink.h"
#include "loadtest/help.h"
#include "loadtest/load/load_generator.h"
#include "loadtest/options.h"
#include "loadtest/report/bench_result.h"
#include "loadtest/report/json_report.h"
#include "loadtest/report/plot.h"
#include "loadtest/report/summary.h"
#include "loadtest/search.h"

enum { EXIT_GOOD = 0, EXIT_BAD = 1, EXIT_COULD_NOT = 2, EXIT_INTERRUPTED = 130 };

static int print(const char *text) {
    if (fputs(text, stdout) >= 0 && fflush(stdout) == 0) return EXIT_GOOD;
    notice("standard output: cannot write");
    return EXIT_COULD_NOT;
}

static int print_version(void) {
    char line[128];
    snprintf(line, sizeof line, "mgeo-bench %s (libmgeo %s)\n", MGEO_VERSION, mgeo_version());
    return print(line);
}

static bool get_pairs(const struct plan *plan, struct pairset *pairs, struct fault *fault) {
    if (plan->pairs == NULL)
        pairset_generate(pairs, plan->seed);
    else if (!pairset_read(pairs, plan->pairs, &plan->table, fault))
        return false;
    if (pairs->left_out > 0 && !plan->quiet)
        notice("%s: %llu rows are no pairs, or too many, and are left out", plan->pairs,
               (unsigned long long)pairs->left_out);
    pairset_wrap(pairs, plan->pairs_per_call);
    return true;
}

static bool run_load(struct rollout *rollout, struct outcome *outcome, struct fault *fault) {
    const struct plan *plan = outcome->plan;
    machine_read(&outcome->before);
    if (!plan->quiet && !(plan->find_rate > 0))
        notice("calling for %g seconds", plan->warm_up + plan->duration);
    bool done;
    if (plan->find_rate > 0) {
        done = search(rollout, outcome, fault);
    } else {
        struct trial trial = {.rollout = rollout,
                              .rate = plan->rate,
                              .duration = plan->duration,
                              .warm_up = plan->warm_up,
                              .block = plan->compare};
        done = drive(&trial, outcome->logs, &outcome->figures, fault);
    }
    machine_read(&outcome->after);
    return done;
}

/* The files are opened before the load begins: a wrong name should not cost a whole run. */
struct files {
    struct sink *json, *plot; /* NULL: not asked for */
};

static bool open_files(const struct plan *plan, struct files *files, struct fault *fault) {
    if (plan->json != NULL && (files->json = sink_open(plan->json, fault)) == NULL) return false;
    return plan->plot == NULL || (files->plot = sink_open(plan->plot, fault)) != NULL;
}

static bool write_file(struct sink **sink, const struct text *text, struct fault *fault) {
    if (!sink_write(*sink, text->bytes, text->length, fault)) return false;
    struct sink *closing = *sink;
    *sink = NULL;
    return sink_commit(closing, fault);
}

static bool write_files(const struct outcome *outcome, struct files *files, struct fault *fault) {
    struct text text = {0};
    bool done = true;
    if (files->json != NULL) {
        document_write(outcome, &text);
        done = write_file(&files->json, &text, fault);
    }
    text_clear(&text);
    if (files->plot != NULL && done) {
        plot_write(outcome, &text);
        done = write_file(&files->plot, &text, fault);
    }
    text_finish(&text);
    return done;
}

static int report(const struct outcome *outcome, struct files *files) {
    struct fault fault = {""};
    struct text text = {0};
    summary_write(outcome, &text);
    int status = print(text.bytes);
    text_finish(&text);
    if (!write_files(outcome, files, &fault)) {
        notice("%s", fault.line);
        return EXIT_COULD_NOT;
    }
    if (status != EXIT_GOOD) return status;
    if (interrupted()) return EXIT_INTERRUPTED;
    return outcome_is_good(outcome) ? EXIT_GOOD : EXIT_BAD;
}

static int fail(const struct fault *fault) {
    if (fault->line[0] != '\0') {
        notice("%s", fault->line);
        return EXIT_COULD_NOT;
    }
    notice("interrupted");
    return EXIT_INTERRUPTED;
}

static int run(const struct plan *plan) {
    struct fault fault = {""};
    struct pairset pairs = {0};
    struct rollout rollout = {0};
    struct files files = {NULL, NULL};
    struct outcome *outcome = must_resize(NULL, 1, sizeof *outcome);
    memset(outcome, 0, sizeof *outcome);
    outcome->plan = plan;
    outcome->rollout = &rollout;
    outcome->pairs = &pairs;
    outcome->found = NAN;
    for (int i = 0; i < EVENT_KINDS; i++) eventlog_init(&outcome->logs[i]);
    bool done =
        open_files(plan, &files, &fault) && get_pairs(plan, &pairs, &fault) &&
        rollout_open(&rollout, plan, &pairs, interrupt_progress(INTERRUPT_LOADING), &fault) &&
        run_load(&rollout, outcome, &fault);
    int status = done ? report(outcome, &files) : fail(&fault);
    sink_abandon(files.json);
    sink_abandon(files.plot);
    figures_finish(&outcome->figures);
    for (int i = 0; i < EVENT_KINDS; i++) eventlog_finish(&outcome->logs[i]);
    free(outcome);
    rollout_close(&rollout);
    pairset_finish(&pairs);
    return status;
}

static int act(const struct plan *plan) {
    switch (plan->action) {
    case PLAN_HELP: return print(usage_text);
    case PLAN_VERSION: return print_version();
    default: return run(plan);
    }
}

int main(int argc, char **argv) {
    struct plan plan;
    struct fault fault = {""};
    int status = EXIT_COULD_NOT;
    notice_program("mgeo-bench");
    if (!plan_parse(&plan, argc, argv, &fault))
        notice("%s", fault.line);
    else if (!interrupt_install())
        notice("cannot install signal handlers");
    else
        status = act(&plan);
    plan_finish(&plan);
    return status;
}
