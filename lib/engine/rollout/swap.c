/* SPDX-License-Identifier: Apache-2.0 */
/* Turns of the traffic: by hand, through a gate, back by hand, back by a watch. */
#include "core/clock.h"
#include "core/fixed_text.h"
#include "engine/rollout/gate.h"
#include "engine/state.h"

#include <math.h>
#include <stdatomic.h>

/* One turn on its way: what is copied under the mutex, for the receipt and the journal. */
typedef struct cutover {
    mgeo_model_info from, to;
    uint64_t ticket;
    mgeo_swap_receipt *receipt;
} cutover;

/* ---- the turn; the mutex is held ------------------------------------------------------------- */

static void fold_stall(mgeo_engine *engine) {
    double seconds = 1e-9 * (double)atomic_exchange(&engine->stall_nanoseconds, 0);
    if (seconds > engine->counts.stall_seconds_max) engine->counts.stall_seconds_max = seconds;
}

uint64_t mgi_cutover_set_route(mgeo_engine *engine, int32_t slot, uint32_t share) {
    fold_stall(engine);
    mgi_watch_end(engine->watcher, "traffic was turned by a swap or a roll-back");
    mgi_shadow_end(engine->shadow);
    mgi_slots_set_route(&engine->slots, slot, share);
    return mgi_slots_route(&engine->slots);
}

/* Who is and who was, as receipts name them. */
static void name_models(cutover *turning) {
    mgeo_swap_receipt *receipt = turning->receipt;
    const mgeo_model_info *from = &turning->from;
    const mgeo_model_info *to = &turning->to;
    receipt->from_generation = from->generation;
    receipt->to_generation = to->generation;
    receipt->from_slot = from->slot;
    receipt->to_slot = to->slot;
    mgi_fixed_text_copy(receipt->from_version, sizeof receipt->from_version, from->version);
    mgi_fixed_text_copy(receipt->to_version, sizeof receipt->to_version, to->version);
}

/* Pins that are not those of jobs, comparisons or a gate, which hold a model between calls too. */
static uint64_t calls_on(const mgeo_engine *engine, int32_t slot) {
    int64_t calls = mgi_slots_pins(&engine->slots, slot) - (int64_t)engine->holds[slot];
    return calls > 0 ? (uint64_t)calls : 0;
}

static void cut_over_to(mgeo_engine *engine, int32_t to, cutover *turning) {
    int32_t from = mgi_slots_live(&engine->slots);
    double start = mgi_clock_now();
    turning->from = engine->slot_models[from].info;
    turning->to = engine->slot_models[to].info;
    mgi_cutover_set_route(engine, to, 0);
    turning->receipt->turn_seconds = mgi_clock_now() - start;
    turning->receipt->calls_in_flight = calls_on(engine, from);
    turning->ticket = mgi_journal_ticket(engine->journal);
    name_models(turning);
}

/* ---- accounts; the mutex is not held --------------------------------------------------------- */

static void note_failure(mgeo_engine *engine, const char *line) {
    mgi_lock_acquire(&engine->mutex);
    engine->counts.journal_failures++;
    mgi_lock_release(&engine->mutex);
    mgi_log_line(&engine->log, MGEO_LOG_WARNING, "%s", line);
}

void mgi_events_write(mgeo_engine *engine, uint64_t ticket, mgi_journal_record *record) {
    mgi_journal_mark mark;
    mgeo_error error;
    if (mgi_journal_append(engine->journal, ticket, record, &mark, &error) != MGEO_OK) {
        note_failure(engine, error.message);
    }
}

