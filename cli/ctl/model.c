/* SPDX-License-Identifier: Apache-2.0 */
/* load, check and unload. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/choices.h"
#include "ctl/commands.h"
#include "ctl/failure.h"
#include "ctl/model_body.h"
#include "ctl/remote.h"
#include "ctl/show.h"

bool model_write_body(const struct options *options, bool change, struct string_buffer *body,
                      struct error *error) {
    const char *given = options->operands[0];
    char *place = given[0] == '/' ? NULL : realpath(given, NULL);
    if (given[0] != '/' && place == NULL) {
        return error_set(error, "%s: not here; give a path of the server's machine, from / on",
                         given);
    }
    body_text(body, "path", place != NULL ? place : given);
    free(place);
    body_text(body, "version", options->model_version);
    if (options->precision >= 0) {
        body_text(body, "precision", choices_precisions[options->precision]);
    }
    body_text(body, "device", options->device);
    if (options->threads > 0) body_number(body, "threads", options->threads);
    if (options->max_length > 0) body_number(body, "max_length", options->max_length);
    if (options->batch_tokens > 0) body_number(body, "batch_tokens", options->batch_tokens);
    body_text(body, "positive_label", options->positive_label);
    if (change) body_who_and_why(body, options);
    string_buffer_put(body, "}");
    return true;
}

void model_show_loaded(struct string_buffer *text, const json_t *reply) {
    const json_t *model = json_object_get(reply, "model");
    show_model(text, model);
    string_buffer_put(text, ", ");
    show_bytes(text, show_number(model, "bytes"));
    string_buffer_put(text, " in ");
    show_seconds(text, show_number(model, "load_seconds"));
    if (json_is_true(json_object_get(model, "live"))) string_buffer_put(text, ", live");
    const char *warning = show_string(model, "warning");
    if (warning[0] == '\0') return;
    string_buffer_put(text, "; warning: ");
    show_clean(text, warning);
}

void model_show_memory(struct string_buffer *text, const json_t *reply) {
    bool fits = json_is_true(json_object_get(reply, "fits"));
    string_buffer_put(text, fits ? "fits: " : "does not fit: ");
    show_bytes(text, show_number(reply, "total"));
    string_buffer_put(text, " of ");
    show_bytes(text, show_number(reply, "available"));
    string_buffer_put(text, " on ");
    show_clean(text, show_string(reply, "device"));
    string_buffer_put(text, " as ");
    show_clean(text, show_string(reply, "precision"));
    const char *other = show_string(reply, "fitting_precision");
    if (fits) return;
    string_buffer_put(text, other[0] != '\0' ? "; would fit: --precision " : "");
    show_clean(text, other);
}

/* Prints the reply, or one line made of it. */
static int print(const struct options *options, const struct remote_reply *reply,
                 void (*show)(struct string_buffer *text, const json_t *reply)) {
    struct string_buffer text = {0};
    if (options->json) return show_json(reply->json) ? CTL_DONE : CTL_COULD_NOT;
    if (options->quiet) return CTL_DONE;
    show(&text, reply->json);
    string_buffer_put(&text, "\n");
    return show_text(&text) ? CTL_DONE : CTL_COULD_NOT;
}

/* Notes in the reply that the load has taken the way back: the former model made room for it. The
 * status is the one that the load found. */
static void note_replaced(json_t *reply, const json_t *status) {
    const json_t *generations = json_object_get(status, "generations");
    long long former = show_integer(generations, "former");
    const char *slot;
    json_t *model;
    if (former == 0 || former != show_integer(generations, "standby")) return;
    json_object_foreach(json_object_get(status, "slots"), slot, model) {
        if (show_integer(model, "generation") != former) continue;
        json_object_set_new(reply, "replaced",
                            json_pack("{s:s, s:I, s:s}", "version", show_string(model, "version"),
                                      "generation", (json_int_t)former, "slot", slot));
    }
}

static void show_load(struct string_buffer *text, const json_t *reply) {
    const json_t *replaced = json_object_get(reply, "replaced");
    model_show_loaded(text, reply);
    if (replaced == NULL) return;
    string_buffer_put(text, "\nreplaces ");
    show_clean(text, show_string(replaced, "version"));
    string_buffer_format(text, " (generation %lld): rollback has nothing to go back to any more",
                         show_integer(replaced, "generation"));
}

int command_load(const struct options *options) {
    struct remote remote;
    struct remote_reply status = {0}, reply = {0};
    struct string_buffer body = {0};
    struct error error = {""};
    if (!remote_open(&remote, options, &error) || !model_write_body(options, true, &body, &error)) {
        return failure_say("could_not", "%s", error.line);
    }
    int result = remote_get_status(&remote, &status);
    if (result == CTL_DONE) result = remote_do(&remote, "/operate/load", &body, true, &reply);
    if (result == CTL_DONE) {
        note_replaced(reply.json, status.json);
        result = print(options, &reply, show_load);
    }
    string_buffer_finish(&body);
    remote_finish_reply(&status);
    remote_finish_reply(&reply);
    return result;
}

int command_check(const struct options *options) {
    struct remote remote;
    struct remote_reply reply = {0};
    struct string_buffer body = {0};
    struct error error = {""};
    if (!remote_open(&remote, options, &error) ||
        !model_write_body(options, false, &body, &error)) {
        return failure_say("could_not", "%s", error.line);
    }
    int result = remote_do(&remote, "/operate/check", &body, false, &reply);
    if (result == CTL_DONE) {
        result = print(options, &reply, model_show_memory);
        if (!json_is_true(json_object_get(reply.json, "fits"))) result = CTL_REFUSED;
    }
    string_buffer_finish(&body);
    remote_finish_reply(&reply);
    return result;
}

static void show_unloaded(struct string_buffer *text, const json_t *reply) {
    (void)reply;
    string_buffer_put(text, "unloaded");
}

int command_unload(const struct options *options) {
    struct remote remote;
    struct remote_reply status = {0}, reply = {0};
    struct string_buffer body = {0};
    struct error error = {""};
    if (!remote_open(&remote, options, &error)) return failure_say("could_not", "%s", error.line);
    string_buffer_put(&body, "{}");
    int result = remote_get_status(&remote, &status);
    if (result == CTL_DONE) result = remote_do(&remote, "/operate/unload", &body, true, &reply);
    if (result == CTL_DONE) result = print(options, &reply, show_unloaded);
    string_buffer_finish(&body);
    remote_finish_reply(&status);
    remote_finish_reply(&reply);
    return result;
}
