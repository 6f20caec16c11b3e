/* SPDX-License-Identifier: Apache-2.0 */
/* Telephones and postcodes, which are told by their shape or by a word before them. */
#include "match/normal/characters.h"
#include "match/normal/noise.h"
#include "match/normal/numerals.h"

enum { POSTCODE = 6, MOST_GROUPS = 4 };

/* How many digits stand in a row. */
static size_t digits_of(const uint32_t *at, size_t count) {
    size_t length = 0;
    while (length < count && mgi_characters_is_digit(at[length])) {
        length++;
    }
    return length;
}

/* Whether a number goes on, or counts something: it is no telephone and no postcode. */
static bool goes_on(const uint32_t *behind, size_t count) {
    if (count > 0 && (mgi_characters_is_alphanumeric(behind[0]) || mgi_numerals_has(behind[0]) ||
                      behind[0] == MGI_CHARACTERS_HYPHEN)) {
        return true;
    }
    while (count > 0 && mgi_characters_is_mark(behind[0])) {
        behind++;
        count--;
    }
    return count > 0 &&
           mgi_characters_is_one_of(behind[0], u"号室栋幢座弄楼层房单期区组村队排户院米公门之至");
}

/* 至 and 之 between digits become hyphens (joints.h); no comma, which all other marks become. */
static bool parts_groups(uint32_t character) {
    return mgi_characters_is_one_of(character, u"- )至之");
}

/* Groups of digits that one hyphen or space parts: how many characters they take. Group sizes end
 * with 0. */
static size_t match_groups(const uint32_t *at, size_t count, const uint8_t sizes[MOST_GROUPS]) {
    size_t length = 0;
    for (size_t i = 0; i < MOST_GROUPS && sizes[i] != 0; i++) {
        if (i > 0) {
            if (length >= count || !parts_groups(at[length])) return 0;
            length++;
        }
        if (digits_of(at + length, count - length) != sizes[i]) return 0;
        length += sizes[i];
    }
    return length;
}

static bool is_mobile(const uint32_t *at, size_t length) {
    return length > 1 && at[0] == '1' && at[1] >= '3';
}

/* The length of the telephone number that the characters begin with, or 0. */
static size_t match_telephone(const uint32_t *at, size_t count) {
    static const uint8_t mobiles[][MOST_GROUPS] = {{11}, {3, 4, 4}, {3, 8}};
    static const uint8_t others[][MOST_GROUPS] = {{3, 8}, {4, 8}, {4, 7}, {3, 7}};
    static const uint8_t services[][MOST_GROUPS] = {{10}, {3, 3, 4}, {3, 4, 3}, {3, 7}};
    size_t length = 0;
    bool service = count > 2 && (at[0] == '4' || at[0] == '8') && at[1] == '0' && at[2] == '0';
    for (size_t i = 0; i < 3 && length == 0 && is_mobile(at, count); i++) {
        length = match_groups(at, count, mobiles[i]);
    }
    for (size_t i = 0; i < 4 && length == 0 && at[0] == '0'; i++) {
        length = match_groups(at, count, others[i]);
    }
    for (size_t i = 0; i < 4 && length == 0 && service; i++) {
        length = match_groups(at, count, services[i]);
    }
    return goes_on(at + length, count - length) ? 0 : length;
}

static bool ends_with(const uint32_t *characters, size_t count, const char16_t *word,
                      size_t length) {
    return length <= count && mgi_characters_begin_with(characters + count - length, length, word);
}

/* What is left of the characters without marks, and one of the words, at their end; *found: there
 * was a word. */
static size_t without_label(const uint32_t *characters, size_t count, const char16_t *const *words,
                            bool *found) {
    size_t left = count;
    while (left > 0 && mgi_characters_is_mark(characters[left - 1])) {
        left--;
    }
    *found = false;
    for (; *words != NULL; words++) {
        size_t length = 0;
        while ((*words)[length] != 0) {
            length++;
        }
        if (!ends_with(characters, left, *words, length)) continue;
        *found = true;
        return left - length;
    }
    return count;
}

static const char16_t *const telephone_words[] = {u"联系电话", u"手机号码", u"手机号", u"联系方式",
                                                  u"电话",     u"手机",     u"座机",   NULL};
