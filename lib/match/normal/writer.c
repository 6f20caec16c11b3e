/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the characters of a form, and the pieces that they fall into. */
#include "match/normal/writer.h"

#include <string.h>

static mgi_normal_piece *begin_piece(mgi_normal_form *form, mgi_normal_kind kind, uint8_t level) {
    mgi_normal_piece *piece = &form->pieces[form->piece_count++];
    *piece =
        (mgi_normal_piece){.start = (uint32_t)form->count, .kind = (uint8_t)kind, .level = level};
    return piece;
}

void mgi_writer_text(mgi_normal_form *form, const uint32_t *characters, size_t count) {
    bool goes_on =
        form->piece_count > 0 && form->pieces[form->piece_count - 1].kind == MGI_NORMAL_TEXT;
    if (!goes_on) begin_piece(form, MGI_NORMAL_TEXT, 0);
    memcpy(form->characters + form->count, characters, count * sizeof *characters);
    form->count += count;
    form->pieces[form->piece_count - 1].count += (uint32_t)count;
}

void mgi_writer_piece(mgi_normal_form *form, mgi_normal_kind kind, uint8_t level,
                      const uint32_t *characters, size_t count) {
    mgi_normal_piece *piece = begin_piece(form, kind, level);
    memcpy(form->characters + form->count, characters, count * sizeof *characters);
    form->count += count;
    piece->count = (uint32_t)count;
}

void mgi_writer_place(mgi_normal_form *form, uint8_t level, uint32_t place,
                      const uint16_t *characters, size_t count) {
    mgi_normal_piece *piece = begin_piece(form, MGI_NORMAL_PLACE, level);
    for (size_t i = 0; i < count; i++) {
        form->characters[form->count++] = characters[i];
    }
    piece->count = (uint32_t)count;
    piece->place = place;
}

void mgi_writer_cut(mgi_normal_form *form, size_t count) {
    while (form->piece_count > 0 && form->pieces[form->piece_count - 1].start >= count) {
        form->piece_count--;
    }
    if (form->piece_count > 0) {
        mgi_normal_piece *piece = &form->pieces[form->piece_count - 1];
        piece->count = (uint32_t)(count - piece->start);
    }
    form->count = count;
}
