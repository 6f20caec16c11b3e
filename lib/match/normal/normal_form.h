/* SPDX-License-Identifier: Apache-2.0 */
/* The form of an address that ways of writing it share, and the pieces that it is made of. */
#ifndef MGI_MATCH_NORMAL_NORMAL_FORM_H
#define MGI_MATCH_NORMAL_NORMAL_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mgi_normal_kind {
    MGI_NORMAL_TEXT,   /* a run of other characters: names of roads, estates, companies */
    MGI_NORMAL_NUMBER, /* digits and the letters that belong to them: "12", "a3" */
    MGI_NORMAL_UNIT,   /* what a number counts, in its one spelling: house, lane, building, unit,
                          floor, room, metres */
    MGI_NORMAL_PLACE   /* an administrative place of the gazetteer */
} mgi_normal_kind;

typedef struct mgi_normal_piece {
    uint32_t start, count; /* characters of the form */
    uint8_t kind;          /* an mgi_normal_kind */
    uint8_t level;         /* PLACE: 1 province, 2 city, 3 district, 4 town. UNIT: an mgi_unit */
    uint32_t place; /* PLACE: its administrative code (6 digits, towns 9), 0 if several share the
                       name and the text does not tell which */
} mgi_normal_piece;

/* Scratch that is used again for one text after another. All zero is empty. */
typedef struct mgi_normal_form {
    uint32_t *characters; /* Unicode; borrowed until the next call */
    size_t count;
    mgi_normal_piece *pieces; /* in order, covering all characters */
    size_t piece_count;
    uint64_t digest; /* of the characters; 0: the form is empty */
    size_t character_capacity, piece_capacity;
    uint32_t *folded; /* between the steps */
    size_t folded_capacity;
} mgi_normal_form;

typedef enum mgi_normal_result {
    MGI_NORMAL_OK,
    MGI_NORMAL_NOT_UTF8,
    MGI_NORMAL_NO_MEMORY
} mgi_normal_result;

/* Makes the form of a text. Any number of threads, each with a form of its own. */
mgi_normal_result mgi_normal_form_make(mgi_normal_form *form, const char *text, size_t bytes);
void mgi_normal_form_finish(mgi_normal_form *form);

/* The bytes that a form has, and those that it takes anew where a text of `bytes` needs more room:
 * a 0 says that it has room. What it had is given back then. */
uint64_t mgi_normal_form_room(const mgi_normal_form *form);
uint64_t mgi_normal_form_growth(const mgi_normal_form *form, size_t bytes);

#endif
