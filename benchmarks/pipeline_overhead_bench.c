/* SPDX-License-Identifier: Apache-2.0 */
/* How fast rows get to a device and answers back: texts, queue, batches, workers and answers,
 * around a device whose products cost nothing (null_backend.h). One caller with very many pairs,
 * many callers with one pair each, and one caller with one.
 *
 * pipeline_overhead_bench [DIR [SECONDS [CALLERS]]] */
#include "core/clock.h"
#include "null_backend.h"

#include <mgeo.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAIRS = 100000, TEXT = 160, MAX_CALLERS = 256, MAX_CALLS = 1 << 21 };

static char (*texts)[2][TEXT];
static mgeo_pair *pairs;
static mgeo_engine *engine;
static double seconds = 3;
static atomic_bool over;

static void die(const char *what) {
    fprintf(stderr, "pipeline_overhead_bench: %s\n", what);
    exit(1);
}

static double processor_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void add_characters(char *text, uint32_t count, uint32_t *random) {
    static const char *const parts[] = {"杭", "州", "市", "西", "湖", "区", "文", "三", "路", "9",
                                        "0",  "号", "东", "部", "软", "件", "园", "栋", "楼", "街"};
    size_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        *random = *random * 1664525u + 1013904223u;
        const char *part = parts[(*random >> 16) % 20];
        size_t bytes = strlen(part);
        memcpy(text + at, part, bytes);
        at += bytes;
    }
}

/* Addresses of 4 to 36 characters a side, 45 tokens a pair on average. */
static void make_pairs(void) {
    uint32_t random = 1;
    texts = calloc(PAIRS, sizeof *texts);
    pairs = calloc(PAIRS, sizeof *pairs);
    if (texts == NULL || pairs == NULL) die("out of memory");
    for (int i = 0; i < PAIRS; i++) {
        for (int side = 0; side < 2; side++) {
            uint32_t count = 5;
            for (int j = 0; j < 4; j++) {
                random = random * 1664525u + 1013904223u;
                count += (random >> 16) % 9;
            }
            add_characters(texts[i][side], count, &random);
        }
        pairs[i] = (mgeo_pair){texts[i][0], strlen(texts[i][0]), texts[i][1], strlen(texts[i][1])};
    }
}

static void score(const mgeo_pair *from, size_t count, float *similarity, mgeo_scores *scores) {
    mgeo_error error;
    *scores = (mgeo_scores){.struct_size = sizeof *scores, .similarity = similarity};
    if (mgeo_score(engine, from, count, scores, &error) != MGEO_OK) die(error.message);
}

static void print_line(const char *what, double rows, double wall, double cpu) {
    printf("%-34s %9.0f pairs/s  %6.2f us of processor a pair\n", what, rows / wall,
           1e6 * cpu / rows);
}

static void one_large_caller(void) {
    float *similarity = calloc(PAIRS, sizeof *similarity);
    if (similarity == NULL) die("out of memory");
    mgeo_scores scores;
    score(pairs, PAIRS, similarity, &scores);
    double start = mgi_clock_now(), used = processor_seconds(), rows = 0;
    while (mgi_clock_now() - start < seconds) {
        score(pairs, PAIRS, similarity, &scores);
        rows += PAIRS;
    }
    print_line("one caller, 100,000 pairs a call", rows, mgi_clock_now() - start,
               processor_seconds() - used);
    mgeo_stats stats = {.struct_size = sizeof stats};
    mgeo_get_stats(engine, MGEO_LIVE, &stats, NULL);
    printf("    %.1f tokens a pair, %.0f pairs a batch\n", (double)scores.tokens / PAIRS,
           (double)stats.pairs / (double)stats.batches);
    free(similarity);
}

typedef struct caller {
    pthread_t thread;
    unsigned number;
    uint64_t calls;
} caller;

static void *call_often(void *argument) {
    caller *c = argument;
    mgeo_scores scores;
    for (size_t i = c->number; !atomic_load_explicit(&over, memory_order_relaxed); i += 61) {
        float similarity;
        score(&pairs[i % PAIRS], 1, &similarity, &scores);
        c->calls++;
    }
    return NULL;
}

static void many_small_callers(unsigned count) {
    static caller callers[MAX_CALLERS];
    char what[64];
    double rows = 0;
    atomic_store(&over, false);
    double start = mgi_clock_now(), used = processor_seconds();
    for (unsigned i = 0; i < count; i++) {
        callers[i] = (caller){.number = i * 997};
        if (pthread_create(&callers[i].thread, NULL, call_often, &callers[i]) != 0) {
            die("no thread");
        }
    }
    nanosleep(&(struct timespec){.tv_sec = (time_t)seconds}, NULL);
    atomic_store(&over, true);
    double wall = mgi_clock_now() - start;
    for (unsigned i = 0; i < count; i++) {
        pthread_join(callers[i].thread, NULL);
        rows += (double)callers[i].calls;
    }
    snprintf(what, sizeof what, "%u callers, one pair a call", count);
    print_line(what, rows, wall, processor_seconds() - used);
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void lone_caller(void) {
    double *times = calloc(MAX_CALLS, sizeof *times);
    if (times == NULL) die("out of memory");
    size_t calls = 0;
    double start = mgi_clock_now(), used = processor_seconds(), now = start;
    while (now - start < seconds && calls < MAX_CALLS) {
        float similarity;
        mgeo_scores scores;
        double begin = now;
        score(&pairs[calls * 61 % PAIRS], 1, &similarity, &scores);
        now = mgi_clock_now();
        times[calls++] = now - begin;
    }
    print_line("one caller, one pair a call", (double)calls, now - start,
               processor_seconds() - used);
    qsort(times, calls, sizeof *times, by_size);
    printf("    median %.1f us, 99th percentile %.1f us\n", 1e6 * times[calls / 2],
           1e6 * times[calls - 1 - calls / 100]);
    free(times);
}

int main(int argc, char **argv) {
    mgeo_error error;
    mgeo_load_options options = {.struct_size = sizeof options, .device = "null"};
    if (argc > 2) seconds = atof(argv[2]);
    unsigned callers = argc > 3 ? (unsigned)atoi(argv[3]) : 64;
    if (!(seconds > 0) || callers < 1 || callers > MAX_CALLERS) {
        die("usage: pipeline_overhead_bench [DIR [SECONDS [CALLERS]]]");
    }
    const char *path = argc > 1 && argv[1][0] != '\0' ? argv[1] : NULL;
    mgi_backend_register(&null_backend);
    make_pairs();
    if (mgeo_engine_create(NULL, &engine, &error) != MGEO_OK ||
        mgeo_load(engine, path, &options, NULL, &error) != MGEO_OK) {
        die(error.message);
    }
    one_large_caller();
    many_small_callers(callers);
    lone_caller();
    mgeo_engine_destroy(engine);
    free(pairs);
    free(texts);
    return 0;
}
