/* SPDX-License-Identifier: Apache-2.0 */
/* Counts and times of answers second by second, in a ring; marks where the rollout changed. */
#include "serve/operate/history.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOTS = 2,
    STEPS = 8, /* buckets for each doubling of time: to within 9% */
    FIRST_SHIFT = 10,
    DOUBLINGS = 28, /* from 1 microsecond to 4 minutes */
    BUCKETS = STEPS * DOUBLINGS,
    MARKS = 256
};

struct second {
    uint32_t answers, errors;
    float p50, p99; /* seconds; meaningless without answers */
};

struct mark {
    int64_t at;
    char event[16], text[192];
};

struct history {
    atomic_uint buckets[SLOTS][BUCKETS]; /* of the second that runs */
    atomic_uint errors[SLOTS];
    pthread_mutex_t lock; /* of all below */
    int64_t last;         /* the newest second in the ring; 0: none */
    uint32_t kept;        /* seconds in the ring */
    struct second ring[SLOTS][HISTORY_SECONDS];
    struct mark marks[MARKS];
    uint64_t marked;      /* so far */
    mgeo_rollout rollout; /* as it was marked last; an engine begins with all zero */
};

struct history *history_create(void) {
    struct history *history = calloc(1, sizeof *history);
    if (history == NULL) return NULL;
    pthread_mutex_init(&history->lock, NULL);
    return history;
}

void history_destroy(struct history *history) {
    if (history == NULL) return;
    pthread_mutex_destroy(&history->lock);
    free(history);
}

/* ---- recording ------------------------------------------------------------------------------- */

