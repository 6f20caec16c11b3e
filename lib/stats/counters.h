/* Counts that many threads add to and anybody may read. */
#ifndef MGI_STATS_COUNTERS_H
#define MGI_STATS_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

typedef enum mgi_counter {
    MGI_COUNT_CALLS,
    MGI_COUNT_CALLS_FAILED,
    MGI_COUNT_CALL_NANOSECONDS,
    MGI_COUNT_CALL_NANOSECONDS_MAX, /* of a *_MAX counter stripes are compared, not added */
    MGI_COUNT_ROWS_SCORED,
    MGI_COUNT_ROWS_BAD,
    MGI_COUNT_ROWS_TRUNCATED,
    MGI_COUNT_TOKENS,
    MGI_COUNT_BATCHES,
    MGI_COUNT_BATCH_ROWS_MAX,
    MGI_COUNT_BUSY_NANOSECONDS,
    MGI_COUNTERS
} mgi_counter;

enum { MGI_COUNTER_STRIPES = 16 };

/* Cache lines of their own, so that threads on different stripes do not share one. */
typedef struct mgi_counter_stripe {
    _Alignas(64) _Atomic uint64_t value[MGI_COUNTERS];
} mgi_counter_stripe;

/* All zero is ready to use. */
typedef struct mgi_counters {
    mgi_counter_stripe stripes[MGI_COUNTER_STRIPES];
} mgi_counters;

/* Any number is a stripe: threads that count at once should bring different ones. */
void mgi_counters_add(mgi_counters *counters, unsigned stripe, mgi_counter counter, uint64_t value);

/* Raises the counter to at least `value`. */
void mgi_counters_raise(mgi_counters *counters, unsigned stripe, mgi_counter counter,
                        uint64_t value);

/* Exact for what happened before; counts that are being made may or may not be in it. */
uint64_t mgi_counters_sum(const mgi_counters *counters, mgi_counter counter);
uint64_t mgi_counters_max(const mgi_counters *counters, mgi_counter counter);

/* Seconds as the whole nanoseconds that counters hold; negative ones are 0. */
uint64_t mgi_nanoseconds(double seconds);

#endif
