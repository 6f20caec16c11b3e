/* SPDX-License-Identifier: Apache-2.0 */
/* The watch after a swap or a canary: figures of the new model against limits, in a thread. */
#ifndef MGI_ENGINE_ROLLOUT_WATCH_H
#define MGI_ENGINE_ROLLOUT_WATCH_H

#include "core/status.h"

#include <stdbool.h>

typedef struct mgi_watch mgi_watch;

/* Part of every engine; its thread begins with the first watch and sleeps between watches. NULL:
 * out of memory. */
mgi_watch *mgi_watch_create(mgeo_engine *engine);
/* Ends the thread. The engine's mutex is not held. */
void mgi_watch_destroy(mgi_watch *watcher);

/* Makes all ready that may fail (the thread), before traffic turns. The engine's mutex is not held.
 * Errors: MGEO_E_MEMORY. */
mgeo_status mgi_watch_prepare(mgi_watch *watcher, mgeo_error *error);

/* Begins to watch the model in `slot` against the one in the other slot. The engine's mutex is held
 * and the route has just been set, to `route`. A watch that still ran ends. On a
 * breach the watcher calls mgi_roll_back_for_watch(engine, route, …), which does nothing if the
 * route has changed since. */
void mgi_watch_begin(mgi_watch *watcher, const mgeo_watch *watch, int32_t slot, uint64_t route);

/* Something else changed who answers: a watch that runs is MGEO_WATCH_ENDED, and `why` is its
 * report's reason. The mutex is held. */
void mgi_watch_end(mgi_watch *watcher, const char *why);

/* The watch's breach has rolled traffic back. Called under the same hold of the engine's mutex as
 * the cut-over, so that neither is seen without the other. */
void mgi_watch_note_rollback(mgi_watch *watcher, const char *reason);

/* As mgeo_get_watch: fills all but struct_size. The engine's mutex is not held. */
void mgi_watch_report(mgeo_engine *engine, mgeo_watch_report *report);

#endif
