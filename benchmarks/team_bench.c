/* SPDX-License-Identifier: Apache-2.0 */
/* What it costs to share a batch among threads: phases of no work, and phases as long as those of a
 * lone pair, by 1, 2 and 4 threads; the best of some rounds. */
#define _GNU_SOURCE
#include "core/alloc.h"
#include "core/clock.h"
#include "run/lent_team.h"

#include <stdio.h>
#include <stdlib.h>

enum { PHASES = 70, BATCHES = 10, ROUNDS = 10, MOST_THREADS = 4, PARTS_A_THREAD = 4 };

typedef struct phase {
    unsigned turns; /* of a part */
    atomic_ullong helped;
    pthread_t batch_thread;
} phase;

static atomic_ullong sum; /* so that the work is done */

static void die(const char *what) {
    fprintf(stderr, "team_bench: %s\n", what);
    exit(1);
}

static void do_part(void *context, unsigned part) {
    phase *p = context;
    uint64_t value = part;
    for (unsigned i = 0; i < p->turns; i++) value = value * 6364136223846793005u + 1;
    if (p->turns > 0) atomic_store_explicit(&sum, value, memory_order_relaxed);
    if (!pthread_equal(pthread_self(), p->batch_thread)) {
        atomic_fetch_add_explicit(&p->helped, 1, memory_order_relaxed);
    }
}

/* Turns of a part that make a phase this long on one thread. */
static unsigned turns_for(double seconds, unsigned parts) {
    enum { TRIED = 1 << 20 };
    double best = 1;
    for (int i = 0; i < 9; i++) {
        phase p = {.turns = TRIED, .batch_thread = pthread_self()};
        double start = mgi_clock_now();
        do_part(&p, 0);
        double taken = mgi_clock_now() - start;
        if (taken < best) best = taken;
    }
    return (unsigned)(seconds * TRIED / best / parts);
}

static void idle(mgi_thread_pool_task *task) { (void)task; }

/* Seconds that a batch of phases takes in the best round, and the helpers' share of all parts. */
static double time_batches(mgi_lent_team *lent, unsigned threads, unsigned turns, double *helped) {
    const unsigned parts = PARTS_A_THREAD * threads;
    phase p = {.turns = turns, .batch_thread = pthread_self()};
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = mgi_clock_now();
        for (int batch = 0; batch < BATCHES; batch++) {
            mgi_team *team = mgi_lent_team_begin(lent, threads);
            for (int i = 0; i < PHASES; i++) mgi_team_share(team, parts, do_part, &p);
            mgi_lent_team_end(lent);
        }
        double taken = (mgi_clock_now() - start) / BATCHES;
        if (taken < best) best = taken;
    }
    *helped = (double)atomic_load(&p.helped) / parts / PHASES / BATCHES / ROUNDS;
    return best;
}

static void measure(mgi_lent_team *lent, unsigned threads) {
    static const double works[] = {0, 50e-6, 200e-6};
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        double helped;
        unsigned turns = turns_for(works[i], PARTS_A_THREAD * threads);
        double batch = time_batches(lent, threads, turns, &helped);
        printf("%u threads, phases of %3.0f us of work: %8.0f ns a phase, %.2f of it by helpers\n",
               threads, 1e6 * works[i], 1e9 * batch / PHASES, helped);
    }
}

int main(void) {
    mgi_thread_pool_task task = {.body = idle};
    mgeo_error error;
    mgi_thread_pool *pool = mgi_thread_pool_create();
    mgi_lent_team *lent = mgi_alloc_aligned(1, sizeof *lent);
    if (pool == NULL || lent == NULL) die("out of memory");
    if (mgi_thread_pool_add_task(pool, &task, MOST_THREADS, &error) != MGEO_OK ||
        mgi_lent_team_init(lent, pool, &error) != MGEO_OK) {
        die(error.message);
    }
    for (unsigned threads = 1; threads <= MOST_THREADS; threads *= 2) measure(lent, threads);
    mgi_lent_team_finish(lent);
    mgi_free(lent);
    mgi_thread_pool_remove_task(pool, &task);
    mgi_thread_pool_destroy(pool);
    return 0;
}
