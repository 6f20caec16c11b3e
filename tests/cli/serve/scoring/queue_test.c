/* SPDX-License-Identifier: Apache-2.0 */
/* What a taker gets, and what waits: on exchanges that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "common/clock.h"
#include "serve/scoring/queue.h"

/* In the place of the server's. */
struct http_exchange {
    struct http_request request;
    bool abandoned;
};

const struct http_request *http_exchange_request(const struct http_exchange *exchange) {
    return &exchange->request;
}

bool http_exchange_is_abandoned(const struct http_exchange *exchange) {
    return exchange->abandoned;
}

enum { RECORDS = 600 };

static struct http_exchange exchanges[RECORDS];
static struct record records[RECORDS];
static struct queue queue;
static const struct queue_wish all = {.most = QUEUE_BATCH};

static int set_up(void **state) {
    (void)state;
    memset(exchanges, 0, sizeof exchanges);
    memset(records, 0, sizeof records);
    for (size_t i = 0; i < RECORDS; i++) {
        records[i].exchange = &exchanges[i];
        exchanges[i].request.body_length = 100;
    }
    queue_init(&queue, 1);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    queue_finish(&queue);
    return 0;
}

static size_t count(const struct record *first) {
    size_t number = 0;
    for (; first != NULL; first = first->next) number++;
    return number;
}

static void put(size_t from, size_t to) {
    for (size_t i = from; i < to; i++) assert_true(queue_put(&queue, &records[i], RECORDS));
}

static void small_ones_are_taken_together_in_order(void **state) {
    (void)state;
    put(0, 3);
    struct record *taken = queue_take(&queue, all);
    assert_int_equal(count(taken), 3);
    assert_ptr_equal(taken, &records[0]);
    assert_ptr_equal(taken->next, &records[1]);
    assert_true(taken->taken >= taken->queued);
    assert_int_equal(queue_count(&queue), 0);
}

static void a_batch_has_bounds(void **state) {
    (void)state;
    put(0, QUEUE_BATCH + 1);
    assert_int_equal(count(queue_take(&queue, all)), QUEUE_BATCH);
    assert_int_equal(count(queue_take(&queue, all)), 1);
    for (size_t i = 300; i < 320; i++) exchanges[i].request.body_length = QUEUE_LARGE_BYTES;
    put(300, 320);
    assert_int_equal(count(queue_take(&queue, all)), QUEUE_BATCH_BYTES / QUEUE_LARGE_BYTES);
}

static void a_taker_says_how_many_it_wants(void **state) {
    (void)state;
    put(0, 5);
    assert_int_equal(count(queue_take(&queue, (struct queue_wish){.most = 3})), 3);
    assert_int_equal(count(queue_take(&queue, (struct queue_wish){.most = 3})), 2);
}

static void large_ones_go_alone_and_leave_a_taker_to_the_small(void **state) {
    (void)state;
    exchanges[0].request.body_length = exchanges[1].request.body_length = QUEUE_LARGE_BYTES + 1;
    put(0, 4);
    struct record *taken = queue_take(&queue, all);
    assert_ptr_equal(taken, &records[0]);
    assert_true(queue_is_large(taken));
    assert_null(taken->next);
    taken = queue_take(&queue, all); /* not the second large one, though it is older */
    assert_ptr_equal(taken, &records[2]);
    assert_int_equal(count(taken), 2);
    queue_large_done(&queue);
    assert_ptr_equal(queue_take(&queue, all), &records[1]);
}

static void more_than_the_limit_is_refused(void **state) {
    (void)state;
    assert_true(queue_put(&queue, &records[0], 2));
    assert_true(queue_put(&queue, &records[1], 2));
    assert_false(queue_put(&queue, &records[2], 2));
    assert_int_equal(count(queue_take(&queue, all)), 2);
    assert_true(queue_put(&queue, &records[2], 2));
}

static void the_late_and_the_left_are_swept(void **state) {
    (void)state;
    uint64_t now = clock_nanoseconds();
    records[0].deadline = now - 1;
    records[1].deadline = now + 3600000000000u;
    exchanges[2].abandoned = true;
    exchanges[3].request.body_length = QUEUE_LARGE_BYTES + 1;
    exchanges[3].abandoned = true;
    put(0, 5);
    struct record *swept = queue_sweep(&queue, now);
    assert_int_equal(count(swept), 3);
    assert_int_equal(queue_count(&queue), 2);
    struct record *taken = queue_take(&queue, all);
    assert_ptr_equal(taken, &records[1]);
    assert_ptr_equal(taken->next, &records[4]);
    put(5, 6); /* the ends of the lists are sound */
    assert_ptr_equal(queue_take(&queue, all), &records[5]);
}

static void *take_one(void *argument) {
    (void)argument;
    return queue_take(&queue, all);
}

static void a_closed_queue_is_emptied_and_ends_its_takers(void **state) {
    (void)state;
    pthread_t waiting;
    void *taken = &queue;
    assert_int_equal(pthread_create(&waiting, NULL, take_one, NULL), 0);
    queue_close(&queue);
    pthread_join(waiting, &taken);
    assert_null(taken);
    put(0, 2);
    assert_int_equal(count(queue_take(&queue, (struct queue_wish){QUEUE_BATCH, 1000000000})), 2);
    assert_null(queue_take(&queue, all));
}

static void the_first_waits_for_others(void **state) {
    (void)state;
    pthread_t taker;
    void *taken = NULL;
    put(0, 1);
    assert_ptr_equal(queue_take(&queue, (struct queue_wish){QUEUE_BATCH, 5000000}), &records[0]);
    assert_true(clock_nanoseconds() >= records[0].queued + 5000000);
    assert_int_equal(pthread_create(&taker, NULL, take_one, NULL), 0);
    put(1, 2);
    pthread_join(taker, &taken);
    assert_ptr_equal(taken, &records[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(small_ones_are_taken_together_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_has_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_taker_says_how_many_it_wants, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_ones_go_alone_and_leave_a_taker_to_the_small, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(more_than_the_limit_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_late_and_the_left_are_swept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_closed_queue_is_emptied_and_ends_its_takers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_first_waits_for_others, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
