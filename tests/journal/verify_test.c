/* What is done to a journal shows: each kind of tampering, and what a crash may leave. */
#define _GNU_SOURCE
#include "support/journal_fixture.h"

#include "core/alloc.h"
#include "journal/record.h"
#include "support/threads.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINES = 8, WRITTEN = 60 };

/* Changes one file as lines. */
static void change(const char *path, void (*how)(kit_lines *)) {
    kit_lines lines;
    kit_read(path, &lines);
    how(&lines);
    kit_put(path, &lines);
    kit_free(&lines);
}

static void test_a_sound_journal(void **state) {
    (void)state;
    kit_write(LINES);
    kit_check_sound(LINES);
    kit_write(2); /* continued */
    kit_check_sound(LINES + 2);
}

static void test_the_last_hash_is_that_of_the_mark(void **state) {
    (void)state;
    mgi_journal_mark mark;
    mgeo_journal_report report;
    mgi_journal *journal = kit_open();
    assert_int_equal(kit_append(journal, "swap", &mark), MGEO_OK);
    assert_int_equal(mgi_journal_verify(kit_path, &report, &error), MGEO_OK);
    assert_int_equal(mark.line, 2);
    assert_string_equal(report.last_hash, mark.hash);
    mgi_journal_close(journal);
}

static void test_an_empty_file_is_a_journal_without_lines(void **state) {
    (void)state;
    kit_add(kit_path, "", 0);
    kit_check_sound(0);
}

