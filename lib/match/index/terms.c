/* SPDX-License-Identifier: Apache-2.0 */
/* The terms of a normal form: what two addresses may have in common, as 64-bit keys. */
#include "match/index/terms.h"

#include "core/alloc.h"

/* ---- facts ----------------------------------------------------------------------------------- */

enum { PLACE_BITS = 20, TOKEN_BITS = 8, NUMBER_BITS = 4, PLACES_BITS = 3, KEY_BITS = 12 };

static uint64_t cap(uint64_t value, unsigned bits) {
    const uint64_t most = (UINT64_C(1) << bits) - 1;
    return value < most ? value : most;
}

uint64_t mgi_term_facts_pack(const mgi_term_facts *facts) {
    uint64_t packed = cap(facts->place, PLACE_BITS);
    packed = packed << TOKEN_BITS | cap(facts->tokens, TOKEN_BITS);
    packed = packed << NUMBER_BITS | cap(facts->numbers, NUMBER_BITS);
    packed = packed << NUMBER_BITS | cap(facts->units, NUMBER_BITS);
    packed = packed << PLACES_BITS | cap(facts->places, PLACES_BITS);
    packed = packed << KEY_BITS | cap(facts->first_number, KEY_BITS);
    return packed << KEY_BITS | cap(facts->last_token, KEY_BITS);
}

static uint32_t take(uint64_t *packed, unsigned bits) {
    const uint32_t value = (uint32_t)(*packed & ((UINT64_C(1) << bits) - 1));
    *packed >>= bits;
    return value;
}

mgi_term_facts mgi_term_facts_unpack(uint64_t packed) {
    mgi_term_facts facts;
    facts.last_token = take(&packed, KEY_BITS);
    facts.first_number = take(&packed, KEY_BITS);
    facts.places = take(&packed, PLACES_BITS);
    facts.units = take(&packed, NUMBER_BITS);
    facts.numbers = take(&packed, NUMBER_BITS);
    facts.tokens = take(&packed, TOKEN_BITS);
    facts.place = take(&packed, PLACE_BITS);
    return facts;
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* The finaliser of splitmix64: every bit of the key depends on every bit of the content. */
static uint64_t mix(uint64_t value) {
    value ^= value >> 30;
    value *= UINT64_C(0xBF58476D1CE4E5B9);
    value ^= value >> 27;
    value *= UINT64_C(0x94D049BB133111EB);
    return value ^ value >> 31;
}

static uint64_t make_key(mgi_term_kind kind, uint64_t content) {
    return (mix(content + UINT64_C(0x9E3779B97F4A7C15)) & ~UINT64_C(7)) | (uint64_t)kind;
}

static uint64_t hash_characters(const mgi_normal_form *form, const mgi_normal_piece *piece) {
    uint64_t hash = (uint64_t)piece->kind << 32 | piece->count;
    for (uint32_t i = 0; i < piece->count; i++) {
        hash = mix(hash ^ form->characters[piece->start + i]);
    }
    return hash;
}

/* ---- tokens ---------------------------------------------------------------------------------- */

typedef struct making {
    mgi_terms *terms;
    mgi_term_facts facts;
    uint64_t before; /* the token before; 0: none */
    mgi_normal_kind kind_before;
} making;

/* The low bits say the kind, and are the same for all; 0 is none. */
static uint32_t few_bits(uint64_t key) { return (uint32_t)(key >> 40) % ((1 << KEY_BITS) - 1) + 1; }

static void add_token(making *to, uint64_t token, mgi_normal_kind kind) {
    static const mgi_term_kind kinds[] = {[MGI_NORMAL_TEXT] = MGI_TERM_CHARACTER,
                                          [MGI_NORMAL_NUMBER] = MGI_TERM_NUMBER,
                                          [MGI_NORMAL_UNIT] = MGI_TERM_UNIT,
                                          [MGI_NORMAL_PLACE] = MGI_TERM_PLACE};
    mgi_terms *terms = to->terms;
    const uint64_t key = make_key(kinds[kind], token);
    terms->keys[terms->count++] = key;
    if (to->before != 0) {
        const bool counted = to->kind_before == MGI_NORMAL_NUMBER && kind == MGI_NORMAL_UNIT;
        terms->keys[terms->count++] =
            make_key(counted ? MGI_TERM_COUNTED : MGI_TERM_TWO, mix(to->before * 3 ^ token));
    }
    if (kind == MGI_NORMAL_NUMBER && to->facts.numbers++ == 0) {
        to->facts.first_number = few_bits(key);
    }
    to->facts.units += kind == MGI_NORMAL_UNIT;
    to->facts.places += kind == MGI_NORMAL_PLACE;
    to->facts.tokens++;
    to->facts.last_token = few_bits(key);
    to->before = key;
    to->kind_before = kind;
}

static void add_piece(making *to, const mgi_normal_form *form, const mgi_normal_piece *piece) {
    if (piece->kind == MGI_NORMAL_NUMBER || piece->kind == MGI_NORMAL_UNIT) {
        add_token(to, hash_characters(form, piece), (mgi_normal_kind)piece->kind);
        return;
    }
    if (piece->kind == MGI_NORMAL_PLACE && piece->level <= 3) {
        if (piece->place != 0) to->facts.place = piece->place;
        add_token(to, hash_characters(form, piece), MGI_NORMAL_PLACE);
        return;
    }
    for (uint32_t i = 0; i < piece->count; i++) {
        add_token(to, form->characters[piece->start + i], MGI_NORMAL_TEXT);
    }
}

/* ---- terms ----------------------------------------------------------------------------------- */

/* Shell's: the keys are few, and mostly fewer than a hundred. */
static void sort_keys(uint64_t *keys, size_t count) {
    static const size_t gaps[] = {701, 301, 132, 57, 23, 10, 4, 1};
    for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++) {
        for (size_t i = gaps[g]; i < count; i++) {
            const uint64_t key = keys[i];
            size_t at = i;
            for (; at >= gaps[g] && keys[at - gaps[g]] > key; at -= gaps[g]) {
                keys[at] = keys[at - gaps[g]];
            }
            keys[at] = key;
        }
    }
}

