/* SPDX-License-Identifier: Apache-2.0 */
/* What callers and operators of the rollout stress test share: one engine, the models and what they
 * must answer, and the accounts that are compared at the end. */
#ifndef TEST_STRESS_ROLLOUT_STRESS_H
#define TEST_STRESS_ROLLOUT_STRESS_H

#include "engine/state.h"
#include "support/fake_oracle.h"
#include "support/tiny_model.h"

#include <stdatomic.h>
#include <stdbool.h>

enum {
    CALLERS = 8,
    OPERATORS = 3,
    VARIANTS = 4, /* models that answer differently; the last has two labels */
    PAIRS = 48,
    MAX_CALL_PAIRS = 20,
    MAX_GENERATIONS = 1 << 16,
    STATUSES = 16
};

typedef struct stress_models {
    char root[TINY_PATH_BYTES];
    char paths[VARIANTS][TINY_PATH_BYTES];
    uint32_t labels[VARIANTS];
    float expected[VARIANTS][PAIRS];
    test_pair texts[PAIRS];
    mgeo_pair pairs[PAIRS];
} stress_models;

extern stress_models models;
extern mgeo_engine *engine;
extern atomic_bool callers_over;

/* By generation: which variant it is (-1: not known yet), and calls that it answered. */
extern atomic_int variant_of[MAX_GENERATIONS];
extern atomic_ulong calls_of[MAX_GENERATIONS];
extern atomic_ulong calls_in_all, jobs_in_all, keyed_in_all;

/* Something that must never happen did: counts it, and prints the first few. */
void stress_violation(const char *format, ...) __attribute__((format(printf, 1, 2)));
unsigned long stress_violations(void);

typedef struct stress_random {
    uint64_t state;
} stress_random;

/* 0 .. below-1 */
uint32_t stress_draw(stress_random *random, uint32_t below);

/* Says that the generation is this variant; a violation if it was known as another. */
void stress_settle_variant(uint64_t generation, uint32_t variant);

/* ---- threads --------------------------------------------------------------------------------- */

/* Scores and runs jobs until callers_over. The argument is a stress_random of its own. */
void *stress_caller(void *argument);

typedef struct stress_operator {
    stress_random random;
    unsigned long operations; /* to do at least */
    double seconds_most;      /* after which only what never succeeded yet is waited for */
} stress_operator;

/* Changes and asks at random, until it has done its operations and every kind has succeeded. */
void *stress_operate(void *argument);

/* One line per kind of operation: how often it ended with which status. */
void stress_print_operations(void);

/* How often operations of this kind ended so. */
unsigned long stress_ended(const char *kind, mgeo_status status);

/* Swaps that were part of "hasty unload". */
unsigned long stress_hasty_swaps(void);

#endif
