/* SPDX-License-Identifier: Apache-2.0 */
/* The cut-over: traffic moves from one slot's model to the other's, and a receipt says how it went.
 */
#ifndef MGI_ENGINE_ROLLOUT_CUTOVER_H
#define MGI_ENGINE_ROLLOUT_CUTOVER_H

#include "core/status.h"
#include "journal/journal.h"

/* One cut-over on its way: what is copied under the mutex, for the receipt and the journal. */
typedef struct mgi_cutover {
    mgeo_model_info from, to;
    uint64_t ticket; /* the event's place in the journal */
    mgeo_swap_receipt *receipt;
} mgi_cutover;

/* Makes `to`, which has a model, live and ends canary, watch and shadow. Fills the cut-over, and in
 * its receipt all but stall_seconds and the journal's members. The engine's mutex is held. */
void mgi_cutover_run(mgeo_engine *engine, int32_t to, mgi_cutover *cutover);

/* Fills in whom it is about, where traffic does not move, or not yet. The engine's mutex is held,
 * and a model is live. */
void mgi_cutover_note_models(const mgeo_engine *engine, mgi_cutover *cutover);

/* Completes the record with what the receipt says, writes it to the journal, and puts into the
 * receipt how that went. The mutex is not held, as for the next. */
void mgi_cutover_write_receipt(mgeo_engine *engine, const mgi_cutover *cutover,
                               mgi_journal_record *record);

/* A line for the host's log; how: "swapped", "rolled back". */
void mgi_cutover_log(const mgeo_engine *engine, const char *how, const mgi_cutover *cutover);

#endif
