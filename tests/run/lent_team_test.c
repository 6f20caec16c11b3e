/* SPDX-License-Identifier: Apache-2.0 */
/* A batch's phases: each part is done once, by as many threads as come, and by one if none does. */
#define _GNU_SOURCE
#include "run/lent_team.h"

#include "core/alloc.h"
#include "support/check.h"
#include "support/threads.h"

#include <pthread.h>
#include <string.h>

enum { MOST_HELPERS = 8, MOST_PARTS = 40, PHASES = 2000 };

static const double for_ever = 1e6;

static mgi_thread_pool *pool;
static mgeo_error error;

/* ---- a task of the pool that keeps threads until the test lets them go ------------------------
 */

typedef struct other_task {
    mgi_thread_pool_task task; /* first */
    atomic_uint inside, visits;
    atomic_bool let_go;
} other_task;

static void keep_thread(mgi_thread_pool_task *task) {
    other_task *other = (other_task *)task;
    atomic_fetch_add(&other->visits, 1);
    atomic_fetch_add(&other->inside, 1);
    while (!atomic_load(&other->let_go)) test_sleep(1);
    atomic_fetch_sub(&other->inside, 1);
}

/* Makes a pool of so many threads. */
static void begin(other_task *other, uint32_t threads) {
    memset(other, 0, sizeof *other);
    other->task.body = keep_thread;
    pool = mgi_thread_pool_create();
    assert_non_null(pool);
    assert_int_equal(mgi_thread_pool_add_task(pool, &other->task, threads, &error), MGEO_OK);
}

static void end(other_task *other) {
    atomic_store(&other->let_go, true);
    mgi_thread_pool_remove_task(pool, &other->task);
    mgi_thread_pool_destroy(pool);
}

static void take_threads(other_task *other, uint32_t threads) {
    mgi_thread_pool_request(pool, &other->task, threads, for_ever);
    while (atomic_load(&other->inside) < threads) test_sleep(1);
}

/* On the heap, so that a use after it has been freed is seen. */
static mgi_lent_team *make_team(void) {
    mgi_lent_team *lent = mgi_alloc_aligned(1, sizeof *lent);
    assert_non_null(lent);
    assert_int_equal(mgi_lent_team_init(lent, pool, &error), MGEO_OK);
    return lent;
}

static void free_team(mgi_lent_team *lent) {
    mgi_lent_team_finish(lent);
    mgi_free(lent);
}

/* ---- work -------------------------------------------------------------------------------------
 */

/* Plain counts: only who holds a part writes its count, and the race detectors look on. */
typedef struct counted {
    unsigned done[MOST_PARTS];
    pthread_t by[MOST_PARTS];
    atomic_uint at_once, most_at_once;
} counted;

static void count_part(void *context, unsigned part) {
    counted *c = context;
    unsigned now = atomic_fetch_add(&c->at_once, 1) + 1;
    unsigned most = atomic_load(&c->most_at_once);
    while (now > most && !atomic_compare_exchange_weak(&c->most_at_once, &most, now)) {
    }
    c->done[part]++;
    c->by[part] = pthread_self();
    atomic_fetch_sub(&c->at_once, 1);
}

/* What the main thread checks; the other threads only tell. */
static bool all_done_once(const counted *c, unsigned parts) {
    for (unsigned i = 0; i < MOST_PARTS; i++) {
        if (c->done[i] != (i < parts)) return false;
    }
    return true;
}

static bool share_and_check(mgi_team *team, unsigned parts) {
    counted c = {0};
    mgi_team_share(team, parts, count_part, &c);
    return all_done_once(&c, parts) && c.most_at_once <= team->cores;
}

/* Parts that wait for each other for a while: all meet only if each has a thread. */
typedef struct meeting {
    unsigned parts;
    atomic_uint came, met;
    pthread_t batch_thread;
    unsigned helper_sleeps; /* milliseconds */
    atomic_uint slept;
} meeting;

static void meet(void *context, unsigned part) {
    meeting *m = context;
    (void)part;
    atomic_fetch_add(&m->came, 1);
    for (int i = 0; i < 100 && atomic_load(&m->came) < m->parts; i++) test_sleep(1);
    if (atomic_load(&m->came) == m->parts) atomic_fetch_add(&m->met, 1);
    if (m->helper_sleeps == 0 || pthread_equal(pthread_self(), m->batch_thread)) return;
    test_sleep(m->helper_sleeps);
    atomic_fetch_add(&m->slept, 1);
}

/* In one phase or another: in the first some may still be on their way. */
static void have_threads_meet(mgi_team *team, unsigned threads) {
    for (unsigned met = 0; met < threads;) {
        meeting m = {.parts = threads, .batch_thread = pthread_self()};
        mgi_team_share(team, threads, meet, &m);
        assert_int_equal(m.came, threads);
        met = m.met;
    }
}

