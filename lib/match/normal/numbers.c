/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of a form, and the units behind them.
 *
 * 三里屯 and 3里屯 are one name, and so are 第三人民医院 and 第3人民医院: every numeral that is a
 * number has become digits (numerals.h). Whether digits are a NUMBER or belong to a name is told by
 * what stands beside them, so that it is the same for both spellings. */
#include "match/normal/numbers.h"

#include "match/normal/characters.h"
#include "match/normal/units.h"
#include "match/normal/writer.h"

enum { MOST_LETTERS = 2, LONGEST_UNIT = 4 };

/* A number as it is read: its characters, and how it is to be written. */
typedef struct number {
    const uint32_t *characters;
    size_t count; /* to write */
    size_t taken; /* of what is read */
    size_t digits, letters;
} number;

static uint32_t last_character(const mgi_normal_form *form) {
    return form->count == 0 ? 0 : form->characters[form->count - 1];
}

/* Digits and letters in a row. */
static void read_alphanumeric(number *self, const uint32_t *at, size_t count) {
    self->characters = at;
    while (self->count < count && mgi_characters_is_alphanumeric(at[self->count])) {
        bool digit = mgi_characters_is_digit(at[self->count]);
        self->digits += digit;
        self->letters += !digit;
        self->count++;
    }
    self->taken = self->count;
}

/* The unit before the number, if it touches. */
static mgi_unit unit_before(const mgi_normal_form *form) {
    if (form->piece_count == 0) return MGI_UNIT_NONE;
    const mgi_normal_piece *piece = &form->pieces[form->piece_count - 1];
    return piece->kind == MGI_NORMAL_UNIT ? (mgi_unit)piece->level : MGI_UNIT_NONE;
}

/* 05栋 is 5栋; a room's number is written as it is. */
static void drop_zeros(number *self, mgi_unit unit) {
    if (unit == MGI_UNIT_ROOM || unit == MGI_UNIT_OTHER || unit == MGI_UNIT_NONE) return;
    while (self->count > 1 && self->characters[0] == '0' &&
           mgi_characters_is_digit(self->characters[1])) {
        self->characters++;
        self->count--;
    }
}

/* Small numbers in front of an ideograph belong to a name, as in 3里屯; not behind a road: 路8. */
static bool is_in_name(const mgi_normal_form *form, const number *self, const uint32_t *behind,
                       size_t count) {
    if (self->digits == 0) return self->letters > 0;
    if (self->letters > 0 || count == 0 || mgi_characters_is_mark(behind[0])) return false;
    if (self->digits > 2 ||
        (self->digits == 2 && !(self->characters[0] == '1' && self->characters[1] == '0'))) {
        return false;
    }
    uint32_t before = last_character(form);
    return before == 0 || (!mgi_characters_is_one_of(before, u"路街道巷弄号栋层") &&
                           !mgi_characters_is_mark(before));
}

static size_t write_unit(mgi_normal_form *form, const mgi_unit_match *match, const uint32_t *at) {
    uint32_t spelling[LONGEST_UNIT];
    size_t count = 0;
    while (match->spelling != NULL && match->spelling[count] != 0) {
        spelling[count] = match->spelling[count];
        count++;
    }
    mgi_writer_piece(form, MGI_NORMAL_UNIT, (uint8_t)match->unit,
                     match->spelling != NULL ? spelling : at,
                     match->spelling != NULL ? count : match->length);
    return match->length;
}

/* Letters alone are a number only in front of a unit: a座. */
static mgi_unit_match match_unit(const mgi_normal_form *form, const number *self,
                                 const uint32_t *behind, size_t count) {
    const mgi_unit_number before = {self->digits, self->letters, unit_before(form)};
    mgi_unit_match match = {0};
    if (self->digits == 0 && self->letters > MOST_LETTERS) return match;
    match = mgi_units_match(behind, count, &before);
    bool counts_letters = match.unit == MGI_UNIT_BUILDING || match.unit == MGI_UNIT_ENTRANCE ||
                          match.unit == MGI_UNIT_OTHER || match.unit == MGI_UNIT_ROOM;
    if (self->digits == 0 && !counts_letters) return (mgi_unit_match){0};
    return match;
}

size_t mgi_numbers_write(mgi_normal_form *form, const uint32_t *at, size_t count) {
    number self = {0};
    if (!mgi_characters_is_alphanumeric(at[0])) return 0;
    read_alphanumeric(&self, at, count);
    const uint32_t *behind = at + self.taken;
    mgi_unit_match match = match_unit(form, &self, behind, count - self.taken);
    if (match.unit == MGI_UNIT_NONE && is_in_name(form, &self, behind, count - self.taken)) {
        mgi_writer_text(form, self.characters, self.count);
        return self.taken;
    }
    drop_zeros(&self, match.unit);
    mgi_writer_piece(form, MGI_NORMAL_NUMBER, 0, self.characters, self.count);
    if (match.unit == MGI_UNIT_NONE) return self.taken;
    return self.taken + write_unit(form, &match, behind);
}
