/* SPDX-License-Identifier: Apache-2.0 */
/* Words of an address for which there are several. */
#ifndef MGI_MATCH_NORMAL_WORDS_H
#define MGI_MATCH_NORMAL_WORDS_H

#include "match/normal/normal_form.h"

/* Writes the one word for what the characters begin with. Returns how many characters that took,
 * 0: it has but one. */
size_t mgi_words_write(mgi_normal_form *form, const uint32_t *at, size_t count);

#endif
