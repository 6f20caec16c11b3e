/* SPDX-License-Identifier: Apache-2.0 */
/* --check: is this model directory sound, and does it answer sensibly? */
#ifndef CLI_SCORE_CHECK_CHECK_H
#define CLI_SCORE_CHECK_CHECK_H

#include <mgeo.h>
#include <stdbool.h>

#include "common/string_buffer.h"

/* Describes the loaded model and tests it on a few pairs; appends both to `text`. False when a test
 * failed. */
bool check_model(mgeo_engine *engine, const mgeo_model_info *info, struct string_buffer *text);

#endif
