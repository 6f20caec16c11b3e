/* SPDX-License-Identifier: Apache-2.0 */
/* The report of --check for programs: one JSON object. */
#ifndef CLI_SCORE_CHECK_CHECK_JSON_H
#define CLI_SCORE_CHECK_CHECK_JSON_H

#include "common/json_writer.h"
#include "score/check/check.h"

/* The object begins with the versions of program and library, and ends. */
void check_json_begin(struct json_writer *json);
void check_json_end(struct json_writer *json);

/* What a loaded model is, and the verdict. */
void check_json_model(mgeo_engine *engine, const mgeo_model_info *info,
                      const struct check_result *result, struct json_writer *json);

/* The verdict on a model that could not be loaded. model NULL: the bundled one. */
void check_json_refused(const char *model, mgeo_status status, const char *line,
                        struct json_writer *json);

#endif
