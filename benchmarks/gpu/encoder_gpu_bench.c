/* SPDX-License-Identifier: Apache-2.0 */
/* The CUDA encoder without text around it: BERT-base with random weights, pairs of about 45
 * tokens. Prints how far its logits are from the CPU's, pairs a second by precision, batch and
 * lanes, and the time of one pair. */
#define _POSIX_C_SOURCE 200809L /* barriers */
#include "backend/backend.h"
#include "bert_base.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/process.h"
#include "precision.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS = 32768, MAX_LANES = 8, ALONE = 2000 };

static const int32_t precisions[] = {MGEO_FP32, MGEO_BF16, MGEO_FP16, MGEO_INT8, MGEO_FP8};
enum { PRECISIONS = sizeof precisions / sizeof *precisions };

/* ---- pairs ---- */

static uint32_t lengths[PAIRS];
static mgi_batch batches[PAIRS];
static uint32_t batch_count;

/* As a queue of some thousand rows would give them: `mixed_lengths` in turn, else sorted within
 * each group; and cut. Each batch ascends. */
static void make_batches(uint32_t budget, bool mixed_lengths) {
    enum { GROUP = 4096 };
    uint64_t seed = 2;
    for (uint32_t i = 0; i < batch_count; i++) bench_drop(&batches[i]);
    batch_count = 0;
    for (int i = 0; i < PAIRS; i++) lengths[i] = bench_pair_length(&seed);
    for (int first = 0; first < PAIRS && !mixed_lengths; first += GROUP) {
        bench_sort_lengths(lengths + first, GROUP);
    }
    for (uint32_t first = 0; first < PAIRS;) {
        uint32_t rows = 0, tokens = 0, end = (first / GROUP + 1) * GROUP;
        while (first + rows < end && tokens + lengths[first + rows] <= budget) {
            tokens += lengths[first + rows++];
        }
        bench_sort_lengths(lengths + first, rows);
        batches[batch_count++] = bench_pack(&bert_base, lengths + first, rows, &seed);
        first += rows;
    }
}

/* ---- agreement ---- */

static float *logits_of(const mgi_backend *backend, const char *device, int32_t precision,
                        const mgi_weights *weights, const mgi_batch *batch) {
    mgi_encoder_request request = {.device = device,
                                   .precision = precision,
                                   .max_length = PAIR_LONGEST,
                                   .batch_tokens = 8192,
                                   .spec = &bert_base,
                                   .weights = weights};
    mgi_encoder *encoder = NULL;
    mgi_lane *lane = NULL;
    mgi_team team = {.cores = mgi_process_cpus()};
    mgeo_error error;
    float *logits = bench_memory((size_t)batch->rows * BERT_LABELS, sizeof *logits);
    if (backend->open(&request, &encoder, &error) || backend->open_lane(encoder, &lane, &error) ||
        backend->run(lane, batch, &team, logits, &error)) {
        bench_die(error.message);
    }
    backend->close_lane(lane);
    backend->close(encoder);
    return logits;
}

static double farthest(const float *expected, const float *logits, uint32_t rows) {
    double most = 0;
    for (uint32_t i = 0; i < rows * BERT_LABELS; i++) {
        double apart = fabs((double)logits[i] - (double)expected[i]);
        if (!(apart <= most)) most = apart;
    }
    return most;
}

