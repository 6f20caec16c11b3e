/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a number stands in an enum of mgeo.h, by the same lists from which its names come. */
#ifndef MGI_CORE_NAMES_H
#define MGI_CORE_NAMES_H

#include <mgeo.h>

#include <stdbool.h>

bool mgi_names_has_precision(int32_t value);
bool mgi_names_has_metrics_format(int32_t value);
bool mgi_names_has_cut(int32_t value);

#endif
