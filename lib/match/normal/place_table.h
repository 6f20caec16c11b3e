/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that tools/normal/tables.py makes of data/places.txt. */
#ifndef MGI_MATCH_NORMAL_PLACE_TABLE_H
#define MGI_MATCH_NORMAL_PLACE_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum { MGI_PLACE_SLOTS = 8192, MGI_PLACE_NONE = 0xFFFF };

/* A province, city or district. Those in a place follow it. */
typedef struct mgi_place_area {
    uint32_t code;
    uint32_t name;     /* in mgi_place_names */
    uint32_t towns_at; /* the names of its towns in mgi_place_town_names */
    uint16_t town;     /* its first town */
    uint16_t town_count;
    uint16_t parent; /* or MGI_PLACE_NONE */
    uint8_t length;  /* of its name */
    uint8_t level;   /* 1 province, 2 city, 3 district */
} mgi_place_area;

/* How a key names its place. */
enum { MGI_PLACE_FULL, MGI_PLACE_FORMER, MGI_PLACE_SHORT };

/* A way to write a place, numerals as digits. Those with the same first two characters stand
 * together, the longest first, and the same text for several places. */
typedef struct mgi_place_key {
    uint32_t text; /* in mgi_place_names */
    uint16_t area;
    uint8_t length;
    uint8_t kind;
} mgi_place_key;

extern const mgi_place_area mgi_place_areas[]; /* by code */
extern const size_t mgi_place_area_count;
extern const mgi_place_key mgi_place_keys[];
extern const size_t mgi_place_key_count;
extern const uint16_t mgi_place_slots[]; /* 1 + the first key of two characters, or 0 */
extern const uint16_t mgi_place_names[];
extern const uint16_t mgi_place_town_names[]; /* without 镇, 街道, 乡, 苏木 */
extern const uint8_t mgi_place_town_steps[];  /* from the code of the one before in its district */
extern const uint8_t
    mgi_place_town_shapes[]; /* five bits: the length; two: which of the four; one:
                                the step is larger by 256. Length 0: a step alone */

#endif
