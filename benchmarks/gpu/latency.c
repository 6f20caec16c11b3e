/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of one pair: one after another, and from many threads at once. */
#include "bench.h"
#include "report.h"
#include "texts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WARM_CALLS = 200, SEED = 2, MAX_CALLS = 2000000, MEAN_TOKENS = 45 };
static const double warm_seconds = 0.5;

static void report_times(double *times, size_t count) {
    sort_numbers(times, count);
    report_number("calls", (double)count);
    report_number("median_ms", 1e3 * quantile(times, count, 0.5));
    report_number("p99_ms", 1e3 * quantile(times, count, 0.99));
    report_number("p999_ms", 1e3 * quantile(times, count, 0.999));
    report_number("most_ms", 1e3 * quantile(times, count, 1));
}

/* tokens as texts_make takes them. */
static bool one_after_another(const settings *s, const variant *v, const subject *opened,
                              uint32_t tokens) {
    texts made = texts_make(s->calls, tokens, SEED);
    double *times = allocate(s->calls, sizeof *times);
    float similarity;
    mgeo_scores scores;
    mgeo_error error;
    bool good = true;
    for (size_t i = 0; good && i < WARM_CALLS; i++) {
        good =
            score_all(opened->engine, &made.pairs[i % s->calls], 1, &similarity, &scores, &error);
    }
    for (size_t i = 0; good && i < s->calls; i++) {
        double from = now();
        good = score_all(opened->engine, &made.pairs[i], 1, &similarity, &scores, &error);
        times[i] = now() - from;
    }
    if (good) {
        report_begin("one", &opened->info);
        report_text("lengths", tokens > 0 ? "45" : "mixed");
        report_times(times, s->calls);
        report_end();
    } else {
        report_failure("one", v, error.message);
    }
    free(times);
    texts_free(&made);
    return good;
}

bool part_one(const settings *s, const variant *v) {
    subject opened;
    if (!subject_open(s, v, "one", &opened)) return false;
    bool good = one_after_another(s, v, &opened, MEAN_TOKENS);
    good = good && one_after_another(s, v, &opened, 0);
    subject_close(&opened);
    return good;
}

typedef struct caller {
    pthread_t thread;
    mgeo_engine *engine;
    texts made;
    double from, until; /* calls that begin in between count */
    double *times;
    size_t count, room;
    mgeo_error error; /* message is empty if all calls went well */
} caller;

static void *call(void *argument) {
    caller *c = argument;
    float similarity;
    mgeo_scores scores;
    for (size_t i = 0;; i = (i + 1) % c->made.count) {
        double from = now();
        if (from >= c->until || c->count == c->room) return NULL;
        if (!score_all(c->engine, &c->made.pairs[i], 1, &similarity, &scores, &c->error)) {
            return NULL;
        }
        if (from >= c->from) c->times[c->count++] = now() - from;
    }
}

static void start(const settings *s, mgeo_engine *engine, caller *callers) {
    double from = now() + warm_seconds;
    for (unsigned i = 0; i < s->callers; i++) {
        callers[i] = (caller){.engine = engine,
                              .made = texts_make(1000, 0, SEED + 1 + i),
                              .room = MAX_CALLS / s->callers};
        callers[i].times = allocate(callers[i].room, sizeof(double));
    }
    for (unsigned i = 0; i < s->callers; i++) {
        callers[i].from = from;
        callers[i].until = from + s->seconds;
        if (pthread_create(&callers[i].thread, NULL, call, &callers[i]) != 0) {
            fprintf(stderr, "pairs_bench: no thread for caller %u\n", i);
            exit(2);
        }
    }
}

/* Gathers all callers' times; the first failed caller's line goes to reason. */
static size_t gather(const settings *s, caller *callers, double *times, const char **reason) {
    size_t count = 0;
    for (unsigned i = 0; i < s->callers; i++) {
        pthread_join(callers[i].thread, NULL);
        memcpy(times + count, callers[i].times, callers[i].count * sizeof *times);
        count += callers[i].count;
        if (callers[i].error.message[0] != '\0') *reason = callers[i].error.message;
        if (callers[i].count == callers[i].room) *reason = "more calls than there is room for";
    }
    return count;
}

bool part_callers(const settings *s, const variant *v) {
    static caller callers[MAX_CALLERS];
    subject opened;
    const char *reason = NULL;
    if (!subject_open(s, v, "callers", &opened)) return false;
    double *times = allocate(MAX_CALLS, sizeof *times);
    start(s, opened.engine, callers);
    size_t count = gather(s, callers, times, &reason);
    if (reason == NULL) {
        report_begin("callers", &opened.info);
        report_number("callers", s->callers);
        report_number("pairs_per_second", (double)count / s->seconds);
        report_times(times, count);
        report_end();
    } else {
        report_failure("callers", v, reason);
    }
    for (unsigned i = 0; i < s->callers; i++) {
        texts_free(&callers[i].made);
        free(callers[i].times);
    }
    free(times);
    subject_close(&opened);
    return reason == NULL;
}
