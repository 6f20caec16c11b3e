/* SPDX-License-Identifier: Apache-2.0 */
/* What the row queue costs: the pairs of one file scored through the runner, and the same pairs
 * tokenised, sorted and run on bare lanes, in turns in one process. */
#define _GNU_SOURCE
#include "core/alloc.h"
#include "core/clock.h"
#include "core/process.h"
#include "run/runner.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAIRS = 1024, TEXT = 256, MAX_THREADS = 64, ROUNDS = 5 };

typedef struct row {
    int32_t ids[512];
    uint8_t types[512];
    uint32_t length;
} row;

static char texts[PAIRS][2][TEXT];
static mgeo_pair pairs[PAIRS];
static row rows[PAIRS];
static mgi_model *model;
static uint32_t batch_tokens;
static atomic_uint next_batch;
static uint32_t starts[PAIRS + 1]; /* of batches among the sorted rows */
static uint32_t batches;

static void die(const char *what) {
    fprintf(stderr, "engine_bench: %s\n", what);
    exit(1);
}

static double processor_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Addresses of 4 to 44 characters a side, about 45 tokens a pair. */
static void make_pairs(void) {
    static const char *const parts[] = {"杭", "州", "市", "西", "湖", "区", "文", "三", "路", "9",
                                        "0",  "号", "东", "部", "软", "件", "园", "栋", "楼", "街"};
    uint32_t random = 1;
    for (int i = 0; i < PAIRS; i++) {
        for (int side = 0; side < 2; side++) {
            uint32_t count = 4;
            for (int j = 0; j < 4; j++) {
                random = random * 1664525u + 1013904223u;
                count += (random >> 16) % 9;
            }
            char *text = texts[i][side];
            for (uint32_t j = 0; j < count; j++) {
                random = random * 1664525u + 1013904223u;
                strcat(text, parts[(random >> 16) % 20]);
            }
        }
        pairs[i] = (mgeo_pair){texts[i][0], MGEO_NUL_TERMINATED, texts[i][1], MGEO_NUL_TERMINATED};
    }
}

static int by_length(const void *a, const void *b) {
    uint32_t x = ((const row *)a)->length, y = ((const row *)b)->length;
    return (x > y) - (x < y);
}

static void tokenize(uint32_t max_length) {
    mgi_tokenizer_scratch *scratch = mgi_tokenizer_scratch_create(max_length);
    if (scratch == NULL) die("out of memory");
    for (int i = 0; i < PAIRS; i++) {
        mgi_tokenizer_encode(mgi_model_tokenizer(model), &pairs[i], scratch, rows[i].ids,
                             rows[i].types, &rows[i].length);
    }
    mgi_tokenizer_scratch_destroy(scratch);
}

static void cut_batches(void) {
    qsort(rows, PAIRS, sizeof *rows, by_length);
    uint32_t tokens = 0;
    batches = 0;
    for (uint32_t i = 0; i < PAIRS; i++) {
        if (i == 0 || tokens + rows[i].length > batch_tokens) {
            starts[batches++] = i;
            tokens = 0;
        }
        tokens += rows[i].length;
    }
    starts[batches] = PAIRS;
}

typedef struct lane_memory {
    int32_t *ids;
    uint8_t *types;
    uint32_t offsets[PAIRS + 1];
    float *logits;
} lane_memory;

static void run_batch(mgi_lane *lane, lane_memory *memory, uint32_t number) {
    uint32_t tokens = 0, count = 0;
    for (uint32_t i = starts[number]; i < starts[number + 1]; i++) {
        memcpy(memory->ids + tokens, rows[i].ids, rows[i].length * sizeof(int32_t));
        memcpy(memory->types + tokens, rows[i].types, rows[i].length);
        memory->offsets[count++] = tokens;
        tokens += rows[i].length;
    }
    memory->offsets[count] = tokens;
    mgi_batch batch = {memory->ids, memory->types, memory->offsets, count, tokens};
    mgi_team team = {.cores = 1};
    mgeo_error error;
    if (mgi_model_backend(model)->run(lane, &batch, &team, memory->logits, &error) != MGEO_OK) {
        die(error.message);
    }
}

