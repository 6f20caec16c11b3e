/* SPDX-License-Identifier: Apache-2.0 */
/* Where a journal lies: its folder, its file, and FILE.head, which names the last line. */
#ifndef MGI_JOURNAL_PATH_H
#define MGI_JOURNAL_PATH_H

#include "journal/hash_chain.h"

/* The folder is held open, so that the process may go elsewhere with chdir. */
typedef struct mgi_journal_path {
    char *given;     /* for error lines */
    char *head;      /* "FILE.head" */
    char *next_head; /* "FILE.head.new" */
    const char *name;
    int folder;
} mgi_journal_path;

/* Errors: MGEO_E_IO (no such folder), MGEO_E_MEMORY. Finish it also after a failure. */
mgeo_status mgi_journal_path_init(mgi_journal_path *path, const char *given, mgeo_error *error);
void mgi_journal_path_finish(mgi_journal_path *path);

/* "PATH: what: why", why from errno. */
mgeo_status mgi_journal_path_fail(const mgi_journal_path *path, const char *what,
                                  mgeo_error *error);

/* Opens the journal itself, close-on-exec; flags as open(2). -1 on failure. */
int mgi_journal_path_open(const mgi_journal_path *path, int flags);

/* Line 0 if there is no head. Errors: MGEO_E_IO, MGEO_E_FORMAT, MGEO_E_MEMORY. */
mgeo_status mgi_journal_path_read_head(const mgi_journal_path *path, mgi_journal_link *head,
                                       mgeo_error *error);

/* Replaces the head in one step: whatever happens, it names the old line or the new one; and the
 * new one after a crash of the machine too. Errors: MGEO_E_IO. */
mgeo_status mgi_journal_path_replace_head(const mgi_journal_path *path,
                                          const mgi_journal_link *head, unsigned mode,
                                          mgeo_error *error);

#endif