/* Writes the event that the receipt is about, and puts into the receipt how that went. */
static void journal_receipt(mgeo_engine *engine, const cutover *turning,
                            mgi_journal_record *record) {
    mgeo_swap_receipt *receipt = turning->receipt;
    mgi_journal_mark mark = {0};
    mgeo_error error;
    receipt->stall_seconds = 1e-9 * (double)atomic_load(&engine->stall_nanoseconds);
    mgi_journal_record_model(record, "from", &turning->from);
    mgi_journal_record_model(record, "to", &turning->to);
    mgi_journal_record_integer(record, "calls_in_flight", receipt->calls_in_flight);
    mgi_journal_record_number(record, "turn_seconds", receipt->turn_seconds);
    mgi_journal_record_number(record, "stall_seconds", receipt->stall_seconds);
    if (receipt->check_count > 0) {
        mgi_journal_record_checks(record, "checks", receipt->checks, receipt->check_count);
    }
    receipt->journal_status =
        mgi_journal_append(engine->journal, turning->ticket, record, &mark, &error);
    if (receipt->journal_status != MGEO_OK) note_failure(engine, error.message);
    receipt->journal_line = mark.line;
    mgi_fixed_text_copy(receipt->journal_hash, sizeof receipt->journal_hash, mark.hash);
}

static void log_cutover(const mgeo_engine *engine, const char *how, const cutover *turning) {
    mgi_log_line(&engine->log, MGEO_LOG_INFO,
                 "%s from %s (generation %llu) to %s (generation %llu, %s)", how,
                 turning->from.version, (unsigned long long)turning->from.generation,
                 turning->to.version, (unsigned long long)turning->to.generation,
                 mgi_slot_name(turning->to.slot));
}

/* ---- swap ------------------------------------------------------------------------------------ */

static mgeo_status may_swap(const mgeo_engine *engine, uint64_t expected, mgeo_error *error) {
    const mgi_slot_model *resident = &engine->slot_models[mgi_standby_slot(engine)];
    if (engine->emptying) {
        return mgi_fail(error, MGEO_E_NO_MODEL,
                        "the standby model is being unloaded or replaced: try again when that call "
                        "has returned");
    }
    if (resident->runner == NULL || mgi_slots_live(&engine->slots) < 0) {
        return mgi_fail(error, MGEO_E_NO_MODEL, "no model is on standby: load one first");
    }
    if (engine->deciding) {
        return mgi_fail(error, MGEO_E_BUSY,
                        "a gate measures the standby model: try again when it has decided, or roll "
                        "back");
    }
    if (expected != 0 && expected != resident->info.generation) {
        return mgi_fail(error, MGEO_E_REFUSED,
                        "the standby model is generation %llu (%s), not %llu as expected: nothing "
                        "was swapped",
                        (unsigned long long)resident->info.generation, resident->info.version,
                        (unsigned long long)expected);
    }
    return MGEO_OK;
}

/* Whom it is about, where nothing turns, or not yet. */
static void note_models(const mgeo_engine *engine, cutover *turning) {
    int32_t live = mgi_slots_live(&engine->slots);
    turning->from = engine->slot_models[live].info;
    turning->to = engine->slot_models[mgi_slots_other(live)].info;
    name_models(turning);
}

static void swap_cut_over(mgeo_engine *engine, const mgeo_swap_options *options, cutover *turning) {
    int32_t to = mgi_standby_slot(engine);
    cut_over_to(engine, to, turning);
    engine->former = turning->from.generation;
    engine->counts.swaps++;
    if (options->watch != NULL) {
        mgi_watch_begin(engine->watcher, options->watch, to, mgi_slots_route(&engine->slots));
    }
}

/* A gate's check on its way. */
typedef struct gate_run {
    mgi_pin live, standby;
    uint64_t route;
} gate_run;

/* The mutex is held, as for the next. */
static void begin_gate(mgeo_engine *engine, gate_run *deciding, cutover *turning) {
    int32_t live = mgi_slots_live(&engine->slots);
    deciding->live = mgi_lease_take(engine, live);
    deciding->standby = mgi_lease_take(engine, mgi_slots_other(live));
    deciding->route = mgi_slots_route(&engine->slots);
    note_models(engine, turning);
    engine->deciding = true;
}

