/* SPDX-License-Identifier: Apache-2.0 */
/* One line of the journal while it is made. */
#ifndef MGI_JOURNAL_RECORD_H
#define MGI_JOURNAL_RECORD_H

#include "core/status.h"

#include <stddef.h>

/* Longer lines are neither written nor read. */
enum { MGI_JOURNAL_LINE_MAX_BYTES = 1 << 20 };

/* A record is made where the event happens and written later. Every function takes NULL, which is
 * also what an out-of-memory create returns: the append then says so. */
typedef struct mgi_journal_record mgi_journal_record;

/* event: "load", "swap", "refuse", "rollback", "canary", "shadow", "watch", "unload", "open" … The
 * time is taken here. actor and reason may be NULL ("" is written); both are cut to 127 and 511
 * bytes. */
mgi_journal_record *mgi_journal_record_create(const char *event, const char *actor,
                                              const char *reason);
void mgi_journal_record_destroy(mgi_journal_record *record);
void mgi_journal_record_text(mgi_journal_record *record, const char *key, const char *value);
void mgi_journal_record_integer(mgi_journal_record *record, const char *key, uint64_t value);
/* NaN and infinities: null */
void mgi_journal_record_number(mgi_journal_record *record, const char *key, double value);
/* {"generation", "version", "fingerprint", "slot", "precision", "device", "bytes"}; null for
 * generation 0 */
void mgi_journal_record_model(mgi_journal_record *record, const char *key,
                              const mgeo_model_info *info);
/* [{"name", "measured", "limit", "passed"}]; passed is true, false, or null without a limit */
void mgi_journal_record_checks(mgi_journal_record *record, const char *key,
                               const mgeo_check *checks, uint32_t count);

/* Gives the record its place in the chain and lays it out: *line (mgi_free) holds *length bytes,
 * the last of which is the newline. prev is the hash of the line before. Errors: MGEO_E_MEMORY
 * (also: the record is NULL, or memory ran out while it was made); MGEO_E_ARGUMENT (the line would
 * be too long). */
mgeo_status mgi_journal_record_lay_out(mgi_journal_record *record, uint64_t seq, const char *prev,
                                       char **line, size_t *length, mgeo_error *error);

#endif
