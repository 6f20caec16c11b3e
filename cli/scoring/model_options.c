/* SPDX-License-Identifier: Apache-2.0 */
/* Takes what the command line says of a model. */
#include "scoring/model_options.h"

const char *const model_options_unknown_rules[] = {"cap", "keep", NULL};

bool model_options_set_partial_weight(void *to, const struct option_row *row, const char *value,
                                      struct error *error) {
    double weight = 0;
    if (!parse_number("--partial-weight", value, row->least, row->most, &weight, error)) {
        return false;
    }
    float *member = (float *)(void *)((char *)to + row->at);
    *member = weight > 0 ? (float)weight : -1.0f; /* 0 would mean the default */
    return true;
}

bool model_options_check(const struct model_options *options, struct error *error) {
    return parse_batch_holds_pair(options->batch_tokens, options->max_length, error);
}

double model_options_weight(const struct model_options *options) {
    double weight = (double)options->partial_weight;
    return weight == 0 ? 0.5 : weight < 0 ? 0 : weight;
}
