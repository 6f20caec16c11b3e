/* SPDX-License-Identifier: Apache-2.0 */
/* The administrative places, and the names that they are known by. */
#ifndef MGI_MATCH_NORMAL_GAZETTEER_H
#define MGI_MATCH_NORMAL_GAZETTEER_H

#include "match/normal/place_table.h"

#include <stdbool.h>

enum { MGI_GAZETTEER_TOWN_LEVEL = 4 };

typedef struct mgi_gazetteer_town {
    uint32_t code;   /* nine digits; 0: there is none */
    uint16_t area;   /* the district */
    uint16_t length; /* of the name */
} mgi_gazetteer_town;

/* The first key that begins with the first two of the characters, or NULL. Those that do follow
 * it. */
const mgi_place_key *mgi_gazetteer_find(const uint32_t *at, size_t count);

/* The next key with the same first two characters, or NULL. */
const mgi_place_key *mgi_gazetteer_next(const mgi_place_key *key);

bool mgi_gazetteer_matches(const mgi_place_key *key, const uint32_t *at, size_t count);

/* Whether two keys are the same text. */
bool mgi_gazetteer_is_same(const mgi_place_key *a, const mgi_place_key *b);

/* Whether a place is another, or lies in it. */
bool mgi_gazetteer_lies_in(uint16_t area, uint16_t within);

/* The town that the characters begin with, of a district or of any in a city or province. Code 0:
 * none, or more than one. */
mgi_gazetteer_town mgi_gazetteer_find_town(uint16_t within, const uint32_t *at, size_t count);

#endif
