/* SPDX-License-Identifier: Apache-2.0 */
/* Queries, as the public functions see them: models, counts, metrics, the journal. */
#include "engine/query.h"

#include "api/check.h"
#include "core/names.h"
#include "engine/metrics.h"
#include "journal/verify.h"

static mgeo_status check_query(const mgeo_engine *engine, int32_t slot, mgeo_error *error) {
    mgeo_status status = mgi_check_engine(engine, error);
    if (status != MGEO_OK || (slot >= MGEO_BLUE && slot <= MGEO_STANDBY)) return status;
    return mgi_fail(error, MGEO_E_ARGUMENT, "slot is %d: not an mgeo_slot", (int)slot);
}

mgeo_status mgeo_get_info(mgeo_engine *engine, int32_t slot, mgeo_model_info *info,
                          mgeo_error *error) {
    mgeo_model_info known = {.struct_size = sizeof known};
    mgeo_status status = check_query(engine, slot, error);
    if (status == MGEO_OK) status = mgi_check_output(info, "info", "mgeo_model_info", error);
    if (status == MGEO_OK) status = mgi_query_info(engine, slot, &known, error);
    if (status == MGEO_OK) {
        status = mgi_abi_write(info, &known, sizeof known, "mgeo_model_info", error);
    }
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_get_unused_tensor(mgeo_engine *engine, int32_t slot, uint64_t index, char *name,
                                   size_t capacity, mgeo_error *error) {
    mgeo_status status = check_query(engine, slot, error);
    if (status == MGEO_OK && name == NULL) {
        status = mgi_fail(error, MGEO_E_ARGUMENT, "name is NULL");
    }
    if (status == MGEO_OK && capacity == 0) {
        status = mgi_fail(error, MGEO_E_ARGUMENT, "capacity is 0: a name needs a byte at least");
    }
    if (status == MGEO_OK) {
        status = mgi_query_unused_tensor(engine, slot, index, name, capacity, error);
    }
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_get_unused_field(mgeo_engine *engine, int32_t slot, uint64_t index,
                                  mgeo_unused_field *field, mgeo_error *error) {
    mgeo_unused_field known = {.struct_size = sizeof known};
    mgeo_status status = check_query(engine, slot, error);
    if (status == MGEO_OK) status = mgi_check_output(field, "field", "mgeo_unused_field", error);
    if (status == MGEO_OK) status = mgi_query_unused_field(engine, slot, index, &known, error);
    if (status == MGEO_OK) {
        status = mgi_abi_write(field, &known, sizeof known, "mgeo_unused_field", error);
    }
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_get_stats(mgeo_engine *engine, int32_t slot, mgeo_stats *stats,
                           mgeo_error *error) {
    mgeo_stats known = {.struct_size = sizeof known};
    mgeo_status status = check_query(engine, slot, error);
    if (status == MGEO_OK) status = mgi_check_output(stats, "stats", "mgeo_stats", error);
    if (status == MGEO_OK) status = mgi_query_stats(engine, slot, &known, error);
    if (status == MGEO_OK) {
        status = mgi_abi_write(stats, &known, sizeof known, "mgeo_stats", error);
    }
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_get_rollout(mgeo_engine *engine, mgeo_rollout *rollout, mgeo_error *error) {
    mgeo_rollout known;
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) status = mgi_check_output(rollout, "rollout", "mgeo_rollout", error);
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
    mgeo_status status = mgi_check_output(report, "report", "mgeo_journal_report", error);
    if (status != MGEO_OK) return status;
    status = mgi_journal_verify(path, &known, error);
    if (status == MGEO_OK || status == MGEO_E_FORMAT) {
        mgi_abi_write(report, &known, sizeof known, "mgeo_journal_report", NULL);
    }
    return mgi_check_conclude(status, error);
}