/* ---- tests ------------------------------------------------------------------------------------
 */

static void test_one_core_needs_no_pool(void **state) {
    (void)state;
    pool = mgi_thread_pool_create(); /* has no threads */
    mgi_lent_team *lent = make_team();
    mgi_team *team = mgi_lent_team_begin(lent, 1);
    assert_int_equal(team->cores, 1);
    assert_null(team->share);
    assert_true(share_and_check(team, 7));
    assert_true(mgi_lent_team_end(lent));
    free_team(lent);
    mgi_thread_pool_destroy(pool);
}

static void test_every_part_is_done_once(void **state) {
    (void)state;
    for (unsigned helpers = 1; helpers <= MOST_HELPERS; helpers++) {
        other_task other;
        begin(&other, helpers + 1);
        mgi_lent_team *lent = make_team();
        mgi_team *team = mgi_lent_team_begin(lent, helpers + 1);
        assert_int_equal(team->cores, helpers + 1);
        for (unsigned i = 0; i < PHASES / MOST_HELPERS; i++) {
            assert_true(share_and_check(team, i % (MOST_PARTS + 1)));
        }
        mgi_lent_team_end(lent);
        free_team(lent);
        end(&other);
    }
}

static void test_as_many_threads_work_at_once_as_are_granted(void **state) {
    (void)state;
    other_task other;
    begin(&other, MOST_HELPERS + 1);
    mgi_lent_team *lent = make_team();
    for (unsigned cores = 2; cores <= MOST_HELPERS + 1; cores++) {
        mgi_team *team = mgi_lent_team_begin(lent, cores);
        have_threads_meet(team, cores);
        assert_true(mgi_lent_team_end(lent));
    }
    free_team(lent);
    end(&other);
}

/* Helpers of the batch before may be late in leaving, or in coming. */
static void test_no_more_threads_work_than_are_granted(void **state) {
    (void)state;
    other_task other;
    begin(&other, MOST_HELPERS + 1);
    mgi_lent_team *lent = make_team();
    for (unsigned i = 0; i < PHASES; i++) {
        mgi_team *team = mgi_lent_team_begin(lent, i % 2 == 0 ? MOST_HELPERS + 1 : 2);
        for (unsigned phase = 0; phase < 3; phase++) {
            assert_true(share_and_check(team, MOST_PARTS));
        }
        mgi_lent_team_end(lent);
    }
    free_team(lent);
    end(&other);
}

static void test_without_a_helper_the_batch_thread_does_all(void **state) {
    (void)state;
    other_task other;
    begin(&other, 3);
    take_threads(&other, 3);
    mgi_lent_team *lent = make_team();
    mgi_team *team = mgi_lent_team_begin(lent, 3);
    for (unsigned i = 0; i < PHASES; i++) {
        counted c = {0};
        mgi_team_share(team, 5, count_part, &c);
        assert_true(all_done_once(&c, 5));
        for (unsigned part = 0; part < 5; part++) {
            assert_true(pthread_equal(c.by[part], pthread_self()));
        }
    }
    assert_true(mgi_lent_team_end(lent));
    free_team(lent);
    end(&other);
}

static void test_helpers_come_late(void **state) {
    (void)state;
    other_task other;
    begin(&other, 3);
    take_threads(&other, 3);
    mgi_lent_team *lent = make_team();
    mgi_team *team = mgi_lent_team_begin(lent, 3);
    assert_true(share_and_check(team, 5));
    atomic_store(&other.let_go, true);
    have_threads_meet(team, 3);
    mgi_lent_team_end(lent);
    free_team(lent);
    end(&other);
}

/* They have gone to sleep in the pool meanwhile. */
static void test_helpers_come_again_after_a_pause(void **state) {
    (void)state;
    other_task other;
    begin(&other, 3);
    mgi_lent_team *lent = make_team();
    mgi_team *team = mgi_lent_team_begin(lent, 3);
    for (unsigned i = 0; i < 5; i++) {
        have_threads_meet(team, 3);
        while (atomic_load(&lent->present) > 0) test_sleep(1);
    }
    assert_true(mgi_lent_team_end(lent));
    free_team(lent);
    end(&other);
}

static void test_the_batch_thread_waits_for_slow_helpers(void **state) {
    (void)state;
    other_task other;
    begin(&other, 3);
    mgi_lent_team *lent = make_team();
    mgi_team *team = mgi_lent_team_begin(lent, 3);
    for (unsigned met = 0; met < 5;) {
        meeting m = {.parts = 3, .batch_thread = pthread_self(), .helper_sleeps = 3};
        mgi_team_share(team, 3, meet, &m);
        assert_true(m.met < 3 || m.slept == 2);
        met += m.met == 3;
        assert_true(share_and_check(team, MOST_PARTS));
    }
    mgi_lent_team_end(lent);
    free_team(lent);
    end(&other);
}