/* Each size takes another way: a lone pair, a few, many. */
static void compare(const mgi_weights *weights) {
    static const uint32_t rows[] = {1, 3, 12, 128};
    uint64_t seed = 7;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mgi_batch batch = bench_pack(&bert_base, lengths + 1900, rows[i], &seed);
        float *expected = logits_of(&mgi_cpu_backend, "cpu", MGEO_FP32, weights, &batch);
        float largest = 0;
        for (uint32_t j = 0; j < batch.rows * BERT_LABELS; j++) {
            largest = fmaxf(largest, fabsf(expected[j]));
        }
        printf("%4u pairs, %5u tokens: logits up to %.3f, farthest from the CPU's:", batch.rows,
               batch.tokens, (double)largest);
        for (int p = 0; p < PRECISIONS; p++) {
            float *logits = logits_of(&mgi_cuda_backend, "cuda:0", precisions[p], weights, &batch);
            printf(" %s %.2g", mgeo_precision_name(precisions[p]),
                   farthest(expected, logits, batch.rows));
            mgi_free(logits);
        }
        printf("\n");
        fflush(stdout);
        mgi_free(expected);
        bench_drop(&batch);
    }
}

/* ---- speed ---- */

typedef struct driver {
    mgi_lane *lane;
    uint32_t first, step;
    uint64_t pairs;
    pthread_barrier_t *barrier;
    double seconds;
} driver;

static void *drive(void *argument) {
    driver *d = argument;
    mgi_team team = {.cores = 1};
    mgeo_error error;
    float *logits = bench_memory((size_t)PAIRS * BERT_LABELS, sizeof *logits);
    for (int round = 0; round < 2; round++) { /* the first warms up */
        pthread_barrier_wait(d->barrier);
        double start = mgi_clock_now();
        d->pairs = 0;
        for (uint32_t i = d->first; i < batch_count; i += d->step) {
            if (mgi_cuda_backend.run(d->lane, &batches[i], &team, logits, &error)) {
                bench_die(error.message);
            }
            d->pairs += batches[i].rows;
        }
        pthread_barrier_wait(d->barrier);
        d->seconds = mgi_clock_now() - start;
    }
    mgi_free(logits);
    return NULL;
}

static double rate(mgi_encoder *encoder, uint32_t lanes) {
    pthread_barrier_t barrier;
    driver drivers[MAX_LANES];
    pthread_t threads[MAX_LANES];
    mgeo_error error;
    uint64_t pairs = 0;
    pthread_barrier_init(&barrier, NULL, lanes);
    for (uint32_t i = 0; i < lanes; i++) {
        drivers[i] = (driver){.first = i, .step = lanes, .barrier = &barrier};
        if (mgi_cuda_backend.open_lane(encoder, &drivers[i].lane, &error)) bench_die(error.message);
    }
    for (uint32_t i = 0; i < lanes; i++) pthread_create(&threads[i], NULL, drive, &drivers[i]);
    for (uint32_t i = 0; i < lanes; i++) {
        pthread_join(threads[i], NULL);
        pairs += drivers[i].pairs;
    }
    for (uint32_t i = 0; i < lanes; i++) mgi_cuda_backend.close_lane(drivers[i].lane);
    pthread_barrier_destroy(&barrier);
    return (double)pairs / drivers[0].seconds;
}

static int by_time(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void time_alone(mgi_encoder *encoder) {
    static const uint32_t some[] = {16, 45, 64, 128};
    static double times[ALONE];
    float logits[BERT_LABELS];
    uint64_t seed = 9;
    mgi_lane *lane;
    mgi_team team = {.cores = 1};
    mgeo_error error;
    if (mgi_cuda_backend.open_lane(encoder, &lane, &error)) bench_die(error.message);
    printf("  one pair, median / 99%%, ms:");
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        mgi_batch batch = bench_pack(&bert_base, &some[i], 1, &seed);
        for (int j = 0; j < ALONE; j++) {
            double start = mgi_clock_now();
            if (mgi_cuda_backend.run(lane, &batch, &team, logits, &error)) bench_die(error.message);
            times[j] = mgi_clock_now() - start;
        }
        qsort(times, ALONE, sizeof *times, by_time);
        printf("  %u tokens %.3f / %.3f", some[i], 1e3 * times[ALONE / 2],
               1e3 * times[ALONE * 99 / 100]);
        bench_drop(&batch);
    }
    printf("\n");
    mgi_cuda_backend.close_lane(lane);
}

