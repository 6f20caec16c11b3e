/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a text that the model cannot see, and whether two texts differ in theirs. */
#ifndef MGI_TEXT_UNKNOWN_WORDS_H
#define MGI_TEXT_UNKNOWN_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MGI_UNKNOWN_WORDS_KEPT = 64 };

/* Of one text, in order. All zero means none; `kept` need not be initialised. */
typedef struct mgi_unknown_words {
    size_t count;    /* of all */
    uint64_t digest; /* of all, in order */
    uint64_t
        kept[MGI_UNKNOWN_WORDS_KEPT]; /* the first ones: the character, or a long word's hash */
} mgi_unknown_words;

/* count is at least 1. */
void mgi_unknown_words_take(mgi_unknown_words *words, const int32_t *characters, size_t count);

/* Texts are alike if they hold the same unknown words in the same order. One of them may mention
 * again what it has mentioned: addresses leave out the district that a street is named after. Of
 * texts with more than MGI_UNKNOWN_WORDS_KEPT unknown words, only equal ones are alike. */
bool mgi_unknown_words_differ(const mgi_unknown_words *a, const mgi_unknown_words *b);

#endif
