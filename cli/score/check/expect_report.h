/* SPDX-License-Identifier: Apache-2.0 */
/* What a comparison with expected values found, for people and for programs. */
#ifndef CLI_SCORE_CHECK_EXPECT_REPORT_H
#define CLI_SCORE_CHECK_EXPECT_REPORT_H

#include "common/json_writer.h"
#include "score/check/expect.h"

/* Appends lines; foreign text stands in them as it is. */
void expect_report_text(const struct expect_result *result, struct string_buffer *text);

/* The member "expect". `line`: why the table was not read to its end; NULL: it was. */
void expect_report_json(const struct expect_result *result, const char *line,
                        struct json_writer *json);

#endif
