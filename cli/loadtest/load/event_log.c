/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of events with a published length. */
#include "loadtest/load/event_log.h"

#include <mgeo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

const char *event_log_kind_name(enum event_kind kind) {
    static const char *const names[EVENT_KINDS] = {"swap", "load", "canary", "unload"};
    return names[kind];
}

void event_log_init(struct event_log *log) {
    memset(log, 0, sizeof *log);
    log->events = memory_resize(NULL, EVENT_LOG_LIMIT, sizeof *log->events);
}

void event_log_finish(struct event_log *log) {
    free(log->events);
    memset(log, 0, sizeof *log);
}

void event_log_clear(struct event_log *log) {
    struct event *events = log->events;
    memset(log, 0, sizeof *log);
    log->events = events;
}

struct event *event_log_begin(struct event_log *log, uint64_t now) {
    uint32_t count = atomic_load_explicit(&log->count, memory_order_relaxed);
    if (count == EVENT_LOG_LIMIT) {
        log->dropped++;
        return NULL;
    }
    struct event *event = &log->events[count];
    memset(event, 0, sizeof *event);
    event->begun = now;
    atomic_store_explicit(&log->count, count + 1, memory_order_release);
    return event;
}

static void keep_first(char to[512], const char *reason) {
    if (to[0] == '\0') snprintf(to, 512, "%s", reason);
}

static void count_result(struct event_log *log, int32_t status, const char *reason) {
    if (status == MGEO_OK) return;
    if (status == MGEO_E_BUSY || status == MGEO_E_NO_MODEL || status == MGEO_E_CANCELLED) {
        log->skipped++;
    } else if (status == MGEO_E_REFUSED) {
        log->refused++;
        keep_first(log->refusal, reason);
    } else {
        log->failed++;
        keep_first(log->reason, reason);
    }
}

void event_log_end(struct event_log *log, struct event *event, uint64_t now, int32_t status,
                   const char *reason) {
    count_result(log, status, reason);
    if (event == NULL) return;
    event->status = status;
    atomic_store_explicit(&event->ended, now, memory_order_release);
}

uint64_t event_log_done(const struct event_log *log) {
    uint64_t all = atomic_load(&log->count) + log->dropped;
    return all - log->failed - log->skipped - log->refused;
}
