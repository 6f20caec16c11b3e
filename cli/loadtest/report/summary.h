/* SPDX-License-Identifier: Apache-2.0 */
/* The figures as a table for people. */
#ifndef CLI_LOADTEST_REPORT_SUMMARY_H
#define CLI_LOADTEST_REPORT_SUMMARY_H

#include "common/string_buffer.h"
#include "loadtest/report/bench_result.h"

void summary_write(const struct bench_result *result, struct string_buffer *text);

#endif