typedef struct second_call {
    mgi_thread_pool_task *task;
    pthread_t batch_thread;
    atomic_bool made;
} second_call;

/* By the helper, so that both of the pool's threads work. */
static void make_second_call(void *context, unsigned part) {
    second_call *call = context;
    (void)part;
    if (!pthread_equal(pthread_self(), call->batch_thread)) {
        mgi_thread_pool_request(pool, call->task, 1, for_ever);
        atomic_store(&call->made, true);
    }
    for (int i = 0; i < 100 && !atomic_load(&call->made); i++) test_sleep(1);
}

/* A second caller's rows: the pool's threads all work, so a helper must leave its batch. */
static void test_helpers_leave_for_a_task_that_waits(void **state) {
    (void)state;
    other_task other;
    begin(&other, 2);
    take_threads(&other, 1);
    mgi_lent_team *lent = make_team();
    mgi_team *team = mgi_lent_team_begin(lent, 2);
    second_call call = {.task = &other.task, .batch_thread = pthread_self()};
    while (!call.made) mgi_team_share(team, 2, make_second_call, &call);
    while (atomic_load(&other.visits) < 2) assert_true(share_and_check(team, MOST_PARTS));
    assert_false(mgi_lent_team_end(lent));
    free_team(lent);
    end(&other);
}

/* No phase follows: a helper that spins sees it too, and one that has gone was free anyway. */
static void test_helpers_between_phases_leave_for_a_task_that_waits(void **state) {
    (void)state;
    other_task other;
    begin(&other, 2);
    mgi_lent_team *lent = make_team();
    mgi_team *team = mgi_lent_team_begin(lent, 2);
    have_threads_meet(team, 2);
    take_threads(&other, 2);
    assert_true(share_and_check(team, MOST_PARTS));
    mgi_lent_team_end(lent);
    free_team(lent);
    end(&other);
}

typedef struct batches {
    unsigned cores;
    bool failed;
} batches;

static void *run_batches(void *argument) {
    batches *b = argument;
    mgi_lent_team *lent = mgi_alloc_aligned(1, sizeof *lent);
    b->failed = lent == NULL || mgi_lent_team_init(lent, pool, NULL) != MGEO_OK;
    for (unsigned i = 0; !b->failed && i < PHASES / 20; i++) {
        mgi_team *team = mgi_lent_team_begin(lent, b->cores);
        for (unsigned phase = 0; phase < 20; phase++) {
            b->failed |= !share_and_check(team, 2 + (i + phase) % 30);
        }
        mgi_lent_team_end(lent);
    }
    if (lent != NULL) free_team(lent);
    return NULL;
}

static void test_two_teams_share_one_pool(void **state) {
    (void)state;
    other_task other;
    batches both[2] = {{.cores = 3}, {.cores = 2}};
    test_threads threads = {0};
    begin(&other, 4);
    for (int i = 0; i < 2; i++) test_threads_start(&threads, run_batches, &both[i]);
    test_threads_join(&threads);
    assert_false(both[0].failed || both[1].failed);
    end(&other);
}

static void test_a_team_may_end_at_once(void **state) {
    (void)state;
    other_task other;
    begin(&other, 4);
    for (unsigned i = 0; i < PHASES; i++) {
        mgi_lent_team *lent = make_team();
        mgi_team *team = mgi_lent_team_begin(lent, 4);
        if (i % 3 > 0) assert_true(share_and_check(team, i % 3 == 1 ? 2 : MOST_PARTS));
        mgi_lent_team_end(lent);
        free_team(lent);
    }
    end(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_core_needs_no_pool),
        cmocka_unit_test(test_every_part_is_done_once),
        cmocka_unit_test(test_as_many_threads_work_at_once_as_are_granted),
        cmocka_unit_test(test_no_more_threads_work_than_are_granted),
        cmocka_unit_test(test_without_a_helper_the_batch_thread_does_all),
        cmocka_unit_test(test_helpers_come_late),
        cmocka_unit_test(test_helpers_come_again_after_a_pause),
        cmocka_unit_test(test_the_batch_thread_waits_for_slow_helpers),
        cmocka_unit_test(test_helpers_leave_for_a_task_that_waits),
        cmocka_unit_test(test_helpers_between_phases_leave_for_a_task_that_waits),
        cmocka_unit_test(test_two_teams_share_one_pool),
        cmocka_unit_test(test_a_team_may_end_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
