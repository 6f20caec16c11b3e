/* SPDX-License-Identifier: Apache-2.0 */
/* The summary of a run as a JSON document. */
#ifndef CLI_SCORE_REPORT_H
#define CLI_SCORE_REPORT_H

#include <mgeo.h>

#include "common/string_buffer.h"
#include "score/gold.h"
#include "score/options.h"
#include "score/row_errors.h"
#include "score/totals.h"

/* Appends the document to `text`. gold may be NULL. */
void report_json(const struct options *options, const mgeo_model_info *info,
                 const struct totals *totals, const struct row_errors *row_errors,
                 const struct gold *gold, struct string_buffer *text);

#endif
