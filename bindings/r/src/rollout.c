/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing, swapping, sharing out and asking, as R/mgeo.R calls them. */
#include "entries.h"

/* ---- Rolling out ----------------------------------------------------------------------------- */

static mgeo_status do_compare(call *of) {
    return mgeo_compare(of->handle, of->options, of->report, &of->error);
}

SEXP mgeo_r_compare(SEXP engine, SEXP list, SEXP a, SEXP b, SEXP gold, SEXP worst) {
    mgeo_compare_options options;
    mgeo_compare_report report = {.struct_size = sizeof report};
    call of = {.function = do_compare,
               .handle = entry_engine(engine),
               .options = &options,
               .report = &report};
    record_fill(&mgeo_compare_options_shape, &options, list);
    options.pairs = call_pairs(a, b, &options.count);
    options.gold = call_gold(gold, options.count);
    options.progress = &of.progress;
    report.worst_capacity = call_whole("worst", worst, MOST_WHOLE);
    if (report.worst_capacity > options.count) report.worst_capacity = options.count;
    report.worst = (mgeo_shift *)R_alloc(report.worst_capacity + 1, sizeof(mgeo_shift));
    call_run(&of);
    const char *names[] = {"report", "worst", ""};
    SEXP value = PROTECT(Rf_mkNamed(VECSXP, names));
    SET_VECTOR_ELT(value, 0, record_list(&mgeo_compare_report_shape, &report));
    SET_VECTOR_ELT(value, 1, record_frame(&mgeo_shift_shape, report.worst, report.worst_count));
    SEXP answer = call_answer(&of, value);
    UNPROTECT(1);
    return answer;
}

static mgeo_status do_swap(call *of) {
    return mgeo_swap_model(of->handle, of->options, of->report, &of->error);
}

SEXP mgeo_r_swap(SEXP engine, SEXP list, SEXP gate_list, SEXP a, SEXP b, SEXP gold,
                 SEXP watch_list) {
    mgeo_swap_options options;
    mgeo_gate gate;
    mgeo_watch watch;
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    call of = {.function = do_swap,
               .handle = entry_engine(engine),
               .options = &options,
               .report = &receipt};
    record_fill(&mgeo_swap_options_shape, &options, list);
    record_fill(&mgeo_gate_shape, &gate, gate_list);
    record_fill(&mgeo_watch_shape, &watch, watch_list);
    if (!Rf_isNull(gate_list)) {
        gate.pairs = call_pairs(a, b, &gate.count);
        gate.gold = call_gold(gold, gate.count);
        gate.progress = &of.progress;
        options.gate = &gate;
    }
    if (!Rf_isNull(watch_list)) options.watch = &watch;
    call_run(&of);
    return call_answer(&of, record_list(&mgeo_swap_receipt_shape, &receipt));
}

SEXP mgeo_r_roll_back(SEXP engine, SEXP list) {
    call of = {0};
    mgeo_roll_back_options options;
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    record_fill(&mgeo_roll_back_options_shape, &options, list);
    of.status = mgeo_roll_back(entry_engine(engine), &options, &receipt, &of.error);
    return call_answer(&of, record_list(&mgeo_swap_receipt_shape, &receipt));
}

static uint32_t share_of(SEXP share) {
    return (uint32_t)call_whole("share", share, MGEO_SHARE_ALL); /* in 1/10,000 */
}

SEXP mgeo_r_set_canary(SEXP engine, SEXP share, SEXP list, SEXP watch_list) {
    call of = {0};
    mgeo_canary_options options;
    mgeo_watch watch;
    record_fill(&mgeo_canary_options_shape, &options, list);
    record_fill(&mgeo_watch_shape, &watch, watch_list);
    if (!Rf_isNull(watch_list)) options.watch = &watch;
    of.status = mgeo_set_canary(entry_engine(engine), share_of(share), &options, &of.error);
    return call_answer(&of, R_NilValue);
}

SEXP mgeo_r_set_shadow(SEXP engine, SEXP share, SEXP list) {
    call of = {0};
    mgeo_shadow_options options;
    record_fill(&mgeo_shadow_options_shape, &options, list);
    of.status = mgeo_set_shadow(entry_engine(engine), share_of(share), &options, &of.error);
    return call_answer(&of, R_NilValue);
}

