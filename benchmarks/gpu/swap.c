/* SPDX-License-Identifier: Apache-2.0 */
/* Swaps under full load: failed calls, and what they cost in throughput. Windows with and without
 * swaps take turns, so that a machine that warms up or slows down is alike in both. */
#include "bench.h"
#include "report.h"
#include "texts.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEED = 3 };

typedef struct load {
    mgeo_engine *engine;
    texts made;
    size_t swap_pairs;
    uint64_t generations[2];
    atomic_bool stopping;
    atomic_uint next;      /* call number, which chooses the pairs */
    atomic_ullong pairs;   /* answered */
    atomic_ullong calls;   /* made */
    atomic_ullong failed;  /* of them */
    atomic_ullong strange; /* answered by no model of the two */
} load;

typedef struct tally {
    double pairs, seconds; /* of all windows */
    unsigned swaps, failed_swaps;
} tally;

static void *call(void *argument) {
    load *l = argument;
    float *similarity = allocate(l->swap_pairs, sizeof *similarity);
    size_t places = l->made.count / l->swap_pairs;
    while (!atomic_load(&l->stopping)) {
        size_t at = atomic_fetch_add(&l->next, 1) % places * l->swap_pairs;
        mgeo_scores scores;
        mgeo_error error;
        atomic_fetch_add(&l->calls, 1);
        if (!score_all(l->engine, l->made.pairs + at, l->swap_pairs, similarity, &scores, &error)) {
            atomic_fetch_add(&l->failed, 1);
        } else if (scores.generation != l->generations[0] &&
                   scores.generation != l->generations[1]) {
            atomic_fetch_add(&l->strange, 1);
        }
        atomic_fetch_add(&l->pairs, l->swap_pairs);
    }
    free(similarity);
    return NULL;
}

/* swaps at equal distances, none at 0; adds what the callers did meanwhile. */
static void window(load *l, double seconds, unsigned swaps, tally *t) {
    mgeo_error error;
    double from = now();
    unsigned long long before = atomic_load(&l->pairs);
    for (unsigned i = 0; i < swaps; i++) {
        sleep_until(from + seconds * (i + 0.5) / swaps);
        t->swaps++;
        if (mgeo_swap_model(l->engine, NULL, NULL, &error) != MGEO_OK) t->failed_swaps++;
    }
    sleep_until(from + seconds);
    t->pairs += (double)(atomic_load(&l->pairs) - before);
    t->seconds += now() - from;
}

static void run_windows(const settings *s, load *l, tally tallies[2]) {
    unsigned left = s->swaps;
    tally ignored = {0};
    window(l, s->seconds / 4, 0, &ignored); /* until the callers have spread out */
    for (unsigned i = 0; i < s->windows; i++) {
        unsigned some = left / (s->windows - i);
        left -= some;
        window(l, s->seconds, 0, &tallies[0]);
        window(l, s->seconds, some, &tallies[1]);
    }
}

static void report_swaps(const settings *s, load *l, const mgeo_model_info *info,
                         const tally tallies[2]) {
    double quiet = tallies[0].pairs / tallies[0].seconds;
    double swapping = tallies[1].pairs / tallies[1].seconds;
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    mgeo_error error;
    report_begin("swap", info);
    report_number("swaps", tallies[1].swaps);
    report_number("failed_swaps", tallies[1].failed_swaps);
    report_number("calls", (double)atomic_load(&l->calls));
    report_number("failed_calls", (double)(atomic_load(&l->failed) + atomic_load(&l->strange)));
    report_number("callers", s->callers);
    report_number("quiet_pairs_per_second", quiet);
    report_number("swapping_pairs_per_second", swapping);
    report_number("loss_percent", 100 * (1 - swapping / quiet));
    if (mgeo_get_rollout(l->engine, &rollout, &error) == MGEO_OK) {
        report_number("stall_ms", 1e3 * rollout.stall_seconds_max);
    }
    report_end();
}

static void run_callers(const settings *s, load *l, tally tallies[2]) {
    static pthread_t threads[MAX_CALLERS];
    for (unsigned i = 0; i < s->callers; i++) {
        if (pthread_create(&threads[i], NULL, call, l) != 0) {
            fprintf(stderr, "pairs_bench: no thread for caller %u\n", i);
            exit(2);
        }
    }
    run_windows(s, l, tallies);
    atomic_store(&l->stopping, true);
    for (unsigned i = 0; i < s->callers; i++) pthread_join(threads[i], NULL);
}

bool part_swap(const settings *s, const variant *v) {
    load l = {.swap_pairs = s->swap_pairs};
    tally tallies[2] = {{0}, {0}};
    subject opened;
    mgeo_load_options options = load_options(s, v);
    mgeo_model_info second = {.struct_size = sizeof second};
    mgeo_error error;
    if (!subject_open(s, v, "swap", &opened)) return false;
    bool good = mgeo_load(opened.engine, s->model, &options, &second, &error) == MGEO_OK;
    if (good) {
        l.engine = opened.engine;
        l.made = texts_make(64 * s->swap_pairs, 0, SEED);
        l.generations[0] = opened.info.generation;
        l.generations[1] = second.generation;
        run_callers(s, &l, tallies);
        report_swaps(s, &l, &opened.info, tallies);
        texts_free(&l.made);
        good = atomic_load(&l.failed) + atomic_load(&l.strange) + tallies[1].failed_swaps == 0;
    } else {
        report_failure("swap", v, error.message);
    }
    subject_close(&opened);
    return good;
}