static mgeo_status end_gate(mgeo_engine *engine, const gate_run *deciding, mgeo_status status,
                            mgeo_error *error) {
    engine->deciding = false;
    if (status == MGEO_OK && mgi_slots_route(&engine->slots) != deciding->route) {
        return mgi_fail(error, MGEO_E_REFUSED,
                        "traffic was turned back, or its shares were changed, while the gate "
                        "measured: nothing was swapped");
    }
    return status;
}

static mgeo_status measure_gate(mgeo_engine *engine, const gate_run *deciding,
                                const mgeo_gate *gate, mgeo_swap_receipt *receipt,
                                mgeo_error *error) {
    return mgi_gate_run(&engine->slot_models[deciding->live.slot],
                        &engine->slot_models[deciding->standby.slot], gate, receipt->checks,
                        &receipt->check_count, error);
}

static mgeo_status swap_gated(mgeo_engine *engine, const mgeo_swap_options *options,
                              cutover *turning, mgeo_error *error) {
    gate_run deciding;
    mgi_lock_acquire(&engine->mutex);
    mgeo_status status = may_swap(engine, options->expect_generation, error);
    if (status == MGEO_OK) begin_gate(engine, &deciding, turning);
    if (status == MGEO_E_REFUSED) note_models(engine, turning);
    mgi_lock_release(&engine->mutex);
    if (status != MGEO_OK) return status;

    status = measure_gate(engine, &deciding, options->gate, turning->receipt, error);

    mgi_lock_acquire(&engine->mutex);
    status = end_gate(engine, &deciding, status, error);
    if (status == MGEO_OK) swap_cut_over(engine, options, turning);
    mgi_lock_release(&engine->mutex);
    mgi_lease_return(engine, deciding.live);
    mgi_lease_return(engine, deciding.standby);
    return status;
}

static mgeo_status swap_at_once(mgeo_engine *engine, const mgeo_swap_options *options,
                                cutover *turning, mgeo_error *error) {
    mgi_lock_acquire(&engine->mutex);
    mgeo_status status = may_swap(engine, options->expect_generation, error);
    if (status == MGEO_OK) swap_cut_over(engine, options, turning);
    if (status == MGEO_E_REFUSED) note_models(engine, turning);
    mgi_lock_release(&engine->mutex);
    return status;
}

/* A refusal is an event too: who wanted what, and why it was not done. */
static void report_refusal(mgeo_engine *engine, const mgeo_swap_options *options, cutover *turning,
                           const char *line) {
    mgi_lock_acquire(&engine->mutex);
    engine->counts.refused_swaps++;
    turning->ticket = mgi_journal_ticket(engine->journal);
    mgi_lock_release(&engine->mutex);
    mgi_journal_record *record = mgi_journal_record_create(
        "refuse", mgi_events_actor(engine, options->actor), options->reason);
    mgi_journal_record_text(record, "why", line);
    journal_receipt(engine, turning, record);
    mgi_log_line(&engine->log, MGEO_LOG_WARNING, "swap refused: %s", line);
}

/* What can be wrong or can fail before anything is measured or turned. */
static mgeo_status prepare_swap(mgeo_engine *engine, const mgeo_swap_options *options,
                                mgeo_error *error) {
    if (options->gate != NULL) {
        mgeo_status status = mgi_gate_check(options->gate, error);
        if (status != MGEO_OK) return status;
    }
    if (options->watch == NULL) return MGEO_OK;
    mgeo_status status = mgi_watch_limits_check(options->watch, "mgeo_swap_options.watch", error);
    return status == MGEO_OK ? mgi_watch_prepare(engine->watcher, error) : status;
}

