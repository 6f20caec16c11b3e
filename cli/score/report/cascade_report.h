/* SPDX-License-Identifier: Apache-2.0 */
/* What each step of a cascade decided, and what agreement was measured. */
#ifndef CLI_SCORE_REPORT_CASCADE_REPORT_H
#define CLI_SCORE_REPORT_CASCADE_REPORT_H

#include "common/json_writer.h"
#include "score/report/report.h"
#include "scoring/cascade/cascade.h"

/* The member "cascade" of the summary. */
void cascade_report_json(const struct cascade *cascade, const struct report_totals *totals,
                         struct json_writer *json);

/* One line on standard error. */
void cascade_report_say(const struct cascade *cascade, const struct report_totals *totals);

#endif
