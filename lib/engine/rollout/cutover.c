/* SPDX-License-Identifier: Apache-2.0 */
/* The cut-over: traffic moves from one slot's model to the other's, and a receipt says how it went.
 */
#include "engine/rollout/cutover.h"

#include "core/clock.h"
#include "core/fixed_text.h"
#include "engine/events.h"
#include "engine/rollout/shadow.h"
#include "engine/rollout/watch.h"
#include "engine/state.h"

#include <stdatomic.h>

/* ---- the cut-over; the mutex is held
 * ------------------------------------------------------------- */

static void fold_stall(mgeo_engine *engine) {
    double seconds = 1e-9 * (double)atomic_exchange(&engine->stall_nanoseconds, 0);
    if (seconds > engine->counts.stall_seconds_max) engine->counts.stall_seconds_max = seconds;
}

static void set_route(mgeo_engine *engine, int32_t slot) {
    fold_stall(engine);
    mgi_watch_end(engine->watcher, "traffic was turned by a swap or a roll-back");
    mgi_shadow_end(engine->shadow);
    mgi_slots_set_route(&engine->slots, slot, 0);
}

/* Who is and who was, as receipts name them. */
static void name_models(mgi_cutover *cutover) {
    mgeo_swap_receipt *receipt = cutover->receipt;
    const mgeo_model_info *from = &cutover->from;
    const mgeo_model_info *to = &cutover->to;
    receipt->from_generation = from->generation;
    receipt->to_generation = to->generation;
    receipt->from_slot = from->slot;
    receipt->to_slot = to->slot;
    mgi_fixed_text_copy(receipt->from_version, sizeof receipt->from_version, from->version);
    mgi_fixed_text_copy(receipt->to_version, sizeof receipt->to_version, to->version);
}

/* Pins of calls: those of leases, which last between calls too, are left out. */
static uint64_t calls_on(const mgeo_engine *engine, int32_t slot) {
    int64_t calls = mgi_slots_pins(&engine->slots, slot) - (int64_t)engine->leases[slot];
    return calls > 0 ? (uint64_t)calls : 0;
}

void mgi_cutover_run(mgeo_engine *engine, int32_t to, mgi_cutover *cutover) {
    int32_t from = mgi_slots_live(&engine->slots);
    double start = mgi_clock_now();
    cutover->from = engine->slot_models[from].info;
    cutover->to = engine->slot_models[to].info;
    set_route(engine, to);
    cutover->receipt->turn_seconds = mgi_clock_now() - start;
    cutover->receipt->calls_in_flight = calls_on(engine, from);
    cutover->ticket = mgi_journal_ticket(engine->journal);
    name_models(cutover);
}

void mgi_cutover_note_models(const mgeo_engine *engine, mgi_cutover *cutover) {
    int32_t live = mgi_slots_live(&engine->slots);
    cutover->from = engine->slot_models[live].info;
    cutover->to = engine->slot_models[mgi_slots_other(live)].info;
    name_models(cutover);
}

/* ---- the receipt; the mutex is not held ------------------------------------------------------ */

void mgi_cutover_write_receipt(mgeo_engine *engine, const mgi_cutover *cutover,
                               mgi_journal_record *record) {
    mgeo_swap_receipt *receipt = cutover->receipt;
    mgi_journal_mark mark = {0};
    receipt->stall_seconds = 1e-9 * (double)atomic_load(&engine->stall_nanoseconds);
    mgi_journal_record_model(record, "from", &cutover->from);
    mgi_journal_record_model(record, "to", &cutover->to);
    mgi_journal_record_integer(record, "calls_in_flight", receipt->calls_in_flight);
    mgi_journal_record_number(record, "turn_seconds", receipt->turn_seconds);
    mgi_journal_record_number(record, "stall_seconds", receipt->stall_seconds);
    if (receipt->check_count > 0) {
        mgi_journal_record_checks(record, "checks", receipt->checks, receipt->check_count);
    }
    receipt->journal_status = mgi_events_append(engine, cutover->ticket, record, &mark);
    receipt->journal_line = mark.line;
    mgi_fixed_text_copy(receipt->journal_hash, sizeof receipt->journal_hash, mark.hash);
}

void mgi_cutover_log(const mgeo_engine *engine, const char *how, const mgi_cutover *cutover) {
    mgi_log_line(&engine->log, MGEO_LOG_INFO,
                 "%s from %s (generation %llu) to %s (generation %llu, %s)", how,
                 cutover->from.version, (unsigned long long)cutover->from.generation,
                 cutover->to.version, (unsigned long long)cutover->to.generation,
                 mgeo_slot_name(cutover->to.slot));
}
