/* SPDX-License-Identifier: Apache-2.0 */
/* Lines stand in the order of their events; a line that fails keeps nobody; receipts say so. */
#define _GNU_SOURCE
#include "support/engine_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char folder[TINY_PATH_BYTES];
static char path[TINY_PATH_BYTES + 32];

static int begin_journal(void **state) {
    (void)state;
    controllable_reset();
    tiny_models_begin(folder);
    snprintf(path, sizeof path, "%s/journal", folder);
    return 0;
}

static int end_journal(void **state) {
    (void)state;
    mgeo_engine_destroy(engine);
    engine = NULL;
    mgi_alloc_fail_at(0);
    tiny_models_end(folder);
    return 0;
}

static uint64_t lines_of_journal(void) {
    mgeo_journal_report report = {.struct_size = sizeof report};
    if (mgeo_journal_verify(path, &report, &error) != MGEO_OK) fail_msg("%s", error.message);
    return report.lines;
}

/* The journal's text up to its first 64 KiB. */
static const char *journal_text(void) {
    static char bytes[65536];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    bytes[fread(bytes, 1, sizeof bytes - 1, file)] = '\0';
    fclose(file);
    return bytes;
}

static mgi_journal *open_journal(void) {
    mgi_journal *journal = NULL;
    assert_int_equal(mgi_journal_open(path, "tester", &journal, &error), MGEO_OK);
    return journal;
}

/* ---- tickets --------------------------------------------------------------------------------- */

enum { WRITERS = 8, EACH = 20 };

typedef struct writer {
    mgi_journal *journal;
    pthread_mutex_t *order;
    uint64_t *events; /* so far, guarded by order */
    unsigned wrong;
} writer;

/* The event's number is its line's number: both are taken under one lock. */
static void *write_events(void *argument) {
    writer *w = argument;
    for (int i = 0; i < EACH; i++) {
        mgi_journal_record *record = mgi_journal_record_create("swap", "writer", NULL);
        mgi_journal_mark mark;
        pthread_mutex_lock(w->order);
        uint64_t event = ++*w->events;
        uint64_t ticket = mgi_journal_ticket(w->journal);
        pthread_mutex_unlock(w->order);
        mgi_journal_record_integer(record, "event_number", event);
        if (mgi_journal_append(w->journal, ticket, record, &mark, NULL) != MGEO_OK ||
            mark.line != event + 1) {
            w->wrong++;
        }
    }
    return NULL;
}

static void test_lines_stand_in_the_order_of_events(void **state) {
    (void)state;
    pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
    uint64_t events = 0;
    mgi_journal *journal = open_journal();
    writer writers[WRITERS];
    test_threads threads = {0};
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (writer){.journal = journal, .order = &order, .events = &events};
        test_threads_start(&threads, write_events, &writers[i]);
    }
    test_threads_join(&threads);
    mgi_journal_close(journal);
    for (int i = 0; i < WRITERS; i++) assert_int_equal(writers[i].wrong, 0);
    assert_int_equal(lines_of_journal(), WRITERS * EACH + 1);
}

typedef struct late {
    mgi_journal *journal;
    uint64_t ticket;
    mgi_journal_mark mark;
    mgeo_status status;
} late;

static void *append_late(void *argument) {
    late *l = argument;
    l->status = mgi_journal_append(l->journal, l->ticket,
                                   mgi_journal_record_create("late", NULL, NULL), &l->mark, NULL);
    return NULL;
}

