/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal's tests share: a folder with a journal, and ways to tamper with it. */
#ifndef TEST_SUPPORT_JOURNAL_FIXTURE_H
#define TEST_SUPPORT_JOURNAL_FIXTURE_H

#include "check.h"
#include "journal/hash_chain.h"
#include "journal/journal.h"
#include "journal/verify.h"
#include "tiny_model.h"

#include <stdbool.h>

enum { JOURNAL_PATH_BYTES = TINY_PATH_BYTES + 64, JOURNAL_MAX_LINES = 32 };

extern char journal_folder[TINY_PATH_BYTES];
extern char journal_path[JOURNAL_PATH_BYTES]; /* the journal: does not exist when a test begins */
extern char journal_head_path[JOURNAL_PATH_BYTES]; /* its FILE.head */
extern mgeo_error error;

/* Around each test. */
int journal_fixture_begin(void **state);
int journal_fixture_end(void **state);
#define JOURNAL_TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, journal_fixture_begin, journal_fixture_end)

/* Opens journal_path; fails the test if it cannot. */
mgi_journal *open_journal(void);

/* Appends one line with this event and actor; the mark may be NULL. */
mgeo_status append_event(mgi_journal *journal, const char *event, mgi_journal_mark *mark);

/* A journal of `lines` lines, the first of which is "open", closed again. */
void write_journal(unsigned lines);

/* A file as lines, each without its newline and NUL-terminated. */
typedef struct file_lines {
    char *lines[JOURNAL_MAX_LINES];
    unsigned count;
} file_lines;
void read_file_lines(const char *path, file_lines *lines);
void free_file_lines(file_lines *lines);
/* Writes them back, each with its newline. */
void write_file_lines(const char *path, const file_lines *lines);
/* Puts bytes at a file's end. */
void append_bytes(const char *path, const char *bytes, size_t count);
long file_size(const char *path);

/* Checks that the journal is sound and has this many lines. */
void check_sound(unsigned lines);
/* Checks that it is not, and what the report says of it. */
void check_unsound(unsigned bad_line, const char *reason);

#endif
