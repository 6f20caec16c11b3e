/* SPDX-License-Identifier: Apache-2.0 */
/* How soon a model answers, and what loads leave behind. */
#include "bench.h"
#include "report.h"
#include "texts.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEED = 4, TOKENS = 45 };

static void read_file(const char *path) {
    static char block[1 << 20];
    FILE *file = fopen(path, "rb");
    if (file == NULL) return;
    while (fread(block, 1, sizeof block, file) > 0) {
    }
    fclose(file);
}

/* Brings the directory's files into the page cache. */
static void read_files(const char *directory) {
    char path[4096];
    DIR *folder = directory != NULL ? opendir(directory) : NULL;
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        read_file(path);
    }
    if (folder != NULL) closedir(folder);
}

/* Seconds from mgeo_load to the first answer, in an engine of its own; below 0: it failed. */
static double first_answer(const settings *s, const variant *v, const char *model, subject *opened,
                           mgeo_error *error) {
    mgeo_load_options options = load_options(s, v);
    texts made = texts_make(1, TOKENS, SEED);
    float similarity;
    mgeo_scores scores;
    *opened = (subject){.info.struct_size = sizeof opened->info};
    if (mgeo_engine_create(NULL, &opened->engine, error) != MGEO_OK) return -1;
    double from = now();
    bool good = mgeo_load(opened->engine, model, &options, &opened->info, error) == MGEO_OK &&
                score_all(opened->engine, made.pairs, 1, &similarity, &scores, error);
    double seconds = now() - from;
    texts_free(&made);
    return good ? seconds : -1;
}

static void report_ready(const subject *opened, double first, double *times, size_t count) {
    static bool started; /* only the first load of the process starts the device */
    report_begin("ready", &opened->info);
    if (!started) report_number("first_of_process_seconds", first);
    started = true;
    sort_numbers(times, count);
    report_number("median_seconds", quantile(times, count, 0.5));
    report_number("most_seconds", quantile(times, count, 1));
    report_number("warm_up_seconds", opened->info.warm_up_seconds);
    report_number("bytes_on_device", (double)opened->info.bytes_on_device);
    report_end();
}

/* The tiny model stays resident in an engine of its own: there is no live traffic during which the
 * measured loads would have to step back. */
bool part_ready(const settings *s, const variant *v) {
    double *times = allocate(s->repeats, sizeof *times);
    subject tiny, opened;
    mgeo_error error;
    double first = first_answer(s, v, s->tiny, &tiny, &error);
    bool good = first >= 0;
    read_files(s->model);
    for (unsigned i = 0; good && i < s->repeats; i++) {
        times[i] = first_answer(s, v, s->model, &opened, &error);
        good = times[i] >= 0;
        if (good && i + 1 == s->repeats) report_ready(&opened, first, times, s->repeats);
        subject_close(&opened);
    }
    if (!good) report_failure("ready", v, error.message);
    subject_close(&tiny);
    free(times);
    return good;
}

static uint64_t free_bytes(const settings *s, const variant *v) {
    mgeo_load_options options = load_options(s, v);
    mgeo_memory memory = {.struct_size = sizeof memory};
    mgeo_error error;
    return mgeo_predict_memory(s->model, &options, &memory, &error) == MGEO_OK ? memory.available
                                                                               : 0;
}

static bool load_and_unload(const settings *s, const variant *v, mgeo_engine *engine,
                            mgeo_error *error) {
    mgeo_load_options options = load_options(s, v);
    options.skip_warm_up = s->no_warm_up;
    return mgeo_load(engine, s->model, &options, NULL, error) == MGEO_OK &&
           mgeo_unload(engine, error) == MGEO_OK;
}

bool part_rounds(const settings *s, const variant *v) {
    subject opened;
    mgeo_error error;
    if (!subject_open(s, v, "rounds", &opened)) return false;
    double before = (double)free_bytes(s, v), first = before, from = now();
    bool good = before > 0;
    if (!good) snprintf(error.message, sizeof error.message, "free memory cannot be read");
    for (unsigned i = 0; good && i < s->rounds; i++) {
        good = load_and_unload(s, v, opened.engine, &error);
        if (i == 0) first = (double)free_bytes(s, v);
    }
    double seconds = now() - from, after = (double)free_bytes(s, v);
    if (good) {
        report_begin("rounds", &opened.info);
        report_number("rounds", s->rounds);
        report_number("free_before", before);
        report_number("free_after_first", first);
        report_number("free_after", after);
        report_number("lost_bytes", before - after);
        report_number("lost_since_first_bytes", first - after);
        report_number("seconds_a_round", seconds / s->rounds);
        report_end();
    } else {
        report_failure("rounds", v, error.message);
    }
    subject_close(&opened);
    return good;
}
