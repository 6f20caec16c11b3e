/* SPDX-License-Identifier: Apache-2.0 */
/* One walk over the characters, then what stands around them is taken off. */
#include "table/word.h"

#include <ctype.h>
#include <string.h>

#include "common/utf8.h"

enum { FULL_WIDTH_FIRST = 0xFF01, FULL_WIDTH_LAST = 0xFF5E, FULL_WIDTH_SHIFT = 0xFEE0 };

static bool is_blank(uint32_t code) {
    return code == ' ' || (code >= '\t' && code <= '\r') || code == 0x85 || code == 0xA0 ||
           code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
           code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

/* What the character becomes in ASCII: 0 if nothing, or -1 if it stays. */
static int to_ascii(uint32_t code) {
    if (code >= 0x3400 && code < 0xE000) return -1; /* most characters of addresses */
    if (code >= FULL_WIDTH_FIRST && code <= FULL_WIDTH_LAST) code -= FULL_WIDTH_SHIFT;
    if (is_blank(code)) return ' ';
    if (utf8_is_invisible(code)) return 0;
    return code < 0x80 ? tolower((int)code) : -1;
}

static void trim(char *word) {
    size_t begin = strspn(word, " "), end = strlen(word);
    while (end > begin && word[end - 1] == ' ') end--;
    memmove(word, word + begin, end - begin);
    word[end - begin] = '\0';
}

static void take_quotes_off(char *word) {
    static const char *const quotes[][2] = {{"\"", "\""}, {"'", "'"},   {"“", "”"}, {"‘", "’"},
                                            {"「", "」"}, {"『", "』"}, {"`", "`"}};
    size_t length = strlen(word);
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
        size_t open = strlen(quotes[i][0]), close = strlen(quotes[i][1]);
        if (length <= open + close || strncmp(word, quotes[i][0], open) != 0 ||
            strcmp(word + length - close, quotes[i][1]) != 0) {
            continue;
        }
        memmove(word, word + open, length - open - close);
        word[length - open - close] = '\0';
        return;
    }
}

bool word_fold(const char *text, size_t length, char to[WORD_BYTES]) {
    size_t used = 0;
    for (size_t at = 0; at < length;) {
        uint32_t code = 0;
        size_t step = utf8_character(text + at, length - at, &code);
        if (step == 0) return false;
        int ascii = to_ascii(code);
        bool leads = ascii == ' ' && used == 0;
        if (ascii < 0) {
            if (used + step >= WORD_BYTES) return false;
            memcpy(to + used, text + at, step);
            used += step;
        } else if (ascii > 0 && !leads) {
            if (used + 1 >= WORD_BYTES) return false;
            to[used++] = (char)ascii;
        }
        at += step;
    }
    to[used] = '\0';
    trim(to);
    take_quotes_off(to);
    trim(to);
    return true;
}

static bool is_letter(char byte) { return isalpha((unsigned char)byte) || (byte & 0x80) != 0; }

void word_join(char *word) {
    size_t used = 0;
    for (size_t i = 0; word[i] != '\0'; i++) {
        size_t run = strspn(word + i, " _-");
        if (run > 0 && used > 0 && is_letter(word[used - 1]) && is_letter(word[i + run])) {
            i += run - 1;
            continue;
        }
        word[used++] = word[i];
    }
    word[used] = '\0';
}
