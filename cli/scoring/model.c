/* SPDX-License-Identifier: Apache-2.0 */
/* Options → engine and loaded model. */
#include "scoring/model.h"

#include <string.h>

#include "common/interrupt.h"
#include "common/message.h"

mgeo_status model_load(const struct model_options *options, const char *failing, bool brief,
                       bool quiet, mgeo_progress *loading, mgeo_engine *engine,
                       mgeo_model_info *info, struct error *error) {
    mgeo_error cause;
    mgeo_load_options wanted = {.struct_size = sizeof wanted,
                                .device = options->device,
                                .precision = options->precision,
                                .max_length = options->max_length,
                                .threads = options->threads,
                                .batch_tokens = options->batch_tokens,
                                .partial_weight = options->partial_weight,
                                .skip_warm_up = brief,
                                .positive_label = options->positive_label,
                                .progress = loading,
                                .allow_tf32 = options->tf32,
                                .keep_unknown = (uint32_t)options->keep_unknown};
    memset(info, 0, sizeof *info);
    info->struct_size = sizeof *info;
    mgeo_status status = mgeo_load(engine, options->path, &wanted, info, &cause);
    if (status == MGEO_OK) {
        if (info->warning[0] != '\0' && !quiet) message_print("warning: %s", info->warning);
    } else if (status == MGEO_E_CANCELLED && interrupt_received()) {
        error_set(error, "%s", "");
    } else {
        error_set(error, "%s: %s", failing, cause.message);
    }
    return status;
}

mgeo_status model_open(const struct model_options *options, bool brief, bool quiet,
                       mgeo_progress *loading, mgeo_engine **engine, mgeo_model_info *info,
                       struct error *error) {
    mgeo_error cause;
    mgeo_engine_options making = {.struct_size = sizeof making};
    mgeo_status status = mgeo_engine_create(&making, engine, &cause);
    if (status != MGEO_OK) {
        error_set(error, "cannot start the engine: %s", cause.message);
        return status;
    }
    status =
        model_load(options, "cannot load the model", brief, quiet, loading, *engine, info, error);
    if (status == MGEO_OK) return MGEO_OK;
    mgeo_engine_destroy(*engine);
    *engine = NULL;
    return status;
}
