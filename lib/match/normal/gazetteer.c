/* SPDX-License-Identifier: Apache-2.0 */
/* The administrative places, and the names that they are known by. */
#include "match/normal/gazetteer.h"

#include "match/normal/characters.h"

#include <string.h>

enum {
    TOWN_LENGTH = 31,
    TOWN_END_SHIFT = 5,
    TOWN_END = 3,
    TOWN_LARGE_STEP = 128,
    LONGEST_TOWN = 12
};

static const char16_t *const town_ends[] = {u"镇", u"街道", u"乡", u"苏木"};

static const uint16_t *text_of(const mgi_place_key *key) { return mgi_place_names + key->text; }

const mgi_place_key *mgi_gazetteer_find(const uint32_t *at, size_t count) {
    if (count < 2) return NULL;
    uint32_t slot = at[0] * 31 + at[1] * 1021;
    slot = (slot ^ slot >> 7) % MGI_PLACE_SLOTS;
    while (mgi_place_slots[slot] != 0) {
        const mgi_place_key *key = &mgi_place_keys[mgi_place_slots[slot] - 1];
        if (text_of(key)[0] == at[0] && text_of(key)[1] == at[1]) return key;
        slot = (slot + 1) % MGI_PLACE_SLOTS;
    }
    return NULL;
}

const mgi_place_key *mgi_gazetteer_next(const mgi_place_key *key) {
    const mgi_place_key *next = key + 1;
    if (next == mgi_place_keys + mgi_place_key_count) return NULL;
    return memcmp(text_of(next), text_of(key), 2 * sizeof(uint16_t)) == 0 ? next : NULL;
}

bool mgi_gazetteer_matches(const mgi_place_key *key, const uint32_t *at, size_t count) {
    if (key->length > count) return false;
    const uint16_t *text = text_of(key);
    for (size_t i = 2; i < key->length; i++) {
        if (text[i] != at[i]) return false;
    }
    return true;
}

bool mgi_gazetteer_is_same(const mgi_place_key *a, const mgi_place_key *b) {
    return a->length == b->length &&
           memcmp(text_of(a), text_of(b), a->length * sizeof(uint16_t)) == 0;
}

bool mgi_gazetteer_lies_in(uint16_t area, uint16_t within) {
    while (area != MGI_PLACE_NONE && area != within) {
        area = mgi_place_areas[area].parent;
    }
    return area == within;
}

/* Whether a name may end in the characters: else no town need be looked at. */
static bool may_be_town(const uint32_t *at, size_t count) {
    for (size_t i = 1; i < count && i < LONGEST_TOWN; i++) {
        if (mgi_characters_is_one_of(at[i], u"镇乡木")) return true;
        if (at[i] == u'街' && i + 1 < count && at[i + 1] == u'道') return true;
    }
    return false;
}

/* The length of the name if the characters begin with it, else 0. */
static uint16_t match_name(const uint16_t *name, uint8_t shape, const uint32_t *at, size_t count) {
    size_t length = shape & TOWN_LENGTH;
    const char16_t *end = town_ends[shape >> TOWN_END_SHIFT & TOWN_END];
    if (length == 0 || length >= count || name[0] != at[0]) return 0;
    for (size_t i = 1; i < length; i++) {
        if (name[i] != at[i]) return 0;
    }
    if (!mgi_characters_begin_with(at + length, count - length, end)) return 0;
    return (uint16_t)(length + (end[1] == 0 ? 1 : 2));
}

/* The longest name of the district's towns that the characters begin with. */
static mgi_gazetteer_town find_in_district(uint16_t number, const uint32_t *at, size_t count) {
    const mgi_place_area *area = &mgi_place_areas[number];
    const uint16_t *name = mgi_place_town_names + area->towns_at;
    mgi_gazetteer_town best = {.area = number};
    uint32_t code = area->code * 1000;
    for (size_t i = area->town; i < (size_t)area->town + area->town_count; i++) {
        code += mgi_place_town_steps[i] + (mgi_place_town_shapes[i] & TOWN_LARGE_STEP ? 256U : 0U);
        uint16_t length = match_name(name, mgi_place_town_shapes[i], at, count);
        if (length > best.length) {
            best.length = length;
            best.code = code;
        }
        name += mgi_place_town_shapes[i] & TOWN_LENGTH;
    }
    return best;
}

mgi_gazetteer_town mgi_gazetteer_find_town(uint16_t within, const uint32_t *at, size_t count) {
    mgi_gazetteer_town found = {0};
    if (!may_be_town(at, count)) return found;
    for (size_t i = within; i < mgi_place_area_count; i++) {
        if (!mgi_gazetteer_lies_in((uint16_t)i, within)) break;
        mgi_gazetteer_town town = find_in_district((uint16_t)i, at, count);
        if (town.code == 0) continue;
        if (found.code != 0) return (mgi_gazetteer_town){0};
        found = town;
    }
    return found;
}
