/* SPDX-License-Identifier: Apache-2.0 */
/* Options → engine and loaded model. */
#include "score/model.h"

#include <string.h>

#include "common/interrupt.h"
#include "common/message.h"

mgeo_status model_open(const struct options *options, mgeo_progress *loading, mgeo_engine **engine,
                       mgeo_model_info *info, struct error *error) {
    mgeo_error cause;
    mgeo_engine_options making = {.struct_size = sizeof making};
    mgeo_status status = mgeo_engine_create(&making, engine, &cause);
    if (status != MGEO_OK) {
        error_set(error, "cannot start the engine: %s", cause.message);
        return status;
    }
    mgeo_load_options wanted = {.struct_size = sizeof wanted,
                                .device = options->device,
                                .precision = options->precision,
                                .max_length = options->max_length,
                                .threads = options->threads,
                                .batch_tokens = options->batch_tokens,
                                .partial_weight = options->partial_weight,
                                /* A program that runs once gains nothing by practice runs. */
                                .skip_warm_up = options->action == OPTIONS_SCORE,
                                .positive_label = options->positive_label,
                                .progress = loading,
                                .allow_tf32 = options->tf32,
                                .keep_unknown = (uint32_t)options->keep_unknown};
    memset(info, 0, sizeof *info);
    info->struct_size = sizeof *info;
    status = mgeo_load(*engine, options->model, &wanted, info, &cause);
    if (status == MGEO_OK) {
        if (info->warning[0] != '\0' && !options->quiet) {
            message_print("warning: %s", info->warning);
        }
        return MGEO_OK;
    }
    mgeo_engine_destroy(*engine);
    *engine = NULL;
    if (status == MGEO_E_CANCELLED && interrupt_received()) {
        error_set(error, "%s", "");
    } else {
        error_set(error, "cannot load the model: %s", cause.message);
    }
    return status;
}
