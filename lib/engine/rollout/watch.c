/* SPDX-License-Identifier: Apache-2.0 */
/* The watch: a thread that checks the new model's figures and rolls traffic back.
 *
 * The engine's mutex guards all of it, so that checks, the cut-over that ends a watch and the one
 * that begins the next are in one order. The thread sleeps on that mutex, and releases it to roll
 * back: the route's word tells whether the cut-over that it watches still stands. */
#define _GNU_SOURCE
#include "engine/rollout/watch.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/fixed_text.h"
#include "core/thread.h"
#include "engine/events.h"
#include "engine/rollout/roll_back.h"
#include "engine/rollout/watch_limits.h"
#include "engine/state.h"

#include <stdio.h>
#include <string.h>

static const double check_interval = 0.01; /* seconds */

struct mgi_watch {
    mgeo_engine *engine;
    pthread_cond_t changed; /* of what follows; with the engine's mutex */
    bool has_condition;
    bool has_thread;
    bool stopping;
    pthread_t thread;

    mgeo_watch watch;
    int32_t slot; /* of the watched model */
    uint64_t route;
    double began;
    bool concurrent; /* the former model answers too: its figures are the window's as well */
    mgeo_watch_report report; /* state, figures; the rest of a watch that runs is above */
    mgi_snapshot watched_before, former_before; /* when the window began */
    mgi_snapshot now, watched, former;          /* what a check works with */
};

/* ---- one check; the engine's mutex is held --------------------------------------------------- */

static bool watch_runs(const mgi_watch *watcher) {
    return watcher->report.state == MGEO_WATCH_RUNNING;
}

static mgi_runner *watch_runner(const mgi_watch *watcher, int32_t slot) {
    return watcher->engine->slot_models[slot].runner;
}

/* What happened in the window so far. Both models are resident while a watch runs. */
static void watch_measure(mgi_watch *watcher) {
    int32_t other = mgi_slots_other(watcher->slot);
    mgi_runner_snapshot(watch_runner(watcher, watcher->slot), &watcher->now);
    mgi_snapshot_since(&watcher->watched, &watcher->now, &watcher->watched_before);
    watcher->former = watcher->former_before;
    if (watcher->concurrent) {
        mgi_runner_snapshot(watch_runner(watcher, other), &watcher->now);
        mgi_snapshot_since(&watcher->former, &watcher->now, &watcher->former_before);
    }
    watcher->report.calls = watcher->watched.calls;
    watcher->report.seconds = mgi_clock_now() - watcher->began;
}

/* Returns whether a limit is broken. */
static bool check_watch(mgi_watch *watcher) {
    watch_measure(watcher);
    watcher->report.check_count = MGI_WATCH_LIMITS_COUNT;
    return mgi_watch_limits_evaluate(&watcher->watch, &watcher->watched, &watcher->former,
                                     watcher->report.checks);
}

/* ---- ends of a watch; the engine's mutex is held on entry and on return ---------------------- */

static void roll_back(mgi_watch *watcher) {
    mgeo_check checks[MGI_WATCH_LIMITS_COUNT];
    char reason[sizeof watcher->report.reason];
    uint64_t route = watcher->route;
    memcpy(checks, watcher->report.checks, sizeof checks);
    mgi_watch_limits_reason(checks, watcher->report.calls, watcher->report.seconds, reason,
                            sizeof reason);
    mgi_lock_release(&watcher->engine->mutex);
    bool rolled_back =
        mgi_roll_back_for_watch(watcher->engine, route, reason, checks, MGI_WATCH_LIMITS_COUNT);
    mgi_lock_acquire(&watcher->engine->mutex);
    bool same = watch_runs(watcher) && watcher->route == route;
    if (rolled_back || !same) return;
    watcher->report.state = MGEO_WATCH_ENDED;
    snprintf(watcher->report.reason, sizeof watcher->report.reason,
             "%.200s, but there was no model to go back to", reason);
}

static mgi_journal_record *watch_record(const mgeo_watch_report *report,
                                        const mgeo_model_info *watched) {
    mgi_journal_record *record = mgi_journal_record_create("watch", "watch", report->reason);
    mgi_journal_record_model(record, "model", watched);
    mgi_journal_record_integer(record, "former_generation", report->former_generation);
    mgi_journal_record_integer(record, "calls", report->calls);
    mgi_journal_record_number(record, "seconds", report->seconds);
    mgi_journal_record_checks(record, "checks", report->checks, report->check_count);
    return record;
}

static void pass_watch(mgi_watch *watcher) {
    mgeo_engine *engine = watcher->engine;
    mgeo_watch_report *report = &watcher->report;
    uint64_t least = mgi_watch_limits_min_calls(&watcher->watch);
    report->state = MGEO_WATCH_PASSED;
    if (report->calls < least) {
        snprintf(report->reason, sizeof report->reason, "too few calls came to judge: %llu of %llu",
                 (unsigned long long)report->calls, (unsigned long long)least);
    }
    uint64_t ticket = mgi_journal_ticket(engine->journal);
    mgeo_watch_report passed = *report;
    mgeo_model_info watched = engine->slot_models[watcher->slot].info;
    mgi_lock_release(&engine->mutex);
    mgi_events_write(engine, ticket, watch_record(&passed, &watched));
    mgi_log_line(&engine->log, MGEO_LOG_INFO,
                 "the watch of %s is over after %llu calls in %.3g s%s%s", watched.version,
                 (unsigned long long)passed.calls, passed.seconds,
                 passed.reason[0] != '\0' ? ": " : "", passed.reason);
    mgi_lock_acquire(&engine->mutex);
}

