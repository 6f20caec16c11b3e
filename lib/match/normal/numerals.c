/* SPDX-License-Identifier: Apache-2.0 */
/* Chinese numerals, and which of them are numbers.
 *
 * A number is a single numeral (三), a counted one (三十五, 一百零八, 廿三), and digits in a row if
 * one of them is zero (二〇一) or if something counted follows (八八号). Other rows are names of
 * days and roads: 五一, 八一, 二七 are not 51, 81 and 27; nor are two floors, 二三楼, one, or three
 * houses, 一二三号. */
#include "match/normal/numerals.h"

#include "match/normal/characters.h"
#include "match/normal/units.h"

enum { LONGEST = 8, TEN = 10, HUNDRED = 11, THOUSAND = 12, TWENTY = 13, THIRTY = 14 };

/* 0..9, or one of the above; -1: no numeral. */
static int value_of(uint32_t character) {
    switch (character) {
    case 0x3007:           /* 〇 */
    case 0x96F6: return 0; /* 零 */
    case 0x4E00: return 1;
    case 0x4E8C: return 2;
    case 0x4E09: return 3;
    case 0x56DB: return 4;
    case 0x4E94: return 5;
    case 0x516D: return 6;
    case 0x4E03: return 7;
    case 0x516B: return 8;
    case 0x4E5D: return 9;
    case 0x5341: return TEN;
    case 0x767E: return HUNDRED;
    case 0x5343: return THOUSAND;
    case 0x5EFF: return TWENTY; /* 廿 */
    case 0x5345: return THIRTY; /* 卅 */
    default: return -1;
    }
}

bool mgi_numerals_has(uint32_t character) {
    return character >= 0x3007 && value_of(character) >= 0;
}

/* d千d百d十d, with 零 where a place is empty: its value, or -1. Each place at most once, and what
 * is colloquial (一百二 for 120) is not read. */
static int counted(const int *values, size_t count) {
    static const int places[] = {1000, 100, 10};
    static const int marks[] = {THOUSAND, HUNDRED, TEN};
    int total = 0;
    size_t at = 0;
    bool after_zero = false;
    bool gap = false; /* a place was left out and 零 has not said so */
    for (size_t i = 0; i < 3 && at < count; i++) {
        if (values[at] == 0 && total > 0 && !after_zero) {
            after_zero = true;
            if (++at == count) return -1;
        }
        bool bare = places[i] == 10 && total == 0;
        if (at + 1 < count && values[at] > 0 && values[at] < TEN && values[at + 1] == marks[i]) {
            total += values[at] * places[i];
            at += 2;
            after_zero = gap = false;
        } else if (bare && (values[at] == TEN || values[at] >= TWENTY)) {
            total += values[at] == TEN ? 10 : values[at] == TWENTY ? 20 : 30;
            at++;
        } else if (total > 0) {
            gap = true;
        }
    }
    if (at < count && values[at] == 0 && total > 0 && !after_zero) {
        after_zero = true;
        at++;
    }
    if (at == count) return after_zero ? -1 : total;
    if (at + 1 != count || values[at] < 1 || values[at] >= TEN) return -1;
    if (total == 0 || (gap && !after_zero)) return -1;
    return total + values[at];
}

static size_t write_value(int value, uint32_t *digits) {
    size_t count = value >= 1000 ? 4 : value >= 100 ? 3 : value >= 10 ? 2 : 1;
    for (size_t i = count; i-- > 0; value /= 10) {
        digits[i] = '0' + (uint32_t)(value % 10);
    }
    return count;
}

/* 二三 and 一二三, each one more than the last: two or three numbers that are counted up. */
static bool counts_up(const int *values, size_t count) {
    for (size_t i = 1; i < count; i++) {
        if (values[i] != values[i - 1] + 1) return false;
    }
    return true;
}

/* Digits in a row that are one number. */
static bool is_row(const int *values, size_t count, const uint32_t *behind, size_t behind_count) {
    bool zero = false;
    for (size_t i = 0; i < count; i++) {
        if (values[i] >= TEN) return false;
        zero = zero || values[i] == 0;
    }
    if (count == 1) return !zero;
    if (zero) return true;
    if (counts_up(values, count)) return false;
    return mgi_units_follow(behind, behind_count);
}

/* Writes the number that the numerals begin with. Returns how many of them that took, 0 if they are
 * no number. */
static size_t write_number(const uint32_t *at, size_t count, size_t behind_count, uint32_t *digits,
                           size_t *digit_count) {
    int values[LONGEST];
    if (count > LONGEST) return 0;
    for (size_t i = 0; i < count; i++) {
        values[i] = value_of(at[i]);
    }
    bool hundreds = values[count - 1] == HUNDRED || values[count - 1] == THOUSAND;
    if (hundreds && count > 1 && !mgi_units_follow(at + count, behind_count)) {
        count--; /* 第一百货: the hundred is a word's */
        behind_count++;
    }
    if (is_row(values, count, at + count, behind_count)) {
        for (size_t i = 0; i < count; i++) {
            digits[i] = '0' + (uint32_t)values[i];
        }
        *digit_count = count;
        return count;
    }
    int value = counted(values, count);
    if (value < 0) return 0;
    *digit_count = write_value(value, digits);
    return count;
}

size_t mgi_numerals_write(const uint32_t *characters, size_t count, uint32_t *to) {
    size_t written = 0;
    for (size_t at = 0; at < count;) {
        size_t length = 0;
        while (at + length < count && mgi_numerals_has(characters[at + length])) {
            length++;
        }
        /* A numeral beside a digit is no number of its own, and neither is changed. */
        size_t end = at + length;
        bool alone = (at == 0 || !mgi_characters_is_digit(characters[at - 1])) &&
                     (end == count || !mgi_characters_is_digit(characters[end]));
        size_t digits = 0;
        size_t taken = length == 0 || !alone ? 0
                                             : write_number(characters + at, length, count - end,
                                                            to + written, &digits);
        written += digits;
        /* What is no number stays as it is, and so does what is no numeral. */
        while (taken < length || (length == 0 && taken == 0)) {
            to[written++] = characters[at + taken++];
        }
        at += taken;
    }
    return written;
}
