/* SPDX-License-Identifier: Apache-2.0 */
/* What a text says twice at its end. */
#ifndef MGI_MATCH_NORMAL_REPEATS_H
#define MGI_MATCH_NORMAL_REPEATS_H

#include "match/normal/normal_form.h"

/* Tables that put an address and a name into one text often give the name twice: 东园5幢东园5幢.
 * Cuts the second of two equal ends. */
void mgi_repeats_drop(mgi_normal_form *form);

#endif
