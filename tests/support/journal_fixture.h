/* What the journal's tests share: a folder with a journal, and hands that tamper with it. */
#ifndef TEST_ENGINE_JOURNAL_KIT_H
#define TEST_ENGINE_JOURNAL_KIT_H

#include "check.h"
#include "journal/hash_chain.h"
#include "journal/journal.h"
#include "tiny_model.h"

#include <stdbool.h>

enum { KIT_PATH_BYTES = TINY_PATH_BYTES + 64, KIT_LINES_MOST = 32 };

extern char kit_folder[TINY_PATH_BYTES];
extern char kit_path[KIT_PATH_BYTES]; /* the journal: does not exist when a test begins */
extern char kit_head[KIT_PATH_BYTES]; /* its FILE.head */
extern mgeo_error error;

/* Around each test. */
int kit_begin(void **state);
int kit_end(void **state);
#define KIT_TEST(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)

/* Opens kit_path; fails the test if it cannot. */
mgi_journal *kit_open(void);

/* Appends one line with this event and actor; the mark may be NULL. */
mgeo_status kit_append(mgi_journal *journal, const char *event, mgi_journal_mark *mark);

/* A journal of `lines` lines, the first of which is "open", closed again. */
void kit_write(unsigned lines);

/* A file as lines, each without its newline and NUL-terminated. */
typedef struct kit_lines {
    char *lines[KIT_LINES_MOST];
    unsigned count;
} kit_lines;
void kit_read(const char *path, kit_lines *lines);
void kit_free(kit_lines *lines);
/* Writes them back, each with its newline. */
void kit_put(const char *path, const kit_lines *lines);
/* Puts bytes at a file's end. */
void kit_add(const char *path, const char *bytes, size_t count);
long kit_size(const char *path);

/* Checks that the journal is sound and has so many lines. */
void kit_check_sound(unsigned lines);
/* Checks that it is not, and what the report says of it. */
void kit_check_unsound(unsigned bad_line, const char *reason);

#endif
