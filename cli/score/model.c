/* SPDX-License-Identifier: Apache-2.0 */
/* Options → engine and loaded model. */
#include "score/model.h"

#include <string.h>

#include "common/interrupt.h"
#include "common/message.h"

const char *model_precision_name(int32_t precision) {
    switch (precision) {
    case MGEO_FP32: return "fp32";
    case MGEO_BF16: return "bf16";
    case MGEO_FP16: return "fp16";
    case MGEO_INT8: return "int8";
    case MGEO_FP8: return "fp8";
    default: return "auto";
    }
}

bool model_open(const struct options *options, mgeo_progress *loading, mgeo_engine **engine,
                mgeo_model_info *info, struct fault *fault) {
    mgeo_error error;
    mgeo_engine_options making = {.struct_size = sizeof making};
    if (mgeo_engine_create(&making, engine, &error) != MGEO_OK)
        return fault_set(fault, "cannot start the engine: %s", error.message);
    mgeo_load_options wanted = {.struct_size = sizeof wanted,
                                .device = options->device,
                                .precision = options->precision,
                                .max_length = options->max_length,
                                .threads = options->threads,
                                .batch_tokens = options->batch_tokens,
                                .partial_weight = options->partial_weight,
                                /* A program that runs once gains nothing by practice runs. */
                                .skip_warm_up = options->action == ACTION_SCORE,
                                .positive_label = options->positive_label,
                                .progress = loading,
                                .allow_tf32 = options->tf32};
    memset(info, 0, sizeof *info);
    info->struct_size = sizeof *info;
    mgeo_status status = mgeo_load(*engine, options->model, &wanted, info, &error);
    if (status == MGEO_OK) {
        if (info->warning[0] != '\0' && !options->quiet) notice("warning: %s", info->warning);
        return true;
    }
    mgeo_engine_destroy(*engine);
    *engine = NULL;
    if (status == MGEO_E_CANCELLED && interrupted()) return fault_set(fault, "%s", "");
    return fault_set(fault, "cannot load the model: %s", error.message);
}
