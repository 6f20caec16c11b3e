/* SPDX-License-Identifier: Apache-2.0 */
/* One line of the journal while it is made, as the journal itself sees it. */
#ifndef MGI_JOURNAL_RECORD_H
#define MGI_JOURNAL_RECORD_H

#include "journal/journal.h"

#include <stddef.h>

/* Longer lines are neither written nor read. */
enum { MGI_JOURNAL_LINE_MAX_BYTES = 1 << 20 };

/* Gives the record its place in the chain and lays it out: *line (mgi_free) holds *length bytes,
 * the last of which is the newline. prev is the hash of the line before. Errors: MGEO_E_MEMORY
 * (also: the record is NULL, or memory ran out while it was made); MGEO_E_ARGUMENT (the line would
 * be too long). */
mgeo_status mgi_journal_record_lay_out(mgi_journal_record *record, uint64_t seq, const char *prev,
                                       char **line, size_t *length, mgeo_error *error);

#endif
