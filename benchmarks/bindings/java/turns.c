/* SPDX-License-Identifier: Apache-2.0 */
/* C's turns against a binding: scores a table of pairs in one call whenever a line comes, and
 * prints wall and processor seconds. */
#define _GNU_SOURCE
#include <mgeo.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void fail(const char *what) {
    fprintf(stderr, "turns: %s\n", what);
    exit(1);
}

static void *need(void *memory) {
    if (memory == NULL) fail("out of memory");
    return memory;
}

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* One pair a line, a tab between the texts. */
static mgeo_pair *read_pairs(const char *path, size_t *count) {
    FILE *file = fopen(path, "r");
    if (file == NULL) fail("cannot read the pairs");
    mgeo_pair *pairs = NULL;
    size_t capacity = 0;
    char *line = NULL;
    *count = 0;
    for (size_t size = 0; getline(&line, &size, file) > 0; (*count)++) {
        if (*count == capacity) {
            capacity = capacity == 0 ? 1024 : 2 * capacity;
            pairs = need(realloc(pairs, capacity * sizeof *pairs));
        }
        char *a = need(strdup(line));
        char *b = strchr(a, '\t');
        if (b == NULL) fail("a line without a tab");
        *b++ = '\0';
        b[strcspn(b, "\n")] = '\0';
        pairs[*count] = (mgeo_pair){a, strlen(a), b, strlen(b)};
    }
    free(line);
    fclose(file);
    return pairs;
}

/* As the bindings do: arrays are made for each call. */
static void score(mgeo_engine *engine, const mgeo_pair *pairs, size_t count) {
    mgeo_scores scores = {.struct_size = sizeof scores,
                          .similarity = need(malloc(count * sizeof(float))),
                          .label = need(malloc(count * sizeof(int32_t))),
                          .flags = need(malloc(count * sizeof(uint32_t)))};
    mgeo_error error;
    if (mgeo_score(engine, pairs, count, &scores, &error) != MGEO_OK) fail(error.message);
    free(scores.similarity);
    free(scores.label);
    free(scores.flags);
}

int main(int argc, char **argv) {
    if (argc != 3) fail("usage: turns MODEL PAIRS.tsv");
    mgeo_engine *engine = NULL;
    mgeo_error error;
    if (mgeo_engine_create(NULL, &engine, &error) != MGEO_OK ||
        mgeo_load(engine, argv[1], NULL, NULL, &error) != MGEO_OK) {
        fail(error.message);
    }
    size_t count = 0;
    mgeo_pair *pairs = read_pairs(argv[2], &count);
    char line[16];
    while (fgets(line, sizeof line, stdin) != NULL) {
        double wall = seconds(CLOCK_MONOTONIC), busy = seconds(CLOCK_PROCESS_CPUTIME_ID);
        score(engine, pairs, count);
        printf("%.6f %.6f\n", seconds(CLOCK_MONOTONIC) - wall,
               seconds(CLOCK_PROCESS_CPUTIME_ID) - busy);
        fflush(stdout);
    }
    for (size_t i = 0; i < count; i++) free((char *)pairs[i].a);
    free(pairs);
    mgeo_engine_destroy(engine);
    return 0;
}
