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

#include "common/interrupt.h"
#include "common/memory.h"
#include "loadtest/load/event_scheduler.h"
#include "loadtest/load/recorder.h"
#include "loadtest/monotonic_clock.h"

static const uint64_t LEAD = 20000000; /* ns in which all callers come to the start */
static const uint64_t NAP = 100000000; /* ns that a caller sleeps at most at a time */

struct course;

/* Each has cache lines of its own. */
struct caller {
    struct course *course;
    struct recorder recorder;
    struct verdicts verdicts;
    float *similarity; /* [pairs_per_call] */
    size_t place;      /* of the next call's first pair */
    uint64_t not_begun;
    pthread_t thread;
} __attribute__((aligned(128)));

struct course {
    struct rollout *rollout;
    struct grid grid;
    struct arrivals arrivals;
    uint64_t origin, ended;
    uint32_t pairs_per_call;
    bool open, verify;
    _Atomic bool abandoned;                                /* a thread could not be started */
    _Atomic uint64_t ticket __attribute__((aligned(128))); /* the next call that is due */
};

static bool over(const struct course *course) {
    return interrupt_stopping() || atomic_load_explicit(&course->abandoned, memory_order_relaxed);
}

static uint64_t now(const struct course *course) {
    uint64_t here = instant();
    return here > course->origin ? here - course->origin : 0;
}

static void judge(struct caller *caller, uint64_t generation, size_t first) {
    const struct course *course = caller->course;
    enum verdict verdict = rollout_verify(course->rollout, generation, first, caller->similarity,
                                          course->pairs_per_call);
    caller->verdicts.calls++;
    caller->verdicts.wrong += verdict == VERDICT_WRONG;
    caller->verdicts.mixed += verdict == VERDICT_MIXED;
}

/* One call that was due at `due`; returns when it ended. */
static uint64_t call(struct caller *caller, uint64_t due, uint64_t begun) {
    const struct course *course = caller->course;
    const struct pairset *pairs = course->rollout->pairs;
    size_t first = caller->place;
    caller->place = (first + course->pairs_per_call) % pairs->count;
    mgeo_error error;
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = caller->similarity};
    mgeo_status status = mgeo_score(course->rollout->engine, pairs->pairs + first,
                                    course->pairs_per_call, &scores, &error);
    uint64_t ended = now(course);
    if (due < course->grid.warm) return ended;
    if (status != MGEO_OK) {
        recorder_failed(&caller->recorder, (int32_t)status, error.message);
        return ended;
    }
    struct noted noted = {due,
                          begun,
                          ended,
                          scores.generation,
                          scores.tokens,
                          course->pairs_per_call,
                          scores.bad_rows};
    recorder_answered(&caller->recorder, &noted);
    if (course->verify) judge(caller, scores.generation, first);
    return ended;
}

static void wait_until(const struct course *course, uint64_t due) {
    for (;;) {
        uint64_t here = now(course);
        if (here >= due || over(course)) return;
        uint64_t next = due - here < NAP ? due : here + NAP;
        instant_sleep_until(course->origin + next);
    }
}

/* Each caller calls again as soon as it has its answer. */
static void closed_loop(struct caller *caller) {
    const struct course *course = caller->course;
    uint64_t here = now(course);
    while (here < course->grid.end && !over(course)) here = call(caller, here, here);
}

/* Callers take the calls in the order in which they are due. A call that is due while all callers
 * wait begins late, and its time counts from when it was due. */
static void open_loop(struct caller *caller) {
    struct course *course = caller->course;
    uint64_t end = course->grid.end;
    for (;;) {
        uint64_t number = atomic_fetch_add_explicit(&course->ticket, 1, memory_order_relaxed);
        uint64_t due = arrivals_due(&course->arrivals, number);
        if (due >= end) return;
        wait_until(course, due);
        uint64_t here = now(course);
        if (over(course)) return;
        if (here < end)
            call(caller, due, here);
        else
            caller->not_begun += due >= course->grid.warm;
    }
}

static void *work(void *user) {
    struct caller *caller = user;
    struct course *course = caller->course;
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* or every sleep would end 50 µs late */
    while (instant() < course->origin) instant_sleep_until(course->origin);
    if (course->open)
        open_loop(caller);
    else
        closed_loop(caller);
    return NULL;
}

