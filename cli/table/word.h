/* SPDX-License-Identifier: Apache-2.0 */
/* Words as tables hold them, brought to one form: blanks, letter case, full width, quotes. */
#ifndef CLI_TABLE_WORD_H
#define CLI_TABLE_WORD_H

#include <stdbool.h>
#include <stddef.h>

enum { WORD_BYTES = 128 };

/* Writes the word in its common form, NUL-terminated: without what is invisible, blanks and one
 * pair of quotes around it, ASCII in lower case, full-width ASCII as ASCII. False if it is longer
 * than `to` holds; then it is no word. */
bool word_fold(const char *text, size_t length, char to[WORD_BYTES]);

/* Takes blanks, `_` and `-` out from between letters of a folded word: "exact_match" and
 * "exact match" become "exactmatch"; "-1" stays. */
void word_join(char *word);

#endif
