/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: JSON lines on the disk, each with the SHA-256 of the one before. */
#ifndef MGI_JOURNAL_JOURNAL_H
#define MGI_JOURNAL_JOURNAL_H

#include "core/status.h"
#include "journal/record.h"

typedef struct mgi_journal mgi_journal;

typedef struct mgi_journal_mark {
    uint64_t line; /* 0: nothing was written */
    char hash[72]; /* SHA-256 of the line, hex; "" */
} mgi_journal_mark;

/* Opens the file, made if missing, to go on after its last line, and writes an "open" line. One
 * engine at a time: a lock on the file (flock) is held, and another holder is MGEO_E_BUSY.
 * Errors: MGEO_E_IO, MGEO_E_FORMAT (no journal, or its end is not sound), MGEO_E_MEMORY,
 * MGEO_E_BUSY. */
mgeo_status mgi_journal_open(const char *path, const char *actor, mgi_journal **journal,
                             mgeo_error *error);
void mgi_journal_close(mgi_journal *journal);

/* Takes a place in the order of lines; to be called where the event happens, under the lock that
 * orders the events. Whoever takes one must append with it, soon. Never waits for the disk. Journal
 * NULL: 0. */
uint64_t mgi_journal_ticket(mgi_journal *journal);

/* Waits for the tickets before, writes the record with one write(2), syncs the file, then replaces
 * FILE.head. The record is freed. Journal NULL: MGEO_OK, and the mark is empty. Any thread.
 * Errors: MGEO_E_IO, MGEO_E_MEMORY, MGEO_E_FORMAT (someone else has changed the file),
 * MGEO_E_ARGUMENT (a line of more than 1 MiB), MGEO_E_FORKED. The chain then goes on from the last
 * line that was written; where only FILE.head failed, the mark names the line, which stands. */
mgeo_status mgi_journal_append(mgi_journal *journal, uint64_t ticket, mgi_journal_record *record,
                               mgi_journal_mark *mark, mgeo_error *error);

#endif
