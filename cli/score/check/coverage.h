/* SPDX-License-Identifier: Apache-2.0 */
/* How many characters of everyday Chinese a model's vocabulary lacks. */
#ifndef CLI_SCORE_CHECK_COVERAGE_H
#define CLI_SCORE_CHECK_COVERAGE_H

#include <mgeo.h>

#include "common/string_buffer.h"

/* Appends a line on the 6,763 characters of GB 2312 to `text`: how many are lacking, and the first
 * few. Nothing is computed for it. Says nothing where the system cannot tell which they are. */
void coverage_describe(mgeo_engine *engine, struct string_buffer *text);

#endif
