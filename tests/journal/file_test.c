/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a journal, going on after what a crash left, and writing where it cannot be done. */
#define _GNU_SOURCE
#include "journal/file.h"

#include "core/alloc.h"
#include "support/journal_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Opening must fail so. */
static void check_refused(const char *path, mgeo_status status, const char *part) {
    mgi_journal *journal = NULL;
    assert_int_equal(mgi_journal_open(path, "tester", &journal, &error), status);
    if (strstr(error.message, part) == NULL) fail_msg("%s", error.message);
    assert_null(journal);
}

/* ---- opening --------------------------------------------------------------------------------- */

static void test_a_new_journal_begins_with_open(void **state) {
    (void)state;
    file_lines lines;
    write_journal(1);
    read_file_lines(journal_path, &lines);
    assert_int_equal(lines.count, 1);
    assert_non_null(strstr(lines.lines[0], "\"event\":\"open\",\"actor\":\"tester\""));
    assert_non_null(strstr(lines.lines[0], "\"library\":\"" MGEO_VERSION "\",\"pid\":"));
    assert_null(strstr(lines.lines[0], "torn"));
    free_file_lines(&lines);
    struct stat status;
    assert_int_equal(stat(journal_path, &status), 0);
    assert_int_equal(status.st_mode & 0137, 0); /* nobody else may write it */
}

static void test_one_writer_at_a_time(void **state) {
    (void)state;
    mgi_journal *journal = open_journal();
    check_refused(journal_path, MGEO_E_BUSY, "another engine writes this journal");
    mgi_journal_close(journal);
    write_journal(1);
    check_sound(2);
}

static void test_a_journal_in_the_folder_where_the_process_is(void **state) {
    (void)state;
    char before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(journal_folder), 0);
    mgi_journal *journal = NULL;
    assert_int_equal(mgi_journal_open("journal", "tester", &journal, &error), MGEO_OK);
    assert_int_equal(chdir("/"), 0); /* the process goes elsewhere; the journal stays */
    assert_int_equal(append_event(journal, "swap", NULL), MGEO_OK);
    mgi_journal_close(journal);
    assert_int_equal(chdir(before), 0);
    check_sound(2);
}

static void test_what_is_no_journal_is_left_alone(void **state) {
    (void)state;
    static const char *const notes[] = {"milk, bread", "milk\nbread\n", "{\"seq\":1}\n",
                                        "{\"seq\":2,", "\n"};
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        unlink(journal_path);
        append_bytes(journal_path, notes[i], strlen(notes[i]));
        check_refused(journal_path, MGEO_E_FORMAT, "its end is not a journal's");
        assert_int_equal(file_size(journal_path), strlen(notes[i]));
    }
    check_refused("/dev/null", MGEO_E_FORMAT, "not a regular file");
    check_refused("/dev/full", MGEO_E_FORMAT, "not a regular file");
    check_refused(journal_folder, MGEO_E_IO, "cannot be opened");
    check_refused("/nowhere/journal", MGEO_E_IO, "its folder cannot be opened");
}

/* ---- going on -------------------------------------------------------------------------------- */

static void test_a_torn_line_is_cut_off_and_kept_in_the_next(void **state) {
    (void)state;
    file_lines lines;
    write_journal(3);
    append_bytes(journal_path, "{\"seq\":4,\0\xFF", 11);
    write_journal(1);
    check_sound(4);
    read_file_lines(journal_path, &lines);
    assert_non_null(strstr(lines.lines[3], "\"torn_bytes\":11,\"torn_text\":\"{\\\"seq\\\":4, "));
    free_file_lines(&lines);
}

static void test_a_first_line_may_be_torn_too(void **state) {
    (void)state;
    static const char *const beginnings[] = {"{", "{\"seq\":1,\"time\":\"2026"};
    for (size_t i = 0; i < 2; i++) {
        unlink(journal_path);
        unlink(journal_head_path);
        append_bytes(journal_path, beginnings[i], strlen(beginnings[i]));
        write_journal(2);
        check_sound(2);
    }
    unlink(journal_path);
    unlink(journal_head_path);
    append_bytes(journal_path, "\0\0\0\0\0", 5); /* as a crash leaves it on some file systems */
    write_journal(2);
    check_sound(2);
}

