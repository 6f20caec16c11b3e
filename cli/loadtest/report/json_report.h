/* SPDX-License-Identifier: Apache-2.0 */
/* The figures as JSON for programs. docs/mgeo-bench.md describes the members. */
#ifndef CLI_LOADTEST_REPORT_JSON_REPORT_H
#define CLI_LOADTEST_REPORT_JSON_REPORT_H

#include "common/string_buffer.h"
#include "loadtest/report/bench_result.h"

void json_report_write(const struct bench_result *result, struct string_buffer *text);

#endif
