/* SPDX-License-Identifier: Apache-2.0 */
/* What counting costs: all counts and clock readings that a call makes, alone and on as many
 * threads as count at once, against a whole call of the model. Processor time, so that other work
 * on the machine does not count.
 *
 * metrics_overhead_bench [DIR [THREADS]] */
#include "core/clock.h"
#include "core/process.h"
#include "stats/counters.h"

#include <mgeo.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 200000, MAX_THREADS = 64, MAX_PAIRS = 64, CALLS = 300, TEXTS = 200 };

static mgi_counters counters;
static uint32_t rows; /* of a call */

static void die(const char *what) {
    fprintf(stderr, "metrics_overhead_bench: %s\n", what);
    exit(1);
}

static double processor_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* As lib/run does it for a call that is one batch: its own thread's part, and the worker's. */
static void count_call(unsigned stripe) {
    double start = mgi_clock_now(); /* the call begins */
    double since = mgi_clock_now(); /* its rows wait */
    double begun = mgi_clock_now(); /* the batch begins */
    double ended = mgi_clock_now();
    mgi_counters_time(&counters, stripe, MGI_TIME_WAITS, mgi_counters_nanoseconds(begun - since),
                      rows);
    for (uint32_t i = 0; i < rows; i++) {
        mgi_counters_similarity(&counters, stripe, (float)(i * 37 % 101) / 100);
    }
    mgi_counters_add(&counters, stripe, MGI_COUNT_ROWS_SCORED, rows);
    mgi_counters_add(&counters, stripe, MGI_COUNT_ROWS_BAD, 0);
    mgi_counters_add(&counters, stripe, MGI_COUNT_ROWS_NOT_FINITE, 0);
    mgi_counters_add(&counters, stripe, MGI_COUNT_ROWS_TRUNCATED, 0);
    mgi_counters_add(&counters, stripe, MGI_COUNT_ROWS_UNKNOWN, 0);
    mgi_counters_add(&counters, stripe, MGI_COUNT_ROWS_UNKNOWN_DIFFER, 0);
    mgi_counters_add(&counters, stripe, MGI_COUNT_ROWS_CAPPED, 0);
    mgi_counters_add(&counters, stripe, MGI_COUNT_BATCHES, 1);
    mgi_counters_add(&counters, stripe, MGI_COUNT_BATCH_TOKENS, rows * 45);
    mgi_counters_add(&counters, stripe, MGI_COUNT_BUSY_NANOSECONDS,
                     mgi_counters_nanoseconds(ended - begun));
    mgi_counters_raise(&counters, stripe, MGI_COUNT_BATCH_ROWS_MAX, rows);
    mgi_counters_add(&counters, stripe, MGI_COUNT_TOKENS, rows * 45);
    uint64_t nanoseconds = mgi_counters_nanoseconds(mgi_clock_now() - start); /* the call ends */
    mgi_counters_time(&counters, stripe, MGI_TIME_CALLS, nanoseconds, 1);
    mgi_counters_raise(&counters, stripe, MGI_COUNT_CALL_NANOSECONDS_MAX, nanoseconds);
}

static void *count_calls(void *argument) {
    unsigned stripe = *(unsigned *)argument;
    for (int i = 0; i < ROUNDS; i++) count_call(stripe);
    return NULL;
}

/* Seconds that a call's counts take each of the threads. */
static double time_counts(unsigned threads) {
    pthread_t handles[MAX_THREADS];
    unsigned stripes[MAX_THREADS];
    double start = processor_seconds();
    for (unsigned i = 0; i < threads; i++) {
        stripes[i] = i;
        if (pthread_create(&handles[i], NULL, count_calls, &stripes[i]) != 0) die("no thread");
    }
    for (unsigned i = 0; i < threads; i++) pthread_join(handles[i], NULL);
    return (processor_seconds() - start) / ROUNDS / threads;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of many calls; the fastest would flatter the share. */
static double time_calls(mgeo_engine *engine) {
    static const char text[] = "杭州市西湖区文三路90号东部软件园";
    static double seconds[CALLS];
    mgeo_pair pairs[MAX_PAIRS];
    float similarity[MAX_PAIRS];
    mgeo_error error;
    for (int i = 0; i < MAX_PAIRS; i++) {
        pairs[i] = (mgeo_pair){text, MGEO_NUL_TERMINATED, text, MGEO_NUL_TERMINATED};
    }
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    double until = mgi_clock_now() + 10;
    int calls = 0;
    for (; calls < CALLS && (calls < 5 || mgi_clock_now() < until); calls++) {
        double start = processor_seconds();
        if (mgeo_score(engine, pairs, rows, &scores, &error) != MGEO_OK) die(error.message);
        seconds[calls] = processor_seconds() - start;
    }
    qsort(seconds, (size_t)calls, sizeof *seconds, by_size);
    return seconds[calls / 2];
}

static void print_row(mgeo_engine *engine, unsigned threads) {
    double alone = time_counts(1);
    double many = time_counts(threads);
    double call = time_calls(engine);
    printf("%5u %14.0f %14.0f %14.1f %12.4f%%\n", rows, alone * 1e9, many * 1e9, call * 1e6,
           100 * (many > alone ? many : alone) / call);
}

/* What it takes to look at the counts. */
static void print_questions(mgeo_engine *engine) {
    static char text[1 << 17];
    mgeo_stats stats = {.struct_size = sizeof stats};
    size_t length = 0;
    double start = processor_seconds();
    for (int i = 0; i < TEXTS; i++) mgeo_get_stats(engine, MGEO_LIVE, &stats, NULL);
    double asked = (processor_seconds() - start) / TEXTS;
    start = processor_seconds();
    for (int i = 0; i < TEXTS; i++) mgeo_write_metrics(engine, 0, text, sizeof text, &length, NULL);
    double written = (processor_seconds() - start) / TEXTS;
    printf("mgeo_get_stats %.1f us, mgeo_write_metrics %.1f us (%zu bytes)\n", asked * 1e6,
           written * 1e6, length);
    printf("counts of a model: %zu bytes\n", sizeof counters);
}

int main(int argc, char **argv) {
    unsigned threads = argc > 2 ? (unsigned)atoi(argv[2]) : mgi_process_cpus();
    mgeo_engine *engine;
    mgeo_error error;
    mgeo_load_options options = {.struct_size = sizeof options, .device = "cpu", .threads = 1};
    if (threads < 1 || threads > MAX_THREADS) die("usage: metrics_overhead_bench [DIR [THREADS]]");
    if (mgeo_engine_create(NULL, &engine, &error) != MGEO_OK ||
        mgeo_load(engine, argc > 1 ? argv[1] : NULL, &options, NULL, &error) != MGEO_OK) {
        die(error.message);
    }
    printf("processor time: counting for one call, ns; the call itself, us, median, one core\n");
    printf("pairs   one thread %3u threads      the call        share\n", threads);
    for (rows = 1; rows <= MAX_PAIRS; rows *= 8) print_row(engine, threads);
    print_questions(engine);
    mgeo_engine_destroy(engine);
    return 0;
}
