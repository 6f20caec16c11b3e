/* SPDX-License-Identifier: Apache-2.0 */
/* Chinese numerals, and which of them are numbers. */
#ifndef MGI_MATCH_NORMAL_NUMERALS_H
#define MGI_MATCH_NORMAL_NUMERALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 〇零一…九十百千廿卅. Not 两, and not the forms of banks (壹贰…), which are parts of names. */
bool mgi_numerals_has(uint32_t character);

/* Writes characters with digits where numerals are a number. Returns how many that are, at most two
 * for each that is read. */
size_t mgi_numerals_write(const uint32_t *characters, size_t count, uint32_t *to);

#endif
