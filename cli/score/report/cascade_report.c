/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out the steps' counts and the choice of --keep-agreement. */
#include "score/report/cascade_report.h"

#include <inttypes.h>

#include "common/message.h"

static void agreement_json(const struct cascade *cascade, struct json_writer *json) {
    const struct cascade_choice *choice = &cascade->choice;
    double checked = (double)choice->checked;
    json_writer_open(json, "agreement", '{');
    json_writer_number(json, "asked", cascade->options->keep, 6);
    json_writer_integer(json, "sample", choice->sample);
    json_writer_integer(json, "checked", choice->checked);
    json_writer_integer(json, "kept", choice->kept);
    json_writer_integer(json, "disagreeing", choice->disagreeing);
    json_writer_number(json, "measured", 1 - (double)choice->disagreeing / checked, 6);
    json_writer_number(json, "at_least", choice->at_least, 6);
    json_writer_number(json, "confidence", 0.95, 6);
    json_writer_close(json, '}');
}

static void first_json(const struct cascade *cascade, struct json_writer *json) {
    struct string_buffer rule = {0};
    cascade_print_rule(cascade, &rule);
    json_writer_string(json, "rule", rule.bytes);
    string_buffer_finish(&rule);
    json_writer_open(json, "first", '{');
    json_writer_string(json, "version", cascade->first_info.version);
    json_writer_string(json, "path", cascade->first_info.path);
    json_writer_string(json, "fingerprint", cascade->first_info.fingerprint);
    json_writer_string(json, "precision", mgeo_precision_name(cascade->first_info.precision));
    json_writer_string(json, "library", cascade->first_info.library);
    json_writer_integer(json, "parameters", cascade->first_info.parameters);
    json_writer_close(json, '}');
}

void cascade_report_json(const struct cascade *cascade, const struct report_totals *totals,
                         struct json_writer *json) {
    json_writer_open(json, "cascade", '{');
    json_writer_open(json, "decided", '{');
    for (int i = CASCADE_SAME_FORM; i < CASCADE_STEPS; i++) {
        json_writer_integer(json, cascade_step_names[i], totals->decided[i]);
    }
    json_writer_close(json, '}');
    if (cascade->first != NULL) first_json(cascade, json);
    if (cascade->choice.rule.kind != CASCADE_NO_RULE) agreement_json(cascade, json);
    json_writer_close(json, '}');
}

void cascade_report_say(const struct cascade *cascade, const struct report_totals *totals) {
    double scored = totals->scored > 0 ? (double)totals->scored : 1;
    uint64_t form = totals->decided[CASCADE_SAME_FORM], first = totals->decided[CASCADE_FIRST],
             second = totals->decided[CASCADE_SECOND];
    if (cascade->first == NULL) {
        message_print("decided by the same normal form: %" PRIu64 ", by the model: %" PRIu64, form,
                      second);
        return;
    }
    message_print("decided by the same normal form: %" PRIu64 ", by the first model: %" PRIu64
                  ", by the second: %" PRIu64 " (%.1f%%)",
                  form, first, second, 100 * (double)second / scored);
}
