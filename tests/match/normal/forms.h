/* SPDX-License-Identifier: Apache-2.0 */
/* Normal forms of texts, as tests write and expect them. */
#ifndef MGI_TESTS_MATCH_NORMAL_FORMS_H
#define MGI_TESTS_MATCH_NORMAL_FORMS_H

#include "match/normal/normal_form.h"

enum { FORMS_LONGEST = 1024 };

/* The form as UTF-8, NUL-terminated. */
void forms_write(const char *text, char form[FORMS_LONGEST]);

/* The same with its pieces: "|" between them, after each number "#", after each unit "@" and after
 * each place ":" and its code. */
void forms_write_pieces(const char *text, char form[FORMS_LONGEST]);

/* Expects the form of a text; its own form must be the same; so must pieces cover it, and its
 * digest be the same. */
void forms_expect(const char *text, const char *form);
void forms_expect_pieces(const char *text, const char *pieces);

/* Expects two texts to have one form, or two. */
void forms_expect_same(const char *a, const char *b);
void forms_expect_different(const char *a, const char *b);

#endif
