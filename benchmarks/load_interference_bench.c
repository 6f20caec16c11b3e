/* SPDX-License-Identifier: Apache-2.0 */
/* What callers feel while a large model is loaded beside the one that answers them: call times
 * before, during loads at each precision, and after. Callers send one pair at fixed times, and a
 * call's time counts from when it was due, so that stalls show in full. */
#define _GNU_SOURCE /* clock_nanosleep */
#include <mgeo.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_CALLERS = 16, MAX_CALLS = 100000, MAX_ROUNDS = 50, PRECISIONS = 3, OUTSIDE = -1 };

typedef struct sample {
    int phase;
    double seconds;
} sample;

typedef struct caller {
    pthread_t thread;
    sample *samples;
    size_t count;
    double interval, offset;
} caller;

static mgeo_engine *engine;
static atomic_bool stopping;
static atomic_int phase = OUTSIDE; /* else as phase_of says */
static const int32_t precisions[PRECISIONS] = {MGEO_FP32, MGEO_BF16, MGEO_INT8};

/* Each round has a quiet time and a load at every precision, so that a machine that others use too
 * is alike in both. */
static int phase_of(int round, int precision, int loading) {
    return (round * PRECISIONS + precision) * 2 + loading;
}

static void fail(const char *what, const mgeo_error *error) {
    fprintf(stderr, "load_interference_bench: %s: %s\n", what, error->message);
    exit(2);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void sleep_until(double when) {
    struct timespec t = {(time_t)when, (long)(1e9 * (when - (double)(time_t)when))};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0) {
    }
}

static void *call(void *argument) {
    caller *c = argument;
    static const char a[] = "浙江省杭州市余杭区文一西路969号", b[] = "杭州余杭文一西路969号3号楼";
    mgeo_pair pair = {a, MGEO_NUL_TERMINATED, b, MGEO_NUL_TERMINATED};
    mgeo_error error;
    double due = now() + c->offset;
    for (; !atomic_load(&stopping) && c->count < MAX_CALLS; due += c->interval) {
        int at = atomic_load(&phase);
        float similarity;
        mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &similarity};
        sleep_until(due);
        if (mgeo_score(engine, &pair, 1, &scores, &error) != MGEO_OK) fail("scoring", &error);
        c->samples[c->count++] = (sample){at, now() - due};
    }
    return NULL;
}

static int compare(const void *left, const void *right) {
    double l = *(const double *)left, r = *(const double *)right;
    return (l > r) - (l < r);
}

/* Adds the phase's call times. */
static size_t gather(const caller *callers, int count, int wanted, double *times, size_t n) {
    for (int i = 0; i < count; i++) {
        for (size_t j = 0; j < callers[i].count; j++) {
            if (callers[i].samples[j].phase == wanted) times[n++] = callers[i].samples[j].seconds;
        }
    }
    return n;
}

static double quantile(double *times, size_t n, double q) {
    qsort(times, n, sizeof *times, compare);
    return n == 0 ? 0 : times[(size_t)(q * (double)(n - 1))];
}

static void report_line(const char *name, const char *when, double *times, size_t n) {
    double p50 = quantile(times, n, 0.5);
    printf("  %s %-7s %6zu calls, P50 %7.2f ms, P95 %7.2f ms, P99 %7.2f ms, most %7.2f ms\n", name,
           when, n, 1e3 * p50, 1e3 * quantile(times, n, 0.95), 1e3 * quantile(times, n, 0.99),
           1e3 * quantile(times, n, 1));
}

/* All rounds together, and the median of the rounds' own ratios. */
static void report(const caller *callers, int count, int rounds, int precision) {
    double *times[2], ratios[MAX_ROUNDS];
    size_t n[2] = {0, 0};
    for (int l = 0; l < 2; l++) times[l] = malloc((size_t)count * MAX_CALLS * sizeof **times);
    if (times[0] == NULL || times[1] == NULL) exit(2);
    for (int r = 0; r < rounds; r++) {
        double p99[2];
        for (int l = 0; l < 2; l++) {
            size_t some = gather(callers, count, phase_of(r, precision, l), times[l] + n[l], 0);
            p99[l] = quantile(times[l] + n[l], some, 0.99);
            n[l] += some;
        }
        ratios[r] = p99[1] / p99[0];
    }
    report_line(mgeo_precision_name(precisions[precision]), "before", times[0], n[0]);
    report_line(mgeo_precision_name(precisions[precision]), "loading", times[1], n[1]);
    double all = quantile(times[1], n[1], 0.99) / quantile(times[0], n[0], 0.99);
    double least = quantile(ratios, (size_t)rounds, 0), most = quantile(ratios, (size_t)rounds, 1);
    printf("  %s P99 loading over P99 before: %.2f; by rounds: median %.2f, %.2f to %.2f\n",
           mgeo_precision_name(precisions[precision]), all, quantile(ratios, (size_t)rounds, 0.5),
           least, most);
    free(times[0]);
    free(times[1]);
}

