/* SPDX-License-Identifier: Apache-2.0 */
/* What loading a model costs: seconds without warm-up, and resident memory before, after, and once
 * pairs have been scored. One precision a process, so that nothing is left over from another. */
#include "precision.h"

#include <mgeo.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct resident {
    double all, anonymous, file; /* MB */
} resident;

static resident measure(void) {
    resident r = {0, 0, 0};
    char line[256];
    double kilobytes;
    FILE *status = fopen("/proc/self/status", "r");
    if (status == NULL) return r;
    while (fgets(line, sizeof line, status) != NULL) {
        if (sscanf(line, "VmRSS: %lf", &kilobytes) == 1) r.all = kilobytes / 1e3;
        if (sscanf(line, "RssAnon: %lf", &kilobytes) == 1) r.anonymous = kilobytes / 1e3;
        if (sscanf(line, "RssFile: %lf", &kilobytes) == 1) r.file = kilobytes / 1e3;
    }
    fclose(status);
    return r;
}

static void report(const char *when, resident now, resident before, double file) {
    double added = now.all - before.all;
    printf("  %-22s resident %7.1f MB (anonymous %7.1f, files %7.1f), added %7.1f MB = %.2f of the "
           "file\n",
           when, now.all, now.anonymous, now.file, added, added / file);
}

static void score_some(mgeo_engine *engine) {
    enum { COUNT = 600 };
    static char text[COUNT][200];
    static mgeo_pair pairs[COUNT];
    static float similarity[COUNT];
    mgeo_error error;
    unsigned next = 1;
    for (int i = 0; i < COUNT; i++) { /* characters from all over the vocabulary */
        char *at = text[i];
        for (int j = 0; j < 21; j++) {
            next = next * 1103515245u + 12345u;
            unsigned c = 0x4e00 + (next >> 8) % 20900;
            *at++ = (char)(0xe0 | c >> 12);
            *at++ = (char)(0x80 | (c >> 6 & 0x3f));
            *at++ = (char)(0x80 | (c & 0x3f));
        }
        *at = '\0';
        pairs[i] = (mgeo_pair){text[i], MGEO_NUL_TERMINATED, text[i], MGEO_NUL_TERMINATED};
    }
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    if (mgeo_score(engine, pairs, COUNT, &scores, &error) != MGEO_OK) {
        fprintf(stderr, "load_bench: %s\n", error.message);
        exit(2);
    }
}

int main(int argc, char **argv) {
    mgeo_error error;
    struct stat file;
    char path[4096];
    int32_t precision = argc > 2 ? bench_precision(argv[2]) : MGEO_FP32;
    if (argc < 2 || precision < 0) {
        fprintf(stderr, "usage: load_bench MODEL_DIR [fp32|bf16|int8]\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s/model.safetensors", argv[1]);
    double size = stat(path, &file) == 0 ? (double)file.st_size / 1e6 : 0;

    mgeo_engine *engine = NULL;
    mgeo_model_info info = {.struct_size = sizeof info};
    mgeo_load_options options = {
        .struct_size = sizeof options, .precision = precision, .skip_warm_up = 1};
    if (mgeo_engine_create(NULL, &engine, &error) != MGEO_OK) return 2;
    resident before = measure();
    if (mgeo_load(engine, argv[1], &options, &info, &error) != MGEO_OK) {
        fprintf(stderr, "load_bench: %s\n", error.message);
        return 2;
    }
    printf("%s, file of %.1f MB: loaded in %.3f s, weights %.1f MB on the device\n",
           mgeo_precision_name(precision), size, info.load_seconds,
           (double)info.bytes_on_device / 1e6);
    report("before loading", before, before, size);
    report("loaded", measure(), before, size);
    score_some(engine);
    report("600 pairs scored", measure(), before, size);
    mgeo_engine_destroy(engine);
    return 0;
}
