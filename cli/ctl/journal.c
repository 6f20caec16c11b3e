/* SPDX-License-Identifier: Apache-2.0 */
/* journal: the last lines as rows, or as they stand in the file. */
#include <string.h>

#include "common/message.h"
#include "ctl/commands.h"
#include "ctl/failure.h"
#include "ctl/remote.h"
#include "ctl/show.h"

static void put_models(struct string_buffer *text, const json_t *line) {
    static const char *const keys[] = {"from", "to", "model", "standby"};
    bool follows = false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_t *model = json_object_get(line, keys[i]);
        if (!json_is_object(model)) continue;
        string_buffer_put(text, follows ? " \u2192 " : "");
        show_clean(text, show_string(model, "version"));
        string_buffer_format(text, " (%lld)", show_integer(model, "generation"));
        follows = true;
    }
    string_buffer_put(text, follows ? "  " : "");
}

/* "0% → 5%" of a canary or a shadow; the journal has shares in 1/10,000. */
static void put_share(struct string_buffer *text, const json_t *line) {
    if (!json_is_integer(json_object_get(line, "to_share"))) return;
    string_buffer_format(text, "%g%% \u2192 %g%%  ", show_number(line, "from_share") / 100,
                         show_number(line, "to_share") / 100);
}

static void put_line(struct string_buffer *text, const json_t *line) {
    string_buffer_format(text, "%6lld  %.19sZ  ", show_integer(line, "seq"),
                         show_string(line, "time"));
    string_buffer_shown_column(text, show_string(line, "event"), -11);
    string_buffer_put(text, "  ");
    string_buffer_shown_column(text, show_string(line, "actor"), -16);
    string_buffer_put(text, "  ");
    put_models(text, line);
    put_share(text, line);
    show_clean(text, show_string(line, "reason"));
    const char *why = show_string(line, "why");
    if (why[0] != '\0') string_buffer_put(text, "  ");
    show_clean(text, why);
    struct string_buffer checks = {0};
    show_checks(&checks, json_object_get(line, "checks"));
    if (checks.length > 0) string_buffer_format(text, "  %s", checks.bytes);
    string_buffer_finish(&checks);
    while (text->length > 0 && text->bytes[text->length - 1] == ' ') text->length--;
    string_buffer_put(text, "\n");
}

static int print_lines(const struct options *options, const json_t *reply) {
    struct string_buffer text = {0};
    size_t i;
    json_t *line;
    bool sound = json_is_true(json_object_get(reply, "verified"));
    if (!sound) {
        failure_say("journal_not_sound", "the journal is not sound: %s",
                    show_string(reply, "reason"));
    }
    if (show_integer(reply, "journal_failures") > 0) {
        message_print("JOURNAL NOT WRITTEN: %lld lines are lost since the server's start; its log "
                      "says why",
                      show_integer(reply, "journal_failures"));
    }
    int result = sound ? CTL_DONE : CTL_REFUSED;
    if (options->json) return show_json(reply) ? result : CTL_COULD_NOT;
    if (options->quiet) return result;
    json_array_foreach(json_object_get(reply, "lines"), i, line) { put_line(&text, line); }
    return show_text(&text) ? result : CTL_COULD_NOT;
}

int command_journal(const struct options *options) {
    struct remote remote;
    struct remote_reply reply = {0};
    struct string_buffer target = {0};
    struct error error = {""};
    if (!remote_open(&remote, options, &error)) {
        return failure_say("could_not", "%s", error.line);
    }
    string_buffer_format(&target, "/operate/journal?last=%u", options->last);
    if (options->event != NULL) string_buffer_format(&target, "&event=%s", options->event);
    int result = remote_do(&remote, target.bytes, NULL, false, &reply);
    if (result == CTL_DONE) result = print_lines(options, reply.json);
    string_buffer_finish(&target);
    remote_finish_reply(&reply);
    return result;
}