static const char16_t *const postcode_words[] = {u"邮政编码", u"邮编", NULL};

/* Six digits before any word of a text, and not the number of something. */
static bool is_leading_postcode(const uint32_t *at, size_t count) {
    if (digits_of(at, count) != POSTCODE || at[0] > '8') return false;
    for (size_t behind = POSTCODE; behind < count; behind++) {
        if (!mgi_characters_is_mark(at[behind])) return true;
    }
    return false;
}

/* Takes a telephone or a postcode at `read`; *written loses the word before it. Returns its
 * length. */
static size_t take_number(const uint32_t *characters, size_t count, size_t read, size_t *written) {
    const uint32_t *at = characters + read;
    bool labelled = false;
    size_t length = match_telephone(at, count - read);
    if (length > 0) {
        *written = without_label(characters, *written, telephone_words, &labelled);
        return length;
    }
    if (digits_of(at, count - read) != POSTCODE ||
        goes_on(at + POSTCODE, count - read - POSTCODE)) {
        return 0;
    }
    size_t left = without_label(characters, *written, postcode_words, &labelled);
    bool leads =
        without_label(characters, *written, (const char16_t *const[]){u"", NULL}, &labelled) == 0 &&
        is_leading_postcode(at, count - read);
    if (left == *written && !leads) return 0;
    *written = left;
    return POSTCODE;
}

/* Whether a number that stands there begins there. The "no" of "no. 8" will go. */
static bool is_begin(const uint32_t *characters, size_t at) {
    static const char16_t number_word[] = u"no";
    if (at > 1 && mgi_characters_begin_with(characters + at - 2, 2, number_word)) at -= 2;
    return at == 0 || !(mgi_characters_is_alphanumeric(characters[at - 1]) ||
                        mgi_numerals_has(characters[at - 1]));
}

size_t mgi_noise_remove_numbers(uint32_t *characters, size_t count) {
    size_t written = 0;
    for (size_t read = 0; read < count;) {
        bool begins = mgi_characters_is_digit(characters[read]) && is_begin(characters, read);
        size_t length = begins ? take_number(characters, count, read, &written) : 0;
        if (length > 0) {
            read += length;
            /* Marks before it say no more than the gap; so they are not looked back at again. */
            while (written > 0 && mgi_characters_is_mark(characters[written - 1])) {
                written--;
            }
            characters[written++] = MGI_CHARACTERS_GAP;
        } else {
            characters[written++] = characters[read++];
        }
    }
    return written;
}

/* The first two digits of a province's postcodes: from and to. */
static const struct {
    uint8_t province, first, last;
} postcodes[] = {
    {11, 10, 10}, {12, 30, 30}, {13, 5, 7},   {14, 3, 4},   {15, 1, 2},   {21, 11, 12},
    {22, 13, 13}, {23, 15, 16}, {31, 20, 20}, {32, 21, 22}, {33, 31, 32}, {34, 23, 24},
    {35, 35, 36}, {36, 33, 34}, {37, 25, 27}, {41, 45, 47}, {42, 43, 44}, {43, 41, 42},
    {44, 51, 52}, {45, 53, 54}, {46, 57, 57}, {50, 40, 40}, {51, 61, 64}, {52, 55, 56},
    {53, 65, 67}, {54, 85, 85}, {61, 71, 72}, {62, 73, 74}, {63, 81, 81}, {64, 75, 75},
    {65, 83, 84},
};

size_t mgi_noise_without_postcode(const uint32_t *characters, size_t count, uint32_t province) {
    if (count <= POSTCODE || digits_of(characters + count - POSTCODE, POSTCODE) != POSTCODE) {
        return count;
    }
    uint32_t before = characters[count - POSTCODE - 1];
    bool numbered = before < 0x80 || mgi_numerals_has(before) ||
                    mgi_characters_is_one_of(before, u"号室栋幢座弄楼层房元");
    if (numbered) return count;
    uint32_t first =
        (characters[count - POSTCODE] - '0') * 10 + characters[count - POSTCODE + 1] - '0';
    for (size_t i = 0; i < sizeof postcodes / sizeof *postcodes; i++) {
        if (postcodes[i].province == province / 10000 && first >= postcodes[i].first &&
            first <= postcodes[i].last) {
            return count - POSTCODE;
        }
    }
    return count;
}
