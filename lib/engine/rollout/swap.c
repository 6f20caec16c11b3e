/* Turns of the traffic: by hand, through a gate, back by hand, back by a watch. */
#include "core/thread.h"
#include "engine/rollout/gate.h"
#include "engine/state.h"

#include <math.h>
#include <stdatomic.h>

/* One turn on its way: what is copied under the mutex, for the receipt and the journal. */
typedef struct mgi_turning {
    mgeo_model_info from, to;
    uint64_t ticket;
    mgeo_swap_receipt *receipt;
} mgi_turning;

/* ---- the turn; the mutex is held ------------------------------------------------------------- */

static void mgi_fold_stall(mgeo_engine *engine) {
    double seconds = 1e-9 * (double)atomic_exchange(&engine->stall_nanoseconds, 0);
    if (seconds > engine->counts.stall_seconds_max) engine->counts.stall_seconds_max = seconds;
}

uint64_t mgi_turn(mgeo_engine *engine, int32_t slot, uint32_t share) {
    mgi_fold_stall(engine);
    mgi_watcher_end(engine->watcher, "traffic was turned by a swap or a roll-back");
    mgi_shadow_end(engine->shadow);
    mgi_slots_turn(&engine->slots, slot, share);
    return mgi_slots_route(&engine->slots);
}

/* Who is and who was, as receipts name them. */
static void mgi_name_models(mgi_turning *turning) {
    mgeo_swap_receipt *receipt = turning->receipt;
    const mgeo_model_info *from = &turning->from;
    const mgeo_model_info *to = &turning->to;
    receipt->from_generation = from->generation;
    receipt->to_generation = to->generation;
    receipt->from_slot = from->slot;
    receipt->to_slot = to->slot;
    mgi_copy_text(receipt->from_version, sizeof receipt->from_version, from->version);
    mgi_copy_text(receipt->to_version, sizeof receipt->to_version, to->version);
}

/* Pins that are not those of jobs, comparisons or a gate, which hold a model between calls too. */
static uint64_t mgi_calls_on(const mgeo_engine *engine, int32_t slot) {
    int64_t calls = mgi_slots_pins(&engine->slots, slot) - (int64_t)engine->holds[slot];
    return calls > 0 ? (uint64_t)calls : 0;
}

static void mgi_turn_to(mgeo_engine *engine, int32_t to, mgi_turning *turning) {
    int32_t from = mgi_slots_live(&engine->slots);
    double start = mgi_now();
    turning->from = engine->residents[from].info;
    turning->to = engine->residents[to].info;
    mgi_turn(engine, to, 0);
    turning->receipt->turn_seconds = mgi_now() - start;
    turning->receipt->calls_in_flight = mgi_calls_on(engine, from);
    turning->ticket = mgi_journal_ticket(engine->journal);
    mgi_name_models(turning);
}

/* ---- accounts; the mutex is not held --------------------------------------------------------- */

static void mgi_note_failure(mgeo_engine *engine, const char *line) {
    pthread_mutex_lock(&engine->mutex);
    engine->counts.journal_failures++;
    pthread_mutex_unlock(&engine->mutex);
    mgi_log_line(&engine->log, MGEO_LOG_WARNING, "%s", line);
}

void mgi_journal_event(mgeo_engine *engine, uint64_t ticket, mgi_record *record) {
    mgi_journal_mark mark;
    mgeo_error error;
    if (mgi_journal_append(engine->journal, ticket, record, &mark, &error) != MGEO_OK) {
        mgi_note_failure(engine, error.message);
    }
}

/* Writes the event that the receipt is about, and puts into the receipt how that went. */
static void mgi_journal_receipt(mgeo_engine *engine, const mgi_turning *turning,
                                mgi_record *record) {
    mgeo_swap_receipt *receipt = turning->receipt;
    mgi_journal_mark mark = {0};
    mgeo_error error;
    receipt->stall_seconds = 1e-9 * (double)atomic_load(&engine->stall_nanoseconds);
    mgi_record_model(record, "from", &turning->from);
    mgi_record_model(record, "to", &turning->to);
    mgi_record_integer(record, "calls_in_flight", receipt->calls_in_flight);
    mgi_record_number(record, "turn_seconds", receipt->turn_seconds);
    mgi_record_number(record, "stall_seconds", receipt->stall_seconds);
    if (receipt->check_count > 0) {
        mgi_record_checks(record, "checks", receipt->checks, receipt->check_count);
    }
    receipt->journal_status =
        mgi_journal_append(engine->journal, turning->ticket, record, &mark, &error);
    if (receipt->journal_status != MGEO_OK) mgi_note_failure(engine, error.message);
    receipt->journal_line = mark.line;
    mgi_copy_text(receipt->journal_hash, sizeof receipt->journal_hash, mark.hash);
}

