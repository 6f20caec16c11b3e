/* The end of a journal that is to be continued: its last line, what is torn, and the head. */
#ifndef MGI_JOURNAL_TAIL_H
#define MGI_JOURNAL_TAIL_H

#include "journal/file.h"

typedef struct mgi_journal_end {
    mgi_link last;
    off_t bytes; /* up to the end of the last whole line */
    bool head_behind;
} mgi_journal_end;

/* Reads it from an open file, whose size does not matter. Errors: MGEO_E_IO, MGEO_E_MEMORY,
 * MGEO_E_FORMAT (no journal, or its end is not what the head says). */
mgeo_status mgi_journal_end_read(const mgi_place *place, int file, mgi_journal_end *end,
                                 mgi_torn *torn, mgeo_error *error);

#endif
