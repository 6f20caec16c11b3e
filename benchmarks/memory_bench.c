/* SPDX-License-Identifier: Apache-2.0 */
/* What a load is predicted to need, against what it does need: the growth of the process's highest
 * resident memory over load and scoring. One precision a process, so that nothing is left over from
 * another. */
#define _GNU_SOURCE /* malloc_trim */
#include "precision.h"

#include <mgeo.h>

#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    COUNT = 6000,
    TEXT_BYTES = 640,
    CHARACTERS = 200,
    ROWS_TO_SCORE = 32,
    CALLS = 150,
    MOST_ROWS = 8,
    SECONDS = 8
};

static void fail(const char *what, const mgeo_error *error) {
    fprintf(stderr, "memory_bench: %s: %s\n", what, error->message);
    exit(2);
}

/* A line of /proc/self/status, in bytes. */
static double status_of(const char *key) {
    char line[256];
    double kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    if (status == NULL) return 0;
    while (fgets(line, sizeof line, status) != NULL) {
        size_t length = strlen(key);
        if (strncmp(line, key, length) == 0) kilobytes = strtod(line + length + 1, NULL);
    }
    fclose(status);
    return kilobytes * 1024;
}

/* From here on VmHWM is the highest point since now. */
static void forget_peak(void) {
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file == NULL || fputs("5", file) < 0) {
        fprintf(stderr, "memory_bench: /proc/self/clear_refs cannot be written: skipped\n");
        exit(77);
    }
    fclose(file);
}

/* Texts of this many characters from all over the vocabulary, a token each. */
static mgeo_pair *make_pairs(size_t count, int characters) {
    char *text = malloc(count * TEXT_BYTES);
    mgeo_pair *pairs = malloc(count * sizeof *pairs);
    if (text == NULL || pairs == NULL) exit(2);
    unsigned next = 1;
    for (size_t i = 0; i < count; i++) {
        char *at = text + i * TEXT_BYTES;
        pairs[i] = (mgeo_pair){at, MGEO_NUL_TERMINATED, at, MGEO_NUL_TERMINATED};
        for (int j = 0; j < characters; j++) {
            next = next * 1103515245u + 12345u;
            unsigned c = 0x4e00 + (next >> 8) % 20900;
            *at++ = (char)(0xe0 | c >> 12);
            *at++ = (char)(0x80 | (c >> 6 & 0x3f));
            *at++ = (char)(0x80 | (c & 0x3f));
        }
        *at = '\0';
    }
    return pairs;
}

static void free_pairs(mgeo_pair *pairs) {
    free((char *)pairs->a);
    free(pairs);
}

typedef struct stopper {
    mgeo_progress progress;
    uint64_t rows;
} stopper;

/* Ends the call once enough rows are done: the queue was full then, and all lanes were at work. */
static void *stop_early(void *argument) {
    stopper *s = argument;
    uint64_t done = 0;
    int32_t stage = 0;
    while (done < s->rows && stage != MGEO_STAGE_FINISHED) {
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        mgeo_progress_read(&s->progress, &stage, &done, NULL);
    }
    mgeo_progress_cancel(&s->progress);
    return NULL;
}

static void score(mgeo_engine *engine, const mgeo_pair *pairs, size_t count, float *similarity) {
    mgeo_error error;
    stopper s = {.rows = ROWS_TO_SCORE};
    pthread_t thread;
    mgeo_scores scores = {
        .struct_size = sizeof scores, .similarity = similarity, .progress = &s.progress};
    if (pthread_create(&thread, NULL, stop_early, &s) != 0) exit(2);
    mgeo_status status = mgeo_score(engine, pairs, count, &scores, &error);
    pthread_join(thread, NULL);
    if (status != MGEO_OK && status != MGEO_E_CANCELLED) fail("scoring", &error);
}

/* A batch of every size: oneDNN keeps a program for each sixteen tokens more. A call's rows are
 * shared out evenly among the workers. */
