/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of pairs_bench share: settings, a loaded model, clocks and quantiles. */
#ifndef MGEO_BENCH_GPU_BENCH_H
#define MGEO_BENCH_GPU_BENCH_H

#include <mgeo.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_PRECISIONS = 5, MAX_BATCHES = 16, MAX_CALLERS = 512, MAX_MODELS = 32 };

typedef struct settings {
    const char *model;  /* directory; NULL: the bundled model */
    const char *tiny;   /* loaded before, so that the device has been started; NULL: bundled */
    const char *device; /* as mgeo_load takes it */
    const char *cards;  /* the same for part "cards": "cuda:0,cuda:1" */
    int32_t precisions[MAX_PRECISIONS];
    uint32_t batch_tokens[MAX_BATCHES]; /* 0: the library's choice */
    int precision_count;
    int batch_count;
    uint32_t threads;    /* CPU threads; 0: all */
    size_t pairs;        /* in a call of "throughput" */
    unsigned repeats;    /* measurements, of which the median is told */
    size_t calls;        /* of "one" */
    unsigned callers;    /* of "callers" */
    double seconds;      /* of "callers", and of a window of "swap" */
    unsigned swaps;      /* in all */
    unsigned windows;    /* of "swap": with swaps, and as many without */
    size_t swap_pairs;   /* in a call of "swap" */
    unsigned rounds;     /* of "rounds" */
    uint32_t no_warm_up; /* in "rounds" */
    const char *table;   /* of "parity" */
    const char *parity_models[MAX_MODELS];
    int parity_model_count; /* 0: `model` alone */
} settings;

/* An engine with one model, which is live. */
typedef struct subject {
    mgeo_engine *engine;
    mgeo_model_info info;
} subject;

/* What a part is measured with. */
typedef struct variant {
    const char *device;
    int32_t precision;
    uint32_t batch_tokens;
} variant;

/* Every part answers whether all went well, and has said what did not. */
typedef bool part_fn(const settings *s, const variant *v);
part_fn part_throughput, part_cards, part_one, part_callers, part_swap, part_ready, part_rounds,
    part_parity;

mgeo_load_options load_options(const settings *s, const variant *v);

/* On failure the part and the reason are reported. */
bool subject_open(const settings *s, const variant *v, const char *part, subject *opened);
void subject_close(subject *opened);

/* Scores the pairs and checks that each has a score. */
bool score_all(mgeo_engine *engine, const mgeo_pair *pairs, size_t count, float *similarity,
               mgeo_scores *scores, mgeo_error *error);

double now(void);
void sleep_until(double when);
void *allocate(size_t count, size_t size); /* zeroed; ends the program if there is no memory */
void sort_numbers(double *numbers, size_t count);
double quantile(const double *sorted, size_t count, double q);

#endif
