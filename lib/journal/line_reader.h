/* SPDX-License-Identifier: Apache-2.0 */
/* A journal's lines one by one, in bounded memory, also while more of them are written. */
#ifndef MGI_JOURNAL_LINE_READER_H
#define MGI_JOURNAL_LINE_READER_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct mgi_journal_line_reader {
    int file; /* borrowed */
    char *buffer;
    size_t begin, end; /* of what was read and not yet handed out */
} mgi_journal_line_reader;

typedef enum mgi_journal_line_reader_result {
    MGI_JOURNAL_LINE,
    MGI_JOURNAL_END,      /* no whole line more, for now */
    MGI_JOURNAL_TOO_LONG, /* longer than any line of a journal */
    MGI_JOURNAL_FAILED    /* errno says why */
} mgi_journal_line_reader_result;

/* Errors: MGEO_E_MEMORY. Finish it also after a failure. */
mgeo_status mgi_journal_line_reader_init(mgi_journal_line_reader *reader, int file,
                                         mgeo_error *error);
void mgi_journal_line_reader_finish(mgi_journal_line_reader *reader);

/* The line without its newline, valid until the next call. */
mgi_journal_line_reader_result mgi_journal_line_reader_next(mgi_journal_line_reader *reader,
                                                            const char **line, size_t *length);

/* Bytes after the last whole line, after MGI_JOURNAL_END. */
size_t mgi_journal_line_reader_torn(const mgi_journal_line_reader *reader);

/* Goes back to the end of the last whole line: what was torn may be whole now, or cut off. */
bool mgi_journal_line_reader_retry(mgi_journal_line_reader *reader);

#endif
