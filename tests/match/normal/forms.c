/* SPDX-License-Identifier: Apache-2.0 */
/* Normal forms of texts, as tests write and expect them. */
#include "forms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static size_t encode(uint32_t character, char *at) {
    if (character < 0x80) {
        at[0] = (char)character;
        return 1;
    }
    size_t length = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    static const unsigned leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--, character >>= 6) {
        at[i] = (char)(0x80 | (character & 0x3F));
    }
    at[0] = (char)(leads[length] | character);
    return length;
}

static void check_pieces(const mgi_normal_form *made) {
    size_t covered = 0;
    for (size_t i = 0; i < made->piece_count; i++) {
        assert_int_equal(made->pieces[i].start, covered);
        assert_true(made->pieces[i].count > 0);
        covered += made->pieces[i].count;
    }
    assert_int_equal(covered, made->count);
    assert_int_equal(made->digest == 0, made->count == 0);
}

static size_t write_mark(const mgi_normal_piece *piece, char *at) {
    static const char *const marks[] = {"", "#", "@", ":"};
    size_t length = (size_t)sprintf(at, "%s", marks[piece->kind]);
    if (piece->kind == MGI_NORMAL_PLACE) {
        length += (size_t)sprintf(at + length, "%u", piece->place);
    }
    return length;
}

static void make(const char *text, bool with_pieces, char form[FORMS_LONGEST]) {
    mgi_normal_form made = {0};
    assert_true(strlen(text) < FORMS_LONGEST / 4);
    assert_int_equal(mgi_normal_form_make(&made, text, strlen(text)), MGI_NORMAL_OK);
    check_pieces(&made);
    size_t length = 0;
    for (size_t i = 0; i < made.piece_count; i++) {
        const mgi_normal_piece *piece = &made.pieces[i];
        if (with_pieces && i > 0) form[length++] = '|';
        for (size_t k = 0; k < piece->count; k++) {
            length += encode(made.characters[piece->start + k], form + length);
        }
        if (with_pieces) length += write_mark(piece, form + length);
    }
    form[length] = '\0';
    mgi_normal_form_finish(&made);
}

void forms_write(const char *text, char form[FORMS_LONGEST]) { make(text, false, form); }

void forms_write_pieces(const char *text, char form[FORMS_LONGEST]) { make(text, true, form); }

void forms_expect(const char *text, const char *form) {
    char made[FORMS_LONGEST];
    char again[FORMS_LONGEST];
    forms_write(text, made);
    assert_string_equal(made, form);
    forms_write(made, again);
    assert_string_equal(again, made);
}

void forms_expect_pieces(const char *text, const char *pieces) {
    char made[FORMS_LONGEST];
    forms_write_pieces(text, made);
    assert_string_equal(made, pieces);
}

void forms_expect_same(const char *a, const char *b) {
    char form[FORMS_LONGEST];
    forms_write(b, form);
    forms_expect(a, form);
    forms_expect(b, form);
}

void forms_expect_different(const char *a, const char *b) {
    char first[FORMS_LONGEST];
    char second[FORMS_LONGEST];
    forms_write(a, first);
    forms_write(b, second);
    assert_string_not_equal(first, second);
}
