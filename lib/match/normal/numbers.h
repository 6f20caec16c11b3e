/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of a form, and the units behind them. */
#ifndef MGI_MATCH_NORMAL_NUMBERS_H
#define MGI_MATCH_NORMAL_NUMBERS_H

#include "match/normal/normal_form.h"

/* Writes the number, or the letters, that the characters begin with, and the unit behind. Returns
 * how many characters that took; 0: there is none. */
size_t mgi_numbers_write(mgi_normal_form *form, const uint32_t *at, size_t count);

#endif