static void test_a_head_one_line_behind_is_brought_up(void **state) {
    (void)state;
    file_lines head;
    write_journal(3);
    read_file_lines(journal_head_path, &head);
    write_journal(1);
    write_file_lines(journal_head_path, &head);
    write_journal(2);
    check_sound(6);
    write_file_lines(journal_head_path, &head); /* and now it is three behind */
    free_file_lines(&head);
    check_refused(journal_path, MGEO_E_FORMAT, "ends with line 6, but FILE.head names line 3");
}

static void test_an_unsound_end_is_not_continued(void **state) {
    (void)state;
    file_lines lines;
    write_journal(4);
    read_file_lines(journal_path, &lines);
    lines.count = 3;
    write_file_lines(journal_path, &lines);
    check_refused(journal_path, MGEO_E_FORMAT, "lines were cut off");
    lines.count = 4;
    memcpy(strstr(lines.lines[3], "tester"), "TESTER", 6);
    write_file_lines(journal_path, &lines);
    check_refused(journal_path, MGEO_E_FORMAT, "with another hash");
    write_file_lines(journal_head_path, &lines);
    check_refused(journal_path, MGEO_E_FORMAT, "journal.head: ");
    unlink(journal_head_path);
    check_refused(journal_path, MGEO_E_FORMAT, "FILE.head names line 0");
    free_file_lines(&lines);
}

static void test_a_journal_that_was_cut_anywhere_is_not_continued(void **state) {
    (void)state;
    write_journal(3);
    for (long size = file_size(journal_path) - 1; size >= 0; size--) {
        assert_int_equal(truncate(journal_path, size), 0);
        check_refused(journal_path, MGEO_E_FORMAT, "FILE.head names line 3: lines were cut off");
        assert_int_equal(file_size(journal_path), size);
    }
}

static void test_without_memory_a_journal_does_not_open(void **state) {
    (void)state;
    long nth = 1;
    write_journal(2);
    for (bool failed = true; failed; nth++) {
        mgi_journal *journal = NULL;
        mgi_alloc_fail_at(nth);
        mgeo_status status = mgi_journal_open(journal_path, "tester", &journal, &error);
        failed = mgi_alloc_count() >= nth;
        mgi_alloc_fail_at(0);
        assert_int_equal(status, failed ? MGEO_E_MEMORY : MGEO_OK);
        assert_true((journal == NULL) == failed);
        mgi_journal_close(journal);
    }
    assert_true(nth > 8);
    check_sound(3);
}

/* ---- where it cannot be written -------------------------------------------------------------- */

static void limit_files(rlim_t bytes) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A full disk, as a limit on the size of files: half a line fits, then none of it. */
static void test_a_full_disk_leaves_whole_lines(void **state) {
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    mgi_journal_mark mark;
    mgi_journal *journal = open_journal();
    long size = file_size(journal_path);
    for (rlim_t more = 100; more <= 100; more -= 100) {
        limit_files((rlim_t)size + more);
        mgeo_status status = append_event(journal, "swap", &mark);
        limit_files(RLIM_INFINITY);
        assert_int_equal(status, MGEO_E_IO);
        assert_non_null(strstr(error.message, journal_path));
        assert_non_null(strstr(error.message, more > 0 ? "bytes fit" : "File too large"));
        assert_int_equal(mark.line, 0);
        assert_string_equal(mark.hash, "");
        assert_int_equal(file_size(journal_path), size);
        check_sound(1);
    }
    assert_int_equal(append_event(journal, "swap", &mark), MGEO_OK);
    assert_int_equal(mark.line, 2);
    mgi_journal_close(journal);
    check_sound(2);
}

/* A folder at FILE.head.new is in the way even of root. */
static void test_a_head_that_cannot_be_written_is_told(void **state) {
    (void)state;
    char in_the_way[JOURNAL_PATH_BYTES + 8];
    snprintf(in_the_way, sizeof in_the_way, "%s.new", journal_head_path);
    mgi_journal_mark mark;
    mgi_journal *journal = open_journal();
    assert_int_equal(mkdir(in_the_way, 0700), 0);
    assert_int_equal(append_event(journal, "swap", &mark), MGEO_E_IO);
    assert_non_null(strstr(error.message, "FILE.head cannot be written"));
    assert_int_equal(mark.line, 2); /* it stands all the same */
    assert_int_equal(strlen(mark.hash), 64);
    check_sound(2);
    assert_int_equal(append_event(journal, "swap", &mark), MGEO_E_IO); /* it would be two behind */
    assert_int_equal(mark.line, 0);
    check_sound(2);
    assert_int_equal(rmdir(in_the_way), 0);
    assert_int_equal(append_event(journal, "swap", &mark), MGEO_OK);
    assert_int_equal(mark.line, 3);
    mgi_journal_close(journal);
    check_sound(3);
}

