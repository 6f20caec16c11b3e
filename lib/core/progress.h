/* SPDX-License-Identifier: Apache-2.0 */
/* The block by which callers watch and cancel a long call. Every function takes NULL. */
#ifndef MGI_CORE_PROGRESS_H
#define MGI_CORE_PROGRESS_H

#include "core/status.h"

#include <stdbool.h>

/* Enters a stage: done becomes 0, total as given (0: unknown). */
void mgi_progress_stage(mgeo_progress *progress, mgeo_stage stage, uint64_t total);
void mgi_progress_add(mgeo_progress *progress, uint64_t done);
bool mgi_progress_cancelled(const mgeo_progress *progress);

/* MGEO_OK, or MGEO_E_CANCELLED with its line. */
mgeo_status mgi_progress_check(const mgeo_progress *progress, mgeo_error *error);

#endif
