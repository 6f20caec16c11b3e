/* SPDX-License-Identifier: Apache-2.0 */
/* The gate: what a comparison must show before traffic is cut over, figure by figure. */
#include "engine/rollout/gate.h"

#include "core/fixed_text.h"
#include "engine/rollout/compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- is it a gate? --------------------------------------------------------------------------- */

static bool gate_knows_labels(const mgeo_gate *gate) {
    for (size_t i = 0; gate->gold != NULL && i < gate->count; i++) {
        if (gate->gold[i] != NULL) return true;
    }
    return false;
}

#define LIMIT(member, name) {#member, gate->member},

mgeo_status mgi_gate_check(const mgeo_gate *gate, mgeo_error *error) {
    const struct {
        const char *name;
        double limit;
    } limits[] = {MGEO_GATE_CHECK_LIST(LIMIT)};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (!isfinite(limits[i].limit)) {
            return mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_gate.%s is %g: give a number, or 0",
                            limits[i].name, limits[i].limit);
        }
    }
    bool needs_labels = gate->max_accuracy_loss != 0 || gate->max_macro_f1_loss != 0;
    if (needs_labels && !gate_knows_labels(gate)) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "mgeo_gate.%s is held and mgeo_gate.gold names no label: give the true "
                        "labels of the pairs",
                        gate->max_accuracy_loss != 0 ? "max_accuracy_loss" : "max_macro_f1_loss");
    }
    return MGEO_OK;
}

/* ---- figures against limits ------------------------------------------------------------------ */

static void evaluate(mgeo_check *check, const char *name, double measured, mgeo_limit limit) {
    *check = (mgeo_check){.measured = measured, .limit = limit > 0 ? limit : 0};
    mgi_fixed_text_copy(check->name, sizeof check->name, name);
    check->passed = measured <= check->limit; /* never for NaN */
    if (limit == 0) {
        check->limit = NAN;
        check->passed = -1;
    }
}

static uint32_t evaluate_all(const mgeo_gate *gate, const mgeo_compare_report *report,
                             mgeo_check *checks) {
    uint32_t n = 0;
    double flips = report->pairs > 0 ? (double)report->flips / (double)report->pairs : NAN;
    evaluate(&checks[n++], "shift_max", report->shift_max, gate->max_shift);
    evaluate(&checks[n++], "shift_mean", report->shift_mean, gate->max_shift_mean);
    evaluate(&checks[n++], "shift_p99", report->shift_p99, gate->max_shift_p99);
    evaluate(&checks[n++], "flip_share", flips, gate->max_flip_share);
    evaluate(&checks[n++], "accuracy_loss", report->live_accuracy - report->standby_accuracy,
             gate->max_accuracy_loss);
    evaluate(&checks[n++], "macro_f1_loss", report->live_macro_f1 - report->standby_macro_f1,
             gate->max_macro_f1_loss);
    evaluate(&checks[n++], "latency_ratio", report->latency_ratio, gate->max_latency_ratio);
    evaluate(&checks[n++], "psi", report->psi, gate->max_psi);
    /* Where neither model scored anything, nothing was shown. */
    uint64_t scored = report->pairs + report->lost + report->gained;
    double lost = scored > 0 ? (double)report->lost : NAN;
    evaluate(&checks[n++], "lost_pairs", lost, -1);
    return n;
}

/* "flip_share 0.31 > 0.05, psi could not be measured"; "" if all is well. */
static void name_broken(const mgeo_check *checks, uint32_t count, char *text, size_t capacity) {
    text[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        if (checks[i].passed != 0) continue;
        size_t length = strlen(text);
        const char *comma = length > 0 ? ", " : "";
        if (isnan(checks[i].measured)) {
            snprintf(text + length, capacity - length, "%s%s could not be measured", comma,
                     checks[i].name);
        } else {
            snprintf(text + length, capacity - length, "%s%s %.6g > %.6g", comma, checks[i].name,
                     checks[i].measured, checks[i].limit);
        }
    }
}

static mgeo_status gate_decide(const mgi_slot_model *live, const mgi_slot_model *standby,
                               const mgeo_check *checks, uint32_t count, mgeo_error *error) {
    char broken[384];
    name_broken(checks, count, broken, sizeof broken);
    if (broken[0] == '\0') return MGEO_OK;
    return mgi_fail(error, MGEO_E_REFUSED,
                    "generation %llu (%s) was refused: %s; traffic stays on generation %llu",
                    (unsigned long long)standby->info.generation, standby->info.version, broken,
                    (unsigned long long)live->info.generation);
}

mgeo_status mgi_gate_run(const mgi_slot_model *live, const mgi_slot_model *standby,
                         const mgeo_gate *gate, mgeo_check *checks, uint32_t *count,
                         mgeo_error *error) {
    mgeo_compare_options options = {.struct_size = sizeof options,
                                    .pairs = gate->pairs,
                                    .count = gate->count,
                                    .gold = gate->gold,
                                    .pairs_per_call = gate->pairs_per_call,
                                    .full_speed = gate->full_speed,
                                    .progress = gate->progress};
    mgeo_compare_report report = {.struct_size = sizeof report};
    mgeo_status status = mgi_compare_models(live, standby, &options, &report, error);
    if (status != MGEO_OK) return status;
    *count = evaluate_all(gate, &report, checks);
    return gate_decide(live, standby, checks, *count, error);
}
