/* SPDX-License-Identifier: Apache-2.0 */
/* Gates and watches as JSON, receipts as lines, and the wait for a watch. */
#include "ctl/cutover.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/interrupt.h"
#include "common/message.h"
#include "ctl/failure.h"
#include "ctl/show.h"

enum { LOOK_MILLISECONDS = 500, TRIES = 10 };

static void begin_object(struct string_buffer *body, const char *name) {
    if (body->length == 0) string_buffer_put(body, "{");
    if (body->bytes[body->length - 1] != '{') string_buffer_put(body, ", ");
    string_buffer_format(body, "\"%s\": {", name);
}

void cutover_write_gate(const struct options *options, const struct pairs *pairs,
                        struct string_buffer *body) {
    static const char *const names[OPTIONS_GATE_LIMITS] = {
        [OPTIONS_SHIFT] = "max_shift",
        [OPTIONS_SHIFT_MEAN] = "max_shift_mean",
        [OPTIONS_SHIFT_P99] = "max_shift_p99",
        [OPTIONS_FLIPS] = "max_flip_share",
        [OPTIONS_ACCURACY_LOSS] = "max_accuracy_loss",
        [OPTIONS_F1_LOSS] = "max_macro_f1_loss",
        [OPTIONS_LATENCY_RATIO] = "max_latency_ratio",
        [OPTIONS_PSI] = "max_psi"};
    if (pairs == NULL) return;
    begin_object(body, "gate");
    pairs_write(pairs, body);
    for (int i = 0; i < OPTIONS_GATE_LIMITS; i++) body_number(body, names[i], options->limits[i]);
    if (options->full_speed) body_flag(body, "full_speed", true);
    string_buffer_put(body, "}");
}

void cutover_write_watch(const struct options *options, struct string_buffer *body) {
    static const char *const names[OPTIONS_WATCH_LIMITS] = {
        [OPTIONS_WATCH_ERRORS] = "max_error_rate",
        [OPTIONS_WATCH_NOT_FINITE] = "max_not_finite_rate",
        [OPTIONS_WATCH_LATENCY_RATIO] = "max_latency_ratio",
        [OPTIONS_WATCH_PSI] = "max_psi"};
    if (options->watch_seconds == 0 && options->watch_calls == 0) return;
    begin_object(body, "watch");
    if (options->watch_seconds > 0) body_number(body, "window_seconds", options->watch_seconds);
    if (options->watch_calls > 0) body_number(body, "window_calls", options->watch_calls);
    if (options->min_calls > 0) body_number(body, "min_calls", options->min_calls);
    for (int i = 0; i < OPTIONS_WATCH_LIMITS; i++) {
        body_number(body, names[i], options->watch_limits[i]);
    }
    string_buffer_put(body, "}");
}

void cutover_show_receipt(struct string_buffer *text, const json_t *reply) {
    const json_t *receipt = json_object_get(reply, "receipt");
    show_clean(text, show_string(receipt, "from_version"));
    string_buffer_format(text, " (%lld) \u2192 ", show_integer(receipt, "from_generation"));
    show_clean(text, show_string(receipt, "to_version"));
    string_buffer_format(text, " (%lld) in ", show_integer(receipt, "to_generation"));
    show_seconds(text, show_number(receipt, "turn_seconds"));
    string_buffer_format(text, ", %lld calls in flight", show_integer(receipt, "calls_in_flight"));
    long long line = show_integer(receipt, "journal_line");
    if (line > 0) string_buffer_format(text, ", journal line %lld", line);
    const char *journal = show_string(receipt, "journal_status");
    if (strcmp(journal, "MGEO_OK") != 0) {
        string_buffer_format(text, ", JOURNAL NOT WRITTEN (%s)", journal);
    }
    struct string_buffer checks = {0};
    show_checks(&checks, json_object_get(receipt, "checks"));
    if (checks.length > 0) string_buffer_format(text, "; gate: %s", checks.bytes);
    string_buffer_finish(&checks);
}

