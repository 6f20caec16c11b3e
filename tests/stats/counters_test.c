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
    }
    return NULL;
}

static void test_threads_lose_nothing(void **state) {
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
    assert_int_equal(mgi_nanoseconds(-1.0), 0);
    assert_int_equal(mgi_nanoseconds(2.0), 2000000000u);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_lose_nothing),
        cmocka_unit_test(test_raise_never_lowers),
        cmocka_unit_test(test_negative_time_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
