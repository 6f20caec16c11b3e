/* SPDX-License-Identifier: Apache-2.0 */
/* How much two addresses have in common: weights of terms, and the score of a document. */
#include "match/index/rank.h"

#include "core/alloc.h"
#include "match/index/rank_network.h"

#include <math.h>
#include <string.h>

/* ---- weights --------------------------------------------------------------------------------- */

/* What shares are multiplied by, for each kind: found on labelled pairs, as the power below. */
static const float kind_factors[MGI_TERM_KINDS] = {
    [MGI_TERM_CHARACTER] = 0.3f, [MGI_TERM_UNIT] = 0.3f, [MGI_TERM_NUMBER] = 0.3f,
    [MGI_TERM_PLACE] = 0.3f,     [MGI_TERM_TWO] = 1.0f,  [MGI_TERM_COUNTED] = 1.0f,
};

/* A share is the third power of the information that a term carries, which tells names from what
 * every address has better than the usual second. */
float mgi_rank_weight(uint64_t key, uint64_t with, uint64_t documents) {
    /* In a table of a few records nothing is frequent: it is weighed as one of a thousand. */
    const float many = documents < 1000 ? 1000.0f : (float)documents;
    const float among = sqrtf((many + 1.0f) / ((float)documents + 1.0f)) * (float)with;
    const float information = logf((many + 1.0f) / (among + 0.5f)) + 0.05f;
    return sqrtf(kind_factors[mgi_term_kind_of(key) % MGI_TERM_KINDS] * information * information *
                 information);
}

/* Long documents share more by chance: what a term counts falls with the total's power of 0.3. */
enum { STEPS = 2 };
static const float least_total = 512.0f;

uint32_t mgi_rank_level(float total) {
    const float steps = total > least_total ? log2f(total / least_total) * STEPS : 0.0f;
    return steps >= MGI_RANK_LEVELS - 1 ? 0 : MGI_RANK_LEVELS - 1 - (uint32_t)steps;
}

float mgi_rank_level_factor(uint32_t level) {
    return exp2f(-0.3f * (float)(MGI_RANK_LEVELS - 1 - level) / STEPS);
}

/* ---- the terms of a query ---------------------------------------------------------------------
 */

static inline uint32_t find_slot(const mgi_rank_query *query, uint32_t number) {
    return number * UINT32_C(0x9E3779B1) >> (32 - query->bits);
}

void mgi_rank_add(mgi_rank_query *query, uint32_t number, uint64_t key, float share) {
    const uint32_t mask = (UINT32_C(1) << query->bits) - 1;
    uint32_t slot = find_slot(query, number);
    while (query->slots[slot].number != 0) slot = (slot + 1) & mask;
    query->slots[slot] =
        (mgi_rank_slot){number + 1, (uint32_t)(mgi_term_kind_of(key) % MGI_TERM_KINDS), share};
}

/* Seldom: another term of the query stands where this one would. */
static __attribute__((noinline)) const mgi_rank_slot *look_further(const mgi_rank_query *query,
                                                                   uint32_t number, uint32_t slot) {
    const uint32_t mask = (UINT32_C(1) << query->bits) - 1;
    while (query->slots[slot].number != 0 && query->slots[slot].number != number + 1) {
        slot = (slot + 1) & mask;
    }
    return &query->slots[slot];
}

/* An empty slot's share is 0 and its kind none, so that whether the query has the term is no branch
 * to be guessed. */
static inline const mgi_rank_slot *look_up(const mgi_rank_query *query, uint32_t number) {
    const uint32_t slot = find_slot(query, number);
    const uint32_t there = query->slots[slot].number;
    if (__builtin_expect((there != 0) & (there != number + 1), 0)) {
        return look_further(query, number, slot);
    }
    return &query->slots[slot];
}

/* ---- features -------------------------------------------------------------------------------- */

/* What both have. */
typedef struct common {
    float shares[MGI_TERM_KINDS + 1]; /* by kind; the last are of what the query lacks */
    uint32_t counts[MGI_TERM_KINDS + 1];
    float greatest;
} common;

