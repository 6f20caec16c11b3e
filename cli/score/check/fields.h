/* SPDX-License-Identifier: Apache-2.0 */
/* What a model directory's JSON files say that the library does not use. */
#ifndef CLI_SCORE_CHECK_FIELDS_H
#define CLI_SCORE_CHECK_FIELDS_H

#include <mgeo.h>

#include "common/string_buffer.h"

/* Appends how many fields were not used, and a line for each that the library does not know. */
void fields_describe(mgeo_engine *engine, const mgeo_model_info *info, struct string_buffer *text);

#endif