static void mgi_log_turn(const mgeo_engine *engine, const char *how, const mgi_turning *turning) {
    mgi_log_line(&engine->log, MGEO_LOG_INFO,
                 "%s from %s (generation %llu) to %s (generation %llu, %s)", how,
                 turning->from.version, (unsigned long long)turning->from.generation,
                 turning->to.version, (unsigned long long)turning->to.generation,
                 mgi_slot_name(turning->to.slot));
}

/* ---- swap ------------------------------------------------------------------------------------ */

static mgeo_status mgi_may_swap(const mgeo_engine *engine, uint64_t expected, mgeo_error *error) {
    const mgi_resident *resident = &engine->residents[mgi_standby(engine)];
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
static void mgi_note_models(const mgeo_engine *engine, mgi_turning *turning) {
    int32_t live = mgi_slots_live(&engine->slots);
    turning->from = engine->residents[live].info;
    turning->to = engine->residents[mgi_other_slot(live)].info;
    mgi_name_models(turning);
}

static void mgi_swap_turn(mgeo_engine *engine, const mgeo_swap_options *options,
                          mgi_turning *turning) {
    int32_t to = mgi_standby(engine);
    mgi_turn_to(engine, to, turning);
    engine->former = turning->from.generation;
    engine->counts.swaps++;
    if (options->watch != NULL) {
        mgi_watcher_begin(engine->watcher, options->watch, to, mgi_slots_route(&engine->slots));
    }
}

/* A gate's check on its way. */
typedef struct mgi_deciding {
    mgi_pin live, standby;
    uint64_t route;
} mgi_deciding;

/* The mutex is held, as for the next. */
static void mgi_begin_deciding(mgeo_engine *engine, mgi_deciding *deciding, mgi_turning *turning) {
    int32_t live = mgi_slots_live(&engine->slots);
    deciding->live = mgi_hold(engine, live);
    deciding->standby = mgi_hold(engine, mgi_other_slot(live));
    deciding->route = mgi_slots_route(&engine->slots);
    mgi_note_models(engine, turning);
    engine->deciding = true;
}

static mgeo_status mgi_end_deciding(mgeo_engine *engine, const mgi_deciding *deciding,
                                    mgeo_status status, mgeo_error *error) {
    engine->deciding = false;
    if (status == MGEO_OK && mgi_slots_route(&engine->slots) != deciding->route) {
        return mgi_fail(error, MGEO_E_REFUSED,
                        "traffic was turned back, or its shares were changed, while the gate "
                        "measured: nothing was swapped");
    }
    return status;
}

static mgeo_status mgi_measure(mgeo_engine *engine, const mgi_deciding *deciding,
                               const mgeo_gate *gate, mgeo_swap_receipt *receipt,
                               mgeo_error *error) {
    return mgi_gate_run(&engine->residents[deciding->live.slot],
                        &engine->residents[deciding->standby.slot], gate, receipt->checks,
                        &receipt->check_count, error);
}

static mgeo_status mgi_swap_gated(mgeo_engine *engine, const mgeo_swap_options *options,
                                  mgi_turning *turning, mgeo_error *error) {
    mgi_deciding deciding;
    pthread_mutex_lock(&engine->mutex);
    mgeo_status status = mgi_may_swap(engine, options->expect_generation, error);
    if (status == MGEO_OK) mgi_begin_deciding(engine, &deciding, turning);
    if (status == MGEO_E_REFUSED) mgi_note_models(engine, turning);
    pthread_mutex_unlock(&engine->mutex);
    if (status != MGEO_OK) return status;

    status = mgi_measure(engine, &deciding, options->gate, turning->receipt, error);

    pthread_mutex_lock(&engine->mutex);
    status = mgi_end_deciding(engine, &deciding, status, error);
    if (status == MGEO_OK) mgi_swap_turn(engine, options, turning);
    pthread_mutex_unlock(&engine->mutex);
    mgi_release(engine, deciding.live);
    mgi_release(engine, deciding.standby);
    return status;
}

static mgeo_status mgi_swap_at_once(mgeo_engine *engine, const mgeo_swap_options *options,
                                    mgi_turning *turning, mgeo_error *error) {
    pthread_mutex_lock(&engine->mutex);
    mgeo_status status = mgi_may_swap(engine, options->expect_generation, error);
    if (status == MGEO_OK) mgi_swap_turn(engine, options, turning);
    if (status == MGEO_E_REFUSED) mgi_note_models(engine, turning);
    pthread_mutex_unlock(&engine->mutex);
    return status;
}

/* A refusal is an event too: who wanted what, and why it was not done. */
static void mgi_report_refusal(mgeo_engine *engine, const mgeo_swap_options *options,
                               mgi_turning *turning, const char *line) {
    pthread_mutex_lock(&engine->mutex);
    engine->counts.refused_swaps++;
    turning->ticket = mgi_journal_ticket(engine->journal);
    pthread_mutex_unlock(&engine->mutex);
    mgi_record *record =
        mgi_record_create("refuse", mgi_actor(engine, options->actor), options->reason);
    mgi_record_text(record, "why", line);
    mgi_journal_receipt(engine, turning, record);
    mgi_log_line(&engine->log, MGEO_LOG_WARNING, "swap refused: %s", line);
}

/* What can be wrong or can fail before anything is measured or turned. */
static mgeo_status mgi_prepare_swap(mgeo_engine *engine, const mgeo_swap_options *options,
                                    mgeo_error *error) {
    if (options->gate != NULL) {
        mgeo_status status = mgi_gate_check(options->gate, error);
        if (status != MGEO_OK) return status;
    }
    if (options->watch == NULL) return MGEO_OK;
    mgeo_status status = mgi_watch_check(options->watch, "mgeo_swap_options.watch", error);
    return status == MGEO_OK ? mgi_watcher_prepare(engine->watcher, error) : status;
}

mgeo_status mgi_engine_swap(mgeo_engine *engine, const mgeo_swap_options *options,
                            mgeo_swap_receipt *receipt, mgeo_error *error) {
    mgi_turning turning = {.receipt = receipt};
    mgeo_error why;
    mgeo_status status = mgi_prepare_swap(engine, options, error);
    if (status != MGEO_OK) return status;
    status = options->gate != NULL ? mgi_swap_gated(engine, options, &turning, &why)
                                   : mgi_swap_at_once(engine, options, &turning, &why);
    if (status == MGEO_OK) {
        mgi_journal_receipt(
            engine, &turning,
            mgi_record_create("swap", mgi_actor(engine, options->actor), options->reason));
        mgi_log_turn(engine, "swapped", &turning);
        return MGEO_OK;
    }
    if (status == MGEO_E_REFUSED) mgi_report_refusal(engine, options, &turning, why.message);
    return mgi_fail(error, status, "%s", why.message);
}

/* ---- back ------------------------------------------------------------------------------------ */

/* The slot to which a roll-back turns: the live one where only a canary is to end; -1: none. The
 * mutex is held. */
static int32_t mgi_way_back(const mgeo_engine *engine) {
    int32_t live = mgi_slots_live(&engine->slots);
    if (live < 0) return -1;
    const mgi_resident *other = &engine->residents[mgi_other_slot(live)];
    bool resident = other->runner != NULL && !engine->emptying;
    if (engine->former != 0 && resident && other->info.generation == engine->former) {
        return mgi_other_slot(live);
    }
    return mgi_slots_share(&engine->slots) > 0 ? live : -1;
}

/* A canary that ends leaves the way back from the last swap as it was. */
static void mgi_go_back(mgeo_engine *engine, int32_t slot, mgi_turning *turning) {
    if (slot != mgi_slots_live(&engine->slots)) engine->former = 0;
    mgi_turn_to(engine, slot, turning);
    engine->counts.roll_backs++;
}

mgeo_status mgi_engine_roll_back(mgeo_engine *engine, const mgeo_roll_back_options *options,
                                 mgeo_swap_receipt *receipt, mgeo_error *error) {
    mgi_turning turning = {.receipt = receipt};
    pthread_mutex_lock(&engine->mutex);
    int32_t slot = mgi_way_back(engine);
    if (slot >= 0) mgi_go_back(engine, slot, &turning);
    pthread_mutex_unlock(&engine->mutex);
    if (slot < 0) {
        return mgi_fail(error, MGEO_E_NO_MODEL,
                        "there is no model to go back to: none was swapped out since, or it is no "
                        "longer resident");
    }
    mgi_journal_receipt(
        engine, &turning,
        mgi_record_create("rollback", mgi_actor(engine, options->actor), options->reason));
    mgi_log_turn(engine, "rolled back", &turning);
    return MGEO_OK;
}

bool mgi_turn_back(mgeo_engine *engine, uint64_t route, const char *reason,
                   const mgeo_check *checks, uint32_t count) {
    mgeo_swap_receipt receipt = {.check_count = count};
    mgi_turning turning = {.receipt = &receipt};
    for (uint32_t i = 0; i < count; i++) receipt.checks[i] = checks[i];
    pthread_mutex_lock(&engine->mutex);
    bool canary = mgi_slots_share(&engine->slots) > 0;
    /* The former model may have been unloaded since, which does not change the route. */
    int32_t slot = canary ? mgi_slots_live(&engine->slots) : mgi_way_back(engine);
    bool turns = mgi_slots_route(&engine->slots) == route && slot >= 0;
    if (turns) {
        mgi_go_back(engine, slot, &turning);
        engine->counts.watch_roll_backs++;
        mgi_watcher_turned_back(engine->watcher, reason);
    }
    pthread_mutex_unlock(&engine->mutex);
    if (!turns) return false;
    mgi_journal_receipt(engine, &turning, mgi_record_create("rollback", "watch", reason));
    mgi_log_line(&engine->log, MGEO_LOG_WARNING, "the watch turned traffic back to %s: %s",
                 turning.to.version, reason);
    return true;
}