static void score_sizes(mgeo_engine *engine, float *similarity) {
    enum { STEP = 16, LONGEST = 128 };
    mgeo_error error;
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    mgeo_model_info info = {.struct_size = sizeof info};
    if (mgeo_get_info(engine, MGEO_LIVE, &info, &error) != MGEO_OK) fail("info", &error);
    for (uint32_t tokens = STEP; tokens <= info.batch_tokens; tokens += STEP) {
        uint32_t rows = (tokens + LONGEST - 1) / LONGEST;
        mgeo_pair *pairs = make_pairs((size_t)rows * info.threads, (int)((tokens / rows - 3) / 2));
        if (mgeo_score(engine, pairs, (size_t)rows * info.threads, &scores, &error) != MGEO_OK) {
            fail("scoring", &error);
        }
        free_pairs(pairs);
    }
}

/* libtorch loads code and makes threads when it is first used: that is no part of a load. */
static void start_up(const char *tiny, int32_t precision, const mgeo_pair *pairs,
                     float *similarity) {
    mgeo_engine *engine = NULL;
    mgeo_error error;
    mgeo_engine_options small = {.struct_size = sizeof small, .queue_rows = 64};
    mgeo_load_options options = {.struct_size = sizeof options, .precision = precision};
    if (mgeo_engine_create(&small, &engine, &error) != MGEO_OK) fail("start-up", &error);
    if (mgeo_load(engine, tiny, &options, NULL, &error) != MGEO_OK) fail("start-up", &error);
    score(engine, pairs, 64, similarity);
    mgeo_engine_destroy(engine);
    malloc_trim(0);
}

/* Returns how far the prediction is off, in percent. */
static double measure(mgeo_engine *engine, const char *path, const mgeo_load_options *options,
                      const mgeo_pair *pairs, float *similarity) {
    mgeo_error error;
    mgeo_memory memory = {.struct_size = sizeof memory};
    mgeo_model_info info = {.struct_size = sizeof info};
    if (mgeo_predict_memory(path, options, &memory, &error) != MGEO_OK) fail("predict", &error);
    forget_peak();
    double before = status_of("VmRSS");
    if (mgeo_load(engine, path, options, &info, &error) != MGEO_OK) fail("load", &error);
    double loaded = status_of("VmHWM") - before;
    score(engine, pairs, COUNT, similarity);
    score_sizes(engine, similarity);
    double measured = status_of("VmHWM") - before;
    double off = 100 * ((double)memory.total / measured - 1);
    printf("weights %.1f + activations %.1f + workspace %.1f = predicted %.1f MB; measured %.1f MB "
           "(%.1f while loading): %+.1f%%\n",
           (double)memory.weights / 1e6, (double)memory.activations / 1e6,
           (double)memory.workspace / 1e6, (double)memory.total / 1e6, measured / 1e6, loaded / 1e6,
           off);
    return off;
}

int main(int argc, char **argv) {
    mgeo_error error;
    mgeo_engine *engine = NULL;
    mgeo_load_options options = {.struct_size = sizeof options,
                                 .precision = argc > 3 ? bench_precision(argv[3]) : MGEO_FP32};
    if (argc < 3 || options.precision < 0) {
        fprintf(stderr, "usage: memory_bench SMALL_DIR MODEL_DIR|bundled [fp32|bf16|int8 "
                        "[THREADS [PERCENT]]]\nPERCENT: fails if the prediction is further off\n");
        return 2;
    }
    if (argc > 4) options.threads = (uint32_t)atoi(argv[4]);
    mgeo_pair *pairs = make_pairs(COUNT, CHARACTERS);
    float *similarity = malloc(COUNT * sizeof *similarity);
    if (similarity == NULL) return 2;
    memset(similarity, 1, COUNT * sizeof *similarity); /* its pages are there from now on */
    start_up(argv[1], options.precision, pairs, similarity);
    if (mgeo_engine_create(NULL, &engine, &error) != MGEO_OK) fail("engine", &error);
    printf("%s: ", mgeo_precision_name(options.precision));
    double off = measure(engine, strcmp(argv[2], "bundled") == 0 ? NULL : argv[2], &options, pairs,
                         similarity);
    mgeo_engine_destroy(engine);
    free(similarity);
    free_pairs(pairs);
    if (argc <= 5 || fabs(off) <= atof(argv[5])) return 0;
    fprintf(stderr, "memory_bench: more than %s%% off\n", argv[5]);
    return 1;
}
