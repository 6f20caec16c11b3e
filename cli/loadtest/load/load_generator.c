/* SPDX-License-Identifier: Apache-2.0 */
/* The callers' threads: call, look at the clock, note it down. */
#include "loadtest/load/load_generator.h"

#include <math.h>
#include <mgeo.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "common/clock.h"
#include "common/interrupt.h"
#include "common/memory.h"
#include "loadtest/load/event_scheduler.h"
#include "loadtest/load/recorder.h"

static const uint64_t START_DELAY = 20000000; /* ns in which all callers come to the start */
static const uint64_t MAX_SLEEP = 100000000;  /* ns that a caller sleeps at most at a time */

struct trial_run;

/* Each has cache lines of its own. */
struct caller {
    struct trial_run *run;
    struct recorder recorder;
    struct trial_stats_verdicts verdicts;
    float *similarity; /* [pairs_per_call] */
    size_t place;      /* of the next call's first pair */
    uint64_t not_begun;
    pthread_t thread;
} __attribute__((aligned(128)));

struct trial_run {
    struct rollout *rollout;
    struct recorder_grid grid;
    struct arrivals arrivals;
    uint64_t origin, ended;
    uint32_t pairs_per_call;
    bool open, verify;
    _Atomic bool abandoned;                                /* a thread could not be started */
    _Atomic uint64_t ticket __attribute__((aligned(128))); /* the next call that is due */
};

static bool is_over(const struct trial_run *run) {
    return interrupt_stopping() || atomic_load_explicit(&run->abandoned, memory_order_relaxed);
}

static uint64_t now(const struct trial_run *run) {
    uint64_t here = clock_nanoseconds();
    return here > run->origin ? here - run->origin : 0;
}

static void verify_answers(struct caller *caller, uint64_t generation, size_t first) {
    const struct trial_run *run = caller->run;
    enum rollout_verdict verdict =
        rollout_verify(run->rollout, generation, first, caller->similarity, run->pairs_per_call);
    caller->verdicts.calls++;
    caller->verdicts.wrong += verdict == ROLLOUT_WRONG;
    caller->verdicts.mixed += verdict == ROLLOUT_MIXED;
}

/* One call that was due at `due`; returns when it ended. */
static uint64_t call(struct caller *caller, uint64_t due, uint64_t begun) {
    const struct trial_run *run = caller->run;
    const struct pair_set *pairs = run->rollout->pairs;
    size_t first = caller->place;
    caller->place = (first + run->pairs_per_call) % pairs->count;
    mgeo_error cause;
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = caller->similarity};
    mgeo_status status = mgeo_score(run->rollout->engine, pairs->pairs + first, run->pairs_per_call,
                                    &scores, &cause);
    uint64_t ended = now(run);
    if (due < run->grid.warm) return ended;
    if (status != MGEO_OK) {
        recorder_failed(&caller->recorder, (int32_t)status, cause.message);
        return ended;
    }
    struct recorder_call noted = {
        due, begun, ended, scores.generation, scores.tokens, run->pairs_per_call, scores.bad_rows};
    recorder_answered(&caller->recorder, &noted);
    if (run->verify) verify_answers(caller, scores.generation, first);
    return ended;
}

static void wait_until(const struct trial_run *run, uint64_t due) {
    for (;;) {
        uint64_t here = now(run);
        if (here >= due || is_over(run)) return;
        uint64_t next = due - here < MAX_SLEEP ? due : here + MAX_SLEEP;
        clock_sleep_until(run->origin + next);
    }
}

/* Each caller calls again as soon as it has its answer. */
static void closed_loop(struct caller *caller) {
    const struct trial_run *run = caller->run;
    uint64_t here = now(run);
    while (here < run->grid.end && !is_over(run)) here = call(caller, here, here);
}

/* Callers take the calls in the order in which they are due. A call that is due while all callers
 * wait begins late, and its time counts from when it was due. */
static void open_loop(struct caller *caller) {
    struct trial_run *run = caller->run;
    uint64_t end = run->grid.end;
    for (;;) {
        uint64_t number = atomic_fetch_add_explicit(&run->ticket, 1, memory_order_relaxed);
        uint64_t due = arrivals_due(&run->arrivals, number);
        if (due >= end) return;
        wait_until(run, due);
        uint64_t here = now(run);
        if (is_over(run)) return;
        if (here < end) {
            call(caller, due, here);
        } else {
            caller->not_begun += due >= run->grid.warm;
        }
    }
}

static void *work(void *user) {
    struct caller *caller = user;
    struct trial_run *run = caller->run;
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* or every sleep would end 50 µs late */
    while (clock_nanoseconds() < run->origin) clock_sleep_until(run->origin);
    if (run->open) {
        open_loop(caller);
    } else {
        closed_loop(caller);
    }
    return NULL;
}

