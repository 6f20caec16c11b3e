/* SPDX-License-Identifier: Apache-2.0 */
/* What numbers count in an address, each in its one spelling. */
#ifndef MGI_MATCH_NORMAL_UNITS_H
#define MGI_MATCH_NORMAL_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uchar.h>

/* The level of a piece MGI_NORMAL_UNIT. */
typedef enum mgi_unit {
    MGI_UNIT_NONE,
    MGI_UNIT_HOUSE,      /* 号 */
    MGI_UNIT_LANE,       /* 弄 */
    MGI_UNIT_BUILDING,   /* 栋 */
    MGI_UNIT_ENTRANCE,   /* 单元 */
    MGI_UNIT_FLOOR,      /* 层 */
    MGI_UNIT_ROOM,       /* 室 */
    MGI_UNIT_METRES,     /* 米 */
    MGI_UNIT_KILOMETRES, /* 公里 */
    MGI_UNIT_OTHER       /* 期 区 组 队 村 …, as written */
} mgi_unit;

typedef struct mgi_unit_match {
    mgi_unit unit;
    size_t length;            /* characters that it takes */
    const char16_t *spelling; /* or NULL: as written */
} mgi_unit_match;

/* What the number before is. */
typedef struct mgi_unit_number {
    size_t digits;   /* digits in it */
    size_t letters;  /* letters in it */
    mgi_unit before; /* the unit that stands right before the number, or NONE */
} mgi_unit_number;

/* Finds the unit that a number is followed by. */
mgi_unit_match mgi_units_match(const uint32_t *at, size_t count, const mgi_unit_number *number);

/* Whether the characters begin with a unit that makes numerals before it one number. */
bool mgi_units_follow(const uint32_t *at, size_t count);

#endif
