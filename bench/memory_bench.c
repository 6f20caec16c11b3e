/* What a load is predicted to need, beside what it does need: the growth of the process's highest
 * resident memory over load and scoring. One precision a process, so that nothing is left over from
 * another. */
#define _GNU_SOURCE
#include <mgeo.h>

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { COUNT = 6000, TEXT_BYTES = 640, CHARACTERS = 200, ROWS_TO_SCORE = 32, CALLS = 150, MOST_ROWS = 8, SECONDS = 8 };

static void fail(const char *what, const mgeo_error *error) {
    fprintf(stderr, "memory_bench: %s: %s\n", what, error->message);
    exit(2);
}

/* A line of /proc/self/status, in bytes. */
static double status_of(const char *key) {
    char line[256];
    double kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    if (!status) return 0;
    while (fgets(line, sizeof line, status)) {
        size_t length = strlen(key);
        if (strncmp(line, key, length) == 0) kilobytes = strtod(line + length + 1, NULL);
    }
    fclose(status);
    return kilobytes * 1024;
}

/* From here on VmHWM is the highest point since now. */
static void forget_peak(void) {
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (!file || fputs("5", file) < 0) {
        fprintf(stderr, "memory_bench: /proc/self/clear_refs cannot be written\n");
        exit(2);
    }
    fclose(file);
}

/* Long texts of characters from all over the vocabulary: every row has the most tokens. */
static mgeo_pair *make_pairs(int mixed) {
    char *text = malloc((size_t)COUNT * TEXT_BYTES);
    mgeo_pair *pairs = malloc(COUNT * sizeof *pairs);
    if (!text || !pairs) exit(2);
    unsigned next = 1;
    for (int i = 0; i < COUNT; i++) {
        char *at = text + (size_t)i * TEXT_BYTES;
        pairs[i] = (mgeo_pair){at, MGEO_NUL_TERMINATED, at, MGEO_NUL_TERMINATED};
        int characters = mixed ? 1 + (int)(next >> 8) % CHARACTERS : CHARACTERS;
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
    stopper s = {.rows = getenv("ROWS") ? (uint64_t)atoi(getenv("ROWS")) : ROWS_TO_SCORE};
    pthread_t thread;
    mgeo_scores scores = {
        .struct_size = sizeof scores, .similarity = similarity, .progress = &s.progress};
    if (pthread_create(&thread, NULL, stop_early, &s) != 0) exit(2);
    mgeo_status status = mgeo_score(engine, pairs, count, &scores, &error);
    pthread_join(thread, NULL);
    if (status != MGEO_OK && status != MGEO_E_CANCELLED) fail("scoring", &error);
}

/* Calls of all sizes: oneDNN keeps a program for every number of tokens it has met. */
static void score_variety(mgeo_engine *engine, const mgeo_pair *pairs, float *similarity) {
    mgeo_error error;
    unsigned next = 7;
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    time_t until = time(NULL) + SECONDS;
    for (int i = 0; i < CALLS && time(NULL) < until; i++) {
        next = next * 1103515245u + 12345u;
        size_t first = (next >> 8) % (COUNT - MOST_ROWS), count = 1 + (next >> 20) % MOST_ROWS;
        if (mgeo_score(engine, pairs + first, count, &scores, &error) != MGEO_OK)
            fail("scoring", &error);
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

int main(int argc, char **argv) {
    static const char *const names[] = {"auto", "fp32", "bf16", "fp16", "int8", "fp8"};
    mgeo_error error;
    int32_t precision = MGEO_FP32;
    if (argc < 3) {
        fprintf(stderr, "usage: memory_bench TINY_DIR MODEL_DIR|bundled [fp32|bf16|int8 [THREADS]]\n");
        return 2;
    }
    const char *path = strcmp(argv[2], "bundled") == 0 ? NULL : argv[2];
    for (int32_t i = 0; argc > 3 && i <= MGEO_FP8; i++)
        if (strcmp(argv[3], names[i]) == 0) precision = i;
    mgeo_load_options options = {.struct_size = sizeof options,
                                 .precision = precision,
                                 .threads = argc > 4 ? (uint32_t)atoi(argv[4]) : 0};
    mgeo_pair *pairs = make_pairs(0), *mixed = make_pairs(1);
    float *similarity = calloc(COUNT, sizeof *similarity);
    if (!similarity) return 2;
    memset(similarity, 1, COUNT * sizeof *similarity);
    start_up(argv[1], precision, pairs, similarity);

    mgeo_engine *engine = NULL;
    mgeo_memory memory = {.struct_size = sizeof memory};
    if (mgeo_predict_memory(path, &options, &memory, &error) != MGEO_OK) fprintf(stderr, "%s\n", error.message);
    if (mgeo_engine_create(NULL, &engine, &error) != MGEO_OK) fail("engine", &error);
    forget_peak();
    double before = status_of("VmRSS");
    double bfile = status_of("RssFile"), banon = status_of("RssAnon");
    mgeo_model_info info = {.struct_size = sizeof info};
    if (mgeo_load(engine, path, &options, &info, &error) != MGEO_OK) fail("load", &error);
    double loaded = status_of("VmHWM");
    double rss_loaded = status_of("VmRSS");
    double lfile = status_of("RssFile"), lanon = status_of("RssAnon");
    score(engine, pairs, COUNT, similarity);
    printf("long only: %.1f ", (status_of("VmHWM")-before)/1e6);
    score_variety(engine, mixed, similarity);
    double peak = status_of("VmHWM");
    double measured = peak - before;
    if (getenv("SMAPS")) { char c[200]; sprintf(c, "cat /proc/%d/smaps > %s", getpid(), getenv("SMAPS")); if (system(c)) return 1; }
    printf("%-5s weights %7.1f activations %6.1f workspace %6.1f total %7.1f MB | load peak %7.1f "
           "measured %7.1f MB | predicted/measured %.3f\n",
           names[precision], (double)memory.weights / 1e6, (double)memory.activations / 1e6,
           (double)memory.workspace / 1e6, (double)memory.total / 1e6, (loaded - before) / 1e6,
           measured / 1e6, (double)memory.total / measured);
    printf("  device %.1f; loaded rss %+.1f file %+.1f anon %+.1f; scored rss %+.1f file %+.1f anon %+.1f\n", (double)info.bytes_on_device/1e6,
     (rss_loaded-before)/1e6, (lfile-bfile)/1e6, (lanon-banon)/1e6, (status_of("VmRSS")-before)/1e6,  (status_of("RssFile")-bfile)/1e6,  (status_of("RssAnon")-banon)/1e6);
    mgeo_engine_destroy(engine);
    free(similarity);
    return 0;
}