/* The second waits for the first, which then fails for want of its record. */
static void test_a_line_that_fails_lets_the_next_one_pass(void **state) {
    (void)state;
    mgi_journal *journal = open_journal();
    uint64_t first = mgi_journal_ticket(journal);
    late second = {.journal = journal, .ticket = mgi_journal_ticket(journal)};
    mgi_journal_mark mark;
    test_threads threads = {0};
    test_threads_start(&threads, append_late, &second);
    test_sleep(20);
    assert_int_equal(lines_of_journal(), 1);
    assert_int_equal(mgi_journal_append(journal, first, NULL, &mark, &error), MGEO_E_MEMORY);
    assert_int_equal(mark.line, 0);
    test_threads_join(&threads);
    assert_int_equal(second.status, MGEO_OK);
    assert_int_equal(second.mark.line, 2);
    mgi_journal_close(journal);
    assert_int_equal(lines_of_journal(), 2);
}

static void test_a_ticket_is_good_once(void **state) {
    (void)state;
    mgi_journal *journal = open_journal();
    mgi_journal_mark mark;
    for (uint64_t ticket = 0; ticket < 3; ticket++) { /* 1 was that of "open" */
        mgi_journal_record *record = mgi_journal_record_create("swap", NULL, NULL);
        assert_int_equal(mgi_journal_append(journal, ticket, record, &mark, &error),
                         MGEO_E_INTERNAL);
    }
    mgi_journal_close(journal);
    assert_int_equal(lines_of_journal(), 1);
}

static void test_an_engine_without_a_journal_writes_nothing(void **state) {
    (void)state;
    mgi_journal_mark mark = {.line = 9};
    assert_int_equal(mgi_journal_ticket(NULL), 0);
    assert_int_equal(
        mgi_journal_append(NULL, 0, mgi_journal_record_create("swap", NULL, NULL), &mark, &error),
        MGEO_OK);
    assert_int_equal(mark.line, 0);
    mgi_journal_close(NULL);
}

/* Each allocation of an append fails in turn; the chain goes on. */
static void test_without_memory_the_receipt_says_so(void **state) {
    (void)state;
    mgi_journal *journal = open_journal();
    uint64_t lines = 1;
    long nth = 1;
    for (bool failed = true; failed; nth++) {
        mgi_journal_mark mark;
        uint64_t ticket = mgi_journal_ticket(journal);
        mgi_alloc_fail_at(nth);
        mgeo_status status = mgi_journal_append(
            journal, ticket, mgi_journal_record_create("swap", NULL, NULL), &mark, &error);
        failed = mgi_alloc_count() >= nth;
        mgi_alloc_fail_at(0);
        assert_int_equal(status, failed ? MGEO_E_MEMORY : MGEO_OK);
        lines += !failed;
        assert_int_equal(mark.line, failed ? 0 : lines);
        assert_int_equal(lines_of_journal(), lines);
    }
    assert_true(nth > 2);
    mgi_journal_close(journal);
}

/* ---- an engine with a journal ---------------------------------------------------------------- */

static void create_engine(const char *actor) {
    mgeo_engine_options options = {.struct_size = sizeof options, .journal = path, .actor = actor};
    if (mgeo_engine_create(&options, &engine, &error) != MGEO_OK) fail_msg("%s", error.message);
}

static void check_written(const char *part) {
    if (strstr(journal_text(), part) == NULL) fail_msg("no %s in\n%s", part, journal_text());
}

static void test_an_engine_writes_what_happens(void **state) {
    (void)state;
    create_engine("wang");
    load(0);
    load(1);
    mgeo_swap_options options = {.struct_size = sizeof options, .actor = "li", .reason = "更准"};
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    assert_int_equal(mgeo_swap_model(engine, &options, &receipt, &error), MGEO_OK);
    assert_int_equal(receipt.journal_status, MGEO_OK);
    assert_int_equal(receipt.journal_line, 4);
    mgeo_journal_report report = {.struct_size = sizeof report};
    assert_int_equal(mgeo_journal_verify(path, &report, &error), MGEO_OK);
    assert_string_equal(report.last_hash, receipt.journal_hash);
    options.expect_generation = 9;
    assert_int_equal(mgeo_swap_model(engine, &options, &receipt, &error), MGEO_E_REFUSED);
    assert_int_equal(receipt.journal_line, 5);
    assert_int_equal(mgeo_set_canary(engine, 100, NULL, &error), MGEO_OK);
    assert_int_equal(mgeo_roll_back(engine, NULL, &receipt, &error), MGEO_OK);
    assert_int_equal(receipt.journal_line, 7);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
    assert_int_equal(lines_of_journal(), 8);
    check_written("\"event\":\"load\",\"actor\":\"wang\"");
    check_written("\"event\":\"swap\",\"actor\":\"li\",\"reason\":\"更准\"");
    check_written("\"from\":{\"generation\":1,\"version\":\"model-0\"");
    check_written("\"event\":\"refuse\",\"actor\":\"li\"");
    check_written("\"event\":\"canary\",\"actor\":\"wang\"");
    check_written("\"event\":\"rollback\",\"actor\":\"wang\"");
    check_written("\"event\":\"unload\",\"actor\":\"wang\"");
}

