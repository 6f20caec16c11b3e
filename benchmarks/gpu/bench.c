/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of pairs_bench share. */
#include "bench.h"

#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

mgeo_load_options load_options(const settings *s, const variant *v) {
    return (mgeo_load_options){.struct_size = sizeof(mgeo_load_options),
                               .device = v->device,
                               .precision = v->precision,
                               .threads = s->threads,
                               .batch_tokens = v->batch_tokens};
}

bool subject_open(const settings *s, const variant *v, const char *part, subject *opened) {
    mgeo_load_options options = load_options(s, v);
    mgeo_error error;
    *opened = (subject){.info.struct_size = sizeof opened->info};
    if (mgeo_engine_create(NULL, &opened->engine, &error) == MGEO_OK &&
        mgeo_load(opened->engine, s->model, &options, &opened->info, &error) == MGEO_OK) {
        return true;
    }
    report_failure(part, v, error.message);
    subject_close(opened);
    return false;
}

void subject_close(subject *opened) {
    mgeo_engine_destroy(opened->engine);
    opened->engine = NULL;
}

bool score_all(mgeo_engine *engine, const mgeo_pair *pairs, size_t count, float *similarity,
               mgeo_scores *scores, mgeo_error *error) {
    *scores = (mgeo_scores){.struct_size = sizeof *scores, .similarity = similarity};
    if (mgeo_score(engine, pairs, count, scores, error) != MGEO_OK) return false;
    if (scores->bad_rows == 0) return true;
    snprintf(error->message, sizeof error->message, "%u of %zu pairs have no score",
             scores->bad_rows, count);
    return false;
}

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void sleep_until(double when) {
    struct timespec t = {(time_t)when, (long)(1e9 * (when - (double)(time_t)when))};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0) {
    }
}

void *allocate(size_t count, size_t size) {
    void *memory = calloc(count > 0 ? count : 1, size);
    if (memory != NULL) return memory;
    fprintf(stderr, "pairs_bench: out of memory\n");
    exit(2);
}

static int compare(const void *left, const void *right) {
    double l = *(const double *)left, r = *(const double *)right;
    return (l > r) - (l < r);
}

void sort_numbers(double *numbers, size_t count) {
    qsort(numbers, count, sizeof *numbers, compare);
}

double quantile(const double *sorted, size_t count, double q) {
    return count == 0 ? 0 : sorted[(size_t)(q * (double)(count - 1) + 0.5)];
}
