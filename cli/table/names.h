/* SPDX-License-Identifier: Apache-2.0 */
/* Which names of columns mean "the two texts": a stem (address, 地址 …) with two sides (1/2, a/b,
 * left/right, 源/目标 …). */
#ifndef CLI_TABLE_NAMES_H
#define CLI_TABLE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "table/record.h"

/* A name as it is compared: trimmed, without quotes, byte order marks, blanks, "_", "-" and ".",
 * NFKC, letter case folded. Owned by the caller; empty if it is no UTF-8. */
char *names_fold(struct table_cell cell);

/* A measure of how surely two folded names, in this order, are a pair of texts: 0 if they are none,
 * the lower the surer otherwise. */
unsigned names_pair(const char *a, const char *b);

/* Whether they are one by a stem that they share: "left" and "right" alone, or "a" and "b", may be
 * texts too. */
bool names_stemmed_pair(const char *a, const char *b);

/* Whether a folded name could be one of a pair, and maybe is a stem that has no side. */
bool names_candidate(const char *folded);

/* Whether a folded name says "address" in its last word, whatever stands before it. */
bool names_address(const char *folded);

/* A measure of how surely a folded name alone is that of a text: 0 if it is not, the lower the
 * surer otherwise. */
unsigned names_text(const char *folded);

/* Whether a folded name could be one of a pair. */
bool names_known(const char *folded);

/* Whether a cell may be a name at all: a quick look that spares folding texts. */
bool names_plausible(struct table_cell cell);

/* Whether a cell looks like a name of a column that nobody knows: short, without digits, no
 * address. */
bool names_like(struct table_cell cell);

/* Whether the cells of line 1 are names: that of column `number`, from 0, where one was `asked` for
 * by its number, else any. The cells are folded by names_fold. */
bool names_are_of_text(char *const *folded, size_t count, const char *asked, size_t number);

/* The column, from 0: by its name where the cells are `named`; else by what the cells hold. Never
 * column `other` unless there is no second one. */
size_t names_text_column(char *const *text, char *const *folded, size_t count, bool named,
                         size_t other);

#endif