static void test_an_engine_cannot_be_made_on_a_bad_journal(void **state) {
    (void)state;
    mgeo_engine_options options = {.struct_size = sizeof options, .journal = "/nowhere/journal"};
    assert_int_equal(mgeo_engine_create(&options, &engine, &error), MGEO_E_IO);
    assert_null(engine);
    create_engine(NULL);
    mgeo_engine *second = NULL;
    options.journal = path;
    assert_int_equal(mgeo_engine_create(&options, &second, &error), MGEO_E_BUSY);
    assert_null(second);
}

static void limit_files(rlim_t bytes) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The traffic turns all the same, and nobody can overlook that it stands in no journal. */
static void test_a_swap_that_cannot_be_written(void **state) {
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    create_engine(NULL);
    load(0);
    load(1);
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    limit_files(0);
    mgeo_status status = mgeo_swap_model(engine, NULL, &receipt, &error);
    limit_files(RLIM_INFINITY);
    assert_int_equal(status, MGEO_OK);
    assert_int_equal(receipt.journal_status, MGEO_E_IO);
    assert_int_equal(receipt.journal_line, 0);
    assert_string_equal(receipt.journal_hash, "");
    check_answer(1, 2);
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    assert_int_equal(mgeo_get_rollout(engine, &rollout, &error), MGEO_OK);
    assert_int_equal(rollout.journal_failures, 1);
    assert_int_equal(lines_of_journal(), 3);
    assert_int_equal(mgeo_swap_model(engine, NULL, &receipt, &error), MGEO_OK);
    assert_int_equal(receipt.journal_line, 4);
    assert_int_equal(lines_of_journal(), 4);
}

static void test_verify_checks_its_arguments(void **state) {
    (void)state;
    mgeo_journal_report report = {.struct_size = sizeof report};
    assert_int_equal(mgeo_journal_verify(NULL, &report, &error), MGEO_E_ARGUMENT);
    assert_int_equal(mgeo_journal_verify(path, NULL, &error), MGEO_E_ARGUMENT);
    assert_int_equal(mgeo_journal_verify(path, &report, &error), MGEO_E_IO);
}

#define JOURNAL_TEST(name) cmocka_unit_test_setup_teardown(name, begin_journal, end_journal)

int main(void) {
    const struct CMUnitTest tests[] = {
        JOURNAL_TEST(test_lines_stand_in_the_order_of_events),
        JOURNAL_TEST(test_a_line_that_fails_lets_the_next_one_pass),
        JOURNAL_TEST(test_a_ticket_is_good_once),
        JOURNAL_TEST(test_an_engine_without_a_journal_writes_nothing),
        JOURNAL_TEST(test_without_memory_the_receipt_says_so),
        JOURNAL_TEST(test_an_engine_writes_what_happens),
        JOURNAL_TEST(test_an_engine_cannot_be_made_on_a_bad_journal),
        JOURNAL_TEST(test_a_swap_that_cannot_be_written),
        JOURNAL_TEST(test_verify_checks_its_arguments),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
