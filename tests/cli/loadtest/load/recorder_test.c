/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls count as around an event, and what else a recorder notes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mgeo.h>
#include <string.h>

#include "loadtest/load/recorder.h"

enum { MS = 1000000 };

static struct event_log logs[EVENT_KINDS];
static struct recorder_grid grid;
static struct recorder recorder;

static int begin(void **state) {
    (void)state;
    for (int i = 0; i < EVENT_KINDS; i++) event_log_init(&logs[i]);
    grid = (struct recorder_grid){.warm = 1000 * (uint64_t)MS,
                                  .end = 21000 * (uint64_t)MS,
                                  .around = 100 * (uint64_t)MS,
                                  .watching = 1u << EVENT_SWAP,
                                  .logs = logs};
    recorder_grid_divide(&grid, 0);
    recorder_init(&recorder, &grid);
    return 0;
}

static int end(void **state) {
    (void)state;
    recorder_finish(&recorder);
    for (int i = 0; i < EVENT_KINDS; i++) event_log_finish(&logs[i]);
    return 0;
}

static void answer(uint64_t due_ms, uint64_t ended_ms) {
    struct recorder_call call = {.due = due_ms * MS,
                                 .begun = due_ms * MS,
                                 .ended = ended_ms * MS,
                                 .generation = 3,
                                 .tokens = 20,
                                 .pairs = 2};
    recorder_answered(&recorder, &call);
}

static void happen(uint64_t begun_ms, uint64_t ended_ms) {
    struct event *event = event_log_begin(&logs[EVENT_SWAP], begun_ms * MS);
    event_log_end(&logs[EVENT_SWAP], event, ended_ms * MS, MGEO_OK, "");
}

static void calls_that_are_due_in_a_window_are_inside(void **state) {
    (void)state;
    answer(1890, 1895);
    answer(1899, 2300); /* before 1,900, however long */
    answer(1900, 1950);
    happen(2000, 2001);
    answer(2050, 2060);
    answer(2101, 2300);
    answer(2102, 2200); /* after 2,101 */
    recorder_settle(&recorder);
    assert_int_equal(recorder.inside[EVENT_SWAP].count, 3);
    assert_int_equal(recorder.outside[EVENT_SWAP].count, 3);
    assert_int_equal(recorder.inside[EVENT_SWAP].most, 199 * MS);
}

static void each_window_counts(void **state) {
    (void)state;
    happen(2000, 2001);
    happen(2010, 2011);
    happen(3000, 3001);
    static const uint64_t due[] = {1500, 1950, 2005, 2105, 2112, 2899, 2901, 3101, 3102};
    for (size_t i = 0; i < sizeof due / sizeof *due; i++) answer(due[i], due[i] + 1);
    recorder_settle(&recorder);
    assert_int_equal(recorder.inside[EVENT_SWAP].count, 5);
    assert_int_equal(recorder.outside[EVENT_SWAP].count, 4);
}

static void an_event_that_goes_on_has_no_end(void **state) {
    (void)state;
    event_log_begin(&logs[EVENT_SWAP], 3000 * (uint64_t)MS);
    answer(1000, 1001);
    answer(4000, 4001);
    answer(15000, 15001);
    recorder_settle(&recorder);
    assert_int_equal(recorder.inside[EVENT_SWAP].count, 2);
}

static void calls_wait_for_events_that_come_later(void **state) {
    (void)state;
    answer(1000, 1010);
    answer(1010, 1020);
    assert_int_equal(recorder.inside[EVENT_SWAP].count + recorder.outside[EVENT_SWAP].count, 0);
    happen(1050, 1051);
    answer(1500, 1510);
    assert_int_equal(recorder.inside[EVENT_SWAP].count, 2);
}

static void every_call_is_inside_or_outside(void **state) {
    (void)state;
    enum { CALLS = RECORDER_RECENT + 1000 };
    for (uint64_t i = 0; i < CALLS; i++) answer(1000, 1001); /* more than the waiting room holds */
    recorder_settle(&recorder);
    assert_int_equal(recorder.outside[EVENT_SWAP].count, CALLS);
    assert_int_equal(recorder.all.count, CALLS);
}

static void counts_answers_and_failures(void **state) {
    (void)state;
    answer(1000, 1030);
    answer(1030, 1250);
    recorder_failed(&recorder, MGEO_E_DEVICE, "first");
    recorder_failed(&recorder, MGEO_E_DEVICE, "second");
    assert_int_equal(recorder.all.count, 2);
    assert_int_equal(recorder.timeline[0].count, 2);
    assert_int_equal(recorder.generations[3], 2);
    assert_int_equal(recorder.pairs, 4);
    assert_int_equal(recorder.tokens, 40);
    assert_int_equal(recorder.failures[MGEO_E_DEVICE], 2);
    assert_string_equal(recorder.reason, "first");
    assert_true(recorder.marks[30 * 10 / 8] & 1u << 30 * 10 % 8);
}

static void bins_divide_blocks(void **state) {
    (void)state;
    recorder_grid_divide(&grid, 5000 * (uint64_t)MS);
    assert_int_equal(grid.bin, 100 * (uint64_t)MS);
    grid.end = grid.warm + 3600000 * (uint64_t)MS;
    recorder_grid_divide(&grid, 7000 * (uint64_t)MS);
    assert_int_equal(7000 * (uint64_t)MS % grid.bin, 0);
    assert_true(grid.bins <= 1300);
    recorder_grid_divide(&grid, 1000 * (uint64_t)MS); /* shorter than a bin would be */
    assert_int_equal(grid.bin, 1000 * (uint64_t)MS);
}

static void a_full_list_of_events_still_counts(void **state) {
    (void)state;
    struct event_log *log = &logs[EVENT_LOAD];
    for (int i = 0; i < EVENT_LOG_LIMIT + 5; i++) {
        struct event *event = event_log_begin(log, 1);
        event_log_end(log, event, 2, i % 2 == 0 ? MGEO_OK : MGEO_E_BUSY, "");
    }
    assert_int_equal(log->dropped, 5);
    assert_int_equal(log->skipped, (EVENT_LOG_LIMIT + 5) / 2);
    assert_int_equal(event_log_done(log), EVENT_LOG_LIMIT + 5 - log->skipped);
    event_log_end(log, NULL, 2, MGEO_E_IO, "gone");
    assert_int_equal(log->failed, 1);
    assert_string_equal(log->reason, "gone");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {CASE(calls_that_are_due_in_a_window_are_inside),
                                       CASE(each_window_counts),
                                       CASE(an_event_that_goes_on_has_no_end),
                                       CASE(calls_wait_for_events_that_come_later),
                                       CASE(every_call_is_inside_or_outside),
                                       CASE(counts_answers_and_failures),
                                       CASE(bins_divide_blocks),
                                       CASE(a_full_list_of_events_still_counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
