/* SPDX-License-Identifier: Apache-2.0 */
/* The form of an address that ways of writing it share, step by step.
 *
 * The text becomes folded characters in a scratch array (characters.h), noise is taken out of them
 * (noise.h) and punctuation (joints.h); then they are written as pieces: places, numbers with their
 * units, and what is left. Every step takes time in proportion to the text, whatever it holds. */
#include "match/normal/normal_form.h"

#include "core/alloc.h"
#include "core/utf8.h"
#include "match/normal/characters.h"
#include "match/normal/joints.h"
#include "match/normal/noise.h"
#include "match/normal/numbers.h"
#include "match/normal/numerals.h"
#include "match/normal/place_table.h"
#include "match/normal/places.h"
#include "match/normal/repeats.h"
#include "match/normal/words.h"
#include "match/normal/writer.h"

#include <string.h>

#include <xxhash.h>

/* No character becomes more than two for each of its bytes. */
enum { CHARACTERS_PER_BYTE = 2, ROOM_FOR_PLACES = 64 };

static size_t count_for(size_t bytes) { return bytes * CHARACTERS_PER_BYTE + ROOM_FOR_PLACES; }

/* Half as much again, so that texts that grow longer one by one do not move it each time. */
static size_t capacity_for(size_t count) { return count + count / 2; }

static bool grow(void **memory, size_t *capacity, size_t count, size_t size) {
    if (count <= *capacity) return true;
    size_t wanted = capacity_for(count);
    void *larger = wanted < count ? NULL : mgi_realloc(*memory, wanted, size);
    if (larger == NULL) return false;
    *memory = larger;
    *capacity = wanted;
    return true;
}

static bool reserve(mgi_normal_form *form, size_t bytes) {
    /* Pieces count characters in 32 bits. */
    if (bytes > UINT32_MAX / CHARACTERS_PER_BYTE - ROOM_FOR_PLACES) return false;
    size_t count = count_for(bytes);
    void *characters = form->characters;
    void *folded = form->folded;
    void *pieces = form->pieces;
    bool fits = grow(&characters, &form->character_capacity, count, sizeof *form->characters) &&
                grow(&folded, &form->folded_capacity, count, sizeof *form->folded) &&
                grow(&pieces, &form->piece_capacity, count, sizeof *form->pieces);
    form->characters = characters;
    form->folded = folded;
    form->pieces = pieces;
    return fits;
}

uint64_t mgi_normal_form_room(const mgi_normal_form *form) {
    return form->character_capacity * sizeof *form->characters +
           form->folded_capacity * sizeof *form->folded +
           form->piece_capacity * sizeof *form->pieces;
}

uint64_t mgi_normal_form_growth(const mgi_normal_form *form, size_t bytes) {
    const uint64_t each = sizeof *form->characters + sizeof *form->folded + sizeof *form->pieces;
    if (count_for(bytes) <= form->piece_capacity) return 0; /* the last one to grow */
    return capacity_for(count_for(bytes)) * each;
}

/* False: not UTF-8. */
static bool fold(mgi_normal_form *form, const char *text, size_t bytes, size_t *count) {
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *end = bytes == 0 ? at : at + bytes; /* an empty text may be NULL */
    *count = 0;
    while (at < end) {
        int32_t character = 0;
        size_t length = mgi_utf8_decode(at, end, &character);
        if (length == 0) return false;
        *count += mgi_characters_fold((uint32_t)character, form->folded + *count);
        at += length;
    }
    return true;
}

static void write_pieces(mgi_normal_form *form, const uint32_t *characters, size_t count) {
    uint16_t within = 0;
    size_t at = mgi_places_write(form, characters, count, &within);
    while (at > 0 && at < count && mgi_characters_is_mark(characters[at])) {
        at++; /* it parted a number from a name that ends in a numeral */
    }
    if (within != MGI_PLACE_NONE) {
        count = at + mgi_noise_without_postcode(characters + at, count - at,
                                                mgi_place_areas[within].code);
    }
    while (at < count) {
        size_t taken = mgi_numbers_write(form, characters + at, count - at);
        if (taken == 0) {
            taken = mgi_places_write_mention(form, characters + at, count - at, within);
        }
        if (taken == 0) taken = mgi_words_write(form, characters + at, count - at);
        if (taken == 0) {
            mgi_writer_text(form, characters + at, 1);
            taken = 1;
        }
        at += taken;
    }
}

/* Numbers are told by what they touch once marks are gone, and marks go where there are no numbers:
 * so both are looked at again when numerals have become digits. */
static size_t clean(mgi_normal_form *form, size_t count) {
    count = mgi_noise_remove_numbers(form->folded, count);
    count = mgi_noise_remove_remarks(form->folded, count);
    count = mgi_joints_clean(form->folded, count);
    count = mgi_numerals_write(form->folded, count, form->characters);
    memcpy(form->folded, form->characters, count * sizeof *form->folded);
    count = mgi_noise_remove_numbers(form->folded, count);
    return mgi_joints_clean(form->folded, count);
}

mgi_normal_result mgi_normal_form_make(mgi_normal_form *form, const char *text, size_t bytes) {
    form->count = form->piece_count = 0;
    form->digest = 0;
    if (!reserve(form, bytes)) return MGI_NORMAL_NO_MEMORY;
    size_t count = 0;
    if (!fold(form, text, bytes, &count)) return MGI_NORMAL_NOT_UTF8;
    count = clean(form, count);
    write_pieces(form, form->folded, count);
    mgi_repeats_drop(form);
    if (form->count == 0) return MGI_NORMAL_OK;
    form->digest = XXH3_64bits(form->characters, form->count * sizeof *form->characters);
    if (form->digest == 0) form->digest = 1;
    return MGI_NORMAL_OK;
}

void mgi_normal_form_finish(mgi_normal_form *form) {
    if (form == NULL) return;
    mgi_free(form->characters);
    mgi_free(form->folded);
    mgi_free(form->pieces);
    *form = (mgi_normal_form){0};
}
