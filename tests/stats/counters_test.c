/* SPDX-License-Identifier: Apache-2.0 */
/* Counters: sums and maxima are exact, also when many threads count at once. */
#include "stats/counters.h"
#include "support/check.h"

#include <pthread.h>

static mgi_counters counters;

static void *count(void *argument) {
    unsigned stripe = *(unsigned *)argument;
    for (uint64_t i = 1; i <= 20000; i++) {
        mgi_counters_add(&counters, stripe, MGI_COUNT_TOKENS, 3);
        mgi_counters_raise(&counters, stripe, MGI_COUNT_BATCH_ROWS_MAX, i + stripe);
        mgi_counters_time(&counters, stripe, MGI_TIME_CALLS, i * 1000, 1);
        mgi_counters_similarity(&counters, stripe, 0.255F);
    }
    return NULL;
}

static void test_no_count_is_lost_among_threads(void **state) {
    (void)state;
    unsigned stripes[8] = {0, 0, 1, 1, 15, 16, 17, 4000000000u};
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count, &stripes[i]), 0);
    }
    for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
    assert_int_equal(mgi_counters_sum(&counters, MGI_COUNT_TOKENS), 8u * 20000u * 3u);
    assert_int_equal(mgi_counters_max(&counters, MGI_COUNT_BATCH_ROWS_MAX), 4000020000u);
    assert_int_equal(mgi_counters_sum(&counters, MGI_COUNT_BATCHES), 0);
    mgi_histogram times;
    uint64_t bins[MGI_DRIFT_BINS];
    mgi_counters_histogram(&counters, MGI_TIME_CALLS, &times);
    assert_int_equal(mgi_histogram_count(&times), 8u * 20000u);
    assert_int_equal(times.sum_nanoseconds, 8u * UINT64_C(20000) * 20001 / 2 * 1000);
    mgi_counters_similarities(&counters, bins);
    assert_int_equal(bins[25], 8u * 20000u);
}

static void test_timers_are_apart(void **state) {
    (void)state;
    mgi_counters fresh = {0};
    mgi_histogram calls, waits;
    mgi_counters_time(&fresh, 3, MGI_TIME_CALLS, 5000, 1);
    mgi_counters_time(&fresh, 3, MGI_TIME_WAITS, 7000000, 32);
    mgi_counters_time(&fresh, 4, MGI_TIME_WAITS, 0, 0);
    mgi_counters_histogram(&fresh, MGI_TIME_CALLS, &calls);
    mgi_counters_histogram(&fresh, MGI_TIME_WAITS, &waits);
    assert_int_equal(calls.bucket[mgi_histogram_bucket(5000)], 1);
    assert_int_equal(mgi_histogram_count(&calls), 1);
    assert_int_equal(waits.bucket[mgi_histogram_bucket(7000000)], 32);
    assert_int_equal(mgi_histogram_count(&waits), 32);
    assert_int_equal(waits.sum_nanoseconds, 32 * 7000000);
}

/* Statuses follow the first one's place, and do not run into the next counter. */
static void test_failures_are_counted_by_status(void **state) {
    (void)state;
    mgi_counters fresh = {0};
    for (unsigned i = 0; i < MGI_SNAPSHOT_STATUSES; i++) {
        mgi_counters_add(&fresh, i, (mgi_counter)(MGI_COUNT_FAILED_BY + i), i + 1);
    }
    for (unsigned i = 0; i < MGI_SNAPSHOT_STATUSES; i++) {
        assert_int_equal(mgi_counters_sum(&fresh, (mgi_counter)(MGI_COUNT_FAILED_BY + i)), i + 1);
    }
    assert_int_equal(mgi_counters_max(&fresh, MGI_COUNT_CALL_NANOSECONDS_MAX), 0);
    assert_int_equal(mgi_counters_sum(&fresh, MGI_COUNT_ROWS_SCORED), 0);
}

/* Every runner has one. */
static void test_memory_stays_modest(void **state) {
    (void)state;
    assert_true(sizeof(mgi_counters) <= 150 << 10);
}

static void test_raise_never_lowers(void **state) {
    (void)state;
    mgi_counters fresh = {0};
    mgi_counters_raise(&fresh, 1, MGI_COUNT_BATCH_ROWS_MAX, 9);
    mgi_counters_raise(&fresh, 1, MGI_COUNT_BATCH_ROWS_MAX, 4);
    mgi_counters_raise(&fresh, 2, MGI_COUNT_BATCH_ROWS_MAX, 7);
    assert_int_equal(mgi_counters_max(&fresh, MGI_COUNT_BATCH_ROWS_MAX), 9);
}

static void test_negative_time_is_none(void **state) {
    (void)state;
    assert_int_equal(mgi_counters_nanoseconds(-1.0), 0);
    assert_int_equal(mgi_counters_nanoseconds(2.0), 2000000000u);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_count_is_lost_among_threads),
        cmocka_unit_test(test_timers_are_apart),
        cmocka_unit_test(test_failures_are_counted_by_status),
        cmocka_unit_test(test_memory_stays_modest),
        cmocka_unit_test(test_raise_never_lowers),
        cmocka_unit_test(test_negative_time_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
