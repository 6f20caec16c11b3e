/* SPDX-License-Identifier: Apache-2.0 */
/* Characters of the normal form: how one is written, and what kind it is. */
#include "match/normal/characters.h"

/* The entry of a character beyond the pages. Pictures and what else is no ideograph part words. */
static uint16_t far_entry(uint32_t character) {
    size_t low = 0;
    size_t high = mgi_character_far_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (mgi_character_far[middle] < character) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < mgi_character_far_count && mgi_character_far[low] == character) {
        return mgi_character_far_to[low];
    }
    return character >= 0x20000 ? MGI_CHARACTER_ITSELF : MGI_CHARACTERS_SEPARATOR;
}

size_t mgi_characters_fold(uint32_t character, uint32_t to[MGI_CHARACTER_MOST]) {
    uint16_t entry =
        character > 0xFFFF
            ? far_entry(character)
            : mgi_character_pages[mgi_character_page[character >> 8] * 256U + (character & 0xFF)];
    if (entry < MGI_CHARACTER_NOTHING || entry > 0xDFFF) {
        to[0] = entry == MGI_CHARACTER_ITSELF ? character : entry;
        return 1;
    }
    if (entry == MGI_CHARACTER_NOTHING) return 0;
    const uint32_t *expansion =
        mgi_character_expansions + (entry - MGI_CHARACTER_EXPANSION) * MGI_CHARACTER_MOST;
    size_t count = 0;
    while (count < MGI_CHARACTER_MOST && expansion[count] != 0) {
        to[count] = expansion[count];
        count++;
    }
    return count;
}

bool mgi_characters_begin_with(const uint32_t *at, size_t count, const char16_t *text) {
    size_t i = 0;
    while (text[i] != 0 && i < count && at[i] == text[i]) {
        i++;
    }
    return text[i] == 0;
}

bool mgi_characters_is_one_of(uint32_t character, const char16_t *members) {
    while (*members != 0 && *members != character) {
        members++;
    }
    return *members != 0;
}
