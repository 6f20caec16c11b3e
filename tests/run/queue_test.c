/* SPDX-License-Identifier: Apache-2.0 */
/* The queue: rows are claimed, wait in two orders, and are taken in the calls' turns. */
#include "run/queue.h"

#include "core/alloc.h"
#include "support/check.h"

static void put(mgi_queue *queue, mgi_queue_source *source, size_t index, uint32_t length) {
    uint32_t count;
    mgi_queue_row *row = mgi_queue_claim(queue, 1, &count);
    assert_int_equal(count, 1);
    row->index = index;
    row->length = length;
    mgi_queue_put(queue, source, row);
}

static size_t take(mgi_queue *queue) {
    mgi_queue_row *row = mgi_queue_next(queue);
    assert_non_null(row);
    size_t index = row->index;
    mgi_queue_release(queue, row);
    return index;
}

static void test_claims_are_bounded(void **state) {
    (void)state;
    mgi_queue queue;
    assert_true(mgi_queue_init(&queue, 5, 8));
    uint32_t count;
    mgi_queue_row *rows = mgi_queue_claim(&queue, 3, &count);
    assert_int_equal(count, 3);
    unsigned chained = 0;
    for (mgi_queue_row *row = rows; row != NULL; row = row->source_next) chained++;
    assert_int_equal(chained, 3);
    mgi_queue_row *others = mgi_queue_claim(&queue, 3, &count);
    assert_int_equal(count, 2);
    assert_int_equal(queue.free_count, 0);
    assert_null(mgi_queue_claim(&queue, 1, &count));
    assert_int_equal(count, 0);
    mgi_queue_release(&queue, others);
    assert_non_null(mgi_queue_claim(&queue, 9, &count));
    assert_int_equal(count, 1);
    mgi_queue_finish(&queue);
}

static void test_rows_do_not_overlap(void **state) {
    (void)state;
    mgi_queue queue;
    assert_true(mgi_queue_init(&queue, 4, 8));
    uint32_t count;
    int32_t next = 0;
    mgi_queue_row *rows = mgi_queue_claim(&queue, 4, &count);
    for (mgi_queue_row *row = rows; row != NULL; row = row->source_next) {
        for (int i = 0; i < 8; i++) row->ids[i] = next++;
    }
    next = 0;
    for (mgi_queue_row *row = rows; row != NULL; row = row->source_next) {
        for (int i = 0; i < 8; i++) assert_int_equal(row->ids[i], next++);
    }
    mgi_queue_finish(&queue);
}

static void test_calls_take_turns(void **state) {
    (void)state;
    mgi_queue queue;
    mgi_queue_source large = {0}, small = {0}, late = {0};
    assert_true(mgi_queue_init(&queue, 16, 8));
    for (size_t i = 0; i < 4; i++) put(&queue, &large, i, 3);
    put(&queue, &small, 10, 3);
    put(&queue, &small, 11, 3);
    assert_int_equal(queue.waiting_rows, 6);
    assert_int_equal(queue.waiting_tokens, 18);
    assert_int_equal(take(&queue), 0);
    put(&queue, &late, 20, 3);
    assert_int_equal(take(&queue), 10);
    assert_int_equal(take(&queue), 1);
    assert_int_equal(take(&queue), 20); /* joined behind the one whose turn it was */
    assert_int_equal(take(&queue), 11);
    assert_int_equal(take(&queue), 2);
    assert_int_equal(take(&queue), 3);
    assert_null(mgi_queue_next(&queue));
    assert_int_equal(queue.waiting_tokens, 0);
    assert_null(queue.turn);
    mgi_queue_finish(&queue);
}

static void test_rows_leave_from_anywhere(void **state) {
    (void)state;
    mgi_queue queue;
    mgi_queue_source one = {0}, two = {0};
    assert_true(mgi_queue_init(&queue, 8, 8));
    put(&queue, &one, 0, 5);
    put(&queue, &one, 1, 5);
    put(&queue, &one, 2, 5);
    put(&queue, &two, 3, 5);
    mgi_queue_row *middle = queue.by_length[5].first->length_next;
    assert_int_equal(middle->index, 1);
    mgi_queue_remove(&queue, middle);
    mgi_queue_release(&queue, middle);
    mgi_queue_row *last = queue.by_length[5].last;
    assert_int_equal(last->index, 3);
    mgi_queue_remove(&queue, last); /* the only one of its call */
    mgi_queue_release(&queue, last);
    assert_int_equal(take(&queue), 0);
    assert_int_equal(take(&queue), 2);
    assert_null(mgi_queue_next(&queue));
    assert_null(queue.by_length[5].first);
    assert_null(queue.by_length[5].last);
    assert_int_equal(queue.free_count, 8);
    mgi_queue_finish(&queue);
}

static void test_every_failed_allocation_is_survived(void **state) {
    (void)state;
    mgi_queue queue;
    long nth = 1;
    for (;; nth++) {
        mgi_alloc_fail_at(nth);
        bool made = mgi_queue_init(&queue, 4, 8);
        mgi_queue_finish(&queue);
        if (made) break;
    }
    mgi_alloc_fail_at(0);
    assert_int_equal(nth, 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claims_are_bounded),
        cmocka_unit_test(test_rows_do_not_overlap),
        cmocka_unit_test(test_calls_take_turns),
        cmocka_unit_test(test_rows_leave_from_anywhere),
        cmocka_unit_test(test_every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
