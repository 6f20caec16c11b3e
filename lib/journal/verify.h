/* SPDX-License-Identifier: Apache-2.0 */
/* A journal read from the first line to the last: does each hold the one before, and FILE.head the
 * last? */
#ifndef MGI_JOURNAL_VERIFY_H
#define MGI_JOURNAL_VERIFY_H

#include "core/status.h"

/* As mgeo_journal_verify, with a report of this library's own. */
mgeo_status mgi_journal_verify(const char *path, mgeo_journal_report *report, mgeo_error *error);

#endif
