/* SPDX-License-Identifier: Apache-2.0 */
/* A text's normal form: its pieces cover it, and it is its own form. */
#include "fuzz.h"
#include "match/normal/normal_form.h"
#include "utf8.h"

#include <string.h>

static size_t encode(uint32_t character, char *at) {
    static const unsigned leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t length = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 1; character >>= 6) {
        at[i] = (char)(0x80 | (character & 0x3F));
    }
    at[0] = (char)(length == 1 ? character : leads[length] | character);
    return length;
}

static void check(const mgi_normal_form *form) {
    size_t covered = 0;
    for (size_t i = 0; i < form->piece_count; i++) {
        const mgi_normal_piece *piece = &form->pieces[i];
        FUZZ_REQUIRE(piece->start == covered && piece->count > 0, "pieces leave a gap");
        FUZZ_REQUIRE(piece->kind <= MGI_NORMAL_PLACE, "a piece of no kind");
        covered += piece->count;
    }
    FUZZ_REQUIRE(covered == form->count, "pieces do not cover the form");
    FUZZ_REQUIRE((form->digest == 0) == (form->count == 0), "the digest of an empty form");
}

static void check_own_form(const mgi_normal_form *form) {
    char *text = malloc(form->count * 4 + 1);
    if (text == NULL) return;
    size_t bytes = 0;
    for (size_t i = 0; i < form->count; i++) {
        bytes += encode(form->characters[i], text + bytes);
    }
    mgi_normal_form again = {0};
    FUZZ_REQUIRE(mgi_normal_form_make(&again, text, bytes) == MGI_NORMAL_OK, "a form is no text");
    check(&again);
    FUZZ_REQUIRE(
        again.count == form->count && again.digest == form->digest &&
            memcmp(again.characters, form->characters, form->count * sizeof *form->characters) == 0,
        "a form has another form");
    mgi_normal_form_finish(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mgi_normal_form form = {0};
    mgi_normal_result result = mgi_normal_form_make(&form, (const char *)data, size);
    FUZZ_REQUIRE((result == MGI_NORMAL_NOT_UTF8) == !fuzz_is_utf8(data, size),
                 "what is UTF-8 is disputed");
    if (result == MGI_NORMAL_OK) {
        check(&form);
        check_own_form(&form);
    }
    mgi_normal_form_finish(&form);
    return 0;
}
