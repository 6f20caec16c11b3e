/* SPDX-License-Identifier: Apache-2.0 */
/* Loading, as the public functions see it. */
#include "engine/load.h"

#include "api/check.h"
#include "core/names.h"
#include "engine/admission.h"
#include "engine/standby.h"

static mgeo_status read_load_options(mgeo_load_options *known, const mgeo_load_options *options,
                                     mgeo_error *error) {
    mgeo_status status = mgi_abi_read(known, sizeof *known, options, "mgeo_load_options", error);
    if (status != MGEO_OK) return status;
    if (known->threads > MGEO_MAX_THREADS) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_load_options.threads is %u: at most %d",
                        known->threads, MGEO_MAX_THREADS);
    }
    if (!mgi_names_has_precision(known->precision)) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "mgeo_load_options.precision is %d: not an mgeo_precision",
                        (int)known->precision);
    }
    status = mgi_check_switch(known->skip_warm_up, "mgeo_load_options.skip_warm_up", error);
    if (status != MGEO_OK) return status;
    status = mgi_check_switch(known->allow_tf32, "mgeo_load_options.allow_tf32", error);
    if (status != MGEO_OK) return status;
    return mgi_check_switch(known->keep_unknown, "mgeo_load_options.keep_unknown", error);
}

mgeo_status mgeo_load(mgeo_engine *engine, const char *path, const mgeo_load_options *options,
                      mgeo_model_info *info, mgeo_error *error) {
    mgeo_load_options known;
    mgeo_model_info loaded = {.struct_size = sizeof loaded};
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) status = read_load_options(&known, options, error);
    if (status == MGEO_OK) status = mgi_abi_check(info, "mgeo_model_info", error);
    if (status == MGEO_OK) status = mgi_load_into_standby(engine, path, &known, &loaded, error);
    if (status == MGEO_OK) {
        status = mgi_abi_write(info, &loaded, sizeof loaded, "mgeo_model_info", error);
    }
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_unload(mgeo_engine *engine, mgeo_error *error) {
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) status = mgi_standby_unload(engine, error);
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_predict_memory(const char *path, const mgeo_load_options *options,
                                mgeo_memory *memory, mgeo_error *error) {
    mgeo_load_options known;
    mgeo_memory filled = {.struct_size = sizeof filled};
    mgeo_status status = read_load_options(&known, options, error);
    if (status == MGEO_OK) status = mgi_check_output(memory, "memory", "mgeo_memory", error);
    if (status == MGEO_OK) status = mgi_admission_predict(path, &known, &filled, error);
    if (status == MGEO_OK) {
        status = mgi_abi_write(memory, &filled, sizeof filled, "mgeo_memory", error);
    }
    return mgi_check_conclude(status, error);
}