static size_t drop_repeats(uint64_t *keys, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || keys[i] != keys[kept - 1]) keys[kept++] = keys[i];
    }
    return kept;
}

bool mgi_terms_reserve(mgi_terms *terms, size_t count) {
    if (count <= terms->capacity) return true;
    uint64_t *grown = mgi_realloc(terms->keys, count, sizeof *grown);
    if (grown == NULL) return false;
    terms->keys = grown;
    terms->capacity = count;
    return true;
}

/* The place, and how the first name after it begins: one district's records lie together, and in it
 * those of a street. */
static uint64_t find_locality(const mgi_normal_form *form, uint64_t place) {
    uint64_t name = 0;
    for (size_t i = 0; i < form->piece_count; i++) {
        const mgi_normal_piece *piece = &form->pieces[i];
        if (piece->kind != MGI_NORMAL_TEXT) continue;
        name = (uint64_t)form->characters[piece->start] << 21;
        if (piece->count > 1) name |= form->characters[piece->start + 1];
        break;
    }
    return place << 42 | name;
}

bool mgi_terms_make(mgi_terms *terms, const mgi_normal_form *form) {
    const size_t characters =
        form->count < MGI_TERMS_CHARACTERS ? form->count : MGI_TERMS_CHARACTERS;
    making to = {.terms = terms};
    terms->count = 0;
    if (!mgi_terms_reserve(terms, 2 * characters)) return false;
    for (size_t i = 0; i < form->piece_count; i++) {
        mgi_normal_piece piece = form->pieces[i];
        if (piece.start >= characters) break;
        if ((size_t)piece.start + piece.count > characters) {
            if (piece.kind != MGI_NORMAL_TEXT) break;
            piece.count = (uint32_t)(characters - piece.start);
        }
        add_piece(&to, form, &piece);
    }
    terms->facts = mgi_term_facts_pack(&to.facts);
    terms->locality = find_locality(form, to.facts.place);
    sort_keys(terms->keys, terms->count);
    terms->count = drop_repeats(terms->keys, terms->count);
    return true;
}

void mgi_terms_finish(mgi_terms *terms) {
    mgi_free(terms->keys);
    *terms = (mgi_terms){0};
}
