/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal's tests share: a folder with a journal, and hands that tamper with it. */
#define _GNU_SOURCE
#include "journal_fixture.h"

#include "core/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char journal_folder[TINY_PATH_BYTES];
char journal_path[JOURNAL_PATH_BYTES];
char journal_head_path[JOURNAL_PATH_BYTES];
mgeo_error error;

int journal_fixture_begin(void **state) {
    (void)state;
    tiny_models_begin(journal_folder);
    snprintf(journal_path, sizeof journal_path, "%s/journal", journal_folder);
    snprintf(journal_head_path, sizeof journal_head_path, "%s/journal.head", journal_folder);
    return 0;
}

int journal_fixture_end(void **state) {
    (void)state;
    mgi_alloc_fail_at(0);
    tiny_models_end(journal_folder);
    return 0;
}

mgi_journal *open_journal(void) {
    mgi_journal *journal = NULL;
    if (mgi_journal_open(journal_path, "tester", &journal, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    return journal;
}

mgeo_status append_event(mgi_journal *journal, const char *event, mgi_journal_mark *mark) {
    mgi_journal_mark unused;
    return mgi_journal_append(journal, mgi_journal_ticket(journal),
                              mgi_journal_record_create(event, "tester", NULL),
                              mark != NULL ? mark : &unused, &error);
}

void write_journal(unsigned lines) {
    mgi_journal *journal = open_journal();
    for (unsigned i = 1; i < lines; i++) {
        assert_int_equal(append_event(journal, "swap", NULL), MGEO_OK);
    }
    mgi_journal_close(journal);
}

/* ---- files ----------------------------------------------------------------------------------- */

void read_file_lines(const char *path, file_lines *lines) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    lines->count = 0;
    for (;;) {
        char *line = NULL;
        size_t capacity = 0;
        ssize_t length = getline(&line, &capacity, file);
        if (length <= 0) {
            free(line);
            break;
        }
        if (line[length - 1] == '\n') line[length - 1] = '\0';
        assert_true(lines->count < JOURNAL_MAX_LINES);
        lines->lines[lines->count++] = line;
    }
    fclose(file);
}

void free_file_lines(file_lines *lines) {
    for (unsigned i = 0; i < lines->count; i++) free(lines->lines[i]);
    lines->count = 0;
}

void write_file_lines(const char *path, const file_lines *lines) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (unsigned i = 0; i < lines->count; i++) fprintf(file, "%s\n", lines->lines[i]);
    assert_int_equal(fclose(file), 0);
}

void append_bytes(const char *path, const char *bytes, size_t count) {
    FILE *file = fopen(path, "ab");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

long file_size(const char *path) {
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return (long)status.st_size;
}

/* ---- verdicts -------------------------------------------------------------------------------- */

void check_sound(unsigned lines) {
    mgeo_journal_report report;
    if (mgi_journal_verify(journal_path, &report, &error) != MGEO_OK) fail_msg("%s", error.message);
    assert_int_equal(report.lines, lines);
    assert_int_equal(report.bad_line, 0);
    assert_int_equal(report.torn, 0);
    assert_string_equal(report.reason, "");
    assert_int_equal(strlen(report.last_hash), lines > 0 ? 64 : 0);
}

void check_unsound(unsigned bad_line, const char *reason) {
    mgeo_journal_report report;
    assert_int_equal(mgi_journal_verify(journal_path, &report, &error), MGEO_E_FORMAT);
    if (strstr(report.reason, reason) == NULL) fail_msg("%s", report.reason);
    assert_non_null(strstr(error.message, reason));
    assert_non_null(strstr(error.message, journal_path));
    assert_int_equal(report.bad_line, bad_line);
    assert_int_equal(report.lines, bad_line - 1);
    assert_int_equal(strlen(report.last_hash), bad_line > 1 ? 64 : 0);
}
