/* SPDX-License-Identifier: Apache-2.0 */
/* What a load's options say of its model and of its runner. */
#include "engine/load_options.h"

mgi_model_options mgi_load_options_for_model(const mgeo_load_options *options) {
    return (mgi_model_options){.device = options->device,
                               .precision = options->precision,
                               .max_length = options->max_length,
                               .batch_tokens = options->batch_tokens,
                               .partial_weight = options->partial_weight,
                               .positive_label = options->positive_label,
                               .version = options->version,
                               .progress = options->progress,
                               .allow_tf32 = options->allow_tf32 != 0,
                               .keep_unknown = options->keep_unknown != 0};
}

mgi_runner_options mgi_load_options_for_runner(const mgeo_load_options *options,
                                               uint32_t queue_rows) {
    return (mgi_runner_options){.threads = options->threads, .queue_rows = queue_rows};
}
