/* SPDX-License-Identifier: Apache-2.0 */
/* What is written in an address and names no place: telephones, postcodes, who receives, where a
 * parcel may be put. */
#ifndef MGI_MATCH_NORMAL_NOISE_H
#define MGI_MATCH_NORMAL_NOISE_H

#include <stddef.h>
#include <stdint.h>

/* Takes telephones and postcodes that are told by their shape or by a word before them out of
 * folded characters, in place; a gap stays. Returns how many are left. */
size_t mgi_noise_remove_numbers(uint32_t *characters, size_t count);

/* The same with what stands alone between marks and is said to who delivers. */
size_t mgi_noise_remove_remarks(uint32_t *characters, size_t count);

/* The characters without a postcode of the province at their end. */
size_t mgi_noise_without_postcode(const uint32_t *characters, size_t count, uint32_t province);

#endif
