/* A backend over the fake one that a test steers: it holds runs back, fails them, and remembers. */
#ifndef TEST_SUPPORT_STEERED_H
#define TEST_SUPPORT_STEERED_H

#include "backend/backend.h"

/* Device "steered". */
extern const mgi_backend steered_backend;

/* The calling thread's niceness, and its number. */
int steered_own_nice(void);
long steered_own_thread(void);

/* Lets everything pass and forgets what was. Before each test. */
void steered_reset(void);

/* While held, runs wait; letting go lets all of them on. */
void steered_hold(bool held);

/* The next runs do not wait, held or not. */
void steered_let_by(unsigned runs);

/* Blocks until `count` runs are waiting. */
void steered_await_waiting(unsigned count);

/* The `nth` run from now (1: the next) and the `count` - 1 after it fail with this status. */
void steered_fail_runs(long nth, long count, mgeo_status status);

/* Runs of more rows than this fail with MGEO_E_MEMORY; 0: none does. */
void steered_rows_most(uint32_t rows);

/* Encoders that are opened from now on are not on the CPU and want so many lanes; 0: they are. */
void steered_lanes(uint32_t lanes, uint32_t whole_tokens);

/* Encoders that are opened from now on compute mixed lengths as fast as others, or do not. */
void steered_any_length(bool any);

/* From now on lanes cannot be opened, or can again. */
void steered_fail_lanes(bool fail);

/* Rows in which this id stands get NaN; -1: none. */
void steered_poison(int32_t id);

/* From now on every run takes this many milliseconds longer. */
void steered_delay(unsigned milliseconds);

typedef struct steered_run {
    uint32_t rows;
    uint32_t tokens;
    uint32_t shortest;
    uint32_t longest;
    unsigned cores;
    int nice;    /* of the thread */
    long thread; /* as steered_own_thread says */
} steered_run;

/* The runs so far, in the order they began: their number, and the first `most` of them. */
unsigned steered_runs(steered_run *runs, unsigned most);

/* How nice the thread was that opened the last encoder. */
int steered_open_nice(void);

/* Lanes open now. */
int steered_lanes_open(void);

#endif
