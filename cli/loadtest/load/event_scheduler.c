/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads, one that turns traffic and one that loads, each doing one thing at a time. */
#include "loadtest/load/event_scheduler.h"

#include "common/clock.h"
#include "common/interrupt.h"

static const uint64_t MAX_SLEEP =
    20000000; /* ns after which a sleeper looks whether it should stop */

static bool ending(const struct event_scheduler *scheduler) {
    return atomic_load(&scheduler->stop) || interrupt_stopping();
}

static uint64_t now(const struct event_scheduler *scheduler) {
    uint64_t here = clock_nanoseconds();
    return here > scheduler->origin ? here - scheduler->origin : 0;
}

/* In the stretch from `begin` to `end`. */
static uint64_t due_in(uint64_t begin, uint64_t end, double every, uint64_t after) {
    double period = every * 1e9;
    double passed = after > begin ? (double)(after - begin) / period : 0;
    for (uint64_t number = passed > 0.5 ? (uint64_t)(passed + 0.5) : 0;; number++) {
        double due = (double)begin + ((double)number + 0.5) * period;
        if (due >= (double)end) return UINT64_MAX;
        if ((uint64_t)due > after) return (uint64_t)due;
    }
}

uint64_t event_scheduler_due(const struct event_scheduler *scheduler, double every,
                             uint64_t after) {
    if (!(every > 0)) return UINT64_MAX;
    uint64_t warm = scheduler->warm, end = scheduler->end, block = scheduler->block;
    if (block == 0) return due_in(warm, end, every, after);
    for (uint64_t i = after > warm ? (after - warm) / block : 0; warm + i * block < end; i++) {
        uint64_t begin = warm + i * block, next = begin + block;
        if (!event_scheduler_block_has_events(i)) continue;
        uint64_t due = due_in(begin, next < end ? next : end, every, after);
        if (due != UINT64_MAX) return due;
    }
    return UINT64_MAX;
}

/* False if the end came first. */
static bool wait_until(const struct event_scheduler *scheduler, uint64_t due) {
    for (;;) {
        if (ending(scheduler)) return false;
        uint64_t here = now(scheduler);
        if (here >= due) return true;
        uint64_t left = due - here;
        clock_sleep_until(scheduler->origin + here + (left < MAX_SLEEP ? left : MAX_SLEEP));
    }
}

static void swap(struct event_scheduler *scheduler) {
    struct event_log *log = &scheduler->logs[EVENT_SWAP];
    struct event *event = event_log_begin(log, now(scheduler));
    mgeo_swap_receipt receipt = {0};
    mgeo_error cause;
    mgeo_progress *progress = interrupt_progress(INTERRUPT_SCORING);
    mgeo_status status = rollout_swap(scheduler->rollout, progress, &receipt, &cause);
    if (event != NULL) {
        event->generation = receipt.to_generation;
        event->stall = receipt.stall_seconds;
    }
    event_log_end(log, event, now(scheduler), (int32_t)status, cause.message);
}

static void step_canary(struct event_scheduler *scheduler) {
    const struct options *options = scheduler->rollout->options;
    struct event_log *log = &scheduler->logs[EVENT_CANARY];
    struct event *event = event_log_begin(log, now(scheduler));
    mgeo_error cause;
    uint32_t share = options->steps[scheduler->step++ % options->step_count];
    mgeo_status status = mgeo_set_canary(scheduler->rollout->engine, share, NULL, &cause);
    if (event != NULL) event->share = share;
    event_log_end(log, event, now(scheduler), (int32_t)status, cause.message);
}

static void load(struct event_scheduler *scheduler) {
    struct event_log *log = &scheduler->logs[EVENT_LOAD];
    struct event *event = event_log_begin(log, now(scheduler));
    mgeo_error cause;
    uint64_t generation = 0;
    mgeo_progress *progress = interrupt_progress(INTERRUPT_LOADING);
    mgeo_status status = rollout_load(scheduler->rollout, progress, &generation, &cause);
    if (event != NULL) event->generation = generation;
    event_log_end(log, event, now(scheduler), (int32_t)status, cause.message);
}

/* Without loads of their own, an unloaded model comes back at once. */
static void unload(struct event_scheduler *scheduler) {
    struct event_log *log = &scheduler->logs[EVENT_UNLOAD];
    struct event *event = event_log_begin(log, now(scheduler));
    mgeo_error cause;
    mgeo_status status = mgeo_unload(scheduler->rollout->engine, &cause);
    event_log_end(log, event, now(scheduler), (int32_t)status, cause.message);
    if (!(scheduler->rollout->options->every[EVENT_LOAD] > 0) && !ending(scheduler)) {
        load(scheduler);
    }
}

/* Two kinds of events on one thread, each when it is due; what became due meanwhile is left out. */
static void alternate(struct event_scheduler *scheduler, enum event_kind one,
                      void (*do_one)(struct event_scheduler *), enum event_kind other,
                      void (*do_other)(struct event_scheduler *)) {
    const double *every = scheduler->rollout->options->every;
    uint64_t due_one = event_scheduler_due(scheduler, every[one], 0);
    uint64_t due_other = event_scheduler_due(scheduler, every[other], 0);
    while (due_one != UINT64_MAX || due_other != UINT64_MAX) {
        bool first = due_one <= due_other;
        if (!wait_until(scheduler, first ? due_one : due_other)) return;
        if (first) {
            do_one(scheduler);
            due_one = event_scheduler_due(scheduler, every[one], now(scheduler));
        } else {
            do_other(scheduler);
            due_other = event_scheduler_due(scheduler, every[other], now(scheduler));
        }
    }
}

static void *run_swaps(void *user) {
    alternate(user, EVENT_SWAP, swap, EVENT_CANARY, step_canary);
    return NULL;
}

static void *run_loads(void *user) {
    alternate(user, EVENT_LOAD, load, EVENT_UNLOAD, unload);
    return NULL;
}

bool event_scheduler_start(struct event_scheduler *scheduler, struct error *error) {
    const double *every = scheduler->rollout->options->every;
    bool turns = every[EVENT_SWAP] > 0 || every[EVENT_CANARY] > 0;
    bool loads = every[EVENT_LOAD] > 0 || every[EVENT_UNLOAD] > 0;
    scheduler->swapping =
        turns && pthread_create(&scheduler->swap_thread, NULL, run_swaps, scheduler) == 0;
    scheduler->loading =
        loads && pthread_create(&scheduler->loader, NULL, run_loads, scheduler) == 0;
    if (scheduler->swapping == turns && scheduler->loading == loads) return true;
    return error_set(error, "cannot start a thread");
}

void event_scheduler_stop(struct event_scheduler *scheduler) {
    atomic_store(&scheduler->stop, true);
    if (scheduler->swapping) pthread_join(scheduler->swap_thread, NULL);
    if (scheduler->loading) pthread_join(scheduler->loader, NULL);
    scheduler->swapping = scheduler->loading = false;
    if (scheduler->rollout->options->every[EVENT_CANARY] > 0) {
        mgeo_set_canary(scheduler->rollout->engine, 0, NULL, NULL);
    }
}
