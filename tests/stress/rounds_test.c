/* SPDX-License-Identifier: Apache-2.0 */
/* A thousand rounds of load, swap and unload with real model directories: what is resident stays
 * what it was, the last hundred held against the second. The processor time of a call is printed
 * for both, against the calls of an engine on which nothing is swapped, which become slower only as
 * the machine does.
 *
 * MGEO_TEST_ROUNDS: another number of rounds, in hundreds from 400 on.
 * MGEO_TEST_MODELS: other directories than two small ones, "DIR:DIR". */
#define _GNU_SOURCE
#include "support/check.h"

#include <math.h>
#include <mgeo.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef MGI_SOURCE_ROOT
#define MGI_SOURCE_ROOT "."
#endif

enum { MAX_MODELS = 8, ROUNDS = 1000, LEAST_ROUNDS = 400, STRETCH = 100, CALLS = 5, PAIRS = 4 };

static const double FLAT = 1.03;

static const char small_models[] =
    MGI_SOURCE_ROOT "/tests/golden/models/mgeo:" MGI_SOURCE_ROOT "/tests/golden/models/two_labels";

static const mgeo_pair pairs[PAIRS] = {
#define PAIR(a, b)                                                                                 \
    { a, MGEO_NUL_TERMINATED, b, MGEO_NUL_TERMINATED }
    PAIR("杭州市西湖区文三路90号东部软件园", "文三路90号"),
    PAIR("成都市锦江区北新街58号", "锦江区南新街58号"),
    PAIR("上海市浦东新区世纪大道100号", "浦东世纪大道100号环球金融中心"),
    PAIR("北京市海淀区中关村大街1号", "中关村大街1号"),
#undef PAIR
};

static mgeo_engine *engine, *steady; /* steady: on which nothing is swapped */
static mgeo_error error;
static char *paths[MAX_MODELS];
static unsigned models;

/* ---- one round ------------------------------------------------------------------------------- */

static void must(mgeo_status status) {
    if (status != MGEO_OK) fail_msg("%s", error.message);
}

static void load(mgeo_engine *into, unsigned model) {
    mgeo_load_options options = {.struct_size = sizeof options,
                                 .device = "cpu",
                                 .precision = MGEO_FP32,
                                 .threads = 1,
                                 .skip_warm_up = 1};
    must(mgeo_load(into, paths[model], &options, NULL, &error));
}

static double seconds_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double seconds_of_a_call(mgeo_engine *asked) {
    float similarity[PAIRS];
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    must(mgeo_score(asked, pairs, PAIRS, &scores, &error));
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start;
}

/* The fastest of some calls of each engine in turn: other work on the machine makes calls slower,
 * never faster, and meets both alike. Nothing else in the process is at work meanwhile. */
static void time_calls(double *changing, double *still) {
    *changing = *still = INFINITY;
    for (int i = 0; i < CALLS; i++) {
        *changing = fmin(*changing, seconds_of_a_call(engine));
        *still = fmin(*still, seconds_of_a_call(steady));
    }
}

static double resident_megabytes(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    long pages = 0;
    assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576.0;
}

/* ---- a stretch of rounds --------------------------------------------------------------------- */

typedef struct stretch {
    double megabytes, round;                /* means; milliseconds by the clock */
    double calls[STRETCH], steady[STRETCH]; /* milliseconds of processor time */
    double pace[STRETCH];                   /* calls over steady */
} stretch;

static void add_round(stretch *to, unsigned round) {
    double call, still;
    unsigned place = (round - 1) % STRETCH;
    double start = seconds_of(CLOCK_MONOTONIC);
    load(engine, round % models);
    must(mgeo_swap_model(engine, NULL, NULL, &error));
    must(mgeo_unload(engine, &error));
    to->round += 1e3 * (seconds_of(CLOCK_MONOTONIC) - start) / STRETCH;
    time_calls(&call, &still);
    to->calls[place] = 1e3 * call;
    to->steady[place] = 1e3 * still;
    to->pace[place] = call / still;
    to->megabytes += resident_megabytes() / STRETCH;
}

static int by_value(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double values[STRETCH]) {
    qsort(values, STRETCH, sizeof *values, by_value);
    return (values[STRETCH / 2 - 1] + values[STRETCH / 2]) / 2;
}

/* The hundred rounds from `first` on. */
static void run_stretch(stretch *to, unsigned first) {
    *to = (stretch){0};
    for (unsigned round = first; round < first + STRETCH; round++) add_round(to, round);
    print_message("rounds %4u to %4u: %.2f MB resident, %.3f ms a round, %.4f ms a call; "
                  "%.4f ms where nothing is swapped\n",
                  first, first + STRETCH - 1, to->megabytes, to->round, median(to->calls),
                  median(to->steady));
}

/* Times are told and not judged: machines are shared. */
static bool is_flat(stretch *second, stretch *last) {
    double memory = last->megabytes / second->megabytes;
    print_message("over the second hundred: memory %.4f, call %.4f, call against the steady "
                  "engine's %.4f\n",
                  memory, median(last->calls) / median(second->calls),
                  median(last->pace) / median(second->pace));
    return memory <= FLAT;
}

static void test_rounds_leave_nothing(void **state) {
    (void)state;
    static stretch second, last;
    const char *wanted = getenv("MGEO_TEST_ROUNDS");
    unsigned rounds = wanted != NULL ? (unsigned)strtoul(wanted, NULL, 10) : ROUNDS;
    assert_true(rounds >= LEAST_ROUNDS);
    run_stretch(&last, 1);
    run_stretch(&second, 1 + STRETCH);
    for (unsigned next = 1 + 2 * STRETCH; next < rounds; next += STRETCH) run_stretch(&last, next);
    assert_true(is_flat(&second, &last));
}

/* ---- before and after ------------------------------------------------------------------------ */

static int begin(void **state) {
    (void)state;
    const char *wanted = getenv("MGEO_TEST_MODELS");
    char *left = strdup(wanted != NULL ? wanted : small_models);
    for (char *path; models < MAX_MODELS && (path = strsep(&left, ":")) != NULL;) {
        paths[models++] = path;
    }
    must(mgeo_engine_create(NULL, &engine, &error));
    must(mgeo_engine_create(NULL, &steady, &error));
    load(engine, 0);
    load(steady, 0);
    return 0;
}

static int end(void **state) {
    (void)state;
    mgeo_engine_destroy(engine);
    mgeo_engine_destroy(steady);
    free(paths[0]); /* the one text that holds them all */
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rounds_leave_nothing)};
    return cmocka_run_group_tests(tests, begin, end);
}