static common find_common(const mgi_rank_query *query, const mgi_rank_document *document) {
    common found = {0};
    for (size_t i = 0; i < document->count; i++) {
        const mgi_rank_slot *slot = look_up(query, document->numbers[i]);
        found.shares[slot->kind] += slot->share;
        found.counts[slot->kind]++;
        found.greatest = slot->share > found.greatest ? slot->share : found.greatest;
    }
    return found;
}

typedef enum place_agreement { UNKNOWN, AGREES, OTHER_DISTRICT, OTHER_CITY } place_agreement;

/* How two places' codes go together, as far as both are known. */
static place_agreement compare_places(uint32_t a, uint32_t b) {
    if (a == 0 || b == 0) return UNKNOWN;
    if (a / 10000 != b / 10000) return OTHER_CITY;
    const uint32_t city_a = a / 100 % 100, city_b = b / 100 % 100;
    if (city_a == 0 || city_b == 0) return UNKNOWN;
    if (city_a != city_b) return OTHER_CITY;
    if (a % 100 == 0 || b % 100 == 0) return UNKNOWN;
    return a == b ? AGREES : OTHER_DISTRICT;
}

static float part(float of, float whole) { return whole > 0.0f ? of / whole : 0.0f; }

static uint32_t count_characters(const mgi_term_facts *facts) {
    const uint32_t others = facts->numbers + facts->units + facts->places;
    return facts->tokens > others ? facts->tokens - others : 0;
}

/* What a query's features are for every document. */
static void write_query(const mgi_rank_query *query, float *features) {
    const mgi_term_facts *facts = &query->facts;
    const float made[MGI_RANK_QUERY_FEATURES] = {
        facts->numbers == 0 ? 1.0f : 0.0f,
        logf((float)facts->tokens + 1.0f),
        logf(query->totals.all + 1.0f),
        (float)count_characters(facts),
        (float)facts->units,
        (float)facts->numbers,
        (float)facts->places,
    };
    memcpy(features, made, sizeof made);
}

enum { SHARED_FEATURES = 20, KIND_FEATURES = 15 };

/* What the two share, as a whole. */
static void write_shared(const mgi_rank_query *query, const mgi_rank_document *document,
                         const common *found, const mgi_term_facts *b, float *features) {
    const mgi_term_facts *a = &query->facts;
    const uint32_t *counts = found->counts;
    const float numbers = (float)counts[MGI_TERM_NUMBER];
    const float singles = (float)(counts[MGI_TERM_CHARACTER] + counts[MGI_TERM_UNIT] +
                                  counts[MGI_TERM_NUMBER] + counts[MGI_TERM_PLACE]);
    const float twos = (float)(counts[MGI_TERM_TWO] + counts[MGI_TERM_COUNTED]);
    const place_agreement places = compare_places(a->place, b->place);
    float sum = 0.0f;
    for (int kind = 0; kind < MGI_TERM_KINDS; kind++) sum += found->shares[kind];
    const float made[SHARED_FEATURES] = {
        part(sum, query->totals.all),
        part(sum, document->total),
        part(sum, sqrtf(query->totals.all * document->total)),
        logf(sum + 1.0f),
        part(singles, (float)a->tokens),
        part(singles, (float)b->tokens),
        part(twos, singles),
        numbers > 0.0f ? 1.0f : 0.0f,
        part(numbers, (float)a->numbers),
        part(numbers, (float)b->numbers),
        b->numbers == 0 ? 1.0f : 0.0f,
        a->first_number != 0 && a->first_number == b->first_number ? 1.0f : 0.0f,
        a->last_token == b->last_token ? 1.0f : 0.0f,
        logf((float)b->tokens + 1.0f),
        logf(document->total + 1.0f),
        places == AGREES ? 1.0f : 0.0f,
        places == OTHER_DISTRICT ? 1.0f : 0.0f,
        places == OTHER_CITY ? 1.0f : 0.0f,
        part((float)counts[MGI_TERM_COUNTED], (float)a->numbers),
        part(found->greatest, sum),
    };
    memcpy(features, made, sizeof made);
}

/* The same by kinds, and how many of each the document has: what an address says that the other
 * does not speaks against it, a place more than a name. */
