/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to a journal shows: each kind of tampering, and what a crash may leave. */
#define _GNU_SOURCE
#include "support/journal_fixture.h"

#include "core/alloc.h"
#include "journal/record.h"
#include "journal/verify.h"
#include "support/threads.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINES = 8, WRITTEN = 60 };

/* Changes one file as lines. */
static void change(const char *path, void (*how)(file_lines *)) {
    file_lines lines;
    read_file_lines(path, &lines);
    how(&lines);
    write_file_lines(path, &lines);
    free_file_lines(&lines);
}

static void test_a_sound_journal(void **state) {
    (void)state;
    write_journal(LINES);
    check_sound(LINES);
    write_journal(2); /* continued */
    check_sound(LINES + 2);
}

static void test_the_last_hash_is_that_of_the_mark(void **state) {
    (void)state;
    mgi_journal_mark mark;
    mgeo_journal_report report;
    mgi_journal *journal = open_journal();
    assert_int_equal(append_event(journal, "swap", &mark), MGEO_OK);
    assert_int_equal(mgi_journal_verify(journal_path, &report, &error), MGEO_OK);
    assert_int_equal(mark.line, 2);
    assert_string_equal(report.last_hash, mark.hash);
    mgi_journal_close(journal);
}

static void test_an_empty_file_is_a_journal_without_lines(void **state) {
    (void)state;
    append_bytes(journal_path, "", 0);
    check_sound(0);
}

