/* SPDX-License-Identifier: Apache-2.0 */
/* Counts that many threads add to and any thread may read. */
#include "stats/counters.h"

#include <stddef.h>

/* No other data depends on a count, so that relaxed order suffices. */
static void word_add(_Atomic uint64_t *word, uint64_t value) {
    atomic_fetch_add_explicit(word, value, memory_order_relaxed);
}

static uint64_t word_read(const _Atomic uint64_t *word) {
    return atomic_load_explicit(word, memory_order_relaxed);
}

/* ---- counting -------------------------------------------------------------------------------- */

static _Atomic uint64_t *counter_of(mgi_counters *counters, unsigned stripe, mgi_counter counter) {
    return &counters->stripes[stripe % MGI_COUNTER_STRIPES].value[counter];
}

void mgi_counters_add(mgi_counters *counters, unsigned stripe, mgi_counter counter,
                      uint64_t value) {
    if (value != 0) word_add(counter_of(counters, stripe, counter), value);
}

void mgi_counters_raise(mgi_counters *counters, unsigned stripe, mgi_counter counter,
                        uint64_t value) {
    _Atomic uint64_t *word = counter_of(counters, stripe, counter);
    uint64_t seen = word_read(word);
    while (seen < value && !atomic_compare_exchange_weak_explicit(
                               word, &seen, value, memory_order_relaxed, memory_order_relaxed)) {
    }
}

void mgi_counters_time(mgi_counters *counters, unsigned stripe, mgi_counters_timer timer,
                       uint64_t nanoseconds, uint64_t count) {
    mgi_counters_distribution *at = &counters->distributions[stripe % MGI_DISTRIBUTION_STRIPES];
    word_add(&at->bucket[timer][mgi_histogram_bucket(nanoseconds)], count);
    word_add(&at->nanoseconds[timer], nanoseconds * count);
}

void mgi_counters_similarity(mgi_counters *counters, unsigned stripe, float similarity) {
    mgi_counters_distribution *at = &counters->distributions[stripe % MGI_DISTRIBUTION_STRIPES];
    word_add(&at->similarity[mgi_drift_bin(similarity)], 1);
}

uint64_t mgi_counters_nanoseconds(double seconds) {
    return seconds > 0 ? (uint64_t)(seconds * 1e9) : 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

uint64_t mgi_counters_sum(const mgi_counters *counters, mgi_counter counter) {
    uint64_t sum = 0;
    for (int i = 0; i < MGI_COUNTER_STRIPES; i++) {
        sum += word_read(&counters->stripes[i].value[counter]);
    }
    return sum;
}

uint64_t mgi_counters_max(const mgi_counters *counters, mgi_counter counter) {
    uint64_t greatest = 0;
    for (int i = 0; i < MGI_COUNTER_STRIPES; i++) {
        uint64_t value = word_read(&counters->stripes[i].value[counter]);
        if (value > greatest) greatest = value;
    }
    return greatest;
}

static void sum_words(uint64_t *sums, const _Atomic uint64_t *words, size_t count) {
    for (size_t i = 0; i < count; i++) sums[i] += word_read(&words[i]);
}

void mgi_counters_histogram(const mgi_counters *counters, mgi_counters_timer timer,
                            mgi_histogram *histogram) {
    *histogram = (mgi_histogram){.sum_nanoseconds = 0};
    for (int i = 0; i < MGI_DISTRIBUTION_STRIPES; i++) {
        const mgi_counters_distribution *from = &counters->distributions[i];
        sum_words(histogram->bucket, from->bucket[timer], MGI_HISTOGRAM_BUCKETS);
        histogram->sum_nanoseconds += word_read(&from->nanoseconds[timer]);
    }
}

void mgi_counters_similarities(const mgi_counters *counters, uint64_t *bins) {
    for (int i = 0; i < MGI_DRIFT_BINS; i++) bins[i] = 0;
    for (int i = 0; i < MGI_DISTRIBUTION_STRIPES; i++) {
        sum_words(bins, counters->distributions[i].similarity, MGI_DRIFT_BINS);
    }
}
