/* Where a journal lies: its folder, its file, and FILE.head, which names the last line. */
#ifndef MGI_JOURNAL_PATH_H
#define MGI_JOURNAL_PATH_H

#include "journal/hash_chain.h"

/* The folder is held open, so that the process may go elsewhere with chdir. */
typedef struct mgi_place {
    char *path;      /* as given, for error lines */
    char *head;      /* "FILE.head" */
    char *next_head; /* "FILE.head.new" */
    const char *name;
    int folder;
} mgi_place;

/* Errors: MGEO_E_IO (no such folder), MGEO_E_MEMORY. Finish it also after a failure. */
mgeo_status mgi_place_init(mgi_place *place, const char *path, mgeo_error *error);
void mgi_place_finish(mgi_place *place);

/* "PATH: what: why", why from errno. */
mgeo_status mgi_place_fail(const mgi_place *place, const char *what, mgeo_error *error);

/* Opens the journal itself, close-on-exec; flags as open(2). -1 on failure. */
int mgi_place_open(const mgi_place *place, int flags);

/* Line 0 if there is no head. Errors: MGEO_E_IO, MGEO_E_FORMAT, MGEO_E_MEMORY. */
mgeo_status mgi_head_read(const mgi_place *place, mgi_link *head, mgeo_error *error);

/* Replaces the head in one step: whatever happens, it names the old line or the new one; and the
 * new one after a crash of the machine too. Errors: MGEO_E_IO. */
mgeo_status mgi_head_replace(const mgi_place *place, const mgi_link *head, unsigned mode,
                             mgeo_error *error);

#endif
