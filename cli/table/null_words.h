/* SPDX-License-Identifier: Apache-2.0 */
/* Cells that hold no address but a word that says so: "NULL", "n/a", "无", "-". */
#ifndef CLI_TABLE_NULL_WORDS_H
#define CLI_TABLE_NULL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct null_words;

/* The words of a list with commas between. NULL: those that tables hold in general, and cells of
 * punctuation alone; in a list "default" stands for these. "" or "none": no cell is such a word. */
struct null_words *null_words_create(const char *list);
void null_words_destroy(struct null_words *words);

/* Whether the whole cell is one of them, whatever its case, width, quotes and blanks around. */
bool null_words_hold(const struct null_words *words, const char *text, size_t length);

#endif