void mgi_watch_end(mgi_watch *watcher, const char *why) {
    if (!watch_runs(watcher)) return;
    watch_measure(watcher);
    watcher->report.state = MGEO_WATCH_ENDED;
    mgi_fixed_text_copy(watcher->report.reason, sizeof watcher->report.reason, why);
}

void mgi_watch_note_rollback(mgi_watch *watcher, const char *reason) {
    watcher->report.state = MGEO_WATCH_TURNED_BACK;
    mgi_fixed_text_copy(watcher->report.reason, sizeof watcher->report.reason, reason);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void watch_sleep(mgi_watch *watcher) {
    mgi_lock_wait_until(&watcher->engine->mutex, &watcher->changed,
                        mgi_clock_now() + check_interval);
}

static void watch_step(mgi_watch *watcher) {
    if (check_watch(watcher)) {
        roll_back(watcher);
    } else if (mgi_watch_limits_is_over(&watcher->watch, watcher->report.calls,
                                        watcher->report.seconds)) {
        pass_watch(watcher);
    } else {
        watch_sleep(watcher);
    }
}

static void *watch_main(void *argument) {
    mgi_watch *watcher = argument;
    mgi_thread_name("mgeo-watch");
    mgi_lock_acquire(&watcher->engine->mutex);
    while (!watcher->stopping) {
        if (watch_runs(watcher)) {
            watch_step(watcher);
        } else {
            mgi_lock_wait(&watcher->engine->mutex, &watcher->changed);
        }
    }
    mgi_lock_release(&watcher->engine->mutex);
    return NULL;
}

/* ---- life ------------------------------------------------------------------------------------ */

mgi_watch *mgi_watch_create(mgeo_engine *engine) {
    mgi_watch *watcher = mgi_calloc(1, sizeof *watcher);
    if (watcher == NULL) return NULL;
    watcher->engine = engine;
    watcher->has_condition = mgi_lock_cond_init(&watcher->changed) == 0;
    if (watcher->has_condition) return watcher;
    mgi_watch_destroy(watcher);
    return NULL;
}

static void stop_thread(mgi_watch *watcher) {
    mgi_lock_acquire(&watcher->engine->mutex);
    watcher->stopping = true;
    pthread_cond_signal(&watcher->changed);
    mgi_lock_release(&watcher->engine->mutex);
    pthread_join(watcher->thread, NULL);
}

void mgi_watch_destroy(mgi_watch *watcher) {
    if (watcher == NULL) return;
    if (watcher->has_thread) stop_thread(watcher);
    if (watcher->has_condition) pthread_cond_destroy(&watcher->changed);
    mgi_free(watcher);
}

mgeo_status mgi_watch_prepare(mgi_watch *watcher, mgeo_error *error) {
    int failed = 0;
    mgi_lock_acquire(&watcher->engine->mutex);
    if (!watcher->has_thread) {
        failed = mgi_thread_start(&watcher->thread, watch_main, watcher);
        watcher->has_thread = failed == 0;
    }
    mgi_lock_release(&watcher->engine->mutex);
    if (failed == 0) return MGEO_OK;
    char reason[128] = "";
    return mgi_fail(error, MGEO_E_MEMORY, "the watch's thread cannot be started: %s",
                    strerror_r(failed, reason, sizeof reason));
}

void mgi_watch_begin(mgi_watch *watcher, const mgeo_watch *watch, int32_t slot, uint64_t route) {
    const mgi_slots *slots = &watcher->engine->slots;
    int32_t other = mgi_slots_other(slot);
    uint32_t share = mgi_slots_share(slots);
    watcher->watch = *watch;
    watcher->slot = slot;
    watcher->route = route;
    watcher->concurrent = share > 0 && share < MGI_SLOTS_SHARE_ALL;
    watcher->began = mgi_clock_now();
    mgi_runner_snapshot(watch_runner(watcher, slot), &watcher->watched_before);
    mgi_runner_snapshot(watch_runner(watcher, other), &watcher->former_before);
    watcher->report = (mgeo_watch_report){
        .struct_size = sizeof watcher->report,
        .state = MGEO_WATCH_RUNNING,
        .generation = watcher->engine->slot_models[slot].info.generation,
        .former_generation = watcher->engine->slot_models[other].info.generation};
    watcher->report.check_count =
        MGI_WATCH_LIMITS_COUNT; /* named from the start, with no figures */
    watcher->watched = (mgi_snapshot){0};
    mgi_watch_limits_evaluate(watch, &watcher->watched, &watcher->former_before,
                              watcher->report.checks);
    pthread_cond_signal(&watcher->changed);
}

/* ---- questions ------------------------------------------------------------------------------- */

void mgi_watch_report(mgeo_engine *engine, mgeo_watch_report *report) {
    const mgi_watch *watcher = engine->watcher;
    size_t struct_size = report->struct_size;
    mgi_lock_acquire(&engine->mutex);
    *report = watcher->report;
    if (watch_runs(watcher)) report->seconds = mgi_clock_now() - watcher->began;
    mgi_lock_release(&engine->mutex);
    report->struct_size = struct_size;
}
