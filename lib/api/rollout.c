/* SPDX-License-Identifier: Apache-2.0 */
/* Rolling out, as the public functions see it: comparing, swapping, watching, canary, shadow. */
#include "api/check.h"
#include "engine/rollout/canary.h"
#include "engine/rollout/compare.h"
#include "engine/rollout/roll_back.h"
#include "engine/rollout/shadow.h"
#include "engine/rollout/swap.h"
#include "engine/rollout/watch.h"

/* ---- comparing ------------------------------------------------------------------------------- */

static mgeo_status read_compare_options(mgeo_compare_options *known,
                                        const mgeo_compare_options *options, mgeo_error *error) {
    if (options == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "options is NULL");
    mgeo_status status = mgi_abi_read(known, sizeof *known, options, "mgeo_compare_options", error);
    if (status == MGEO_OK && known->count == 0) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "mgeo_compare_options.count is 0: a comparison needs pairs");
    }
    if (status == MGEO_OK) {
        status = mgi_check_switch(known->full_speed, "mgeo_compare_options.full_speed", error);
    }
    if (status == MGEO_OK) status = mgi_check_pairs(known->pairs, known->count, error);
    return status;
}

mgeo_status mgeo_compare(mgeo_engine *engine, const mgeo_compare_options *options,
                         mgeo_compare_report *report, mgeo_error *error) {
    mgeo_compare_options known;
    mgeo_compare_report filled;
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) status = read_compare_options(&known, options, error);
    if (status == MGEO_OK) {
        status = mgi_check_output(report, "report", "mgeo_compare_report", error);
    }
    if (status == MGEO_OK) {
        status = mgi_abi_read(&filled, sizeof filled, report, "mgeo_compare_report", error);
    }
    if (status == MGEO_OK && filled.worst != NULL) {
        status = mgi_check_array(filled.worst_capacity, sizeof *filled.worst, "shifts", error);
    }
    if (status == MGEO_OK) status = mgi_compare_live_with_standby(engine, &known, &filled, error);
    if (status == MGEO_OK) {
        status = mgi_abi_write(report, &filled, sizeof filled, "mgeo_compare_report", error);
    }
    return mgi_check_conclude(status, error);
}

/* ---- swapping -------------------------------------------------------------------------------- */

static mgeo_status read_gate(mgeo_gate *known, const mgeo_gate **gate, mgeo_error *error) {
    if (*gate == NULL) return MGEO_OK;
    mgeo_status status = mgi_abi_read(known, sizeof *known, *gate, "mgeo_gate", error);
    *gate = known;
    if (status == MGEO_OK && known->count == 0) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_gate.count is 0: a gate needs pairs");
    }
    if (status == MGEO_OK) {
        status = mgi_check_switch(known->full_speed, "mgeo_gate.full_speed", error);
    }
    if (status == MGEO_OK) status = mgi_check_pairs(known->pairs, known->count, error);
    return status;
}

static mgeo_status read_watch(mgeo_watch *known, const mgeo_watch **watch, mgeo_error *error) {
    if (*watch == NULL) return MGEO_OK;
    mgeo_status status = mgi_abi_read(known, sizeof *known, *watch, "mgeo_watch", error);
    *watch = known;
    return status;
}

mgeo_status mgeo_swap_model(mgeo_engine *engine, const mgeo_swap_options *options,
                            mgeo_swap_receipt *receipt, mgeo_error *error) {
    mgeo_swap_options known;
    mgeo_gate gate;
    mgeo_watch watch;
    mgeo_swap_receipt written = {.struct_size = sizeof written};
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) {
        status = mgi_abi_read(&known, sizeof known, options, "mgeo_swap_options", error);
    }
    if (status == MGEO_OK) status = read_gate(&gate, &known.gate, error);
    if (status == MGEO_OK) status = read_watch(&watch, &known.watch, error);
    if (status == MGEO_OK) status = mgi_abi_check(receipt, "mgeo_swap_receipt", error);
    if (status != MGEO_OK) return status;
    status = mgi_swap_model(engine, &known, &written, error);
    if (status == MGEO_OK || status == MGEO_E_REFUSED) {
        mgi_abi_write(receipt, &written, sizeof written, "mgeo_swap_receipt", NULL);
    }
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_roll_back(mgeo_engine *engine, const mgeo_roll_back_options *options,
                           mgeo_swap_receipt *receipt, mgeo_error *error) {
    mgeo_roll_back_options known;
    mgeo_swap_receipt written = {.struct_size = sizeof written};
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) {
        status = mgi_abi_read(&known, sizeof known, options, "mgeo_roll_back_options", error);
    }
    if (status == MGEO_OK) status = mgi_abi_check(receipt, "mgeo_swap_receipt", error);
    if (status == MGEO_OK) status = mgi_roll_back(engine, &known, &written, error);
    if (status == MGEO_OK) {
        status = mgi_abi_write(receipt, &written, sizeof written, "mgeo_swap_receipt", error);
    }
    return mgi_check_conclude(status, error);
}

