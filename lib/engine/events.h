/* SPDX-License-Identifier: Apache-2.0 */
/* Events of an engine on their way to its journal. */
#ifndef MGI_ENGINE_EVENTS_H
#define MGI_ENGINE_EVENTS_H

#include "core/status.h"
#include "journal/journal.h"

/* Who acts: the call's actor, or the engine's. */
const char *mgi_events_actor(const mgeo_engine *engine, const char *actor);

/* Writes a record, as mgi_journal_append; a failure is also counted and logged. The mutex is not
 * held. */
mgeo_status mgi_events_append(mgeo_engine *engine, uint64_t ticket, mgi_journal_record *record,
                              mgi_journal_mark *mark);

/* The same for a record that belongs to no receipt. */
void mgi_events_write(mgeo_engine *engine, uint64_t ticket, mgi_journal_record *record);

#endif
