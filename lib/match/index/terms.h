/* SPDX-License-Identifier: Apache-2.0 */
/* The terms of a normal form: what two addresses may have in common, as 64-bit keys. */
#ifndef MGI_MATCH_INDEX_TERMS_H
#define MGI_MATCH_INDEX_TERMS_H

#include "match/normal/normal_form.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file whose terms were made in another way is of no use: raised with every change of the keys,
 * of the facts or of the normal form. */
enum { MGI_TERMS_VERSION = 5 };

/* Characters of a form that terms are made of, from its start: no address is longer. */
enum { MGI_TERMS_CHARACTERS = 512 };

/* A form is a row of tokens: each number, unit and place is one, and of other text each character.
 * A term is a token, or two that stand together. */
typedef enum mgi_term_kind {
    MGI_TERM_CHARACTER,
    MGI_TERM_UNIT,
    MGI_TERM_NUMBER,
    MGI_TERM_PLACE,
    MGI_TERM_TWO,     /* two tokens */
    MGI_TERM_COUNTED, /* a number and the unit after it */
    MGI_TERM_KINDS
} mgi_term_kind;

/* What rank.c wants to know of an address besides its terms. As a number, since files hold it. */
typedef struct mgi_term_facts {
    uint32_t place;  /* the code of its district, city or province, as far as is known; or 0 */
    uint32_t tokens; /* at most 255 */
    uint32_t numbers, units;           /* among the tokens; at most 15 */
    uint32_t places;                   /* the same; at most 7 */
    uint32_t first_number, last_token; /* a few bits of their keys; 0: none */
} mgi_term_facts;

uint64_t mgi_term_facts_pack(const mgi_term_facts *facts);
mgi_term_facts mgi_term_facts_unpack(uint64_t packed);

typedef struct mgi_terms {
    uint64_t *keys; /* ascending, each once; spread evenly over all numbers */
    size_t count, capacity;
    uint64_t facts;    /* an mgi_term_facts, packed */
    uint64_t locality; /* near for addresses that are often found together: where they lie in a
                          segment; it changes no answer */
} mgi_terms;

static inline mgi_term_kind mgi_term_kind_of(uint64_t key) { return (mgi_term_kind)(key & 7); }

/* Makes the terms of a form, in place of those that were there. false: out of memory. */
bool mgi_terms_make(mgi_terms *terms, const mgi_normal_form *form);
/* Room for `count` keys. false: out of memory. */
bool mgi_terms_reserve(mgi_terms *terms, size_t count);
void mgi_terms_finish(mgi_terms *terms);

#endif