static void write_kinds(const mgi_rank_query *query, const common *found, const mgi_term_facts *b,
                        float *features) {
    for (int kind = 0; kind < MGI_TERM_KINDS; kind++) {
        *features++ = found->shares[kind] * query->inverse[kind];
    }
    const float made[KIND_FEATURES - MGI_TERM_KINDS] = {
        (float)found->counts[MGI_TERM_CHARACTER],
        (float)found->counts[MGI_TERM_UNIT],
        (float)found->counts[MGI_TERM_NUMBER],
        (float)found->counts[MGI_TERM_PLACE],
        (float)count_characters(b),
        (float)b->units,
        (float)b->numbers,
        (float)b->places,
        (float)found->counts[MGI_TERM_KINDS],
    };
    memcpy(features, made, sizeof made);
}

/* All but the query's. */
static void write_document(const mgi_rank_query *query, const mgi_rank_document *document,
                           float *features) {
    const common found = find_common(query, document);
    const mgi_term_facts facts = mgi_term_facts_unpack(document->facts);
    write_shared(query, document, &found, &facts, features);
    write_kinds(query, &found, &facts, features + SHARED_FEATURES);
}

void mgi_rank_features(const mgi_rank_query *query, const mgi_rank_document *document,
                       float *features) {
    write_query(query, features);
    write_document(query, document, features + MGI_RANK_QUERY_FEATURES);
}

/* ---- the score ------------------------------------------------------------------------------- */

/* Sums go from feature to feature, for all hidden units at once: every processor adds in one
 * order. */
static void add_features(float *hidden, const float *features, int first, int end) {
    float sums[MGI_RANK_HIDDEN];
    memcpy(sums, hidden, sizeof sums);
    for (int i = first; i < end; i++) {
        const float feature = features[i - first];
        for (int k = 0; k < MGI_RANK_HIDDEN; k++) {
            sums[k] += feature * mgi_rank_hidden_weights[i][k];
        }
    }
    memcpy(hidden, sums, sizeof sums);
}

static void begin_network(mgi_rank_query *query) {
    float features[MGI_RANK_QUERY_FEATURES];
    write_query(query, features);
    memcpy(query->hidden, mgi_rank_hidden_bias, sizeof query->hidden);
    add_features(query->hidden, features, 0, MGI_RANK_QUERY_FEATURES);
}

float mgi_rank_score(const mgi_rank_query *query, const mgi_rank_document *document) {
    float features[MGI_RANK_FEATURES - MGI_RANK_QUERY_FEATURES], hidden[MGI_RANK_HIDDEN];
    write_document(query, document, features);
    memcpy(hidden, query->hidden, sizeof hidden);
    add_features(hidden, features, MGI_RANK_QUERY_FEATURES, MGI_RANK_FEATURES);
    float out = mgi_rank_output_bias;
    for (int k = 0; k < MGI_RANK_HIDDEN; k++) {
        out += (hidden[k] > 0.0f ? hidden[k] : 0.0f) * mgi_rank_output_weights[k];
    }
    return 1.0f / (1.0f + expf(-out));
}

/* ---- the query ------------------------------------------------------------------------------- */

bool mgi_rank_begin(mgi_rank_query *query, size_t most, const mgi_rank_totals *totals,
                    uint64_t facts) {
    unsigned bits = 8;
    while ((size_t)1 << bits < 16 * most) bits++;
    const size_t slots = (size_t)1 << bits;
    if (slots > query->capacity) {
        mgi_rank_finish(query);
        query->slots = mgi_calloc(slots, sizeof *query->slots);
        if (query->slots == NULL) return false;
        query->capacity = slots;
    }
    query->bits = bits;
    query->totals = *totals;
    query->facts = mgi_term_facts_unpack(facts);
    for (int kind = 0; kind < MGI_TERM_KINDS; kind++) {
        query->inverse[kind] = part(1.0f, totals->kinds[kind]);
    }
    for (size_t i = 0; i < slots; i++) query->slots[i] = (mgi_rank_slot){.kind = MGI_TERM_KINDS};
    begin_network(query);
    return true;
}

void mgi_rank_finish(mgi_rank_query *query) {
    mgi_free(query->slots);
    *query = (mgi_rank_query){0};
}
