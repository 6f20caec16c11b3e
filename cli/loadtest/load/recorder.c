/* SPDX-License-Identifier: Apache-2.0 */
/* Counts a call, and decides later whether it was due around an event. */
#include "loadtest/load/recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum {
    MOST_BINS = 1200,
    LEAST_BIN = 100000000, /* ns */
    MOST_TICKS = 1 << 22,
    LEAST_TICK = 100000, /* ns */
    SETTLING = 200000000 /* ns after which an event that has begun is sure to be in its list */
};

void recorder_grid_divide(struct recorder_grid *grid, uint64_t block) {
    uint64_t length = grid->end - grid->warm;
    uint64_t least = length / MOST_BINS > LEAST_BIN ? length / MOST_BINS : LEAST_BIN;
    grid->bin = least;
    if (block > 0) grid->bin = block > least ? block / (block / least) : block;
    grid->bins = (size_t)(length / grid->bin + 1);
    grid->tick = length / MOST_TICKS > LEAST_TICK ? length / MOST_TICKS : LEAST_TICK;
    grid->ticks = (size_t)(length / grid->tick + 1);
}

void recorder_init(struct recorder *recorder, const struct recorder_grid *grid) {
    memset(recorder, 0, sizeof *recorder);
    recorder->grid = grid;
    recorder->timeline = memory_zeroed(grid->bins, sizeof *recorder->timeline);
    recorder->marks = memory_zeroed(grid->ticks / 8 + 1, 1);
    recorder->generations = memory_zeroed(RECORDER_GENERATIONS, sizeof *recorder->generations);
    recorder->recent = memory_zeroed(RECORDER_RECENT, sizeof *recorder->recent);
}

void recorder_finish(struct recorder *recorder) {
    free(recorder->timeline);
    free(recorder->marks);
    free(recorder->generations);
    free(recorder->recent);
    memset(recorder, 0, sizeof *recorder);
}

/* A call belongs to an event if it was due near it. That it ran while the event's time came is no
 * mark: a long call would meet more events than a short one, whatever events do. Calls come in the
 * order in which they were due, so an event that is over for this one is over for all that follow.
 */
static bool met(struct recorder *recorder, enum event_kind kind, uint64_t due) {
    const struct event_log *log = &recorder->grid->logs[kind];
    uint64_t around = recorder->grid->around;
    uint32_t count = atomic_load_explicit(&log->count, memory_order_acquire);
    uint32_t *at = &recorder->position[kind];
    for (; *at < count; ++*at) {
        uint64_t ended = atomic_load_explicit(&log->events[*at].ended, memory_order_acquire);
        if (ended == 0 || ended + around >= due) break;
    }
    return *at < count && log->events[*at].begun <= due + around;
}

static void settle_oldest(struct recorder *recorder) {
    const struct recorder_span *call = &recorder->recent[recorder->oldest++ % RECORDER_RECENT];
    for (int kind = 0; kind < EVENT_KINDS; kind++) {
        if ((recorder->grid->watching & 1u << kind) == 0) continue;
        bool inside = met(recorder, (enum event_kind)kind, call->due);
        latency_add(inside ? &recorder->inside[kind] : &recorder->outside[kind],
                    call->ended - call->due);
    }
}

static void remember(struct recorder *recorder, uint64_t due, uint64_t ended) {
    if (recorder->newest - recorder->oldest == RECORDER_RECENT) settle_oldest(recorder);
    recorder->recent[recorder->newest++ % RECORDER_RECENT] = (struct recorder_span){due, ended};
    uint64_t wait = recorder->grid->around + SETTLING;
    while (recorder->recent[recorder->oldest % RECORDER_RECENT].ended + wait < ended) {
        settle_oldest(recorder);
    }
}

static void mark(struct recorder *recorder, uint64_t ended) {
    const struct recorder_grid *grid = recorder->grid;
    uint64_t tick = (ended - grid->warm) / grid->tick;
    if (tick >= grid->ticks) tick = grid->ticks - 1;
    recorder->marks[tick / 8] |= (unsigned char)(1u << tick % 8);
}

void recorder_answered(struct recorder *recorder, const struct recorder_call *call) {
    const struct recorder_grid *grid = recorder->grid;
    uint64_t took = call->ended - call->due;
    latency_add(&recorder->all, took);
    latency_add(&recorder->service, call->ended - call->begun);
    latency_add(&recorder->late, call->begun - call->due);
    latency_add(&recorder->timeline[(call->due - grid->warm) / grid->bin], took);
    mark(recorder, call->ended);
    if (grid->watching != 0) remember(recorder, call->due, call->ended);
    uint64_t last = RECORDER_GENERATIONS - 1;
    recorder->generations[call->generation < last ? call->generation : last]++;
    recorder->pairs += call->pairs;
    recorder->bad_rows += call->bad_rows;
    recorder->tokens += call->tokens;
}

void recorder_failed(struct recorder *recorder, int32_t status, const char *reason) {
    if (recorder->failed++ == 0) snprintf(recorder->reason, sizeof recorder->reason, "%s", reason);
    recorder->failures[status >= 0 && status < RECORDER_STATUSES ? status : 0]++;
}

void recorder_settle(struct recorder *recorder) {
    while (recorder->oldest != recorder->newest) settle_oldest(recorder);
}