static struct caller *callers_create(struct course *course, uint32_t count) {
    struct caller *callers = aligned_alloc(128, count * sizeof *callers);
    if (callers == NULL) return NULL;
    memset(callers, 0, count * sizeof *callers);
    for (uint32_t i = 0; i < count; i++) {
        struct caller *caller = &callers[i];
        caller->course = course;
        recorder_init(&caller->recorder, &course->grid);
        caller->similarity = must_resize(NULL, course->pairs_per_call, sizeof(float));
        caller->place = course->rollout->pairs->count * i / count;
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
static bool callers_work(struct course *course, struct caller *callers, uint32_t count,
                         struct conduct *conduct, struct fault *fault) {
    uint32_t started = 0;
    course->origin = conduct->origin = instant() + LEAD;
    while (started < count &&
           pthread_create(&callers[started].thread, NULL, work, &callers[started]) == 0)
        started++;
    bool done = started == count
                    ? conduct_start(conduct, fault)
                    : fault_set(fault, "cannot start caller %u of %u; try a smaller -c",
                                (unsigned)started + 1, (unsigned)count);
    if (!done) atomic_store(&course->abandoned, true);
    for (uint32_t i = 0; i < started; i++) pthread_join(callers[i].thread, NULL);
    course->ended = now(course);
    conduct_stop(conduct);
    return done;
}

static void lay_out(struct course *course, const struct trial *trial, struct eventlog *logs) {
    const struct plan *plan = trial->rollout->plan;
    course->rollout = trial->rollout;
    course->pairs_per_call = plan->pairs_per_call;
    course->verify = plan->verify;
    course->open = trial->rate > 0;
    struct grid *grid = &course->grid;
    grid->warm = (uint64_t)(trial->warm_up * 1e9);
    grid->end = grid->warm + (uint64_t)(trial->duration * 1e9);
    grid->around = (uint64_t)(plan_around(plan) * 1e9);
    grid->logs = logs;
    for (int i = 0; i < EVENT_KINDS; i++) {
        eventlog_clear(&logs[i]);
        if (plan->every[i] > 0) grid->watching |= 1u << i;
    }
    if (plan->every[EVENT_UNLOAD] > 0) grid->watching |= 1u << EVENT_LOAD;
    grid_divide(grid, (uint64_t)(trial->block * 1e9));
    if (course->open) arrivals_init(&course->arrivals, plan->arrivals, trial->rate, plan->seed);
}

static void gather(const struct course *course, struct caller *callers, uint32_t count,
                   uint64_t block, struct figures *figures) {
    uint64_t ended = course->ended < course->grid.end ? course->ended : course->grid.end;
    for (uint32_t i = 0; i < count; i++) {
        recorder_settle(&callers[i].recorder);
        figures_add(figures, &callers[i].recorder, &callers[i].verdicts);
        figures->not_begun += callers[i].not_begun;
    }
    double seconds = ended > course->grid.warm ? (double)(ended - course->grid.warm) * 1e-9 : 0;
    figures_close(figures, seconds, block);
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    if (mgeo_get_rollout(course->rollout->engine, &rollout, NULL) == MGEO_OK)
        figures->turn_stall = rollout.stall_seconds_max;
}

bool drive(const struct trial *trial, struct eventlog *logs, struct figures *figures,
           struct fault *fault) {
    uint32_t count = trial->rollout->plan->callers;
    struct course course;
    memset(&course, 0, sizeof course);
    lay_out(&course, trial, logs);
    figures_init(figures, &course.grid);
    figures->rate = trial->rate;
    uint64_t block = (uint64_t)(trial->block * 1e9);
    struct conduct conduct = {.rollout = trial->rollout,
                              .logs = logs,
                              .warm = course.grid.warm,
                              .end = course.grid.end,
                              .block = block};
    struct caller *callers = callers_create(&course, count);
    bool done = callers != NULL ? callers_work(&course, callers, count, &conduct, fault)
                                : fault_set(fault, "out of memory");
    if (callers != NULL) gather(&course, callers, count, block, figures);
    callers_destroy(callers, count);
    arrivals_finish(&course.arrivals);
    return done;
}
