/* SPDX-License-Identifier: Apache-2.0 */
/* Characters of the normal form: how one is written, and what kind it is. */
#ifndef MGI_MATCH_NORMAL_CHARACTERS_H
#define MGI_MATCH_NORMAL_CHARACTERS_H

#include "match/normal/character_table.h"

#include <stdbool.h>
#include <uchar.h>

/* Beside letters, digits and ideographs a folded text has these, and no other marks. */
enum {
    MGI_CHARACTERS_SEPARATOR = ' ',
    MGI_CHARACTERS_OPEN = '(',
    MGI_CHARACTERS_CLOSE = ')',
    MGI_CHARACTERS_HYPHEN = '-',
    MGI_CHARACTERS_POINT = '.',
    MGI_CHARACTERS_COMMA = ',', /* in a form: between numbers that something else parted */
    MGI_CHARACTERS_GAP = '|',   /* where something was taken out */
    MGI_CHARACTERS_NUMBER_SIGN = '#'
};

/* Writes a character as the normal form has it: width, case, compatibility and traditional forms
 * are one; marks are one of the above. Returns how many there are: 0 to MGI_CHARACTER_MOST. */
size_t mgi_characters_fold(uint32_t character, uint32_t to[MGI_CHARACTER_MOST]);

static inline bool mgi_characters_is_digit(uint32_t character) { return character - '0' < 10; }

static inline bool mgi_characters_is_letter(uint32_t character) { return character - 'a' < 26; }

/* Digits and letters: what stands together in a number such as "12b". */
static inline bool mgi_characters_is_alphanumeric(uint32_t character) {
    return mgi_characters_is_digit(character) || mgi_characters_is_letter(character);
}

static inline bool mgi_characters_is_mark(uint32_t character) {
    return character < 0x80 && !mgi_characters_is_alphanumeric(character);
}

/* Whether the characters go on with a text of the basic plane, NUL-terminated. */
bool mgi_characters_begin_with(const uint32_t *at, size_t count, const char16_t *text);

/* Whether it is one of them; 0 never is. */
bool mgi_characters_is_one_of(uint32_t character, const char16_t *members);

#endif