SEXP mgeo_r_shadow_pair(SEXP engine, SEXP rank) {
    call of = {0};
    mgeo_shift shift = {0};
    char a[1024] = "", b[1024] = "";
    const char *names[] = {"shift", "a", "b", ""};
    of.status = mgeo_get_shadow_pair(entry_engine(engine), (uint32_t)Rf_asInteger(rank), &shift, a,
                                     sizeof a, b, sizeof b, &of.error);
    SEXP value = PROTECT(Rf_mkNamed(VECSXP, names));
    SET_VECTOR_ELT(value, 0, record_list(&mgeo_shift_shape, &shift));
    SET_VECTOR_ELT(value, 1, Rf_ScalarString(Rf_mkCharCE(a, CE_UTF8)));
    SET_VECTOR_ELT(value, 2, Rf_ScalarString(Rf_mkCharCE(b, CE_UTF8)));
    SEXP answer = call_answer(&of, value);
    UNPROTECT(1);
    return answer;
}

/* ---- Queries --------------------------------------------------------------------------------- */

SEXP mgeo_r_query(SEXP engine, SEXP what) {
    call of = {0};
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    mgeo_watch_report watch = {.struct_size = sizeof watch};
    mgeo_shadow_report shadow = {.struct_size = sizeof shadow};
    const char *name = CHAR(STRING_ELT(what, 0));
    if (strcmp(name, "rollout") == 0) {
        of.status = mgeo_get_rollout(entry_engine(engine), &rollout, &of.error);
        return call_answer(&of, record_list(&mgeo_rollout_shape, &rollout));
    }
    if (strcmp(name, "watch") == 0) {
        of.status = mgeo_get_watch(entry_engine(engine), &watch, &of.error);
        return call_answer(&of, record_list(&mgeo_watch_report_shape, &watch));
    }
    of.status = mgeo_get_shadow(entry_engine(engine), &shadow, &of.error);
    return call_answer(&of, record_list(&mgeo_shadow_report_shape, &shadow));
}

SEXP mgeo_r_stats(SEXP engine, SEXP slot) {
    call of = {0};
    mgeo_stats stats = {.struct_size = sizeof stats};
    of.status = mgeo_get_stats(entry_engine(engine), record_enumerator("mgeo_slot", slot), &stats,
                               &of.error);
    return call_answer(&of, record_list(&mgeo_stats_shape, &stats));
}

SEXP mgeo_r_unused_field(SEXP engine, SEXP slot, SEXP index) {
    call of = {0};
    mgeo_unused_field field = {.struct_size = sizeof field};
    of.status = mgeo_get_unused_field(entry_engine(engine), record_enumerator("mgeo_slot", slot),
                                      (uint64_t)Rf_asReal(index), &field, &of.error);
    return call_answer(&of, record_list(&mgeo_unused_field_shape, &field));
}

SEXP mgeo_r_unused_tensor(SEXP engine, SEXP slot, SEXP index) {
    call of = {0};
    char name[1024] = "";
    of.status = mgeo_get_unused_tensor(entry_engine(engine), record_enumerator("mgeo_slot", slot),
                                       (uint64_t)Rf_asReal(index), name, sizeof name, &of.error);
    return call_answer(&of, Rf_mkString(name));
}

/* It may grow between two calls. */
SEXP mgeo_r_metrics(SEXP engine, SEXP format) {
    const int32_t number = record_enumerator("mgeo_metrics_format", format);
    char *text = NULL;
    call of = {.status = MGEO_E_CAPACITY};
    for (size_t room = 16384, length = 0; of.status == MGEO_E_CAPACITY; room = length + 4096) {
        text = R_alloc(room, 1);
        of.status =
            mgeo_write_metrics(entry_engine(engine), number, text, room, &length, &of.error);
    }
    SEXP value = of.status == MGEO_OK ? Rf_ScalarString(Rf_mkCharCE(text, CE_UTF8)) : R_NilValue;
    return call_answer(&of, value);
}

SEXP mgeo_r_journal_verify(SEXP path) {
    call of = {0};
    mgeo_journal_report report = {.struct_size = sizeof report};
    of.status = mgeo_journal_verify(entry_path(path), &report, &of.error);
    return call_answer(&of, record_list(&mgeo_journal_report_shape, &report));
}

SEXP mgeo_r_version(void) { return Rf_mkString(mgeo_version()); }
