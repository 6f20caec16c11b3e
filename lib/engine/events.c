/* SPDX-License-Identifier: Apache-2.0 */
/* Events of an engine on their way to its journal: what cannot be written is counted and logged. */
#include "engine/events.h"

#include "engine/state.h"

const char *mgi_events_actor(const mgeo_engine *engine, const char *actor) {
    return actor != NULL ? actor : engine->actor;
}

static void note_failure(mgeo_engine *engine, const char *line) {
    mgi_lock_acquire(&engine->mutex);
    engine->counts.journal_failures++;
    mgi_lock_release(&engine->mutex);
    mgi_log_line(&engine->log, MGEO_LOG_WARNING, "%s", line);
}

mgeo_status mgi_events_append(mgeo_engine *engine, uint64_t ticket, mgi_journal_record *record,
                              mgi_journal_mark *mark) {
    mgeo_error error;
    mgeo_status status = mgi_journal_append(engine->journal, ticket, record, mark, &error);
    if (status != MGEO_OK) note_failure(engine, error.message);
    return status;
}

void mgi_events_write(mgeo_engine *engine, uint64_t ticket, mgi_journal_record *record) {
    mgi_journal_mark mark;
    mgi_events_append(engine, ticket, record, &mark);
}
