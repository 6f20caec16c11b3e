/* SPDX-License-Identifier: Apache-2.0 */
/* How much two addresses have in common: weights of terms, and the score of a document.
 *
 * The score is a small network's, learnt from labelled pairs (training/rank.py): of what the two
 * share and of what each has alone, it says how likely they name one place. */
#ifndef MGI_MATCH_INDEX_RANK_H
#define MGI_MATCH_INDEX_RANK_H

#include "match/index/terms.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Documents are sorted into levels by what their own length makes of a term that they share with a
 * query: the higher, the more. */
enum { MGI_RANK_LEVELS = 16 };

/* The weight of a term that `with` of `documents` have; above 0. `with` may be 0. */
float mgi_rank_weight(uint64_t key, uint64_t with, uint64_t documents);

/* What a term of this weight counts where both have it. */
static inline float mgi_rank_share(float weight) { return weight * weight; }

/* The level of a document by the sum of its terms' shares, and what the level is worth. */
uint32_t mgi_rank_level(float total);
float mgi_rank_level_factor(uint32_t level);

/* A term of the query in the hash table. */
typedef struct mgi_rank_slot {
    uint32_t number; /* plus 1; 0 is empty */
    uint32_t kind;
    float share;
} mgi_rank_slot;

/* What all the terms of a query count, also those that a segment does not know. */
typedef struct mgi_rank_totals {
    float all;
    float kinds[MGI_TERM_KINDS];
} mgi_rank_totals;

/* The network: its features, the first of which are of the query alone, and its hidden units. */
enum { MGI_RANK_FEATURES = 42, MGI_RANK_QUERY_FEATURES = 7, MGI_RANK_HIDDEN = 24 };

/* A query's terms as one segment numbers them, for looking up a document's. All zero is empty. */
typedef struct mgi_rank_query {
    mgi_rank_slot *slots;
    size_t capacity; /* slots there is room for */
    unsigned bits;   /* slots in use: 1 << bits */
    mgi_rank_totals totals;
    mgi_term_facts facts;
    float inverse[MGI_TERM_KINDS]; /* 1 / totals.kinds; 0 of what it lacks */
    float hidden[MGI_RANK_HIDDEN]; /* sums of the network's, of what the query is */
} mgi_rank_query;

/* Begins a query of at most `most` terms that the segment knows. false: out of memory. */
bool mgi_rank_begin(mgi_rank_query *query, size_t most, const mgi_rank_totals *totals,
                    uint64_t facts);
void mgi_rank_add(mgi_rank_query *query, uint32_t number, uint64_t key, float share);

static inline void mgi_rank_count(mgi_rank_totals *totals, uint64_t key, float share) {
    totals->all += share;
    totals->kinds[mgi_term_kind_of(key) % MGI_TERM_KINDS] += share;
}

/* A document as the segment holds it. */
typedef struct mgi_rank_document {
    const uint32_t *numbers; /* of its terms */
    size_t count;
    float total;
    uint64_t facts;
} mgi_rank_document;

/* What the network sees. */
void mgi_rank_features(const mgi_rank_query *query, const mgi_rank_document *document,
                       float *features);

/* The score of a document: 0..1. */
float mgi_rank_score(const mgi_rank_query *query, const mgi_rank_document *document);

void mgi_rank_finish(mgi_rank_query *query);

#endif
