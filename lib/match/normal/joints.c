/* SPDX-License-Identifier: Apache-2.0 */
/* Punctuation: dropped, except where it keeps two numbers apart. */
#include "match/normal/joints.h"

#include "match/normal/characters.h"
#include "match/normal/numerals.h"
#include "match/normal/units.h"

/* The characters are read and written in one array; what is written never overtakes. */
typedef struct joints {
    uint32_t *characters;
    size_t count, read, written;
    uint32_t pending;   /* the mark that would stand here: 0, or - . , */
    bool gap;           /* something was taken out here: the mark is a comma */
    size_t hyphens;     /* in a row, right before */
    bool digit_in_run;  /* of the letters and digits that end what is written */
    bool letter_in_run; /* but for the b of a basement, which begins it */
} joints;

static bool is_number(uint32_t character) {
    return mgi_characters_is_digit(character) || mgi_numerals_has(character);
}

static uint32_t at(const joints *self, size_t ahead) {
    return ahead < self->count - self->read ? self->characters[self->read + ahead] : 0;
}

static uint32_t last(const joints *self) {
    return self->written == 0 ? 0 : self->characters[self->written - 1];
}

/* Whether `next` must not touch what is written: 12 3 is not 123, and 12b 3 not 12b3, while b 3 and
 * b3 are one. */
static bool parts(const joints *self, uint32_t next) {
    uint32_t before = last(self);
    if (is_number(before)) return is_number(next) || mgi_characters_is_letter(next);
    return mgi_characters_is_letter(before) && self->digit_in_run && mgi_characters_is_digit(next);
}

static void append(joints *self, uint32_t character) {
    bool alphanumeric = mgi_characters_is_alphanumeric(character);
    bool is_inner_letter = mgi_characters_is_letter(character) &&
                           (character != 'b' || mgi_characters_is_alphanumeric(last(self)));
    self->digit_in_run = alphanumeric && (self->digit_in_run || mgi_characters_is_digit(character));
    self->letter_in_run = alphanumeric && (self->letter_in_run || is_inner_letter);
    self->characters[self->written++] = character;
}

static void write(joints *self, uint32_t character) {
    if (self->pending != 0 && self->written > 0 && parts(self, character)) {
        append(self, self->pending);
    }
    self->pending = 0;
    self->gap = false;
    self->hyphens = 0;
    append(self, character);
}

static void note_mark(joints *self, uint32_t mark) {
    bool point =
        mark == MGI_CHARACTERS_POINT && self->pending == 0 && mgi_characters_is_digit(at(self, 1));
    bool joins = mark == MGI_CHARACTERS_HYPHEN || point;
    bool hyphen_already = self->pending == MGI_CHARACTERS_HYPHEN;
    self->gap = self->gap || mark == MGI_CHARACTERS_GAP;
    bool is_first = self->pending == 0 || self->pending == MGI_CHARACTERS_COMMA;
    if (!self->gap && joins && is_first) {
        self->pending = mark;
    } else if (self->gap || !hyphen_already || (mark != MGI_CHARACTERS_SEPARATOR && !joins)) {
        self->pending = MGI_CHARACTERS_COMMA;
    }
    self->hyphens = mark == MGI_CHARACTERS_HYPHEN ? self->hyphens + 1 : 0;
}

/* The length of a run of digits from `ahead`. */
static size_t digits_from(const joints *self, size_t ahead) {
    size_t length = 0;
    while (mgi_characters_is_digit(at(self, ahead + length))) {
        length++;
    }
    return length;
}

/* 号-1 and 号之1 behind a number, where nothing more belongs to the 1: what to skip before it. */
static bool follows_house(const joints *self, size_t *digits) {
    if (!mgi_characters_is_digit(last(self)) || self->pending != 0) return false;
    uint32_t mark = at(self, 1);
    if (mark != MGI_CHARACTERS_HYPHEN && mark != u'之') return false;
    *digits = digits_from(self, 2);
    if (*digits == 0 || *digits > 2) return false;
    uint32_t behind = at(self, 2 + *digits);
    if (behind == MGI_CHARACTERS_HYPHEN || mgi_characters_is_alphanumeric(behind) ||
        mgi_numerals_has(behind) || behind == u'之' || behind == u'至' ||
        behind == MGI_CHARACTERS_NUMBER_SIGN || behind == MGI_CHARACTERS_POINT) {
        return false;
    }
    const mgi_unit_number number = {.digits = *digits, .before = MGI_UNIT_BUILDING};
    size_t from = self->read + 2 + *digits;
    return mgi_units_match(self->characters + from, self->count - from, &number).unit ==
           MGI_UNIT_NONE;
}

static void write_house(joints *self) {
    size_t digits = 0;
    bool follows = follows_house(self, &digits);
    if (follows) {
        append(self, MGI_CHARACTERS_HYPHEN);
        for (size_t i = 0; i < digits; i++) {
            append(self, at(self, 2 + i));
        }
        self->read += 1 + digits;
    }
    write(self, u'号');
    self->read++;
}