mgeo_status mgi_swap_model(mgeo_engine *engine, const mgeo_swap_options *options,
                           mgeo_swap_receipt *receipt, mgeo_error *error) {
    cutover turning = {.receipt = receipt};
    mgeo_error why;
    mgeo_status status = prepare_swap(engine, options, error);
    if (status != MGEO_OK) return status;
    status = options->gate != NULL ? swap_gated(engine, options, &turning, &why)
                                   : swap_at_once(engine, options, &turning, &why);
    if (status == MGEO_OK) {
        journal_receipt(engine, &turning,
                        mgi_journal_record_create("swap", mgi_events_actor(engine, options->actor),
                                                  options->reason));
        log_cutover(engine, "swapped", &turning);
        return MGEO_OK;
    }
    if (status == MGEO_E_REFUSED) report_refusal(engine, options, &turning, why.message);
    return mgi_fail(error, status, "%s", why.message);
}

/* ---- back ------------------------------------------------------------------------------------ */

/* The slot to which a roll-back turns: the live one where only a canary is to end; -1: none. The
 * mutex is held. */
static int32_t rollback_slot(const mgeo_engine *engine) {
    int32_t live = mgi_slots_live(&engine->slots);
    if (live < 0) return -1;
    const mgi_slot_model *other = &engine->slot_models[mgi_slots_other(live)];
    bool resident = other->runner != NULL && !engine->emptying;
    if (engine->former != 0 && resident && other->info.generation == engine->former) {
        return mgi_slots_other(live);
    }
    return mgi_slots_share(&engine->slots) > 0 ? live : -1;
}

/* A canary that ends leaves the way back from the last swap as it was. */
static void roll_back_to(mgeo_engine *engine, int32_t slot, cutover *turning) {
    if (slot != mgi_slots_live(&engine->slots)) engine->former = 0;
    cut_over_to(engine, slot, turning);
    engine->counts.roll_backs++;
}

mgeo_status mgi_roll_back(mgeo_engine *engine, const mgeo_roll_back_options *options,
                          mgeo_swap_receipt *receipt, mgeo_error *error) {
    cutover turning = {.receipt = receipt};
    mgi_lock_acquire(&engine->mutex);
    int32_t slot = rollback_slot(engine);
    if (slot >= 0) roll_back_to(engine, slot, &turning);
    mgi_lock_release(&engine->mutex);
    if (slot < 0) {
        return mgi_fail(error, MGEO_E_NO_MODEL,
                        "there is no model to go back to: none was swapped out since, or it is no "
                        "longer resident");
    }
    journal_receipt(engine, &turning,
                    mgi_journal_record_create("rollback", mgi_events_actor(engine, options->actor),
                                              options->reason));
    log_cutover(engine, "rolled back", &turning);
    return MGEO_OK;
}

bool mgi_roll_back_for_watch(mgeo_engine *engine, uint64_t route, const char *reason,
                             const mgeo_check *checks, uint32_t count) {
    mgeo_swap_receipt receipt = {.check_count = count};
    cutover turning = {.receipt = &receipt};
    for (uint32_t i = 0; i < count; i++) receipt.checks[i] = checks[i];
    mgi_lock_acquire(&engine->mutex);
    bool canary = mgi_slots_share(&engine->slots) > 0;
    /* The former model may have been unloaded since, which does not change the route. */
    int32_t slot = canary ? mgi_slots_live(&engine->slots) : rollback_slot(engine);
    bool turns = mgi_slots_route(&engine->slots) == route && slot >= 0;
    if (turns) {
        roll_back_to(engine, slot, &turning);
        engine->counts.watch_roll_backs++;
        mgi_watch_note_rollback(engine->watcher, reason);
    }
    mgi_lock_release(&engine->mutex);
    if (!turns) return false;
    journal_receipt(engine, &turning, mgi_journal_record_create("rollback", "watch", reason));
    mgi_log_line(&engine->log, MGEO_LOG_WARNING, "the watch turned traffic back to %s: %s",
                 turning.to.version, reason);
    return true;
}