/* ---- watching -------------------------------------------------------------------------------- */

mgeo_status mgeo_get_watch(mgeo_engine *engine, mgeo_watch_report *report, mgeo_error *error) {
    mgeo_watch_report known = {.struct_size = sizeof known};
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) {
        status = mgi_check_output(report, "report", "mgeo_watch_report", error);
    }
    if (status != MGEO_OK) return status;
    mgi_watch_report(engine, &known);
    status = mgi_abi_write(report, &known, sizeof known, "mgeo_watch_report", error);
    return mgi_check_conclude(status, error);
}

/* ---- shares of the calls --------------------------------------------------------------------- */

static mgeo_status check_share(uint32_t share, mgeo_error *error) {
    if (share <= MGEO_SHARE_ALL) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT, "share is %u: at most %u, in 1/10,000", share,
                    MGEO_SHARE_ALL);
}

mgeo_status mgeo_set_canary(mgeo_engine *engine, uint32_t share, const mgeo_canary_options *options,
                            mgeo_error *error) {
    mgeo_canary_options known;
    mgeo_watch watch;
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) status = check_share(share, error);
    if (status == MGEO_OK) {
        status = mgi_abi_read(&known, sizeof known, options, "mgeo_canary_options", error);
    }
    if (status == MGEO_OK) status = read_watch(&watch, &known.watch, error);
    if (status == MGEO_OK && share == 0 && known.watch != NULL) {
        status = mgi_fail(error, MGEO_E_ARGUMENT,
                          "mgeo_canary_options.watch with share 0: there is nothing to watch");
    }
    if (status == MGEO_OK) status = mgi_canary_set(engine, share, &known, error);
    return mgi_check_conclude(status, error);
}

/* ---- shadow calls ---------------------------------------------------------------------------- */

enum { MAX_SHADOW_ROWS = 65536, MAX_WORST_PAIRS = 1024 };

static mgeo_status check_shadow_options(const mgeo_shadow_options *options, mgeo_error *error) {
    mgeo_status status =
        mgi_check_switch(options->full_speed, "mgeo_shadow_options.full_speed", error);
    if (status != MGEO_OK) return status;
    if (options->queue_rows > MAX_SHADOW_ROWS) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "mgeo_shadow_options.queue_rows is %llu: at most %d",
                        (unsigned long long)options->queue_rows, MAX_SHADOW_ROWS);
    }
    if (options->worst_pairs > MAX_WORST_PAIRS) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_shadow_options.worst_pairs is %u: at most %d",
                        options->worst_pairs, MAX_WORST_PAIRS);
    }
    return MGEO_OK;
}

mgeo_status mgeo_set_shadow(mgeo_engine *engine, uint32_t share, const mgeo_shadow_options *options,
                            mgeo_error *error) {
    mgeo_shadow_options known;
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) status = check_share(share, error);
    if (status == MGEO_OK) {
        status = mgi_abi_read(&known, sizeof known, options, "mgeo_shadow_options", error);
    }
    if (status == MGEO_OK) status = check_shadow_options(&known, error);
    if (status == MGEO_OK) status = mgi_shadow_set_share(engine, share, &known, error);
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_get_shadow(mgeo_engine *engine, mgeo_shadow_report *report, mgeo_error *error) {
    mgeo_shadow_report known = {.struct_size = sizeof known};
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) {
        status = mgi_check_output(report, "report", "mgeo_shadow_report", error);
    }
    if (status != MGEO_OK) return status;
    mgi_shadow_report(engine, &known);
    status = mgi_abi_write(report, &known, sizeof known, "mgeo_shadow_report", error);
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_get_shadow_pair(mgeo_engine *engine, uint32_t rank, mgeo_shift *shift, char *a,
                                 size_t a_capacity, char *b, size_t b_capacity, mgeo_error *error) {
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK && ((a != NULL && a_capacity == 0) || (b != NULL && b_capacity == 0))) {
        status = mgi_fail(error, MGEO_E_ARGUMENT, "%s_capacity is 0: a text needs a byte at least",
                          a != NULL && a_capacity == 0 ? "a" : "b");
    }
    if (status == MGEO_OK) {
        status = mgi_shadow_get_pair(engine, rank, shift, a, a_capacity, b, b_capacity, error);
    }
    return mgi_check_conclude(status, error);
}
