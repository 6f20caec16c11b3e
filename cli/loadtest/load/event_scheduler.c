/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads, one that turns traffic and one that loads, each doing one thing at a time. */
#include "loadtest/load/event_scheduler.h"

#include "common/interrupt.h"
#include "loadtest/monotonic_clock.h"

static const uint64_t NAP = 20000000; /* ns after which a sleeper looks whether it should stop */

static bool ending(const struct conduct *conduct) {
    return atomic_load(&conduct->stop) || interrupt_stopping();
}

static uint64_t now(const struct conduct *conduct) {
    uint64_t here = instant();
    return here > conduct->origin ? here - conduct->origin : 0;
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

uint64_t conduct_due(const struct conduct *conduct, double every, uint64_t after) {
    if (!(every > 0)) return UINT64_MAX;
    uint64_t warm = conduct->warm, end = conduct->end, block = conduct->block;
    if (block == 0) return due_in(warm, end, every, after);
    for (uint64_t i = after > warm ? (after - warm) / block : 0; warm + i * block < end; i++) {
        uint64_t begin = warm + i * block, next = begin + block;
        if (!block_has_events(i)) continue;
        uint64_t due = due_in(begin, next < end ? next : end, every, after);
        if (due != UINT64_MAX) return due;
    }
    return UINT64_MAX;
}

/* False if the end came first. */
static bool wait_until(const struct conduct *conduct, uint64_t due) {
    for (;;) {
        if (ending(conduct)) return false;
        uint64_t here = now(conduct);
        if (here >= due) return true;
        uint64_t left = due - here;
        instant_sleep_until(conduct->origin + here + (left < NAP ? left : NAP));
    }
}

static void swap(struct conduct *conduct) {
    struct eventlog *log = &conduct->logs[EVENT_SWAP];
    struct event *event = eventlog_begin(log, now(conduct));
    mgeo_swap_receipt receipt = {0};
    mgeo_error error;
    mgeo_progress *progress = interrupt_progress(INTERRUPT_SCORING);
    mgeo_status status = rollout_swap(conduct->rollout, progress, &receipt, &error);
    if (event != NULL) {
        event->generation = receipt.to_generation;
        event->stall = receipt.stall_seconds;
    }
    eventlog_end(log, event, now(conduct), (int32_t)status, error.message);
}

static void step_canary(struct conduct *conduct) {
    const struct plan *plan = conduct->rollout->plan;
    struct eventlog *log = &conduct->logs[EVENT_CANARY];
    struct event *event = eventlog_begin(log, now(conduct));
    mgeo_error error;
    uint32_t share = plan->steps[conduct->step++ % plan->step_count];
    mgeo_status status = mgeo_set_canary(conduct->rollout->engine, share, NULL, &error);
    if (event != NULL) event->share = share;
    eventlog_end(log, event, now(conduct), (int32_t)status, error.message);
}

static void load(struct conduct *conduct) {
    struct eventlog *log = &conduct->logs[EVENT_LOAD];
    struct event *event = eventlog_begin(log, now(conduct));
    mgeo_error error;
    uint64_t generation = 0;
    mgeo_progress *progress = interrupt_progress(INTERRUPT_LOADING);
    mgeo_status status = rollout_load(conduct->rollout, progress, &generation, &error);
    if (event != NULL) event->generation = generation;
    eventlog_end(log, event, now(conduct), (int32_t)status, error.message);
}

/* Without loads of their own, an unloaded model comes back at once. */
static void unload(struct conduct *conduct) {
    struct eventlog *log = &conduct->logs[EVENT_UNLOAD];
    struct event *event = eventlog_begin(log, now(conduct));
    mgeo_error error;
    mgeo_status status = mgeo_unload(conduct->rollout->engine, &error);
    eventlog_end(log, event, now(conduct), (int32_t)status, error.message);
    if (!(conduct->rollout->plan->every[EVENT_LOAD] > 0) && !ending(conduct)) load(conduct);
}

/* Does one thing and another, each when it is due; what became due meanwhile is left out. */
static void alternate(struct conduct *conduct, enum event_kind one,
                      void (*do_one)(struct conduct *), enum event_kind other,
                      void (*do_other)(struct conduct *)) {
    const double *every = conduct->rollout->plan->every;
    uint64_t due_one = conduct_due(conduct, every[one], 0);
    uint64_t due_other = conduct_due(conduct, every[other], 0);
    while (due_one != UINT64_MAX || due_other != UINT64_MAX) {
        bool first = due_one <= due_other;
        if (!wait_until(conduct, first ? due_one : due_other)) return;
        if (first) {
            do_one(conduct);
            due_one = conduct_due(conduct, every[one], now(conduct));
        } else {
            do_other(conduct);
            due_other = conduct_due(conduct, every[other], now(conduct));
        }
    }
}

static void *turn_all(void *user) {
    alternate(user, EVENT_SWAP, swap, EVENT_CANARY, step_canary);
    return NULL;
}

static void *load_all(void *user) {
    alternate(user, EVENT_LOAD, load, EVENT_UNLOAD, unload);
    return NULL;
}

bool conduct_start(struct conduct *conduct, struct fault *fault) {
    const double *every = conduct->rollout->plan->every;
    bool turns = every[EVENT_SWAP] > 0 || every[EVENT_CANARY] > 0;
    bool loads = every[EVENT_LOAD] > 0 || every[EVENT_UNLOAD] > 0;
    conduct->turning = turns && pthread_create(&conduct->turner, NULL, turn_all, conduct) == 0;
    conduct->loading = loads && pthread_create(&conduct->loader, NULL, load_all, conduct) == 0;
    if (conduct->turning == turns && conduct->loading == loads) return true;
    return fault_set(fault, "cannot start a thread");
}

void conduct_stop(struct conduct *conduct) {
    atomic_store(&conduct->stop, true);
    if (conduct->turning) pthread_join(conduct->turner, NULL);
    if (conduct->loading) pthread_join(conduct->loader, NULL);
    conduct->turning = conduct->loading = false;
    if (conduct->rollout->plan->every[EVENT_CANARY] > 0)
        mgeo_set_canary(conduct->rollout->engine, 0, NULL, NULL);
}
