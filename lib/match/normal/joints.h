/* SPDX-License-Identifier: Apache-2.0 */
/* Punctuation: dropped, except where it keeps two numbers apart. */
#ifndef MGI_MATCH_NORMAL_JOINTS_H
#define MGI_MATCH_NORMAL_JOINTS_H

#include <stddef.h>
#include <stdint.h>

/* Takes spaces, brackets and marks out of folded characters, in place, and returns how many are
 * left. Of marks only - . and , stay, and only between numbers. # becomes 号, "no. 8" is 8号, and
 * 8号-1 and 8号之1 are 8-1号. */
size_t mgi_joints_clean(uint32_t *characters, size_t count);

#endif
