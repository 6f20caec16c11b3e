/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's file as its writer holds it: locked, and never longer than its last whole line. */
#ifndef MGI_JOURNAL_FILE_H
#define MGI_JOURNAL_FILE_H

#include "journal/path.h"

#include <sys/types.h>

typedef struct mgi_journal_file {
    mgi_journal_path path;
    int file;
    mgi_journal_link last; /* the last line */
    off_t end;             /* bytes up to its end */
    bool head_behind;      /* FILE.head names the line before it */
    bool torn;             /* a line that failed could not be cut off again */
} mgi_journal_file;

/* What stood after the last whole line, as a crash of the machine leaves it. */
typedef struct mgi_journal_torn {
    uint64_t bytes;
    char text[4096]; /* its beginning; NUL bytes are spaces */
} mgi_journal_torn;

/* Opens, locks, reads the end and checks it against the head; what is torn is cut off. Close it
 * also after a failure. Errors: those of mgi_journal_open. */
mgeo_status mgi_journal_file_open(mgi_journal_file *file, const char *path, mgi_journal_torn *torn,
                                  mgeo_error *error);

void mgi_journal_file_close(mgi_journal_file *file);

/* Writes one line, syncs, replaces the head. `last` is `next` afterwards if the line stands, also
 * if what came after it failed. A head that fell behind is brought up first, so that it is never
 * more than one line behind. Errors: MGEO_E_IO, MGEO_E_FORMAT (someone else has changed the file).
 */
mgeo_status mgi_journal_file_append(mgi_journal_file *file, const char *line, size_t length,
                                    const mgi_journal_link *next, mgeo_error *error);

#endif
