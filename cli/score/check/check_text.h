/* SPDX-License-Identifier: Apache-2.0 */
/* The report of --check for people. */
#ifndef CLI_SCORE_CHECK_CHECK_TEXT_H
#define CLI_SCORE_CHECK_CHECK_TEXT_H

#include "common/string_buffer.h"
#include "score/check/check.h"

/* Appends the model's description and the verdict to `text`: names from files stand in it as they
 * are, so it is to be shown by string_buffer_shown_lines. */
void check_text_write(mgeo_engine *engine, const mgeo_model_info *info,
                      const struct check_result *result, struct string_buffer *text);

#endif
