/* SPDX-License-Identifier: Apache-2.0 */
/* The names of what has a number in mgeo.h. */
#ifndef MGI_CORE_NAMES_H
#define MGI_CORE_NAMES_H

#include <mgeo.h>

static inline const char *mgi_slot_name(int32_t slot) {
    return slot == MGEO_BLUE ? "blue" : "green";
}

#endif
