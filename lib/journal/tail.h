/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a journal that is to be continued: its last line, what is torn, and the head. */
#ifndef MGI_JOURNAL_TAIL_H
#define MGI_JOURNAL_TAIL_H

#include "journal/file.h"

typedef struct mgi_journal_tail {
    mgi_journal_link last;
    off_t bytes; /* up to the end of the last whole line */
    bool head_behind;
} mgi_journal_tail;

/* Reads it from an open file, whose size does not matter. Errors: MGEO_E_IO, MGEO_E_MEMORY,
 * MGEO_E_FORMAT (no journal, or its end is not what the head says). */
mgeo_status mgi_journal_tail_read(const mgi_journal_path *path, int file, mgi_journal_tail *end,
                                  mgi_journal_torn *torn, mgeo_error *error);

#endif