static void test_no_file_no_folder_no_file_at_all(void **state) {
    (void)state;
    mgeo_journal_report report;
    assert_int_equal(mgi_journal_verify(journal_path, &report, &error), MGEO_E_IO);
    assert_non_null(strstr(error.message, "No such file"));
    assert_int_equal(mgi_journal_verify("/nowhere/at/all", &report, &error), MGEO_E_IO);
    assert_int_equal(mgi_journal_verify(journal_folder, &report, &error), MGEO_E_FORMAT);
    assert_int_equal(mgi_journal_verify("", &report, &error), MGEO_E_IO);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* The same length, still JSON, still the same number. */
static void edit(char *line) {
    char *actor = strstr(line, "tester");
    assert_non_null(actor);
    memcpy(actor, "TESTER", 6);
}

static void edit_first(file_lines *lines) { edit(lines->lines[0]); }
static void edit_fourth(file_lines *lines) { edit(lines->lines[3]); }
static void edit_last(file_lines *lines) { edit(lines->lines[lines->count - 1]); }
static void edit_last_but_one(file_lines *lines) { edit(lines->lines[lines->count - 2]); }

static void test_a_line_is_edited(void **state) {
    (void)state;
    write_journal(LINES);
    change(journal_path, edit_fourth);
    check_unsound(4, "line 4 was changed after it was written");
}

static void test_the_first_line_is_edited(void **state) {
    (void)state;
    write_journal(LINES);
    change(journal_path, edit_first);
    check_unsound(1, "line 1 was changed");
}

static void test_the_last_line_is_edited(void **state) {
    (void)state;
    write_journal(LINES);
    change(journal_path, edit_last);
    check_unsound(LINES, "line 8 was changed, or FILE.head");
}

static void test_the_last_but_one_is_edited(void **state) {
    (void)state;
    write_journal(LINES);
    change(journal_path, edit_last_but_one);
    check_unsound(LINES - 1, "line 7 was changed");
}

static void drop(file_lines *lines, unsigned at) {
    free(lines->lines[at]);
    lines->count--;
    for (unsigned i = at; i < lines->count; i++) lines->lines[i] = lines->lines[i + 1];
}

static void drop_first(file_lines *lines) { drop(lines, 0); }
static void drop_fourth(file_lines *lines) { drop(lines, 3); }
static void drop_last(file_lines *lines) { drop(lines, lines->count - 1); }
static void drop_all(file_lines *lines) {
    while (lines->count > 0) drop_last(lines);
}

static void test_lines_are_removed(void **state) {
    (void)state;
    static const struct {
        void (*how)(file_lines *);
        unsigned bad_line;
        const char *reason;
    } cases[] = {{drop_first, 1, "line 1 carries the number 2: lines were removed"},
                 {drop_fourth, 4, "line 4 carries the number 5: lines were removed"},
                 {drop_last, LINES, "names line 8: lines were cut off"},
                 {drop_all, 1, "the file ends with line 0, but FILE.head names line 8"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unlink(journal_path);
        unlink(journal_head_path);
        write_journal(LINES);
        change(journal_path, cases[i].how);
        check_unsound(cases[i].bad_line, cases[i].reason);
    }
}

static void swap_two(file_lines *lines) {
    char *third = lines->lines[2];
    lines->lines[2] = lines->lines[3];
    lines->lines[3] = third;
}

static void test_lines_are_moved(void **state) {
    (void)state;
    write_journal(LINES);
    change(journal_path, swap_two);
    check_unsound(3, "line 3 carries the number 4");
}

static void insert_copy(file_lines *lines) {
    for (unsigned i = lines->count; i > 3; i--) lines->lines[i] = lines->lines[i - 1];
    lines->lines[3] = strdup(lines->lines[2]);
    lines->count++;
}

static void insert_empty(file_lines *lines) {
    for (unsigned i = lines->count; i > 3; i--) lines->lines[i] = lines->lines[i - 1];
    lines->lines[3] = strdup("");
    lines->count++;
}

static void test_lines_are_inserted(void **state) {
    (void)state;
    write_journal(LINES);
    change(journal_path, insert_copy);
    check_unsound(4, "line 4 carries the number 3");
    change(journal_path, drop_fourth);
    check_sound(LINES);
    change(journal_path, insert_empty);
    check_unsound(4, "line 4: it is not one JSON object");
}

/* A line that is forged with the right number and the right hash of the one before. */
static void forge(file_lines *lines) {
    char hash[MGI_JOURNAL_HASH_BYTES];
    char line[256];
    const char *last = lines->lines[lines->count - 1];
    mgi_journal_hash_chain_hash(last, strlen(last), hash);
    snprintf(line, sizeof line, "{\"seq\":%u,\"event\":\"swap\",\"prev\":\"%s\"}", lines->count + 1,
             hash);
    lines->lines[lines->count++] = strdup(line);
}

static void forge_two(file_lines *lines) {
    forge(lines);
    forge(lines);
}

/* One such line looks like that of a writer which was killed before it could replace the head. */
static void test_forged_lines_show_from_the_second_on(void **state) {
    (void)state;
    write_journal(LINES);
    change(journal_path, forge);
    check_sound(LINES + 1);
    unlink(journal_path);
    unlink(journal_head_path);
    write_journal(LINES);
    change(journal_path, forge_two);
    check_unsound(LINES + 2, "the file ends with line 10, but FILE.head names line 8");
}

static void double_it(file_lines *lines) {
    unsigned count = lines->count;
    for (unsigned i = 0; i < count; i++) lines->lines[count + i] = strdup(lines->lines[i]);
    lines->count = 2 * count;
}

static void test_two_journals_in_one_file(void **state) {
    (void)state;
    write_journal(LINES);
    change(journal_path, double_it);
    check_unsound(LINES + 1, "line 9 carries the number 1");
}

/* Every bit of every line but the last, whose changes are looked at more than once. */
static void test_no_bit_can_be_changed(void **state) {
    (void)state;
    write_journal(3);
    long size = file_size(journal_path);
    FILE *file = fopen(journal_path, "r+b");
    assert_non_null(file);
    setvbuf(file, NULL, _IONBF, 0);
    for (long at = 0, lines = 0; at < size && lines < 2; at++) {
        mgeo_journal_report report;
        fseek(file, at, SEEK_SET);
        int byte = fgetc(file);
        lines += byte == '\n';
        for (int bit = 0; bit < 8; bit++) {
            fseek(file, at, SEEK_SET);
            fputc(byte ^ (1 << bit), file);
            if (mgi_journal_verify(journal_path, &report, NULL) != MGEO_E_FORMAT) {
                fail_msg("bit %d of byte %ld", bit, at);
            }
        }
        fseek(file, at, SEEK_SET);
        fputc(byte, file);
    }
    fclose(file);
    check_sound(3);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void test_what_follows_the_last_line(void **state) {
    (void)state;
    mgeo_journal_report report;
    write_journal(LINES);
    append_bytes(journal_path, "{\"seq\":9,\"ti", 12);
    check_unsound(LINES + 1, "line 9 is torn");
    assert_int_equal(mgi_journal_verify(journal_path, &report, NULL), MGEO_E_FORMAT);
    assert_int_equal(report.torn, 1);
    append_bytes(journal_path, "\n", 1);
    check_unsound(LINES + 1, "line 9: it is not one JSON object");
}

static void test_a_line_that_is_cut_in_its_middle(void **state) {
    (void)state;
    write_journal(LINES);
    assert_int_equal(truncate(journal_path, file_size(journal_path) - 20), 0);
    check_unsound(LINES, "ends with line 7, but FILE.head names line 8: lines were cut off");
}

static void test_a_line_that_is_longer_than_any(void **state) {
    (void)state;
    write_journal(LINES);
    char *longer = malloc(MGI_JOURNAL_LINE_MAX_BYTES + 10);
    assert_non_null(longer);
    memset(longer, ' ', MGI_JOURNAL_LINE_MAX_BYTES + 10);
    append_bytes(journal_path, longer, MGI_JOURNAL_LINE_MAX_BYTES + 10);
    free(longer);
    check_unsound(LINES + 1, "line 9 is longer than any");
}

static void test_lines_that_are_json_but_no_journal(void **state) {
    (void)state;
    static const struct {
        const char *line, *reason;
    } cases[] = {
        {"[]\n", "line 1: it is not one JSON object"},
        {"{}\n", "line 1: \"seq\" is not a number"},
        {"{\"seq\":-1}\n", "line 1: \"seq\" is not a number"},
        {"{\"seq\":\"1\"}\n", "line 1: \"seq\" is not a number"},
        {"{\"seq\":1}\n", "line 1: \"prev\" is not a SHA-256"},
        {"{\"seq\":1,\"prev\":\"00\"}\n", "line 1: \"prev\" is not a SHA-256"},
        {"{\"seq\":1,\"prev\":"
         "\"0000000000000000000000000000000000000000000000000000000000000001\"}\n",
         "line 1 does not begin a journal"},
        {"{\"seq\":1,\"seq\":1}\n", "line 1: it is not one JSON object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unlink(journal_path);
        append_bytes(journal_path, cases[i].line, strlen(cases[i].line));
        check_unsound(1, cases[i].reason);
    }
}

/* ---- the head -------------------------------------------------------------------------------- */

static void test_the_head_is_missing(void **state) {
    (void)state;
    write_journal(LINES);
    unlink(journal_head_path);
    check_unsound(LINES, "FILE.head is missing");
}

static void test_before_the_first_head_there_is_one_line(void **state) {
    (void)state;
    write_journal(1);
    unlink(journal_head_path);
    check_sound(1);
}

static void edit_head(file_lines *lines) {
    char *end = strrchr(lines->lines[0], '"') - 1;
    *end = *end == '0' ? '1' : '0';
}

static void ruin_head(file_lines *lines) { lines->lines[0][0] = '['; }
static void age_head(file_lines *lines) { lines->lines[0][strlen("{\"seq\":")] = '3'; }

static void test_the_head_is_edited(void **state) {
    (void)state;
    write_journal(LINES);
    change(journal_head_path, edit_head);
    check_unsound(LINES, "line 8 was changed, or FILE.head");
    change(journal_head_path, age_head);
    check_unsound(LINES, "FILE.head names line 3");
    change(journal_head_path, ruin_head);
    check_unsound(LINES, "FILE.head was changed: it names no line");
}

static void test_a_ruined_head_of_one_line(void **state) {
    (void)state;
    write_journal(1);
    change(journal_head_path, ruin_head);
    check_unsound(1, "FILE.head was changed");
}

/* As a process leaves it that is killed between the line and the head. */
static void test_the_head_may_be_one_line_behind(void **state) {
    (void)state;
    file_lines head;
    write_journal(LINES - 1);
    read_file_lines(journal_head_path, &head);
    write_journal(1);
    write_file_lines(journal_head_path, &head);
    check_sound(LINES);
    write_journal(1);
    write_file_lines(journal_head_path, &head);
    free_file_lines(&head);
    check_unsound(LINES + 1, "ends with line 9, but FILE.head names line 7");
}

/* ---- beside a writer ------------------------------------------------------------------------- */

typedef struct writing {
    mgi_journal *journal;
    atomic_bool over;
} writing;

static void *write_on(void *argument) {
    writing *w = argument;
    for (int i = 0; i < WRITTEN; i++) {
        mgi_journal_mark mark;
        mgi_journal_record *record = mgi_journal_record_create("swap", "writer", NULL);
        mgi_journal_append(w->journal, mgi_journal_ticket(w->journal), record, &mark, NULL);
    }
    atomic_store(&w->over, true);
    return NULL;
}

static void test_it_is_sound_at_every_moment(void **state) {
    (void)state;
    writing w = {.journal = open_journal()};
    test_threads threads = {0};
    uint64_t before = 0;
    test_threads_start(&threads, write_on, &w);
    while (!atomic_load(&w.over)) {
        mgeo_journal_report report;
        if (mgi_journal_verify(journal_path, &report, &error) != MGEO_OK) {
            fail_msg("%s", error.message);
        }
        assert_true(report.lines >= before);
        before = report.lines;
    }
    test_threads_join(&threads);
    mgi_journal_close(w.journal);
    check_sound(WRITTEN + 1);
}

static void test_without_memory_nothing_is_verified(void **state) {
    (void)state;
    write_journal(3);
    long nth = 1;
    for (bool failed = true; failed; nth++) {
        mgeo_journal_report report;
        mgi_alloc_fail_at(nth);
        mgeo_status status = mgi_journal_verify(journal_path, &report, &error);
        failed = mgi_alloc_count() >= nth;
        assert_int_equal(status, failed ? MGEO_E_MEMORY : MGEO_OK);
    }
    assert_true(nth > 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        JOURNAL_TEST(test_a_sound_journal),
        JOURNAL_TEST(test_the_last_hash_is_that_of_the_mark),
        JOURNAL_TEST(test_an_empty_file_is_a_journal_without_lines),
        JOURNAL_TEST(test_no_file_no_folder_no_file_at_all),
        JOURNAL_TEST(test_a_line_is_edited),
        JOURNAL_TEST(test_the_first_line_is_edited),
        JOURNAL_TEST(test_the_last_line_is_edited),
        JOURNAL_TEST(test_the_last_but_one_is_edited),
        JOURNAL_TEST(test_lines_are_removed),
        JOURNAL_TEST(test_lines_are_moved),
        JOURNAL_TEST(test_lines_are_inserted),
        JOURNAL_TEST(test_forged_lines_show_from_the_second_on),
        JOURNAL_TEST(test_two_journals_in_one_file),
        JOURNAL_TEST(test_no_bit_can_be_changed),
        JOURNAL_TEST(test_what_follows_the_last_line),
        JOURNAL_TEST(test_a_line_that_is_cut_in_its_middle),
        JOURNAL_TEST(test_a_line_that_is_longer_than_any),
        JOURNAL_TEST(test_lines_that_are_json_but_no_journal),
        JOURNAL_TEST(test_the_head_is_missing),
        JOURNAL_TEST(test_before_the_first_head_there_is_one_line),
        JOURNAL_TEST(test_the_head_is_edited),
        JOURNAL_TEST(test_a_ruined_head_of_one_line),
        JOURNAL_TEST(test_the_head_may_be_one_line_behind),
        JOURNAL_TEST(test_it_is_sound_at_every_moment),
        JOURNAL_TEST(test_without_memory_nothing_is_verified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