/* no. 8 and no 8: 8号. False: it is no such thing. */
static bool write_number_word(joints *self) {
    if (at(self, 0) != 'n' || at(self, 1) != 'o') return false;
    uint32_t before = last(self);
    if (mgi_characters_is_alphanumeric(before) || mgi_characters_is_one_of(before, u"之至")) {
        return false;
    }
    size_t skip = 2;
    while (skip < 4 && at(self, skip) != 0 && mgi_characters_is_mark(at(self, skip))) {
        skip++;
    }
    size_t digits = digits_from(self, skip);
    uint32_t behind = at(self, skip + digits);
    if (digits == 0 || mgi_characters_is_letter(behind) || mgi_numerals_has(behind) ||
        mgi_characters_is_one_of(behind, u"公米")) {
        return false;
    }
    self->read += skip;
    for (size_t i = 0; i < digits; i++, self->read++) {
        write(self, at(self, 0));
    }
    if (!mgi_characters_is_one_of(at(self, 0), u"号#-之至")) write(self, u'号');
    return true;
}

/* #3楼 is a building, as 3#楼 and 3号楼 are; without its sign it would be a floor. The sign's place
 * is taken by 号: where a mark had to stand as well, there would be no room. */
static bool write_building_sign(joints *self) {
    const size_t digits = digits_from(self, 1);
    if (self->pending == 0 && is_number(last(self))) return false;
    if (digits == 0 || at(self, 1 + digits) != u'楼') return false;
    if (mgi_characters_is_one_of(at(self, 2 + digits), u"层道盘")) return false;
    note_mark(self, MGI_CHARACTERS_NUMBER_SIGN);
    self->read++;
    for (size_t i = 0; i < digits; i++, self->read++) {
        write(self, at(self, 0));
    }
    write(self, u'号');
    return true;
}

/* f, m and km right behind digits: 3f is 3层. How many characters that is. */
static size_t match_letters(const joints *self, const char16_t **unit) {
    if (self->pending != 0 || !mgi_characters_is_digit(last(self)) || self->letter_in_run) return 0;
    uint32_t letter = at(self, 0);
    size_t length = letter == 'f' || letter == 'm'        ? 1
                    : letter == 'k' && at(self, 1) == 'm' ? 2
                                                          : 0;
    uint32_t behind = at(self, length);
    if (length == 0 || mgi_characters_is_alphanumeric(behind) ||
        mgi_characters_is_one_of(behind, u"栋幢座区号单楼室房层弄#")) {
        return 0;
    }
    *unit = letter == 'f' ? u"层" : letter == 'm' ? u"米" : u"公里";
    return length;
}

static bool write_letters(joints *self) {
    const char16_t *unit = NULL;
    size_t length = match_letters(self, &unit);
    for (size_t i = 0; i < length; i++, self->read++) {
        write(self, unit[i]);
    }
    return length > 0;
}

/* 负2层, 地下2层 and, where no number stands before, -2层 are b2层. The words and zeros, and the
 * digits; no digits: it is no such thing. */
static size_t match_basement(const joints *self, size_t *words) {
    bool minus = self->hyphens == 1 && mgi_characters_is_digit(at(self, 0));
    *words = at(self, 0) == u'负' ? 1 : at(self, 0) == u'地' && at(self, 1) == u'下' ? 2 : 0;
    if (!minus && *words == 0) return 0;
    if (mgi_characters_is_alphanumeric(last(self)) || mgi_numerals_has(last(self))) return 0;
    while (at(self, *words) == '0') {
        ++*words;
    }
    size_t digits = digits_from(self, *words);
    if (digits == 0 || digits > (minus ? 1 : 2)) return 0;
    uint32_t behind = at(self, *words + digits);
    if (behind == 'f' && mgi_characters_is_alphanumeric(at(self, *words + digits + 1))) return 0;
    return mgi_characters_is_one_of(behind, u"层楼f") ? digits : 0;
}

static bool write_basement(joints *self) {
    size_t words = 0;
    size_t digits = match_basement(self, &words);
    if (digits == 0) return false;
    bool storeys = at(self, words + digits) == u'楼' && at(self, words + digits + 1) == u'层';
    self->pending = 0;
    self->gap = false;
    self->hyphens = 0;
    append(self, 'b');
    for (size_t i = 0; i < digits; i++) {
        append(self, at(self, words + i));
    }
    append(self, u'层');
    self->read += words + digits + (storeys ? 2 : 1);
    return true;
}

/* Whether digits stand on both sides, whatever marks do. */
static bool is_between_digits(const joints *self) {
    size_t ahead = 1;
    while (at(self, ahead) != 0 && mgi_characters_is_mark(at(self, ahead))) {
        ahead++;
    }
    return mgi_characters_is_digit(last(self)) && mgi_characters_is_digit(at(self, ahead));
}

static void step(joints *self) {
    uint32_t next = at(self, 0);
    if (next == u'号') {
        write_house(self);
        return;
    }
    if (next == 'n' && write_number_word(self)) return;
    if (mgi_characters_is_letter(next) && write_letters(self)) return;
    if (write_basement(self)) return;
    if ((next == u'之' || next == u'至') && is_between_digits(self)) {
        note_mark(self, MGI_CHARACTERS_HYPHEN);
    } else if (next == MGI_CHARACTERS_NUMBER_SIGN && self->digit_in_run && self->pending == 0) {
        self->characters[self->read] = u'号';
        return;
    } else if (next == MGI_CHARACTERS_NUMBER_SIGN && write_building_sign(self)) {
        return;
    } else if (mgi_characters_is_mark(next)) {
        note_mark(self, next);
    } else {
        write(self, next);
    }
    self->read++;
}

size_t mgi_joints_clean(uint32_t *characters, size_t count) {
    joints self = {.characters = characters, .count = count};
    while (self.read < self.count) {
        step(&self);
    }
    return self.written;
}
