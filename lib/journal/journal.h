/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: JSON lines on the disk, each with the SHA-256 of the one before. */
#ifndef MGI_JOURNAL_JOURNAL_H
#define MGI_JOURNAL_JOURNAL_H

#include "core/status.h"

/* ---- one line on its way --------------------------------------------------------------------- */

/* A record is made beside the event and written later. Every function takes NULL, which is also
 * what an out-of-memory create returns: the append then says so. */
typedef struct mgi_journal_record mgi_journal_record;

/* event: "load", "swap", "refuse", "rollback", "canary", "shadow", "watch", "unload", "open" … The
 * time is taken here. actor and reason may be NULL ("" is written); both are cut to 127 and 511
 * bytes. */
mgi_journal_record *mgi_journal_record_create(const char *event, const char *actor,
                                              const char *reason);
void mgi_journal_record_destroy(mgi_journal_record *record);
void mgi_journal_record_text(mgi_journal_record *record, const char *key, const char *value);
void mgi_journal_record_integer(mgi_journal_record *record, const char *key, uint64_t value);
void mgi_journal_record_number(mgi_journal_record *record, const char *key,
                               double value); /* NaN: null */
/* {"generation", "version", "fingerprint", "slot", "precision", "device", "bytes"}; null for
 * generation 0 */
void mgi_journal_record_model(mgi_journal_record *record, const char *key,
                              const mgeo_model_info *info);
/* [{"name", "measured", "limit", "passed"}]; passed is true, false, or null without a limit */
void mgi_journal_record_checks(mgi_journal_record *record, const char *key,
                               const mgeo_check *checks, uint32_t count);

/* ---- the file -------------------------------------------------------------------------------- */

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

/* As mgeo_journal_verify, with a report of this library's own. */
mgeo_status mgi_journal_verify(const char *path, mgeo_journal_report *report, mgeo_error *error);

#endif
