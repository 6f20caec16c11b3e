/* SPDX-License-Identifier: Apache-2.0 */
/* compare and score: what the two models say of the same pairs. */
#include <string.h>

#include "ctl/commands.h"
#include "ctl/failure.h"
#include "ctl/pairs.h"
#include "ctl/remote.h"
#include "ctl/show.h"

static void show_flips(struct string_buffer *text, const json_t *report) {
    const char *live, *standby;
    json_t *row, *count;
    json_object_foreach(json_object_get(report, "flip_matrix"), live, row) {
        json_object_foreach(row, standby, count) {
            if (strcmp(live, standby) == 0) continue;
            string_buffer_put(text, "  ");
            show_clean(text, live);
            string_buffer_put(text, " \u2192 ");
            show_clean(text, standby);
            string_buffer_format(text, ": %lld\n", (long long)json_integer_value(count));
        }
    }
}

static void show_worst(struct string_buffer *text, const json_t *report) {
    size_t i;
    json_t *pair;
    json_array_foreach(json_object_get(report, "worst"), i, pair) {
        if (i == 0) string_buffer_put(text, "  live    standby  pair\n");
        string_buffer_format(text, "  %.4f  %.4f   ", show_number(pair, "live"),
                             show_number(pair, "standby"));
        show_clean(text, show_string(pair, "a"));
        string_buffer_put(text, " | ");
        show_clean(text, show_string(pair, "b"));
        string_buffer_put(text, "\n");
    }
}

static int print_report(const struct options *options, const json_t *report) {
    struct string_buffer text = {0};
    if (options->json) return show_json(report) ? CTL_DONE : CTL_COULD_NOT;
    if (options->quiet) return CTL_DONE;
    show_comparison(&text, report);
    string_buffer_put(&text, "\n");
    show_flips(&text, report);
    show_worst(&text, report);
    return show_text(&text) ? CTL_DONE : CTL_COULD_NOT;
}

int command_compare(const struct options *options) {
    struct remote remote;
    struct remote_reply reply = {0};
    struct pairs pairs = {0};
    struct string_buffer body = {0};
    struct error error = {""};
    if (!remote_open(&remote, options, &error) ||
        !pairs_read(&pairs, options->operands[0], options, &error)) {
        pairs_finish(&pairs);
        return failure_say("could_not", "%s", error.line);
    }
    pairs_write(&pairs, &body);
    body_number(&body, "worst", options->worst);
    if (options->full_speed) body_flag(&body, "full_speed", true);
    string_buffer_put(&body, "}");
    int result = remote_do(&remote, "/operate/compare", &body, false, &reply);
    if (result == CTL_DONE) result = print_report(options, reply.json);
    string_buffer_finish(&body);
    pairs_finish(&pairs);
    remote_finish_reply(&reply);
    return result;
}

/* ---- score ----------------------------------------------------------------------------------- */

static void show_answer(struct string_buffer *text, const char *role, const json_t *answer) {
    const json_t *result = json_array_get(json_object_get(answer, "results"), 0);
    const json_t *similarity = json_object_get(result, "similarity");
    size_t i;
    json_t *flag;
    string_buffer_format(text, "%-8s ", role);
    if (!json_is_object(answer)) {
        string_buffer_put(text, "no model\n");
        return;
    }
    if (json_is_number(similarity)) {
        string_buffer_format(text, "%.6f  ", json_number_value(similarity));
        show_clean(text, show_string(result, "label"));
    } else {
        string_buffer_put(text, "no score");
    }
    json_array_foreach(json_object_get(result, "flags"), i, flag) {
        string_buffer_put(text, i == 0 ? "  " : " ");
        show_clean(text, json_string_value(flag));
    }
    string_buffer_put(text, "  ");
    show_model(text, json_object_get(answer, "model"));
    string_buffer_put(text, "\n");
}

static int print_answers(const struct options *options, const json_t *reply) {
    struct string_buffer text = {0};
    if (options->json) return show_json(reply) ? CTL_DONE : CTL_COULD_NOT;
    if (options->quiet) return CTL_DONE;
    show_answer(&text, "live", json_object_get(reply, "live"));
    show_answer(&text, "standby", json_object_get(reply, "standby"));
    return show_text(&text) ? CTL_DONE : CTL_COULD_NOT;
}

int command_score(const struct options *options) {
    struct remote remote;
    struct remote_reply reply = {0};
    struct string_buffer body = {0};
    struct error error = {""};
    if (!remote_open(&remote, options, &error)) return failure_say("could_not", "%s", error.line);
    string_buffer_put(&body, "{\"pairs\": [[");
    string_buffer_json_string(&body, options->operands[0], strlen(options->operands[0]));
    string_buffer_put(&body, ", ");
    string_buffer_json_string(&body, options->operands[1], strlen(options->operands[1]));
    string_buffer_put(&body, "]]}");
    int result = remote_do(&remote, "/operate/score", &body, false, &reply);
    if (result == CTL_DONE) result = print_answers(options, reply.json);
    string_buffer_finish(&body);
    remote_finish_reply(&reply);
    return result;
}
