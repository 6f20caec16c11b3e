/* SPDX-License-Identifier: Apache-2.0 */
/* What a text says twice at its end. */
#include "match/normal/repeats.h"

#include "match/normal/characters.h"
#include "match/normal/writer.h"

#include <string.h>

enum { SHORTEST = 3, LONGEST = 32 };

/* Whether a cut there goes through no number, unit or place. */
static bool is_between(const mgi_normal_form *form, size_t at) {
    if (at == 0 || at >= form->count) return true;
    if (mgi_characters_is_alphanumeric(form->characters[at]) &&
        mgi_characters_is_alphanumeric(form->characters[at - 1])) {
        return false;
    }
    if (mgi_characters_is_mark(form->characters[at]) ||
        mgi_characters_is_mark(form->characters[at - 1])) {
        return false;
    }
    for (size_t i = form->piece_count; i-- > 0;) {
        const mgi_normal_piece *piece = &form->pieces[i];
        if (piece->start >= at) continue;
        return piece->kind == MGI_NORMAL_TEXT || piece->start + piece->count <= at;
    }
    return true;
}

static bool is_name(const uint32_t *characters, size_t count) {
    size_t words = 0;
    for (size_t i = 0; i < count; i++) {
        words += characters[i] >= 0x80;
    }
    return words * 2 > count;
}

static bool is_twice(const mgi_normal_form *form, size_t length) {
    const uint32_t *second = form->characters + form->count - length;
    return memcmp(second - length, second, length * sizeof *second) == 0 &&
           is_name(second, length) && is_between(form, form->count - length) &&
           is_between(form, form->count - 2 * length);
}

void mgi_repeats_drop(mgi_normal_form *form) {
    for (size_t length = SHORTEST; length <= LONGEST && 2 * length <= form->count;) {
        if (is_twice(form, length)) {
            mgi_writer_cut(form, form->count - length);
            length = SHORTEST;
        } else {
            length++;
        }
    }
}
