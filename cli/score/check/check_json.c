/* SPDX-License-Identifier: Apache-2.0 */
/* What --check tells, as members of a JSON object. */
#include "score/check/check_json.h"

#include <stdio.h>
#include <string.h>

#include "score/report/report.h"

void check_json_begin(struct json_writer *json) {
    json_writer_open(json, NULL, '{');
    json_writer_string(json, "mgeo_score", MGEO_VERSION);
    json_writer_string(json, "libmgeo", mgeo_version());
}

void check_json_end(struct json_writer *json) { json_writer_close(json, '}'); }

/* status NULL: the library found nothing, the self-test did. */
static void write_error(const char *status, const char *line, struct json_writer *json) {
    json_writer_open(json, "error", '{');
    if (status != NULL) {
        json_writer_string(json, "status", status);
    } else {
        json_writer_null(json, "status");
    }
    json_writer_string(json, "message", line);
    json_writer_close(json, '}');
}

void check_json_refused(const char *model, mgeo_status status, const char *line,
                        struct json_writer *json) {
    json_writer_bool(json, "sound", false);
    write_error(mgeo_status_name(status), line, json);
    json_writer_open(json, "model", '{');
    if (model != NULL) {
        json_writer_string(json, "path", model);
    } else {
        json_writer_null(json, "path");
    }
    json_writer_close(json, '}');
}

static void write_verdict(const struct check_result *result, struct json_writer *json) {
    json_writer_bool(json, "sound", result->sound);
    if (result->sound) {
        json_writer_null(json, "error");
        return;
    }
    if (!result->answered) {
        write_error(mgeo_status_name(result->cause.status), result->cause.message, json);
        return;
    }
    size_t failed = 0;
    while (failed + 1 < result->count && result->tests[failed].passed) failed++;
    char line[160];
    snprintf(line, sizeof line, "self-test: not so: %s", result->tests[failed].what);
    write_error(NULL, line, json);
}

static void write_labels(const mgeo_model_info *info, struct json_writer *json) {
    json_writer_open(json, "labels", '[');
    for (uint32_t i = 0; i < info->label_count; i++) {
        json_writer_open(json, NULL, '{');
        json_writer_integer(json, "index", i);
        json_writer_string(json, "name", info->labels[i]);
        json_writer_bool(json, "positive", (int32_t)i == info->positive_label);
        json_writer_close(json, '}');
    }
    json_writer_close(json, ']');
    json_writer_bool(json, "one_logit", info->label_count == 1);
}

static void write_coverage(const struct coverage *coverage, struct json_writer *json) {
    if (!coverage->known) {
        json_writer_null(json, "characters");
        return;
    }
    json_writer_open(json, "characters", '{');
    json_writer_string(json, "set", "GB 2312");
    json_writer_integer(json, "all", coverage->all);
    json_writer_integer(json, "unknown", coverage->lacking);
    json_writer_open(json, "first_unknown", '[');
    for (unsigned i = 0; i < coverage_shown(coverage); i++) {
        json_writer_string(json, NULL, coverage->shown[i]);
    }
    json_writer_close(json, ']');
    json_writer_close(json, '}');
}

/* All of them, where people are shown the first ones. */
static void write_unused(mgeo_engine *engine, const mgeo_model_info *info,
                         struct json_writer *json) {
    json_writer_open(json, "unused_tensors", '[');
    for (uint64_t i = 0; i < info->unused_tensors; i++) {
        char name[256];
        if (mgeo_get_unused_tensor(engine, MGEO_LIVE, i, name, sizeof name, NULL) != MGEO_OK) break;
        json_writer_string(json, NULL, name);
    }
    json_writer_close(json, ']');
}

static void write_fields(mgeo_engine *engine, const mgeo_model_info *info,
                         struct json_writer *json) {
    json_writer_integer(json, "unknown_fields", info->unknown_fields);
    json_writer_open(json, "unused_fields", '[');
    for (uint64_t i = 0; i < info->unused_fields; i++) {
        mgeo_unused_field field = {.struct_size = sizeof field};
        if (mgeo_get_unused_field(engine, MGEO_LIVE, i, &field, NULL) != MGEO_OK) break;
        json_writer_open(json, NULL, '{');
        json_writer_string(json, "file", field.file);
        json_writer_string(json, "name", field.name);
        json_writer_bool(json, "harmless", field.harmless != 0);
        json_writer_string(json, "reason", field.reason);
        json_writer_close(json, '}');
    }
    json_writer_close(json, ']');
}

static void write_memory(const mgeo_model_info *info, struct json_writer *json) {
    json_writer_open(json, "memory", '{');
    json_writer_integer(json, "weights", info->bytes_on_device);
    json_writer_integer(json, "predicted", info->predicted_bytes);
    json_writer_close(json, '}');
}

static bool makes_sense(const struct check_result *result) { return result->same > result->other; }

static void write_tests(const struct check_result *result, struct json_writer *json) {
    json_writer_open(json, "self_test", '[');
    for (size_t i = 0; i < result->count; i++) {
        const struct check_test *test = &result->tests[i];
        json_writer_open(json, NULL, '{');
        json_writer_string(json, "test", test->name);
        json_writer_string(json, "what", test->what);
        json_writer_bool(json, "passed", test->passed);
        if (test->measured) json_writer_small_number(json, "farthest_off", test->worst);
        json_writer_close(json, '}');
    }
    json_writer_close(json, ']');
    if (!result->answered) return;
    json_writer_open(json, "sense", '{');
    json_writer_small_number(json, "same_address", result->same);
    json_writer_small_number(json, "two_cities", result->other);
    json_writer_bool(json, "plausible", makes_sense(result));
    json_writer_close(json, '}');
}

static void write_warnings(const mgeo_model_info *info, const struct check_result *result,
                           struct json_writer *json) {
    json_writer_open(json, "warnings", '[');
    if (info->warning[0] != '\0') json_writer_string(json, NULL, info->warning);
    if (result->answered && !makes_sense(result)) {
        json_writer_string(json, NULL,
                           "the same address twice does not score above two cities: is this model "
                           "trained, and its label order right?");
    }
    json_writer_close(json, ']');
}

void check_json_model(mgeo_engine *engine, const mgeo_model_info *info,
                      const struct check_result *result, struct json_writer *json) {
    write_verdict(result, json);
    report_model_json(info, json);
    write_labels(info, json);
    write_coverage(&result->coverage, json);
    write_memory(info, json);
    write_unused(engine, info, json);
    write_fields(engine, info, json);
    write_tests(result, json);
    write_warnings(info, result, json);
}