static void test_no_file_no_folder_no_file_at_all(void **state) {
    (void)state;
    mgeo_journal_report report;
    assert_int_equal(mgi_journal_verify(kit_path, &report, &error), MGEO_E_IO);
    assert_non_null(strstr(error.message, "No such file"));
    assert_int_equal(mgi_journal_verify("/nowhere/at/all", &report, &error), MGEO_E_IO);
    assert_int_equal(mgi_journal_verify(kit_folder, &report, &error), MGEO_E_FORMAT);
    assert_int_equal(mgi_journal_verify("", &report, &error), MGEO_E_IO);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* The same length, still JSON, still the same number. */
static void edit(char *line) {
    char *actor = strstr(line, "tester");
    assert_non_null(actor);
    memcpy(actor, "TESTER", 6);
}

static void edit_first(kit_lines *lines) { edit(lines->lines[0]); }
static void edit_fourth(kit_lines *lines) { edit(lines->lines[3]); }
static void edit_last(kit_lines *lines) { edit(lines->lines[lines->count - 1]); }
static void edit_last_but_one(kit_lines *lines) { edit(lines->lines[lines->count - 2]); }

static void test_a_line_is_edited(void **state) {
    (void)state;
    kit_write(LINES);
    change(kit_path, edit_fourth);
    kit_check_unsound(4, "line 4 was changed after it was written");
}

static void test_the_first_line_is_edited(void **state) {
    (void)state;
    kit_write(LINES);
    change(kit_path, edit_first);
    kit_check_unsound(1, "line 1 was changed");
}

static void test_the_last_line_is_edited(void **state) {
    (void)state;
    kit_write(LINES);
    change(kit_path, edit_last);
    kit_check_unsound(LINES, "line 8 was changed, or FILE.head");
}

static void test_the_last_but_one_is_edited(void **state) {
    (void)state;
    kit_write(LINES);
    change(kit_path, edit_last_but_one);
    kit_check_unsound(LINES - 1, "line 7 was changed");
}

static void drop(kit_lines *lines, unsigned at) {
    free(lines->lines[at]);
    lines->count--;
    for (unsigned i = at; i < lines->count; i++) lines->lines[i] = lines->lines[i + 1];
}

static void drop_first(kit_lines *lines) { drop(lines, 0); }
static void drop_fourth(kit_lines *lines) { drop(lines, 3); }
static void drop_last(kit_lines *lines) { drop(lines, lines->count - 1); }
static void drop_all(kit_lines *lines) {
    while (lines->count > 0) drop_last(lines);
}

static void test_lines_are_removed(void **state) {
    (void)state;
    static const struct {
        void (*how)(kit_lines *);
        unsigned bad_line;
        const char *reason;
    } cases[] = {{drop_first, 1, "line 1 carries the number 2: lines were removed"},
                 {drop_fourth, 4, "line 4 carries the number 5: lines were removed"},
                 {drop_last, LINES, "names line 8: lines were cut off"},
                 {drop_all, 1, "the file ends with line 0, but FILE.head names line 8"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unlink(kit_path);
        unlink(kit_head);
        kit_write(LINES);
        change(kit_path, cases[i].how);
        kit_check_unsound(cases[i].bad_line, cases[i].reason);
    }
}

static void swap_two(kit_lines *lines) {
    char *third = lines->lines[2];
    lines->lines[2] = lines->lines[3];
    lines->lines[3] = third;
}

static void test_lines_are_moved(void **state) {
    (void)state;
    kit_write(LINES);
    change(kit_path, swap_two);
    kit_check_unsound(3, "line 3 carries the number 4");
}

static void insert_copy(kit_lines *lines) {
    for (unsigned i = lines->count; i > 3; i--) lines->lines[i] = lines->lines[i - 1];
    lines->lines[3] = strdup(lines->lines[2]);
    lines->count++;
}

static void insert_empty(kit_lines *lines) {
    for (unsigned i = lines->count; i > 3; i--) lines->lines[i] = lines->lines[i - 1];
    lines->lines[3] = strdup("");
    lines->count++;
}

static void test_lines_are_inserted(void **state) {
    (void)state;
    kit_write(LINES);
    change(kit_path, insert_copy);
    kit_check_unsound(4, "line 4 carries the number 3");
    change(kit_path, drop_fourth);
    kit_check_sound(LINES);
    change(kit_path, insert_empty);
    kit_check_unsound(4, "line 4: it is not one JSON object");
}

/* A line that is forged with the right number and the right hash of the one before. */
static void forge(kit_lines *lines) {
    char hash[MGI_HASH_BYTES];
    char line[256];
    const char *last = lines->lines[lines->count - 1];
    assert_int_equal(mgi_chain_hash(last, strlen(last), hash, NULL), MGEO_OK);
    snprintf(line, sizeof line, "{\"seq\":%u,\"event\":\"swap\",\"prev\":\"%s\"}", lines->count + 1,
             hash);
    lines->lines[lines->count++] = strdup(line);
}

static void forge_two(kit_lines *lines) {
    forge(lines);
    forge(lines);
}

/* One such line looks like that of a writer which was killed before it could replace the head. */
static void test_forged_lines_show_from_the_second_on(void **state) {
    (void)state;
    kit_write(LINES);
    change(kit_path, forge);
    kit_check_sound(LINES + 1);
    unlink(kit_path);
    unlink(kit_head);
    kit_write(LINES);
    change(kit_path, forge_two);
    kit_check_unsound(LINES + 2, "the file ends with line 10, but FILE.head names line 8");
}

static void double_it(kit_lines *lines) {
    unsigned count = lines->count;
    for (unsigned i = 0; i < count; i++) lines->lines[count + i] = strdup(lines->lines[i]);
    lines->count = 2 * count;
}

static void test_two_journals_in_one_file(void **state) {
    (void)state;
    kit_write(LINES);
    change(kit_path, double_it);
    kit_check_unsound(LINES + 1, "line 9 carries the number 1");
}

/* Every bit of every line but the last, whose changes are looked at more than once. */
static void test_no_bit_can_be_changed(void **state) {
    (void)state;
    kit_write(3);
    long size = kit_size(kit_path);
    FILE *file = fopen(kit_path, "r+b");
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
            if (mgi_journal_verify(kit_path, &report, NULL) != MGEO_E_FORMAT) {
                fail_msg("bit %d of byte %ld", bit, at);
            }
        }
        fseek(file, at, SEEK_SET);
        fputc(byte, file);
    }
    fclose(file);
    kit_check_sound(3);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void test_what_follows_the_last_line(void **state) {
    (void)state;
    mgeo_journal_report report;
    kit_write(LINES);
    kit_add(kit_path, "{\"seq\":9,\"ti", 12);
    kit_check_unsound(LINES + 1, "line 9 is torn");
    assert_int_equal(mgi_journal_verify(kit_path, &report, NULL), MGEO_E_FORMAT);
    assert_int_equal(report.torn, 1);
    kit_add(kit_path, "\n", 1);
    kit_check_unsound(LINES + 1, "line 9: it is not one JSON object");
}

static void test_a_line_that_is_cut_in_its_middle(void **state) {
    (void)state;
    kit_write(LINES);
    assert_int_equal(truncate(kit_path, kit_size(kit_path) - 20), 0);
    kit_check_unsound(LINES, "ends with line 7, but FILE.head names line 8: lines were cut off");
}

static void test_a_line_that_is_longer_than_any(void **state) {
    (void)state;
    kit_write(LINES);
    char *longer = malloc(MGI_LINE_BYTES_MOST + 10);
    assert_non_null(longer);
    memset(longer, ' ', MGI_LINE_BYTES_MOST + 10);
    kit_add(kit_path, longer, MGI_LINE_BYTES_MOST + 10);
    free(longer);
    kit_check_unsound(LINES + 1, "line 9 is longer than any");
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
        unlink(kit_path);
        kit_add(kit_path, cases[i].line, strlen(cases[i].line));
        kit_check_unsound(1, cases[i].reason);
    }
}

