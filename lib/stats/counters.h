/* SPDX-License-Identifier: Apache-2.0 */
/* Counts that many threads add to and any thread may read. */
#ifndef MGI_STATS_COUNTERS_H
#define MGI_STATS_COUNTERS_H

#include "stats/snapshot.h"

#include <stdatomic.h>
#include <stdint.h>

typedef enum mgi_counter {
    MGI_COUNT_FAILED_BY, /* calls; plus an mgeo_status */
    MGI_COUNT_CALL_NANOSECONDS_MAX = MGI_COUNT_FAILED_BY + MGI_SNAPSHOT_STATUSES,
    MGI_COUNT_ROWS_SCORED, /* of counters named *_MAX the greatest stripe counts, not the sum */
    MGI_COUNT_ROWS_BAD,
    MGI_COUNT_ROWS_NOT_FINITE,
    MGI_COUNT_ROWS_TRUNCATED,
    MGI_COUNT_ROWS_UNKNOWN,
    MGI_COUNT_ROWS_UNKNOWN_DIFFER,
    MGI_COUNT_ROWS_CAPPED,
    MGI_COUNT_TOKENS,
    MGI_COUNT_BATCHES,
    MGI_COUNT_BATCH_TOKENS, /* in all batches, also those that failed */
    MGI_COUNT_BATCH_ROWS_MAX,
    MGI_COUNT_BUSY_NANOSECONDS,
    MGI_COUNTERS
} mgi_counter;

typedef enum mgi_counters_timer { MGI_TIME_CALLS, MGI_TIME_WAITS, MGI_TIMERS } mgi_counters_timer;

enum {
    MGI_COUNTER_STRIPES = 16,
    /* Fewer, as they are larger; and two threads rarely add to one bucket at once. */
    MGI_DISTRIBUTION_STRIPES = 8
};

/* Aligned to cache lines, so that threads on different stripes do not share one. */
typedef struct mgi_counter_stripe {
    _Alignas(64) _Atomic uint64_t value[MGI_COUNTERS];
} mgi_counter_stripe;

typedef struct mgi_counters_distribution {
    _Alignas(64) _Atomic uint64_t nanoseconds[MGI_TIMERS];
    _Atomic uint64_t similarity[MGI_DRIFT_BINS];
    _Atomic uint64_t bucket[MGI_TIMERS][MGI_HISTOGRAM_BUCKETS];
} mgi_counters_distribution;

/* All zero is ready to use. */
typedef struct mgi_counters {
    mgi_counter_stripe stripes[MGI_COUNTER_STRIPES];
    mgi_counters_distribution distributions[MGI_DISTRIBUTION_STRIPES];
} mgi_counters;

/* Any number is a stripe: threads that count at once should use different ones. */
void mgi_counters_add(mgi_counters *counters, unsigned stripe, mgi_counter counter, uint64_t value);

/* Raises the counter to at least `value`. */
void mgi_counters_raise(mgi_counters *counters, unsigned stripe, mgi_counter counter,
                        uint64_t value);

/* Counts `count` events of this duration each. */
void mgi_counters_time(mgi_counters *counters, unsigned stripe, mgi_counters_timer timer,
                       uint64_t nanoseconds, uint64_t count);

/* Counts a scored row. */
void mgi_counters_similarity(mgi_counters *counters, unsigned stripe, float similarity);

/* Exact for what happened before; counts made at the same time may or may not be included. */
uint64_t mgi_counters_sum(const mgi_counters *counters, mgi_counter counter);
uint64_t mgi_counters_max(const mgi_counters *counters, mgi_counter counter);
void mgi_counters_histogram(const mgi_counters *counters, mgi_counters_timer timer,
                            mgi_histogram *histogram);
/* bins: [MGI_DRIFT_BINS]. */
void mgi_counters_similarities(const mgi_counters *counters, uint64_t *bins);

/* Seconds as the whole nanoseconds that counters hold; negative ones are 0. */
uint64_t mgi_counters_nanoseconds(double seconds);

#endif
