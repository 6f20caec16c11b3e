/* What the journal's tests share: a folder with a journal, and hands that tamper with it. */
#define _GNU_SOURCE
#include "journal_fixture.h"

#include "core/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char kit_folder[TINY_PATH_BYTES];
char kit_path[KIT_PATH_BYTES];
char kit_head[KIT_PATH_BYTES];
mgeo_error error;

int kit_begin(void **state) {
    (void)state;
    tiny_models_begin(kit_folder);
    snprintf(kit_path, sizeof kit_path, "%s/journal", kit_folder);
    snprintf(kit_head, sizeof kit_head, "%s/journal.head", kit_folder);
    return 0;
}

int kit_end(void **state) {
    (void)state;
    mgi_alloc_fail_at(0);
    tiny_models_end(kit_folder);
    return 0;
}

mgi_journal *kit_open(void) {
    mgi_journal *journal = NULL;
    if (mgi_journal_open(kit_path, "tester", &journal, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    return journal;
}

mgeo_status kit_append(mgi_journal *journal, const char *event, mgi_journal_mark *mark) {
    mgi_journal_mark unused;
    return mgi_journal_append(journal, mgi_journal_ticket(journal),
                              mgi_record_create(event, "tester", NULL),
                              mark != NULL ? mark : &unused, &error);
}

void kit_write(unsigned lines) {
    mgi_journal *journal = kit_open();
    for (unsigned i = 1; i < lines; i++) {
        assert_int_equal(kit_append(journal, "swap", NULL), MGEO_OK);
    }
    mgi_journal_close(journal);
}

/* ---- files ----------------------------------------------------------------------------------- */

void kit_read(const char *path, kit_lines *lines) {
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
        assert_true(lines->count < KIT_LINES_MOST);
        lines->lines[lines->count++] = line;
    }
    fclose(file);
}

void kit_free(kit_lines *lines) {
    for (unsigned i = 0; i < lines->count; i++) free(lines->lines[i]);
    lines->count = 0;
}

void kit_put(const char *path, const kit_lines *lines) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (unsigned i = 0; i < lines->count; i++) fprintf(file, "%s\n", lines->lines[i]);
    assert_int_equal(fclose(file), 0);
}

void kit_add(const char *path, const char *bytes, size_t count) {
    FILE *file = fopen(path, "ab");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

long kit_size(const char *path) {
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return (long)status.st_size;
}

/* ---- verdicts -------------------------------------------------------------------------------- */

void kit_check_sound(unsigned lines) {
    mgeo_journal_report report;
    if (mgi_journal_verify(kit_path, &report, &error) != MGEO_OK) fail_msg("%s", error.message);
    assert_int_equal(report.lines, lines);
    assert_int_equal(report.bad_line, 0);
    assert_int_equal(report.torn, 0);
    assert_string_equal(report.reason, "");
    assert_int_equal(strlen(report.last_hash), lines > 0 ? 64 : 0);
}

void kit_check_unsound(unsigned bad_line, const char *reason) {
    mgeo_journal_report report;
    assert_int_equal(mgi_journal_verify(kit_path, &report, &error), MGEO_E_FORMAT);
    if (strstr(report.reason, reason) == NULL) fail_msg("%s", report.reason);
    assert_non_null(strstr(error.message, reason));
    assert_non_null(strstr(error.message, kit_path));
    assert_int_equal(report.bad_line, bad_line);
    assert_int_equal(report.lines, bad_line - 1);
    assert_int_equal(strlen(report.last_hash), bad_line > 1 ? 64 : 0);
}