/* ---- the head -------------------------------------------------------------------------------- */

static void test_the_head_is_missing(void **state) {
    (void)state;
    kit_write(LINES);
    unlink(kit_head);
    kit_check_unsound(LINES, "FILE.head is missing");
}

static void test_before_the_first_head_there_is_one_line(void **state) {
    (void)state;
    kit_write(1);
    unlink(kit_head);
    kit_check_sound(1);
}

static void edit_head(kit_lines *lines) {
    char *end = strrchr(lines->lines[0], '"') - 1;
    *end = *end == '0' ? '1' : '0';
}

static void ruin_head(kit_lines *lines) { lines->lines[0][0] = '['; }
static void age_head(kit_lines *lines) { lines->lines[0][strlen("{\"seq\":")] = '3'; }

static void test_the_head_is_edited(void **state) {
    (void)state;
    kit_write(LINES);
    change(kit_head, edit_head);
    kit_check_unsound(LINES, "line 8 was changed, or FILE.head");
    change(kit_head, age_head);
    kit_check_unsound(LINES, "FILE.head names line 3");
    change(kit_head, ruin_head);
    kit_check_unsound(LINES, "FILE.head was changed: it names no line");
}

static void test_a_ruined_head_of_one_line(void **state) {
    (void)state;
    kit_write(1);
    change(kit_head, ruin_head);
    kit_check_unsound(1, "FILE.head was changed");
}

/* As a process leaves it that is killed between the line and the head. */
static void test_the_head_may_be_one_line_behind(void **state) {
    (void)state;
    kit_lines head;
    kit_write(LINES - 1);
    kit_read(kit_head, &head);
    kit_write(1);
    kit_put(kit_head, &head);
    kit_check_sound(LINES);
    kit_write(1);
    kit_put(kit_head, &head);
    kit_free(&head);
    kit_check_unsound(LINES + 1, "ends with line 9, but FILE.head names line 7");
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
        mgi_record *record = mgi_record_create("swap", "writer", NULL);
        mgi_journal_append(w->journal, mgi_journal_ticket(w->journal), record, &mark, NULL);
    }
    atomic_store(&w->over, true);
    return NULL;
}

static void test_it_is_sound_at_every_moment(void **state) {
    (void)state;
    writing w = {.journal = kit_open()};
    test_crew crew = {0};
    uint64_t before = 0;
    test_crew_start(&crew, write_on, &w);
    while (!atomic_load(&w.over)) {
        mgeo_journal_report report;
        if (mgi_journal_verify(kit_path, &report, &error) != MGEO_OK) fail_msg("%s", error.message);
        assert_true(report.lines >= before);
        before = report.lines;
    }
    test_crew_join(&crew);
    mgi_journal_close(w.journal);
    kit_check_sound(WRITTEN + 1);
}

static void test_out_of_memory(void **state) {
    (void)state;
    kit_write(3);
    long nth = 1;
    for (bool failed = true; failed; nth++) {
        mgeo_journal_report report;
        mgi_alloc_fail_at(nth);
        mgeo_status status = mgi_journal_verify(kit_path, &report, &error);
        failed = mgi_alloc_count() >= nth;
        assert_int_equal(status, failed ? MGEO_E_MEMORY : MGEO_OK);
    }
    assert_true(nth > 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_a_sound_journal),
        KIT_TEST(test_the_last_hash_is_that_of_the_mark),
        KIT_TEST(test_an_empty_file_is_a_journal_without_lines),
        KIT_TEST(test_no_file_no_folder_no_file_at_all),
        KIT_TEST(test_a_line_is_edited),
        KIT_TEST(test_the_first_line_is_edited),
        KIT_TEST(test_the_last_line_is_edited),
        KIT_TEST(test_the_last_but_one_is_edited),
        KIT_TEST(test_lines_are_removed),
        KIT_TEST(test_lines_are_moved),
        KIT_TEST(test_lines_are_inserted),
        KIT_TEST(test_forged_lines_show_from_the_second_on),
        KIT_TEST(test_two_journals_in_one_file),
        KIT_TEST(test_no_bit_can_be_changed),
        KIT_TEST(test_what_follows_the_last_line),
        KIT_TEST(test_a_line_that_is_cut_in_its_middle),
        KIT_TEST(test_a_line_that_is_longer_than_any),
        KIT_TEST(test_lines_that_are_json_but_no_journal),
        KIT_TEST(test_the_head_is_missing),
        KIT_TEST(test_before_the_first_head_there_is_one_line),
        KIT_TEST(test_the_head_is_edited),
        KIT_TEST(test_a_ruined_head_of_one_line),
        KIT_TEST(test_the_head_may_be_one_line_behind),
        KIT_TEST(test_it_is_sound_at_every_moment),
        KIT_TEST(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
