/* SPDX-License-Identifier: Apache-2.0 */
/* Rollouts, as the public functions see them: arguments are checked here, the rest is delegated. */
#include "api/check.h"

#include "core/names.h"
#include "engine/admission.h"
#include "engine/metrics.h"
#include "engine/query.h"
#include "engine/rollout/canary.h"
#include "engine/rollout/compare.h"
#include "engine/rollout/roll_back.h"
#include "engine/rollout/shadow.h"
#include "engine/rollout/shadow_control.h"
#include "engine/rollout/swap.h"
#include "engine/rollout/watch.h"

#include <string.h>

/* ---- what several calls take ----------------------------------------------------------------- */

static mgeo_status check_output(const void *output, const char *name, const char *type,
                                mgeo_error *error) {
    if (output == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "%s is NULL", name);
    return mgi_abi_check(output, type, error);
}

static mgeo_status check_switch(uint32_t value, const char *name, mgeo_error *error) {
    if (value <= 1) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT, "%s is %u: 0 or 1", name, value);
}

static mgeo_status check_share(uint32_t share, mgeo_error *error) {
    if (share <= MGEO_SHARE_ALL) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT, "share is %u: at most %u, in 1/10,000", share,
                    MGEO_SHARE_ALL);
}

static mgeo_status read_gate(mgeo_gate *known, const mgeo_gate **gate, mgeo_error *error) {
    if (*gate == NULL) return MGEO_OK;
    mgeo_status status = mgi_abi_read(known, sizeof *known, *gate, "mgeo_gate", error);
    *gate = known;
    if (status == MGEO_OK && known->count == 0) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_gate.count is 0: a gate needs pairs");
    }
    if (status == MGEO_OK) {
        status = check_switch(known->full_speed, "mgeo_gate.full_speed", error);
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
        status = check_switch(known->full_speed, "mgeo_compare_options.full_speed", error);
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
        status = check_output(report, "report", "mgeo_compare_report", error);
    }
    if (status == MGEO_OK) {
        status = mgi_abi_read(&filled, sizeof filled, report, "mgeo_compare_report", error);
    }
    if (status == MGEO_OK) status = mgi_compare_live_with_standby(engine, &known, &filled, error);
    if (status == MGEO_OK) {
        status = mgi_abi_write(report, &filled, sizeof filled, "mgeo_compare_report", error);
    }
    return mgi_check_conclude(status, error);
}

/* ---- turning --------------------------------------------------------------------------------- */

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

mgeo_status mgeo_get_watch(mgeo_engine *engine, mgeo_watch_report *report, mgeo_error *error) {
    mgeo_watch_report known = {.struct_size = sizeof known};
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) {
        status = check_output(report, "report", "mgeo_watch_report", error);
    }
    if (status != MGEO_OK) return status;
    mgi_watch_report(engine, &known);
    status = mgi_abi_write(report, &known, sizeof known, "mgeo_watch_report", error);
    return mgi_check_conclude(status, error);
}

/* ---- shares ---------------------------------------------------------------------------------- */

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

mgeo_status mgeo_set_shadow(mgeo_engine *engine, uint32_t share, const mgeo_shadow_options *options,
                            mgeo_error *error) {
    mgeo_shadow_options known;
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) status = check_share(share, error);
    if (status == MGEO_OK) {
        status = mgi_abi_read(&known, sizeof known, options, "mgeo_shadow_options", error);
    }
    if (status == MGEO_OK) {
        status = check_switch(known.full_speed, "mgeo_shadow_options.full_speed", error);
    }
    if (status == MGEO_OK) status = mgi_shadow_control_set_share(engine, share, &known, error);
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_get_shadow(mgeo_engine *engine, mgeo_shadow_report *report, mgeo_error *error) {
    mgeo_shadow_report known = {.struct_size = sizeof known};
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) {
        status = check_output(report, "report", "mgeo_shadow_report", error);
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

/* ---- accounts -------------------------------------------------------------------------------- */

mgeo_status mgeo_get_rollout(mgeo_engine *engine, mgeo_rollout *rollout, mgeo_error *error) {
    mgeo_rollout known;
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) status = check_output(rollout, "rollout", "mgeo_rollout", error);
    if (status != MGEO_OK) return status;
    mgi_query_rollout(engine, &known);
    return mgi_check_conclude(mgi_abi_write(rollout, &known, sizeof known, "mgeo_rollout", error),
                              error);
}

mgeo_status mgeo_write_metrics(mgeo_engine *engine, int32_t format, char *text, size_t capacity,
                               size_t *length, mgeo_error *error) {
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK && length == NULL) {
        status = mgi_fail(error, MGEO_E_ARGUMENT, "length is NULL");
    }
    if (status == MGEO_OK && text == NULL && capacity > 0) {
        status = mgi_fail(error, MGEO_E_ARGUMENT, "text is NULL and its capacity is not 0");
    }
    if (status == MGEO_OK && !mgi_names_has_metrics_format(format)) {
        status = mgi_fail(error, MGEO_E_ARGUMENT, "format is %d: not an mgeo_metrics_format",
                          (int)format);
    }
    if (status == MGEO_OK) {
        status = mgi_metrics_render(engine, format, text, capacity, length, error);
    }
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_journal_verify(const char *path, mgeo_journal_report *report, mgeo_error *error) {
    mgeo_journal_report known = {.struct_size = sizeof known};
    if (path == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "path is NULL");
    mgeo_status status = check_output(report, "report", "mgeo_journal_report", error);
    if (status != MGEO_OK) return status;
    status = mgi_journal_verify(path, &known, error);
    if (status == MGEO_OK || status == MGEO_E_FORMAT) {
        mgi_abi_write(report, &known, sizeof known, "mgeo_journal_report", NULL);
    }
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_predict_memory(const char *path, const mgeo_load_options *options,
                                mgeo_memory *memory, mgeo_error *error) {
    mgeo_load_options known;
    mgeo_memory filled = {.struct_size = sizeof filled};
    mgeo_status status = mgi_check_read_load_options(&known, options, error);
    if (status == MGEO_OK) status = check_output(memory, "memory", "mgeo_memory", error);
    if (status == MGEO_OK) status = mgi_admission_predict(path, &known, &filled, error);
    if (status == MGEO_OK) {
        status = mgi_abi_write(memory, &filled, sizeof filled, "mgeo_memory", error);
    }
    return mgi_check_conclude(status, error);
}