static void *bare_thread(void *argument) {
    mgi_lane *lane = argument;
    lane_memory *memory = calloc(1, sizeof *memory);
    if (memory == NULL) die("out of memory");
    memory->ids = calloc(batch_tokens, sizeof(int32_t));
    memory->types = calloc(batch_tokens, 1);
    memory->logits = calloc(PAIRS * MGEO_MAX_LABELS, sizeof(float));
    for (;;) {
        uint32_t number = atomic_fetch_add(&next_batch, 1);
        if (number >= batches) break;
        run_batch(lane, memory, number);
    }
    free(memory->logits);
    free(memory->types);
    free(memory->ids);
    free(memory);
    return NULL;
}

static void run_bare(mgi_lane **lanes, uint32_t threads, uint32_t max_length) {
    pthread_t handles[MAX_THREADS];
    tokenize(max_length);
    cut_batches();
    atomic_store(&next_batch, 0);
    for (uint32_t i = 0; i < threads; i++) {
        if (pthread_create(&handles[i], NULL, bare_thread, lanes[i]) != 0) die("no thread");
    }
    for (uint32_t i = 0; i < threads; i++) pthread_join(handles[i], NULL);
}

static void run_engine(mgi_runner *runner) {
    static float similarity[PAIRS];
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    mgeo_error error;
    if (mgi_runner_score(runner, mgi_clock_now(), pairs, PAIRS, &scores, &error) != MGEO_OK) {
        die(error.message);
    }
}

static double least(double a, double b) { return a == 0 || b < a ? b : a; }

int main(int argc, char **argv) {
    mgi_model_options options = {
        .device = "cpu", .precision = argc > 2 ? atoi(argv[2]) : MGEO_FP32, .max_length = 128};
    uint32_t threads = argc > 3 ? (uint32_t)atoi(argv[3]) : mgi_process_cpus();
    mgeo_error error;
    mgi_runner *runner = NULL;
    mgi_lane *lanes[MAX_THREADS];
    if (threads < 1 || threads > MAX_THREADS) {
        die("usage: engine_bench [DIR [PRECISION [THREADS]]]");
    }
    if (mgi_model_open(argc > 1 ? argv[1] : NULL, &options, &model, &error) != MGEO_OK ||
        mgi_runner_create(model, &(mgi_runner_options){.threads = threads}, &runner, &error) !=
            MGEO_OK ||
        mgi_runner_warm_up(runner, NULL, &error) != MGEO_OK) {
        die(error.message);
    }
    for (uint32_t i = 0; i < threads; i++) {
        if (mgi_model_backend(model)->open_lane(mgi_model_encoder(model), &lanes[i], &error) !=
            MGEO_OK) {
            die(error.message);
        }
    }
    batch_tokens = mgi_model_encoder_info(model)->batch_tokens;
    make_pairs();
    double bare_wall = 0, bare_cpu = 0, wall = 0, cpu = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = mgi_clock_now(), used = processor_seconds();
        run_bare(lanes, threads, options.max_length);
        bare_wall = least(bare_wall, mgi_clock_now() - start);
        bare_cpu = least(bare_cpu, processor_seconds() - used);
        start = mgi_clock_now();
        used = processor_seconds();
        run_engine(runner);
        wall = least(wall, mgi_clock_now() - start);
        cpu = least(cpu, processor_seconds() - used);
    }
    printf("%d pairs, %u threads, batches of %u tokens, best of %d rounds\n", PAIRS, threads,
           batch_tokens, ROUNDS);
    printf("bare lanes:   %7.1f pairs/s, %7.1f pairs per processor second\n", PAIRS / bare_wall,
           PAIRS / bare_cpu);
    printf("with runner:  %7.1f pairs/s, %7.1f pairs per processor second\n", PAIRS / wall,
           PAIRS / cpu);
    for (uint32_t i = 0; i < threads; i++) mgi_model_backend(model)->close_lane(lanes[i]);
    mgi_runner_destroy(runner);
    return 0;
}
