/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs made of another language's UTF-16 strings, their UTF-8 in blocks that never move. */
#ifndef MGEO_BINDING_TEXTS_H
#define MGEO_BINDING_TEXTS_H

#include <mgeo.h>

#include <stddef.h>
#include <stdint.h>

typedef struct mgb_block mgb_block;

/* Filled from the first text to the last, a before b; used by one thread at a time. */
typedef struct mgb_texts {
    mgeo_pair *pairs;     /* [count]; what is not filled yet is all zero */
    size_t count;         /* pairs that there will be */
    size_t filled;        /* texts that there are: two a pair */
    mgb_block *block;     /* the one that is written, and the others behind it */
    uint16_t *units;      /* scratch: one string as its language gives it */
    size_t unit_capacity; /* of units */
    size_t block_bytes;   /* size of the next block */
} mgb_texts;

/* Room for `count` pairs; NULL: no memory. The caller's, until mgb_texts_destroy, which takes NULL.
 */
mgb_texts *mgb_texts_create(size_t count);
void mgb_texts_destroy(mgb_texts *texts);

/* Where to put the next string's `length` UTF-16 units; NULL: no memory. */
uint16_t *mgb_texts_units(mgb_texts *texts, size_t length);

/* Adds what lies in mgb_texts_units as the next text; 0: no memory. A surrogate without its partner
 * becomes the three bytes that UTF-8 forbids, so that mgeo_score flags the row as invalid. */
int mgb_texts_add(mgb_texts *texts, size_t length);

#endif
