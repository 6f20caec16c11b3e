/* SPDX-License-Identifier: Apache-2.0 */
/* One line for people on standard output and one JSON object in a file for each measurement. */
#ifndef MGEO_BENCH_GPU_REPORT_H
#define MGEO_BENCH_GPU_REPORT_H

#include "bench.h"

/* Where the JSON lines go; false if it cannot be written. Without it there are none. */
bool report_to(const char *path);

/* Begins a measurement's line, then come its figures, then its end. info may be NULL. */
void report_begin(const char *part, const mgeo_model_info *info);
void report_number(const char *key, double number);
void report_text(const char *key, const char *text);
void report_end(void);

/* A whole line that says why there is no measurement. */
void report_failure(const char *part, const variant *v, const char *reason);

#endif
