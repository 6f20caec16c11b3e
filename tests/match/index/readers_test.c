/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads search while another changes, swaps and saves; and a child of a fork in between. */
#define _GNU_SOURCE
#include "index_fixture.h"

#include "core/process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READERS = 4, CHANGES = 120 };

typedef struct reading {
    mgeo_index *index;
    const addresses *queries;
    atomic_bool over;
    atomic_ulong searches, wrong;
} reading;

static int set_up(void **state) {
    (void)state;
    make_folder();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    remove_folder();
    return 0;
}

/* "stays" is there in every generation, and each answer is of one generation: of "flips" there is
 * always one record. */
static void *read_on(void *argument) {
    reading *shared = argument;
    const mgeo_search_options options = {
        .struct_size = sizeof options, .top = 50, .threads = 1, .effort = 100};
    for (size_t i = 0; !atomic_load(&shared->over); i++) {
        const mgeo_text queries[2] = {{"永昌街1号常在", MGEO_NUL_TERMINATED},
                                      {"丰潭路2号来去", MGEO_NUL_TERMINATED}};
        mgeo_candidates *candidates;
        size_t count, flips = 0;
        if (mgi_candidates_search(shared->index, queries, 2, &options, &candidates, NULL) != 0) {
            atomic_fetch_add(&shared->wrong, 1);
            continue;
        }
        const mgeo_candidate *found = mgi_candidates_of(candidates, 0, &count);
        if (count == 0 || strcmp(found[0].id, "stays") != 0) atomic_fetch_add(&shared->wrong, 1);
        found = mgi_candidates_of(candidates, 1, &count);
        for (size_t k = 0; k < count; k++) flips += strcmp(found[k].id, "flips") == 0;
        if (flips != 1) atomic_fetch_add(&shared->wrong, 1);
        mgi_candidates_destroy(candidates);
        atomic_fetch_add(&shared->searches, 1);
    }
    return NULL;
}

static void put_fixed(mgeo_index *index) {
    put_one(index, "stays", "永昌街1号常在");
    put_one(index, "flips", "丰潭路2号来去");
}

static void change(mgeo_index *index, const addresses *made, int step) {
    char id[16];
    snprintf(id, sizeof id, "r%d", step / 2);
    switch (step % 6) {
    case 0: put_one(index, "flips", "丰潭路2号来去"); break;
    case 1: put_one(index, made->ids[step], made->texts[step]); break;
    case 2: remove_one(index, id); break;
    case 3: assert_int_equal(mgi_index_compact(index, NULL), MGEO_OK); break;
    case 4: assert_int_equal(mgi_index_swap(index, in_folder("other"), NULL), MGEO_OK); break;
    default: assert_int_equal(mgi_index_roll_back(index, NULL), MGEO_OK); break;
    }
}

static void test_readers_never_meet_a_change(void **state) {
    (void)state;
    addresses made = make_addresses(200, 0, 51);
    mgeo_index *index = create_filled(&made);
    reading shared = {.index = index, .queries = &made};
    pthread_t readers[READERS];
    put_fixed(index);
    save_index(index, in_folder("other"));
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &shared), 0);
    }
    for (int step = 0; step < CHANGES; step++) change(index, &made, step);
    while (atomic_load(&shared.searches) < 20) usleep(1000);
    atomic_store(&shared.over, true);
    for (int i = 0; i < READERS; i++) pthread_join(readers[i], NULL);
    assert_int_equal(atomic_load(&shared.wrong), 0);
    mgi_index_destroy(index);
    free_addresses(&made);
}

typedef struct putting {
    mgeo_index *index;
    const addresses *made;
    size_t first;
} putting;

static void *put_quarter(void *argument) {
    const putting *own = argument;
    for (size_t i = own->first; i < own->made->count; i += READERS) {
        if (mgi_index_put(own->index, &own->made->records[i], 1, NULL) != MGEO_OK) abort();
    }
    return NULL;
}

static void test_changes_from_many_threads_are_all_made(void **state) {
    (void)state;
    addresses made = make_addresses(80, 0, 52);
    mgeo_index *index = create_index(NULL);
    putting own[READERS];
    pthread_t threads[READERS];
    for (size_t i = 0; i < READERS; i++) {
        own[i] = (putting){index, &made, i};
        assert_int_equal(pthread_create(&threads[i], NULL, put_quarter, &own[i]), 0);
    }
    for (int i = 0; i < READERS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(info_of(index).records, 80);
    assert_int_equal(info_of(index).generation, 81);
    mgi_index_destroy(index);
    free_addresses(&made);
}

/* Whatever other threads were doing when it was forked. */
static int use_in_child(mgeo_index *index) {
    char ids[64];
    put_one(index, "child", "中关村大街99号");
    if (strcmp(find_ids(index, "中关村大街99号", 1, ids, sizeof ids), "child ") != 0) return 1;
    return mgi_index_compact(index, NULL) == MGEO_OK ? 0 : 2;
}

static void test_a_forked_child_searches_and_changes(void **state) {
    (void)state;
    addresses made = make_addresses(200, 0, 53);
    mgeo_index *index = create_filled(&made);
    reading shared = {.index = index, .queries = &made};
    pthread_t readers[READERS];
    put_fixed(index);
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &shared), 0);
    }
    for (int i = 0; i < 10; i++) {
        int status;
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) _exit(use_in_child(index));
        put_one(index, "parent", "世纪大道1号");
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    atomic_store(&shared.over, true);
    for (int i = 0; i < READERS; i++) pthread_join(readers[i], NULL);
    assert_int_equal(atomic_load(&shared.wrong), 0);
    assert_int_equal(info_of(index).records, 203);
    mgi_index_destroy(index);
    free_addresses(&made);
}

/* What tells of the index is not kept waiting by a change that takes minutes. */
static void test_what_it_holds_is_told_during_a_change(void **state) {
    (void)state;
    mgeo_index *index = create_index(NULL);
    put_fixed(index);
    save_index(index, in_folder("two"));
    assert_int_equal(mgi_index_swap(index, in_folder("two"), NULL), MGEO_OK);
    alarm(60);
    mgi_lock_acquire(&index->change);
    const mgeo_index_info info = info_of(index);
    mgi_lock_release(&index->change);
    alarm(0);
    assert_int_equal(info.records, 2);
    assert_int_equal(info.previous_records, 2);
    mgi_index_destroy(index);
}

/* Forked while another thread was clearing up after the fork before. */
static void test_a_child_does_not_wait_for_a_thread_of_its_parent(void **state) {
    (void)state;
    int status;
    mgeo_index *index = create_index(NULL);
    atomic_store(&index->process, ~mgi_process_token());
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        _exit(use_in_child(index));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    atomic_store(&index->process, mgi_process_token());
    mgi_index_destroy(index);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readers_never_meet_a_change),
        cmocka_unit_test(test_changes_from_many_threads_are_all_made),
        cmocka_unit_test(test_a_forked_child_searches_and_changes),
        cmocka_unit_test(test_what_it_holds_is_told_during_a_change),
        cmocka_unit_test(test_a_child_does_not_wait_for_a_thread_of_its_parent),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
