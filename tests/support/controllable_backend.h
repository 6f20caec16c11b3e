/* SPDX-License-Identifier: Apache-2.0 */
/* The fake backend under a test's control: runs are held back, fail, or are delayed, and are
 * recorded. */
#ifndef TEST_SUPPORT_CONTROLLABLE_BACKEND_H
#define TEST_SUPPORT_CONTROLLABLE_BACKEND_H

#include "backend/backend.h"

/* Device "controllable". */
extern const mgi_backend controllable_backend;

/* The calling thread's niceness, and its number. */
int controllable_own_nice(void);
long controllable_own_thread(void);

/* Lets everything pass and forgets what was. Before each test. */
void controllable_reset(void);

/* While held, runs wait; letting go lets all of them on. */
void controllable_hold(bool held);

/* The next runs do not wait, held or not. */
void controllable_let_pass(unsigned runs);

/* Blocks until `count` runs are waiting. */
void controllable_await_waiting(unsigned count);

/* The `nth` run from now (1: the next) and the `count` - 1 after it fail with this status. */
void controllable_fail_runs(long nth, long count, mgeo_status status);

/* Runs of more rows than this fail with MGEO_E_MEMORY; 0: none does. */
void controllable_limit_rows(uint32_t rows);

/* Encoders that are opened from now on are not on the CPU and want this many lanes; 0: they are. */
void controllable_set_lanes(uint32_t lanes, uint32_t min_split_tokens);

/* Encoders that are opened from now on compute mixed lengths as fast as others, or do not. */
void controllable_set_mixed_lengths(bool any);

/* From now on lanes cannot be opened, or can again. */
void controllable_fail_lanes(bool fail);

/* Rows in which this id stands get NaN; -1: none. */
void controllable_poison(int32_t id);

/* Runs on several cores compute only once as many threads have worked on them at once; if held,
 * they go on sharing work out until they are let go. They count as waiting then. */
void controllable_want_teams(bool want);

/* From now on every run takes this many milliseconds longer. */
void controllable_delay(unsigned milliseconds);

typedef struct controllable_run {
    uint32_t rows;
    uint32_t tokens;
    uint32_t shortest;
    uint32_t longest;
    unsigned cores;
    int nice;    /* of the thread */
    long thread; /* as controllable_own_thread says */
} controllable_run;

/* The runs so far, in the order they began: their number, and the first `most` of them. */
unsigned controllable_runs(controllable_run *runs, unsigned most);

/* How nice the thread was that opened the last encoder. */
int controllable_open_nice(void);

/* Lanes open now. */
int controllable_lanes_open(void);

#endif