static void measure(const mgi_weights *weights, int p, const uint32_t *budgets, int count,
                    uint32_t lanes) {
    for (int i = 0; i < count; i++) {
        mgi_encoder_request request = {.device = "cuda:0",
                                       .precision = precisions[p],
                                       .max_length = PAIR_LONGEST,
                                       .batch_tokens = budgets[i],
                                       .spec = &bert_base,
                                       .weights = weights};
        mgi_encoder_info info;
        mgi_encoder *encoder;
        mgeo_error error;
        double start = mgi_clock_now();
        if (mgi_cuda_backend.open(&request, &encoder, &error)) bench_die(error.message);
        double placed = mgi_clock_now() - start;
        mgi_cuda_backend.describe(encoder, &info);
        make_batches(info.batch_tokens, info.mixed_lengths);
        printf("%s, %u tokens a batch, placed in %.2f s:", mgeo_precision_name(precisions[p]),
               info.batch_tokens, placed);
        for (uint32_t l = 1; l <= lanes; l++) printf("  %u lanes %.0f", l, rate(encoder, l));
        printf(" pairs/s\n");
        if (i == 0) time_alone(encoder);
        fflush(stdout);
        mgi_cuda_backend.close(encoder);
    }
}

/* A few batches and nothing else, for a profiler to look at. */
static void show(const mgi_weights *weights, int32_t precision, uint32_t budget) {
    static float logits[PAIRS * BERT_LABELS];
    mgi_encoder_request request = {.device = "cuda:0",
                                   .precision = precision,
                                   .max_length = PAIR_LONGEST,
                                   .batch_tokens = budget > 1024 ? budget : 1024,
                                   .spec = &bert_base,
                                   .weights = weights};
    mgi_encoder *encoder = NULL;
    mgi_lane *lane = NULL;
    mgi_team team = {.cores = 1};
    mgeo_error error;
    mgi_encoder_info info;
    if (mgi_cuda_backend.open(&request, &encoder, &error) ||
        mgi_cuda_backend.open_lane(encoder, &lane, &error)) {
        bench_die(error.message);
    }
    mgi_cuda_backend.describe(encoder, &info);
    make_batches(budget, info.mixed_lengths);
    for (int i = 0; i < 4; i++) {
        if (mgi_cuda_backend.run(lane, &batches[batch_count / 2], &team, logits, &error)) {
            bench_die(error.message);
        }
    }
    printf("%u pairs, %u tokens\n", batches[batch_count / 2].rows, batches[batch_count / 2].tokens);
    mgi_cuda_backend.close_lane(lane);
    mgi_cuda_backend.close(encoder);
}

int main(int argc, char **argv) {
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        printf("usage: encoder_gpu_bench compare | PRECISION LANES [BATCH_TOKENS ...] | profile "
               "PRECISION BATCH_TOKENS\n");
        return argc < 2 ? 2 : 0;
    }
    uint32_t budgets[16] = {0};
    int count = 0;
    for (int i = 3; i < argc && count < 16; i++) {
        budgets[count++] = (uint32_t)strtoul(argv[i], NULL, 10);
    }
    static mgi_weights weights;
    bench_weights(&bert_base, &weights);
    if (strcmp(argv[1], "profile") == 0 && argc == 4) {
        int32_t precision = bench_precision(argv[2]);
        if (precision < 0) bench_die("no such precision");
        show(&weights, precision, (uint32_t)strtoul(argv[3], NULL, 10));
        return 0;
    }
    uint32_t lanes = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 2;
    if (lanes < 1 || lanes > MAX_LANES) bench_die("LANES must be within 1..8");
    make_batches(22528, false);
    if (strcmp(argv[1], "compare") == 0) compare(&weights);
    for (int p = 0; p < PRECISIONS; p++) {
        if (bench_precision(argv[1]) == precisions[p]) {
            measure(&weights, p, budgets, count ? count : 1, lanes);
        }
    }
    return 0;
}