void cutover_show_watch(struct string_buffer *text, const json_t *watch) {
    bool passed = strcmp(show_string(watch, "state"), "passed") == 0;
    bool judged = json_is_true(json_object_get(watch, "judged"));
    string_buffer_format(text, "%s after %.3g s and %lld calls",
                         passed && !judged ? "not judged" : show_string(watch, "state"),
                         show_number(watch, "seconds"), show_integer(watch, "calls"));
    const char *reason = show_string(watch, "reason");
    if (reason[0] != '\0') {
        string_buffer_put(text, ": ");
        show_clean(text, reason);
        return;
    }
    struct string_buffer checks = {0};
    show_checks(&checks, json_object_get(watch, "checks"));
    if (checks.length > 0) string_buffer_format(text, ": %s", checks.bytes);
    string_buffer_finish(&checks);
}

/* ---- waiting --------------------------------------------------------------------------------- */

static void draw(const struct remote *remote, const json_t *watch) {
    if (remote->options->quiet || !isatty(STDERR_FILENO)) return;
    struct string_buffer text = {0};
    string_buffer_put(&text, "watching: ");
    cutover_show_watch(&text, watch);
    message_status(text.bytes, true);
    string_buffer_finish(&text);
}

/* Half a second, or less if a signal comes. */
static void pause_a_little(void) {
    struct pollfd woken = {.fd = interrupt_descriptor(), .events = POLLIN};
    poll(&woken, 1, LOOK_MILLISECONDS);
}

static int judge(const struct options *options, const json_t *watch, long long generation) {
    const char *state = show_string(watch, "state");
    const char *reason = show_string(watch, "reason");
    if (show_integer(watch, "generation") != generation) {
        failure_say("watch_ended",
                    "another watch has begun: somebody else has changed the rollout");
        return CTL_REFUSED;
    }
    if (strcmp(state, "passed") == 0) {
        if (!options->require_judgement || json_is_true(json_object_get(watch, "judged"))) {
            return CTL_DONE;
        }
        failure_say("watch_not_judged", "the watch has judged nothing: %s", reason);
        return CTL_REFUSED;
    }
    if (strcmp(state, "turned_back") == 0) {
        failure_say("watch_turned_back", "the watch has rolled back: %s", reason);
        show_broken_checks(json_object_get(watch, "checks"));
    } else {
        failure_say("watch_ended", "the watch was ended: %s", reason[0] != '\0' ? reason : state);
    }
    return CTL_REFUSED;
}

int cutover_wait(struct remote *remote, long long generation, struct remote_reply *reply) {
    struct error error = {""};
    for (int failures = 0; !interrupt_stopping();) {
        remote_finish_reply(reply);
        bool answered = remote_call(remote, "/operate/status", NULL, false, 10, reply, &error);
        if (answered && reply->status != 200) {
            return remote_say_failure(remote, "/operate/status", reply);
        }
        failures = answered ? 0 : failures + 1;
        if (failures == TRIES) return remote_say_no_answer(remote, &error);
        const json_t *watch = json_object_get(reply->json, "watch");
        bool runs = !answered || strcmp(show_string(watch, "state"), "running") == 0;
        if (!runs || (answered && show_integer(watch, "generation") != generation)) {
            message_status_clear();
            return judge(remote->options, watch, generation);
        }
        if (answered) draw(remote, watch);
        pause_a_little();
    }
    message_status_clear();
    return failure_say("interrupted", "interrupted: the watch goes on without this command; "
                                      "mgeo-ctl status shows it");
}

static int wait_and_tell(struct remote *remote, long long generation, json_t *reply) {
    const struct options *options = remote->options;
    struct remote_reply status = {0};
    struct string_buffer text = {0};
    int result = cutover_wait(remote, generation, &status);
    json_t *watch = json_object_get(status.json, "watch");
    if (options->json) json_object_set(reply, "watch", watch);
    if (!options->json && !options->quiet && result == CTL_DONE) {
        string_buffer_put(&text, "watch ");
        cutover_show_watch(&text, watch);
        string_buffer_put(&text, "\n");
        if (!show_text(&text)) result = CTL_COULD_NOT;
    }
    remote_finish_reply(&status);
    return result;
}

int cutover_conclude(struct remote *remote, int result, long long generation, json_t *reply) {
    if (result == CTL_DONE && remote->options->wait) {
        result = wait_and_tell(remote, generation, reply);
    }
    if (!remote->options->json) return result;
    failure_add(reply, result);
    return show_json(reply) ? result : CTL_COULD_NOT;
}