static void load(const char *path, int round, int precision, double seconds) {
    mgeo_error error;
    mgeo_model_info info = {.struct_size = sizeof info};
    mgeo_load_options options = {.struct_size = sizeof options, .precision = precisions[precision]};
    atomic_store(&phase, phase_of(round, precision, 0));
    sleep_until(now() + seconds);
    atomic_store(&phase, phase_of(round, precision, 1));
    if (mgeo_load(engine, path, &options, &info, &error) != MGEO_OK) fail("load", &error);
    atomic_store(&phase, OUTSIDE);
    printf("  %s loaded in %.2f s (warm-up %.2f); its info: %llu live calls, P99 %.2f ms\n",
           mgeo_precision_name(precisions[precision]), info.load_seconds, info.warm_up_seconds,
           (unsigned long long)info.live_calls_during, 1e3 * info.live_p99_during);
    if (mgeo_unload(engine, &error) != MGEO_OK) fail("unload", &error);
    sleep_until(now() + 0.5);
}

static void say_load(const char *when) {
    char line[128] = "";
    FILE *file = fopen("/proc/loadavg", "r");
    if (file != NULL && fgets(line, sizeof line, file) != NULL) {
        printf("  machine's load %s: %s", when, line);
    }
    if (file != NULL) fclose(file);
}

/* The one precision that was asked for, or all. */
static bool is_wanted(int precision, const char *only) {
    return only == NULL || strcmp(mgeo_precision_name(precisions[precision]), only) == 0;
}

static void start(caller *callers, int count, double rate) {
    for (int i = 0; i < count; i++) {
        callers[i] = (caller){.samples = malloc(MAX_CALLS * sizeof(sample)),
                              .interval = 1 / rate,
                              .offset = i / rate / count};
        if (callers[i].samples == NULL ||
            pthread_create(&callers[i].thread, NULL, call, &callers[i]) != 0) {
            exit(2);
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(
            stderr,
            "usage: load_interference_bench MODEL_DIR [CALLERS [CALLS_A_SECOND [ROUNDS [SECONDS "
            "[fp32|bf16|int8]]]]]\n");
        return 2;
    }
    int count = argc > 2 ? atoi(argv[2]) : 1;
    double rate = argc > 3 ? atof(argv[3]) : 30;
    int rounds = argc > 4 ? atoi(argv[4]) : 5;
    double seconds = argc > 5 ? atof(argv[5]) : 10;
    const char *only = argc > 6 ? argv[6] : NULL;
    static caller callers[MAX_CALLERS];
    mgeo_error error;
    if (count < 1 || count > MAX_CALLERS || rate <= 0 || rounds < 1 || rounds > MAX_ROUNDS) {
        return 2;
    }
    if (mgeo_engine_create(NULL, &engine, &error) != MGEO_OK) fail("engine", &error);
    if (mgeo_load(engine, NULL, NULL, NULL, &error) != MGEO_OK) fail("load", &error);
    start(callers, count, rate);
    say_load("before");
    sleep_until(now() + 1);
    for (int i = 0; i < rounds; i++) {
        for (int p = 0; p < PRECISIONS; p++) {
            if (is_wanted(p, only)) load(argv[1], i, p, seconds);
        }
    }
    atomic_store(&stopping, true);
    for (int i = 0; i < count; i++) pthread_join(callers[i].thread, NULL);
    say_load("after");
    printf("%d callers, %.0f calls a second each, %d rounds:\n", count, rate, rounds);
    for (int p = 0; p < PRECISIONS; p++) {
        if (is_wanted(p, only)) report(callers, count, rounds, p);
    }
    mgeo_engine_destroy(engine);
    return 0;
}
