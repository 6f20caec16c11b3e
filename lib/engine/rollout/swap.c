/* SPDX-License-Identifier: Apache-2.0 */
/* The swap: who may, through a gate or at once, and what a refusal leaves behind. */
#include "engine/rollout/swap.h"

#include "engine/events.h"
#include "engine/lease.h"
#include "engine/rollout/cutover.h"
#include "engine/rollout/gate.h"
#include "engine/rollout/watch.h"
#include "engine/rollout/watch_limits.h"
#include "engine/standby.h"
#include "engine/state.h"

static mgeo_status may_swap(const mgeo_engine *engine, uint64_t expected, mgeo_error *error) {
    const mgi_slot_model *model = &engine->slot_models[mgi_standby_slot(engine)];
    if (engine->draining) {
        return mgi_fail(error, MGEO_E_NO_MODEL,
                        "the standby model is being unloaded or replaced: try again when that call "
                        "has returned");
    }
    if (model->runner == NULL || mgi_slots_live(&engine->slots) < 0) {
        return mgi_fail(error, MGEO_E_NO_MODEL, "no model is on standby: load one first");
    }
    if (engine->gate_running) {
        return mgi_fail(error, MGEO_E_BUSY,
                        "a gate measures the standby model: try again when it has decided, or roll "
                        "back");
    }
    if (expected != 0 && expected != model->info.generation) {
        return mgi_fail(error, MGEO_E_REFUSED,
                        "the standby model is generation %llu (%s), not %llu as expected: nothing "
                        "was swapped",
                        (unsigned long long)model->info.generation, model->info.version,
                        (unsigned long long)expected);
    }
    return MGEO_OK;
}

static void swap_cut_over(mgeo_engine *engine, const mgeo_swap_options *options,
                          mgi_cutover *cutover) {
    int32_t to = mgi_standby_slot(engine);
    mgi_cutover_run(engine, to, cutover);
    engine->rollback_generation = cutover->from.generation;
    engine->counts.swaps++;
    if (options->watch != NULL) {
        mgi_watch_begin(engine->watcher, options->watch, to, mgi_slots_route(&engine->slots));
    }
}

/* A gate that measures: the leases it holds, and the route that must not have changed since. */
typedef struct gate_run {
    mgi_pin live, standby;
    uint64_t route;
} gate_run;

/* The mutex is held, as for the next. */
static void begin_gate(mgeo_engine *engine, gate_run *run, mgi_cutover *cutover) {
    int32_t live = mgi_slots_live(&engine->slots);
    run->live = mgi_lease_take(engine, live);
    run->standby = mgi_lease_take(engine, mgi_slots_other(live));
    run->route = mgi_slots_route(&engine->slots);
    mgi_cutover_note_models(engine, cutover);
    engine->gate_running = true;
}

static mgeo_status end_gate(mgeo_engine *engine, const gate_run *run, mgeo_status status,
                            mgeo_error *error) {
    engine->gate_running = false;
    if (status == MGEO_OK && mgi_slots_route(&engine->slots) != run->route) {
        return mgi_fail(error, MGEO_E_REFUSED,
                        "traffic was turned back, or its shares were changed, while the gate "
                        "measured: nothing was swapped");
    }
    return status;
}

static mgeo_status measure_gate(mgeo_engine *engine, const gate_run *run, const mgeo_gate *gate,
                                mgeo_swap_receipt *receipt, mgeo_error *error) {
    return mgi_gate_run(&engine->slot_models[run->live.slot],
                        &engine->slot_models[run->standby.slot], gate, receipt->checks,
                        &receipt->check_count, error);
}

static mgeo_status swap_gated(mgeo_engine *engine, const mgeo_swap_options *options,
                              mgi_cutover *cutover, mgeo_error *error) {
    gate_run run;
    mgi_lock_acquire(&engine->mutex);
    mgeo_status status = may_swap(engine, options->expect_generation, error);
    if (status == MGEO_OK) begin_gate(engine, &run, cutover);
    if (status == MGEO_E_REFUSED) mgi_cutover_note_models(engine, cutover);
    mgi_lock_release(&engine->mutex);
    if (status != MGEO_OK) return status;

    status = measure_gate(engine, &run, options->gate, cutover->receipt, error);

    mgi_lock_acquire(&engine->mutex);
    status = end_gate(engine, &run, status, error);
    if (status == MGEO_OK) swap_cut_over(engine, options, cutover);
    mgi_lock_release(&engine->mutex);
    mgi_lease_return(engine, run.live);
    mgi_lease_return(engine, run.standby);
    return status;
}

static mgeo_status swap_at_once(mgeo_engine *engine, const mgeo_swap_options *options,
                                mgi_cutover *cutover, mgeo_error *error) {
    mgi_lock_acquire(&engine->mutex);
    mgeo_status status = may_swap(engine, options->expect_generation, error);
    if (status == MGEO_OK) swap_cut_over(engine, options, cutover);
    if (status == MGEO_E_REFUSED) mgi_cutover_note_models(engine, cutover);
    mgi_lock_release(&engine->mutex);
    return status;
}

/* A refusal is an event too: who wanted what, and why it was not done. */
static void report_refusal(mgeo_engine *engine, const mgeo_swap_options *options,
                           mgi_cutover *cutover, const char *line) {
    mgi_lock_acquire(&engine->mutex);
    engine->counts.refused_swaps++;
    cutover->ticket = mgi_journal_ticket(engine->journal);
    mgi_lock_release(&engine->mutex);
    mgi_journal_record *record = mgi_journal_record_create(
        "refuse", mgi_events_actor(engine, options->actor), options->reason);
    mgi_journal_record_text(record, "why", line);
    mgi_cutover_write_receipt(engine, cutover, record);
    mgi_log_line(&engine->log, MGEO_LOG_WARNING, "swap refused: %s", line);
}

/* What can be wrong or can fail before anything is measured or changed. */
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
    mgi_cutover cutover = {.receipt = receipt};
    mgeo_error why;
    mgeo_status status = prepare_swap(engine, options, error);
    if (status != MGEO_OK) return status;
    status = options->gate != NULL ? swap_gated(engine, options, &cutover, &why)
                                   : swap_at_once(engine, options, &cutover, &why);
    if (status == MGEO_OK) {
        mgi_cutover_write_receipt(
            engine, &cutover,
            mgi_journal_record_create("swap", mgi_events_actor(engine, options->actor),
                                      options->reason));
        mgi_cutover_log(engine, "swapped", &cutover);
        return MGEO_OK;
    }
    if (status == MGEO_E_REFUSED) report_refusal(engine, options, &cutover, why.message);
    return mgi_fail(error, status, "%s", why.message);
}
