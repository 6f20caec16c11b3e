/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that tools/normal/tables.py makes of data/characters.txt. */
#ifndef MGI_MATCH_NORMAL_CHARACTER_TABLE_H
#define MGI_MATCH_NORMAL_CHARACTER_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* What an entry may say beside the one character that is written instead. */
enum {
    MGI_CHARACTER_ITSELF = 0,
    MGI_CHARACTER_NOTHING = 0xD800,
    MGI_CHARACTER_EXPANSION = 0xD801, /* and above, to 0xDFFF: which of the expansions */
    MGI_CHARACTER_MOST = 4            /* characters of an expansion */
};

extern const uint8_t mgi_character_page[];   /* which page the upper byte has */
extern const uint16_t mgi_character_pages[]; /* 256 entries each */
extern const uint32_t mgi_character_far[];   /* characters beyond the pages, in order */
extern const uint16_t mgi_character_far_to[];
extern const size_t mgi_character_far_count;
extern const uint32_t mgi_character_expansions[]; /* MGI_CHARACTER_MOST each, 0 behind the last */

#endif
