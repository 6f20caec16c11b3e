/* SPDX-License-Identifier: Apache-2.0 */
/* Every interleaving of a few actors: a search over which of them takes the next step. */
#define _GNU_SOURCE
#include "interleave.h"

#include "support/check.h"

#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum { DEEPEST = 500, STACK_BYTES = 65536, MAX_STATES = 1 << 20 };

static struct {
    const interleave_model *model;
    interleave_result result;
    ucontext_t scheduler;
    ucontext_t actors[INTERLEAVE_ACTORS];
    char stacks[INTERLEAVE_ACTORS][STACK_BYTES];
    bool done[INTERLEAVE_ACTORS];
    bool waiting[INTERLEAVE_ACTORS];     /* for another actor's change */
    uint64_t history[INTERLEAVE_ACTORS]; /* a hash of all that the actor saw: where it is */
    bool joined;                         /* the next step is none of its own */
    int running;
    int count;
    int choices[DEEPEST]; /* the path that this run takes */
    int options[DEEPEST]; /* how many ways there were at each step */
    int depth;
    uint64_t seen[MAX_STATES]; /* a hash set of states; 0: free */
} search;

/* ---- for actors ------------------------------------------------------------------------------ */

uint64_t interleave_mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 29);
}

int interleave_self(void) { return search.running; }

static void interleave_yield(void) {
    swapcontext(&search.actors[search.running], &search.scheduler);
}

void interleave_step(void) {
    if (!search.joined) interleave_yield();
    search.joined = false;
}

void interleave_join(void) { search.joined = true; }

uint64_t interleave_saw(uint64_t value) {
    uint64_t *history = &search.history[search.running];
    *history = interleave_mix(*history, value + 1);
    return value;
}

void interleave_wait(void) {
    search.waiting[search.running] = true;
    interleave_yield();
}

void interleave_changed(void) {
    for (int i = 0; i < search.count; i++) search.waiting[i] = false;
}

void interleave_check(bool holds) { search.result.violations += !holds; }

static void interleave_body(void) {
    search.model->actors[search.running]();
    search.done[search.running] = true;
    interleave_changed();
    interleave_yield();
}

/* ---- the search ------------------------------------------------------------------------------ */

/* The nth actor that can go on, or -1; *options is their number. */
static int interleave_choose(int nth, int *options) {
    int chosen = -1;
    *options = 0;
    for (int i = 0; i < search.count; i++) {
        if (search.done[i] || search.waiting[i]) continue;
        if ((*options)++ == nth) chosen = i;
    }
    return chosen;
}

/* Brings an actor to its first step, before which it touches nothing shared. */
static void interleave_start(int actor) {
    getcontext(&search.actors[actor]);
    search.actors[actor].uc_stack.ss_sp = search.stacks[actor];
    search.actors[actor].uc_stack.ss_size = STACK_BYTES;
    search.actors[actor].uc_link = NULL;
    makecontext(&search.actors[actor], interleave_body, 0);
    search.done[actor] = search.waiting[actor] = search.joined = false;
    search.history[actor] = 1;
    search.running = actor;
    swapcontext(&search.scheduler, &search.actors[actor]);
}

static uint64_t interleave_state(void) {
    uint64_t hash = search.model->state();
    for (int i = 0; i < search.count; i++) {
        hash = interleave_mix(hash, search.history[i]);
        hash = interleave_mix(hash, (uint64_t)search.done[i] * 2 + search.waiting[i]);
    }
    return hash | 1;
}

/* Has this state been come to before? All that can follow from it has then been tried. */
static bool interleave_is_known(void) {
    uint64_t state = interleave_state();
    size_t at = state % MAX_STATES;
    while (search.seen[at] != 0 && search.seen[at] != state) at = (at + 1) % MAX_STATES;
    if (search.seen[at] == state) return true;
    search.seen[at] = state;
    assert_true(++search.result.states < MAX_STATES / 2);
    return false;
}

static bool interleave_all_done(void) {
    for (int i = 0; i < search.count; i++) {
        if (!search.done[i]) return false;
    }
    return true;
}

/* One run along search.choices, which grows by first choices where it ends. */
static void interleave_run(int known) {
    search.model->begin();
    for (int i = 0; i < search.count; i++) interleave_start(i);
    for (search.depth = 0;; search.depth++) {
        assert_true(search.depth < DEEPEST);
        if (search.depth >= known) {
            search.choices[search.depth] = 0;
            if (search.depth > 0 && interleave_is_known()) return;
        }
        search.running =
            interleave_choose(search.choices[search.depth], &search.options[search.depth]);
        if (search.running < 0) break;
        swapcontext(&search.scheduler, &search.actors[search.running]);
    }
    search.result.stuck += !interleave_all_done();
}

interleave_result interleave_explore(const interleave_model *model) {
    int known = 0;
    search.model = model;
    search.count = model->actors[INTERLEAVE_ACTORS - 1] == NULL ? 2 : 3;
    search.result = (interleave_result){0};
    memset(search.seen, 0, sizeof search.seen);
    do {
        interleave_run(known);
        search.result.runs++;
        known = search.depth;
        while (known > 0 && search.choices[known - 1] + 1 >= search.options[known - 1]) known--;
        if (known > 0) search.choices[known - 1]++;
    } while (known > 0);
    return search.result;
}
