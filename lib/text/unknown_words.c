/* SPDX-License-Identifier: Apache-2.0 */
/* Unknown words as numbers: the first of them, and a digest of all. */
#include "text/unknown_words.h"

/* No character and no hash of a longer word share a number. */
static const uint64_t long_word = (uint64_t)1 << 63;

static uint64_t mix(uint64_t digest, uint64_t number) {
    digest = (digest ^ number) * 0x9E3779B97F4A7C15u;
    return digest ^ digest >> 32;
}

static uint64_t number_of(const int32_t *characters, size_t count) {
    if (count == 1) return (uint64_t)characters[0];
    uint64_t hash = count;
    for (size_t i = 0; i < count; i++) hash = mix(hash, (uint64_t)characters[i] + 1);
    return hash | long_word;
}

void mgi_unknown_words_take(mgi_unknown_words *words, const int32_t *characters, size_t count) {
    uint64_t number = number_of(characters, count);
    if (words->count < MGI_UNKNOWN_WORDS_KEPT) words->kept[words->count] = number;
    words->count++;
    words->digest = mix(words->digest, number + 1);
}

static bool holds(const mgi_unknown_words *words, uint64_t number) {
    for (size_t i = 0; i < words->count; i++) {
        if (words->kept[i] == number) return true;
    }
    return false;
}

/* Are the shorter one's words in the longer one in that order, and the longer one's all in it? */
static bool is_abridged(const mgi_unknown_words *shorter, const mgi_unknown_words *longer) {
    size_t met = 0;
    for (size_t i = 0; i < longer->count; i++) {
        if (met < shorter->count && longer->kept[i] == shorter->kept[met]) {
            met++;
        } else if (!holds(shorter, longer->kept[i])) {
            return false;
        }
    }
    return met == shorter->count;
}

bool mgi_unknown_words_differ(const mgi_unknown_words *a, const mgi_unknown_words *b) {
    if (a->count == b->count && a->digest == b->digest) return false;
    if (a->count > MGI_UNKNOWN_WORDS_KEPT || b->count > MGI_UNKNOWN_WORDS_KEPT) return true;
    return a->count < b->count ? !is_abridged(a, b) : !is_abridged(b, a);
}
