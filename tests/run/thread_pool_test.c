/* SPDX-License-Identifier: Apache-2.0 */
/* Threads enter tasks: how many, in which order, and no task waits for ever. */
#define _GNU_SOURCE
#include "run/thread_pool.h"

#include "support/check.h"
#include "support/threads.h"

#include <pthread.h>
#include <stdatomic.h>

static const double for_ever = 1e6;

/* A task whose body waits until the test lets it go. */
typedef struct work {
    mgi_thread_pool_task task; /* first, so that a task leads back to its work */
    char name;
    unsigned inside, most_inside, visits, let_go;
} work;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char order[16]; /* names of the works in the order in which threads entered */
static unsigned came;
static work *added[3];
static unsigned added_count;
static mgi_thread_pool *pool;
static mgeo_error error;

static void do_work(mgi_thread_pool_task *task) {
    work *w = (work *)task;
    pthread_mutex_lock(&mutex);
    if (came < sizeof order) order[came++] = w->name;
    w->visits++;
    if (++w->inside > w->most_inside) w->most_inside = w->inside;
    pthread_cond_broadcast(&changed);
    while (w->let_go == 0) pthread_cond_wait(&changed, &mutex);
    w->let_go--;
    w->inside--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static void let_go(work *w, unsigned threads) {
    pthread_mutex_lock(&mutex);
    w->let_go += threads;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static void await_inside(work *w, unsigned threads) {
    pthread_mutex_lock(&mutex);
    while (w->inside != threads) pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

static void await_visits(work *w, unsigned visits) {
    pthread_mutex_lock(&mutex);
    while (w->visits < visits) pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

static unsigned visits_of(work *w) {
    pthread_mutex_lock(&mutex);
    unsigned visits = w->visits;
    pthread_mutex_unlock(&mutex);
    return visits;
}

static void add(work *w, char name, uint32_t most) {
    *w = (work){.task = {.body = do_work}, .name = name};
    if (mgi_thread_pool_add_task(pool, &w->task, most, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    added[added_count++] = w;
}

static void request(work *w, uint32_t threads, double starvation_seconds) {
    mgi_thread_pool_request(pool, &w->task, threads, starvation_seconds);
}

/* For a task that has none; waits until all are inside. */
static void bring(work *w, uint32_t threads) {
    request(w, threads, for_ever);
    await_inside(w, threads);
}

/* Those added since the test began. */
static void remove_all(void) {
    while (added_count > 0) mgi_thread_pool_remove_task(pool, &added[--added_count]->task);
}

static int begin(void **state) {
    (void)state;
    came = 0;
    added_count = 0;
    pool = mgi_thread_pool_create();
    return pool != NULL ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    mgi_thread_pool_destroy(pool);
    return 0;
}

static void test_as_many_threads_enter_as_are_requested(void **state) {
    (void)state;
    work a;
    add(&a, 'a', 3);
    bring(&a, 2);
    request(&a, 1, for_ever);
    await_inside(&a, 3);
    let_go(&a, 3);
    remove_all();
    assert_int_equal(a.visits, 3);
    assert_int_equal(a.inside, 0);
}

static void test_tasks_share_the_threads(void **state) {
    (void)state;
    work a, b;
    add(&a, 'a', 2);
    add(&b, 'b', 2);
    bring(&a, 2);
    assert_false(mgi_thread_pool_should_yield(pool, &a.task));
    request(&b, 2, for_ever);
    assert_true(mgi_thread_pool_should_yield(pool, &a.task));
    test_sleep(10);
    assert_int_equal(visits_of(&b), 0); /* both threads are taken */
    let_go(&a, 1);
    await_inside(&b, 1);
    let_go(&a, 1);
    await_inside(&b, 2);
    let_go(&b, 2);
    remove_all();
    assert_int_equal(a.visits, 2);
    assert_int_equal(b.visits, 2);
}

static void test_tasks_take_turns(void **state) {
    (void)state;
    work a, b, c;
    add(&a, 'a', 1);
    add(&b, 'b', 1);
    add(&c, 'c', 1);
    request(&a, 1, for_ever);
    await_visits(&a, 1);
    request(&c, 1, for_ever);
    request(&b, 1, for_ever);
    request(&c, 1, for_ever); /* is queued already */
    request(&a, 1, for_ever);
    let_go(&a, 2);
    let_go(&b, 1);
    let_go(&c, 1);
    await_visits(&a, 2);
    remove_all();
    assert_int_equal(came, 4);
    assert_memory_equal(order, "acba", 4);
    assert_int_equal(c.visits, 1);
}

static void test_a_task_without_a_thread_gets_one_more(void **state) {
    (void)state;
    work a, b, c;
    add(&a, 'a', 2);
    add(&b, 'b', 2);
    add(&c, 'c', 1);
    bring(&a, 2);
    request(&b, 2, 0.001);
    await_inside(&b, 1);
    assert_true(mgi_thread_pool_should_yield(pool, &a.task)); /* three work where two should */
    test_sleep(10);
    assert_int_equal(visits_of(&b), 1); /* it has one: it waits its turn for the second */
    request(&c, 1, 0.001);
    await_inside(&c, 1);
    let_go(&c, 1);
    let_go(&a, 2);
    await_inside(&b, 2);
    let_go(&b, 2);
    remove_all();
}

/* Its time counts from when the last thread left it. */
static void test_a_task_whose_thread_is_taken_gets_one_more(void **state) {
    (void)state;
    work a, b;
    add(&a, 'a', 1);
    add(&b, 'b', 1);
    request(&a, 1, 0.001);
    await_inside(&a, 1);
    request(&b, 1, for_ever);
    request(&a, 1, 0.001); /* behind the other, as a body does that is to yield */
    let_go(&a, 1);
    await_inside(&b, 1);
    await_visits(&a, 2);
    let_go(&a, 1);
    let_go(&b, 1);
    remove_all();
}

static void test_the_task_that_starves_first_is_served_first(void **state) {
    (void)state;
    work a, b, c;
    add(&a, 'a', 1);
    add(&b, 'b', 1);
    add(&c, 'c', 1);
    bring(&a, 1);
    request(&b, 1, for_ever);
    test_sleep(2);
    request(&c, 1, 0.001); /* though the timer is set for the other */
    await_inside(&c, 1);
    assert_int_equal(visits_of(&b), 0);
    let_go(&c, 1);
    let_go(&a, 1);
    await_inside(&b, 1);
    let_go(&b, 1);
    remove_all();
}

static void test_a_greater_task_brings_more_threads(void **state) {
    (void)state;
    work a, b;
    add(&a, 'a', 1);
    bring(&a, 1);
    assert_int_equal(mgi_thread_pool_usage_now(pool).cores, 1);
    add(&b, 'b', 4);
    assert_int_equal(mgi_thread_pool_usage_now(pool).cores, 4);
    request(&b, 4, for_ever);
    await_inside(&b, 3);
    let_go(&a, 1);
    await_inside(&b, 4);
    let_go(&b, 4);
    remove_all();
    assert_int_equal(mgi_thread_pool_usage_now(pool).cores, 0);
    work again;
    add(&again, 'a', 1);
    bring(&again, 1);
    let_go(&again, 1);
    remove_all();
}

static void *remove_task(void *argument) {
    mgi_thread_pool_remove_task(pool, argument);
    return NULL;
}

static void test_removing_a_task_waits_for_its_threads(void **state) {
    (void)state;
    work a, b;
    test_threads removing = {0};
    add(&a, 'a', 1);
    add(&b, 'b', 1);
    bring(&a, 1);
    request(&b, 1, for_ever);
    mgi_thread_pool_remove_task(pool, &b.task); /* in the queue: no thread enters any more */
    request(&a, 1, for_ever);
    test_threads_start(&removing, remove_task, &a.task);
    let_go(&a, 2); /* one may still enter for that request */
    test_threads_join(&removing);
    assert_int_equal(a.inside, 0);
    assert_int_equal(b.visits, 0);
}

static void test_batches_are_counted(void **state) {
    (void)state;
    mgi_thread_pool_begin_batch(pool, 3);
    mgi_thread_pool_begin_batch(pool, 1);
    assert_int_equal(mgi_thread_pool_usage_now(pool).batches, 2);
    assert_int_equal(mgi_thread_pool_usage_now(pool).busy_cores, 4);
    mgi_thread_pool_end_batch(pool, 3);
    assert_int_equal(mgi_thread_pool_usage_now(pool).batches, 1);
    assert_int_equal(mgi_thread_pool_usage_now(pool).busy_cores, 1);
    mgi_thread_pool_end_batch(pool, 1);
}

/* ---- helpers ----------------------------------------------------------------------------------
 */

static void helped(work *w, char name) { *w = (work){.task = {.body = do_work}, .name = name}; }

static void test_helpers_come_when_no_task_needs_the_thread(void **state) {
    (void)state;
    work a, h;
    add(&a, 'a', 1);
    helped(&h, 'h');
    bring(&a, 1);
    mgi_thread_pool_call_helpers(pool, &h.task, 3);
    request(&a, 1, for_ever);
    let_go(&a, 1);
    await_visits(&a, 2);
    assert_int_equal(visits_of(&h), 0);
    let_go(&a, 1);
    await_inside(&h, 1);
    let_go(&h, 1);
    await_visits(&h, 2); /* one thread may come again, as fewer help than were called */
    mgi_thread_pool_dismiss_helpers(pool, &h.task);
    let_go(&h, 1);
    mgi_thread_pool_drain_helpers(pool, &h.task);
    remove_all();
    assert_memory_equal(order, "aahh", 4);
}

static void test_no_more_helpers_come_than_were_called(void **state) {
    (void)state;
    work a, h;
    add(&a, 'a', 8);
    helped(&h, 'h');
    for (int i = 0; i < 3; i++) mgi_thread_pool_call_helpers(pool, &h.task, 5);
    await_inside(&h, 5);
    mgi_thread_pool_call_helpers(pool, &h.task, 6);
    await_inside(&h, 6);
    let_go(&h, 6);
    mgi_thread_pool_drain_helpers(pool, &h.task);
    remove_all();
    assert_int_equal(h.visits, 6);
}

static void test_helpers_are_wanted_back_when_a_task_waits(void **state) {
    (void)state;
    work a, b, h;
    add(&a, 'a', 2);
    helped(&h, 'h');
    mgi_thread_pool_call_helpers(pool, &h.task, 1);
    await_inside(&h, 1);
    bring(&a, 1);
    assert_false(mgi_thread_pool_wants_helpers_back(pool));
    request(&a, 1, for_ever);
    assert_true(mgi_thread_pool_wants_helpers_back(pool));
    let_go(&h, 1);
    await_inside(&a, 2);
    assert_false(mgi_thread_pool_wants_helpers_back(pool));
    let_go(&a, 1);
    mgi_thread_pool_call_helpers(pool, &h.task, 1);
    await_inside(&h, 1);
    add(&b, 'b', 1);
    request(&b, 1, 0); /* starves at once, so three work where two should */
    await_inside(&b, 1);
    assert_true(mgi_thread_pool_wants_helpers_back(pool));
    let_go(&h, 1);
    mgi_thread_pool_drain_helpers(pool, &h.task);
    assert_false(mgi_thread_pool_wants_helpers_back(pool));
    let_go(&a, 1);
    let_go(&b, 1);
    remove_all();
}

static void test_dismissed_helpers_do_not_come(void **state) {
    (void)state;
    work a, h;
    add(&a, 'a', 1);
    helped(&h, 'h');
    bring(&a, 1);
    mgi_thread_pool_call_helpers(pool, &h.task, 1);
    mgi_thread_pool_dismiss_helpers(pool, &h.task);
    mgi_thread_pool_drain_helpers(pool, &h.task);
    let_go(&a, 1);
    remove_all();
    assert_int_equal(h.visits, 0);
}

/* ---- many threads: nothing that was put down before a request is left lying ------------------ */

enum { HEAPS = 3, CALLERS = 6, ROUNDS = 3000 };

typedef struct heap {
    mgi_thread_pool_task task;
    atomic_uint lying;
    atomic_ullong taken;
} heap;

static heap heaps[HEAPS];

static void take_all(mgi_thread_pool_task *task) {
    heap *h = (heap *)task;
    for (unsigned taken; (taken = atomic_exchange(&h->lying, 0)) > 0;) {
        atomic_fetch_add(&h->taken, taken);
        if (mgi_thread_pool_should_yield(pool, task)) {
            mgi_thread_pool_request(pool, task, 1, for_ever);
            return;
        }
    }
}

static void *put_down(void *argument) {
    unsigned random = (unsigned)(uintptr_t)argument;
    for (int i = 0; i < ROUNDS; i++) {
        random = random * 1664525u + 1013904223u;
        heap *h = &heaps[(random >> 16) % HEAPS];
        atomic_fetch_add(&h->lying, 1);
        mgi_thread_pool_request(pool, &h->task, 1 + (random >> 24) % 3,
                                (random >> 8) % 2 ? 0 : for_ever);
    }
    return NULL;
}

static void test_no_request_is_lost(void **state) {
    (void)state;
    test_threads callers = {0};
    for (uint32_t i = 0; i < HEAPS; i++) {
        heaps[i] = (heap){.task = {.body = take_all}};
        assert_int_equal(mgi_thread_pool_add_task(pool, &heaps[i].task, 1 + i, &error), MGEO_OK);
    }
    for (uintptr_t i = 0; i < CALLERS; i++) test_threads_start(&callers, put_down, (void *)(i + 1));
    test_threads_join(&callers);
    unsigned long long taken = 0;
    while (taken < (unsigned long long)CALLERS * ROUNDS) { /* for ever, if one were lost */
        taken = 0;
        for (int i = 0; i < HEAPS; i++) taken += atomic_load(&heaps[i].taken);
    }
    for (int i = 0; i < HEAPS; i++) mgi_thread_pool_remove_task(pool, &heaps[i].task);
    assert_int_equal(taken, CALLERS * ROUNDS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_as_many_threads_enter_as_are_requested),
        TEST(test_tasks_share_the_threads),
        TEST(test_tasks_take_turns),
        TEST(test_a_task_without_a_thread_gets_one_more),
        TEST(test_a_task_whose_thread_is_taken_gets_one_more),
        TEST(test_the_task_that_starves_first_is_served_first),
        TEST(test_a_greater_task_brings_more_threads),
        TEST(test_removing_a_task_waits_for_its_threads),
        TEST(test_batches_are_counted),
        TEST(test_helpers_come_when_no_task_needs_the_thread),
        TEST(test_no_more_helpers_come_than_were_called),
        TEST(test_helpers_are_wanted_back_when_a_task_waits),
        TEST(test_dismissed_helpers_do_not_come),
        TEST(test_no_request_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
