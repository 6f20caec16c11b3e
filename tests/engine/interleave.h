/* SPDX-License-Identifier: Apache-2.0 */
/* Every interleaving of a few actors: coroutines that say where their steps are. */
#ifndef TEST_ENGINE_INTERLEAVE_H
#define TEST_ENGINE_INTERLEAVE_H

#include <stdbool.h>
#include <stdint.h>

enum { INTERLEAVE_ACTORS = 3 };

typedef struct interleave_model {
    void (*actors[INTERLEAVE_ACTORS])(void); /* the last may be NULL */
    void (*begin)(void);                     /* sets what they share to its beginning */
    uint64_t (*state)(void);                 /* a hash of what they share */
} interleave_model;

typedef struct interleave_result {
    unsigned long states;
    unsigned long runs;
    unsigned long violations;
    unsigned long stuck; /* runs at whose end somebody waits and nobody can go on */
} interleave_result;

/* Tries all orders in which the actors' steps can follow each other. */
interleave_result interleave_explore(const interleave_model *model);

/* ---- for actors and what they call ----------------------------------------------------------- */

/* Who runs: 0, 1, 2. */
int interleave_self(void);

/* A step begins: here others can go in between. */
void interleave_step(void);

/* The step that begins next belongs to the one before: nobody goes in between. */
void interleave_join(void);

/* What the actor has read, on which its next steps depend; returns it. */
uint64_t interleave_saw(uint64_t value);

/* Waits until another actor calls interleave_changed. */
void interleave_wait(void);
void interleave_changed(void);

/* Counts a violation unless `holds`. */
void interleave_check(bool holds);

/* Adds a value to a hash. */
uint64_t interleave_mix(uint64_t hash, uint64_t value);

#endif