static void test_a_journal_that_is_removed_or_replaced(void **state) {
    (void)state;
    char elsewhere[JOURNAL_PATH_BYTES + 8];
    snprintf(elsewhere, sizeof elsewhere, "%s.1", journal_path);
    mgi_journal *journal = open_journal();
    assert_int_equal(rename(journal_path, elsewhere), 0);
    assert_int_equal(append_event(journal, "swap", NULL), MGEO_E_IO);
    assert_non_null(strstr(error.message, "the journal is gone: No such file"));
    append_bytes(journal_path, "x", 1);
    assert_int_equal(append_event(journal, "swap", NULL), MGEO_E_IO);
    assert_non_null(strstr(error.message, "another file has taken"));
    assert_int_equal(rename(elsewhere, journal_path), 0);
    assert_int_equal(append_event(journal, "swap", NULL), MGEO_OK);
    check_sound(2);
    tiny_models_end(journal_folder); /* the whole folder */
    assert_int_equal(append_event(journal, "swap", NULL), MGEO_E_IO);
    mgi_journal_close(journal);
}

static void test_a_journal_that_someone_else_changes(void **state) {
    (void)state;
    mgi_journal *journal = open_journal();
    long size = file_size(journal_path);
    append_bytes(journal_path, "x", 1);
    assert_int_equal(append_event(journal, "swap", NULL), MGEO_E_FORMAT);
    assert_non_null(strstr(error.message, "someone else has changed it"));
    assert_int_equal(truncate(journal_path, size), 0);
    assert_int_equal(append_event(journal, "swap", NULL), MGEO_OK);
    mgi_journal_close(journal);
    check_sound(2);
}

static void test_a_forked_child_does_not_write(void **state) {
    (void)state;
    mgi_journal *journal = open_journal();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(append_event(journal, "swap", NULL) == MGEO_E_FORKED ? 0 : 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(append_event(journal, "swap", NULL), MGEO_OK);
    mgi_journal_close(journal);
    check_sound(2);
}

/* The lock goes with the writer, even if a child of its lives on. */
static void test_the_lock_ends_with_close(void **state) {
    (void)state;
    int wait_here[2];
    assert_int_equal(pipe(wait_here), 0);
    mgi_journal *journal = open_journal();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char byte;
        close(wait_here[1]);
        _exit(read(wait_here[0], &byte, 1) == 0 ? 0 : 1);
    }
    mgi_journal_close(journal);
    write_journal(1);
    close(wait_here[0]);
    close(wait_here[1]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    check_sound(2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        JOURNAL_TEST(test_a_new_journal_begins_with_open),
        JOURNAL_TEST(test_one_writer_at_a_time),
        JOURNAL_TEST(test_a_journal_in_the_folder_where_the_process_is),
        JOURNAL_TEST(test_what_is_no_journal_is_left_alone),
        JOURNAL_TEST(test_a_torn_line_is_cut_off_and_kept_in_the_next),
        JOURNAL_TEST(test_a_first_line_may_be_torn_too),
        JOURNAL_TEST(test_a_head_one_line_behind_is_brought_up),
        JOURNAL_TEST(test_an_unsound_end_is_not_continued),
        JOURNAL_TEST(test_a_journal_that_was_cut_anywhere_is_not_continued),
        JOURNAL_TEST(test_without_memory_a_journal_does_not_open),
        JOURNAL_TEST(test_a_full_disk_leaves_whole_lines),
        JOURNAL_TEST(test_a_head_that_cannot_be_written_is_told),
        JOURNAL_TEST(test_a_journal_that_is_removed_or_replaced),
        JOURNAL_TEST(test_a_journal_that_someone_else_changes),
        JOURNAL_TEST(test_a_forked_child_does_not_write),
        JOURNAL_TEST(test_the_lock_ends_with_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
