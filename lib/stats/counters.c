/* Counts that many threads add to and anybody may read. */
#include "stats/counters.h"

static _Atomic uint64_t *mgi_counter_of(mgi_counters *counters, unsigned stripe,
                                        mgi_counter counter) {
    return &counters->stripes[stripe % MGI_COUNTER_STRIPES].value[counter];
}

void mgi_counters_add(mgi_counters *counters, unsigned stripe, mgi_counter counter,
                      uint64_t value) {
    atomic_fetch_add_explicit(mgi_counter_of(counters, stripe, counter), value,
                              memory_order_relaxed);
}

void mgi_counters_raise(mgi_counters *counters, unsigned stripe, mgi_counter counter,
                        uint64_t value) {
    _Atomic uint64_t *word = mgi_counter_of(counters, stripe, counter);
    uint64_t seen = atomic_load_explicit(word, memory_order_relaxed);
    while (seen < value && !atomic_compare_exchange_weak_explicit(
                               word, &seen, value, memory_order_relaxed, memory_order_relaxed)) {
    }
}

uint64_t mgi_counters_sum(const mgi_counters *counters, mgi_counter counter) {
    uint64_t sum = 0;
    for (int i = 0; i < MGI_COUNTER_STRIPES; i++) {
        sum += atomic_load_explicit(&counters->stripes[i].value[counter], memory_order_relaxed);
    }
    return sum;
}

uint64_t mgi_counters_max(const mgi_counters *counters, mgi_counter counter) {
    uint64_t most = 0;
    for (int i = 0; i < MGI_COUNTER_STRIPES; i++) {
        uint64_t value =
            atomic_load_explicit(&counters->stripes[i].value[counter], memory_order_relaxed);
        if (value > most) most = value;
    }
    return most;
}

uint64_t mgi_nanoseconds(double seconds) { return seconds > 0 ? (uint64_t)(seconds * 1e9) : 0; }
