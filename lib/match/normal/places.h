/* SPDX-License-Identifier: Apache-2.0 */
/* Administrative names in a text, written out. */
#ifndef MGI_MATCH_NORMAL_PLACES_H
#define MGI_MATCH_NORMAL_PLACES_H

#include "match/normal/normal_form.h"

/* Writes the places that a text begins with, from the province down, and those that they lie in.
 * Returns how many characters name them, 0 if none do. *within: the innermost province, city or
 * district, or MGI_PLACE_NONE. */
size_t mgi_places_write(mgi_normal_form *form, const uint32_t *at, size_t count, uint16_t *within);

/* Writes a place that is named by its full name further on. Returns how many characters it has, 0:
 * there is none. */
size_t mgi_places_write_mention(mgi_normal_form *form, const uint32_t *at, size_t count,
                                uint16_t within);

#endif
