/* SPDX-License-Identifier: Apache-2.0 */
/* Where a call stands between 0 and 9,999: what decides whether a canary answers it. */
#include "engine/rollout/routing.h"

#include "engine/slots.h"

#include <string.h>
#include <xxhash.h>

static uint32_t bucket_of_hash(uint64_t hash) { return (uint32_t)(hash % MGI_SLOTS_SHARE_ALL); }

uint32_t mgi_canary_bucket_of_key(uint64_t key) {
    return bucket_of_hash(XXH3_64bits(&key, sizeof key));
}

/* The hash of one text seeds the next one's, so that where a text ends matters. */
static uint64_t hash_text(const char *text, size_t length, uint64_t seed) {
    if (length == MGEO_NUL_TERMINATED) length = strlen(text);
    return XXH3_64bits_withSeed(text != NULL ? text : "", length, seed + length);
}

uint32_t mgi_canary_bucket_of_pairs(const mgeo_pair *pairs, size_t count) {
    uint64_t hash = count;
    for (size_t i = 0; i < count; i++) {
        hash = hash_text(pairs[i].a, pairs[i].a_len, hash);
        hash = hash_text(pairs[i].b, pairs[i].b_len, hash);
    }
    return bucket_of_hash(hash);
}
