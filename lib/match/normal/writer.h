/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the characters of a form, and the pieces that they fall into. */
#ifndef MGI_MATCH_NORMAL_WRITER_H
#define MGI_MATCH_NORMAL_WRITER_H

#include "match/normal/normal_form.h"

#include <uchar.h>

/* The form has room: a piece for each character, and what mgi_normal_form_make reserves. */

/* Characters of a text; they go on with the piece before if that is text too. */
void mgi_writer_text(mgi_normal_form *form, const uint32_t *characters, size_t count);

/* A piece of its own. */
void mgi_writer_piece(mgi_normal_form *form, mgi_normal_kind kind, uint8_t level,
                      const uint32_t *characters, size_t count);
void mgi_writer_place(mgi_normal_form *form, uint8_t level, uint32_t place,
                      const uint16_t *characters, size_t count);

/* Cuts the form to that many characters. */
void mgi_writer_cut(mgi_normal_form *form, size_t count);

#endif
