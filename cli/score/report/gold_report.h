/* SPDX-License-Identifier: Apache-2.0 */
/* The comparison with gold labels as people and as programs read it. */
#ifndef CLI_SCORE_REPORT_GOLD_REPORT_H
#define CLI_SCORE_REPORT_GOLD_REPORT_H

#include "common/json_writer.h"
#include "common/string_buffer.h"
#include "score/report/gold.h"

void gold_report_text(const struct gold *gold, struct string_buffer *text);
void gold_report_json(const struct gold *gold, struct json_writer *json); /* a member "gold" */

#endif