static struct caller *callers_create(struct trial_run *run, uint32_t count) {
    struct caller *callers = aligned_alloc(128, count * sizeof *callers);
    if (callers == NULL) return NULL;
    memset(callers, 0, count * sizeof *callers);
    for (uint32_t i = 0; i < count; i++) {
        struct caller *caller = &callers[i];
        caller->run = run;
        recorder_init(&caller->recorder, &run->grid);
        caller->similarity = memory_resize(NULL, run->pairs_per_call, sizeof(float));
        caller->place = run->rollout->pairs->count * i / count;
    }
    return callers;
}

static void callers_destroy(struct caller *callers, uint32_t count) {
    for (uint32_t i = 0; callers != NULL && i < count; i++) {
        recorder_finish(&callers[i].recorder);
        free(callers[i].similarity);
    }
    free(callers);
}

/* Runs them to the end. */
static bool callers_work(struct trial_run *run, struct caller *callers, uint32_t count,
                         struct event_scheduler *scheduler, struct error *error) {
    uint32_t started = 0;
    run->origin = scheduler->origin = clock_nanoseconds() + START_DELAY;
    while (started < count &&
           pthread_create(&callers[started].thread, NULL, work, &callers[started]) == 0) {
        started++;
    }
    bool done = started == count
                    ? event_scheduler_start(scheduler, error)
                    : error_set(error, "cannot start caller %u of %u; try a smaller -c",
                                (unsigned)started + 1, (unsigned)count);
    if (!done) atomic_store(&run->abandoned, true);
    for (uint32_t i = 0; i < started; i++) pthread_join(callers[i].thread, NULL);
    run->ended = now(run);
    event_scheduler_stop(scheduler);
    return done;
}

static void prepare(struct trial_run *run, const struct load_generator_trial *trial,
                    struct event_log *logs) {
    const struct options *options = trial->rollout->options;
    run->rollout = trial->rollout;
    run->pairs_per_call = options->pairs_per_call;
    run->verify = options->verify;
    run->open = trial->rate > 0;
    struct recorder_grid *grid = &run->grid;
    grid->warm = (uint64_t)(trial->warm_up * 1e9);
    grid->end = grid->warm + (uint64_t)(trial->duration * 1e9);
    grid->around = (uint64_t)(options_around(options) * 1e9);
    grid->logs = logs;
    for (int i = 0; i < EVENT_KINDS; i++) {
        event_log_clear(&logs[i]);
        if (options->every[i] > 0) grid->watching |= 1u << i;
    }
    if (options->every[EVENT_UNLOAD] > 0) grid->watching |= 1u << EVENT_LOAD;
    recorder_grid_divide(grid, (uint64_t)(trial->block * 1e9));
    if (run->open) arrivals_init(&run->arrivals, options->arrivals, trial->rate, options->seed);
}

static void gather(const struct trial_run *run, struct caller *callers, uint32_t count,
                   uint64_t block, struct trial_stats *stats) {
    uint64_t ended = run->ended < run->grid.end ? run->ended : run->grid.end;
    for (uint32_t i = 0; i < count; i++) {
        recorder_settle(&callers[i].recorder);
        trial_stats_add(stats, &callers[i].recorder, &callers[i].verdicts);
        stats->not_begun += callers[i].not_begun;
    }
    double seconds = ended > run->grid.warm ? (double)(ended - run->grid.warm) * 1e-9 : 0;
    trial_stats_close(stats, seconds, block);
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    if (mgeo_get_rollout(run->rollout->engine, &rollout, NULL) == MGEO_OK) {
        stats->cutover_stall = rollout.stall_seconds_max;
    }
}

bool load_generator_run(const struct load_generator_trial *trial, struct event_log *logs,
                        struct trial_stats *stats, struct error *error) {
    uint32_t count = trial->rollout->options->callers;
    struct trial_run run;
    memset(&run, 0, sizeof run);
    prepare(&run, trial, logs);
    trial_stats_init(stats, &run.grid);
    stats->rate = trial->rate;
    uint64_t block = (uint64_t)(trial->block * 1e9);
    struct event_scheduler scheduler = {.rollout = trial->rollout,
                                        .logs = logs,
                                        .warm = run.grid.warm,
                                        .end = run.grid.end,
                                        .block = block};
    struct caller *callers = callers_create(&run, count);
    bool done = callers != NULL ? callers_work(&run, callers, count, &scheduler, error)
                                : error_set(error, "out of memory");
    if (callers != NULL) gather(&run, callers, count, block, stats);
    callers_destroy(callers, count);
    arrivals_finish(&run.arrivals);
    return done;
}