static size_t bucket_of(uint64_t nanoseconds) {
    uint64_t units = nanoseconds >> FIRST_SHIFT;
    if (units < STEPS) return (size_t)units;
    unsigned doubling = 63 - (unsigned)__builtin_clzll(units); /* 3 … */
    uint64_t step = (units >> (doubling - 3)) & (STEPS - 1);
    size_t bucket = (doubling - 2) * STEPS + (size_t)step;
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

/* The middle of a bucket, in seconds. */
static double bucket_seconds(size_t bucket) {
    double unit = (double)(1u << FIRST_SHIFT) * 1e-9;
    if (bucket < STEPS) return ((double)bucket + 0.5) * unit;
    size_t doubling = bucket / STEPS + 2;
    double width = (double)(UINT64_C(1) << (doubling - 3));
    return ((double)(STEPS + bucket % STEPS) + 0.5) * width * unit;
}

void history_record(struct history *history, int32_t slot, uint64_t nanoseconds, bool failed) {
    if (history == NULL || slot < 0 || slot >= SLOTS) return;
    atomic_fetch_add_explicit(&history->buckets[slot][bucket_of(nanoseconds)], 1,
                              memory_order_relaxed);
    if (failed) atomic_fetch_add_explicit(&history->errors[slot], 1, memory_order_relaxed);
}

/* ---- a second is over ------------------------------------------------------------------------ */

static float quantile(const uint32_t *counts, uint32_t total, double share) {
    uint64_t wanted = (uint64_t)(share * total), seen = 0;
    size_t bucket = 0;
    for (; bucket < BUCKETS; bucket++) {
        seen += counts[bucket];
        if (seen > wanted) break;
    }
    return (float)bucket_seconds(bucket < BUCKETS ? bucket : BUCKETS - 1);
}

static struct second take_second(struct history *history, int slot) {
    uint32_t counts[BUCKETS];
    struct second second = {0};
    for (size_t i = 0; i < BUCKETS; i++) {
        counts[i] = atomic_exchange_explicit(&history->buckets[slot][i], 0, memory_order_relaxed);
        second.answers += counts[i];
    }
    second.errors = atomic_exchange_explicit(&history->errors[slot], 0, memory_order_relaxed);
    if (second.answers == 0) return second;
    second.p50 = quantile(counts, second.answers, 0.5);
    second.p99 = quantile(counts, second.answers, 0.99);
    return second;
}

static void close_second(struct history *history, int64_t now) {
    if (history->last != 0 && now == history->last) return; /* the next call takes both */
    if (history->last != 0 && (now < history->last || now - history->last > HISTORY_SECONDS)) {
        history->last = 0; /* the clock was set */
        history->kept = 0;
    }
    int64_t gap = history->last != 0 ? now - history->last : 1;
    for (int slot = 0; slot < SLOTS; slot++) {
        for (int64_t i = 1; i < gap; i++) {
            history->ring[slot][(history->last + i) % HISTORY_SECONDS] = (struct second){0};
        }
        history->ring[slot][now % HISTORY_SECONDS] = take_second(history, slot);
    }
    history->last = now;
    uint64_t kept = history->kept + (uint64_t)gap;
    history->kept = kept < HISTORY_SECONDS ? (uint32_t)kept : HISTORY_SECONDS;
}

/* ---- marks ----------------------------------------------------------------------------------- */

static void mark(struct history *history, int64_t at, const char *event, const char *text) {
    struct mark *to = &history->marks[history->marked++ % MARKS];
    to->at = at;
    snprintf(to->event, sizeof to->event, "%s", event);
    snprintf(to->text, sizeof to->text, "%s", text);
}

static void name_model(mgeo_engine *engine, int32_t slot, char *to, size_t capacity) {
    mgeo_model_info info = {.struct_size = sizeof info};
    bool there = mgeo_get_info(engine, slot, &info, NULL) == MGEO_OK;
    snprintf(to, capacity, "%s", there ? info.version : "no model");
}

static void mark_shares(struct history *history, int64_t at, const mgeo_rollout *now) {
    char text[64];
    const mgeo_rollout *before = &history->rollout;
    if (now->canary_share != before->canary_share) {
        snprintf(text, sizeof text, "canary %g%%", now->canary_share / 100.0);
        mark(history, at, "canary", text);
    }
    if (now->shadow_share != before->shadow_share) {
        snprintf(text, sizeof text, "shadow %g%%", now->shadow_share / 100.0);
        mark(history, at, "shadow", text);
    }
}

static void mark_changes(struct history *history, int64_t at, mgeo_engine *engine,
                         const mgeo_rollout *now) {
    const mgeo_rollout *before = &history->rollout;
    char live[64], standby[64], text[160];
    name_model(engine, MGEO_LIVE, live, sizeof live);
    name_model(engine, MGEO_STANDBY, standby, sizeof standby);
    snprintf(text, sizeof text, "%s \u2192 %s", standby, live);
    if (now->loads != before->loads) mark(history, at, "load", now->loads > 1 ? standby : live);
    if (now->failed_loads != before->failed_loads) mark(history, at, "load_failed", "");
    if (now->unloads != before->unloads) mark(history, at, "unload", "");
    if (now->swaps != before->swaps) mark(history, at, "swap", text);
    if (now->refused_swaps != before->refused_swaps) mark(history, at, "refuse", standby);
    if (now->watch_roll_backs != before->watch_roll_backs) {
        mark(history, at, "watch", text);
    } else if (now->roll_backs != before->roll_backs) {
        mark(history, at, "rollback", text);
    }
    mark_shares(history, at, now);
}

void history_tick(struct history *history, mgeo_engine *engine, int64_t unix_seconds) {
    mgeo_rollout now = {.struct_size = sizeof now};
    bool known = mgeo_get_rollout(engine, &now, NULL) == MGEO_OK;
    pthread_mutex_lock(&history->lock);
    close_second(history, unix_seconds);
    if (known) mark_changes(history, unix_seconds, engine, &now);
    if (known) history->rollout = now;
    pthread_mutex_unlock(&history->lock);
}

/* ---- writing --------------------------------------------------------------------------------- */

enum figure { ANSWERS, P50, P99, ERRORS };

static void write_figure(const struct second *second, enum figure figure,
                         struct string_buffer *text) {
    if (figure == ANSWERS) {
        string_buffer_format(text, "%" PRIu32, second->answers);
    } else if (figure == ERRORS) {
        string_buffer_format(text, "%" PRIu32, second->errors);
    } else if (second->answers == 0) {
        string_buffer_put(text, "null");
    } else {
        string_buffer_format(text, "%.4g", (double)(figure == P50 ? second->p50 : second->p99));
    }
}

static void write_slot(const struct history *history, int slot, uint32_t seconds,
                       struct string_buffer *text) {
    static const char *const names[] = {"qps", "p50", "p99", "errors"};
    string_buffer_format(text, "%s\"%s\": {", slot > 0 ? ", " : "", mgeo_slot_name(slot));
    for (int figure = ANSWERS; figure <= ERRORS; figure++) {
        string_buffer_format(text, "%s\"%s\": [", figure > 0 ? ", " : "", names[figure]);
        for (uint32_t i = 0; i < seconds; i++) {
            int64_t at = history->last - (int64_t)seconds + 1 + (int64_t)i;
            if (i > 0) string_buffer_put(text, ",");
            write_figure(&history->ring[slot][at % HISTORY_SECONDS], (enum figure)figure, text);
        }
        string_buffer_put(text, "]");
    }
    string_buffer_put(text, "}");
}

static void write_marks(const struct history *history, int64_t begin, struct string_buffer *text) {
    uint64_t first = history->marked > MARKS ? history->marked - MARKS : 0;
    bool follows = false;
    for (uint64_t i = first; i < history->marked; i++) {
        const struct mark *mark = &history->marks[i % MARKS];
        if (mark->at < begin) continue;
        string_buffer_format(text, "%s{\"at\": %" PRId64 ", \"event\": \"%s\", \"text\": ",
                             follows ? ", " : "", mark->at, mark->event);
        string_buffer_json_string(text, mark->text, strlen(mark->text));
        string_buffer_put(text, "}");
        follows = true;
    }
}

void history_write(struct history *history, uint32_t seconds, struct string_buffer *text) {
    pthread_mutex_lock(&history->lock);
    if (seconds > history->kept) seconds = history->kept;
    int64_t begin = history->last - (int64_t)seconds + 1;
    string_buffer_format(text, "{\"interval\": 1, \"begins\": %" PRId64 ", \"slots\": {",
                         seconds > 0 ? begin : 0);
    for (int slot = 0; slot < SLOTS; slot++) write_slot(history, slot, seconds, text);
    string_buffer_put(text, "}, \"marks\": [");
    if (seconds > 0) write_marks(history, begin, text);
    string_buffer_put(text, "]}\n");
    pthread_mutex_unlock(&history->lock);
}
