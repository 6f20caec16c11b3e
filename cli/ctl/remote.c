/* SPDX-License-Identifier: Apache-2.0 */
/* One request for each call; sentences of the server's errors; actor and token. */
#include "ctl/remote.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/files/regular_file.h"
#include "common/interrupt.h"
#include "common/message.h"
#include "ctl/failure.h"
#include "ctl/show.h"
#include "http/client.h"

static const char default_server[] = "unix:/run/mgeo/operate.sock";

/* ---- server and token ------------------------------------------------------------------------ */

static bool take_token(struct remote *remote, const char *text, const char *from,
                       struct error *error) {
    size_t length = strcspn(text, "\r\n");
    if (length == 0 || length >= sizeof remote->token) {
        return error_set(error, "%s: its first line is no token", from);
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] == 0x7f) {
            return error_set(error, "%s: a token holds no blanks", from);
        }
    }
    memcpy(remote->token, text, length);
    return true;
}

static bool read_token(struct remote *remote, const char *path, struct error *error) {
    char text[sizeof remote->token + 2];
    struct error cause;
    FILE *file = regular_file_open(path, NULL, &cause);
    if (file == NULL) return error_set(error, "--token-file: %.1200s", cause.line);
    size_t length = fread(text, 1, sizeof text - 1, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    text[length] = '\0';
    if (failed) return error_set(error, "%s: cannot be read", path);
    return take_token(remote, text, path, error);
}

bool remote_open(struct remote *remote, const struct options *options, struct error *error) {
    memset(remote, 0, sizeof *remote);
    remote->options = options;
    const char *server = options->server, *token = getenv("MGEO_OPERATE_TOKEN");
    if (server == NULL) server = getenv("MGEO_OPERATE");
    remote->server = server != NULL && server[0] != '\0' ? server : default_server;
    if (options->token_file != NULL) return read_token(remote, options->token_file, error);
    if (token == NULL || token[0] == '\0') return true;
    return take_token(remote, token, "MGEO_OPERATE_TOKEN", error);
}

void remote_write_actor(char *to, size_t capacity) {
    char host[65] = "";
    const struct passwd *user = getpwuid(geteuid());
    if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0') strcpy(host, "localhost");
    if (user != NULL) {
        snprintf(to, capacity, "%.60s@%.60s", user->pw_name, host);
    } else {
        snprintf(to, capacity, "%lu@%.60s", (unsigned long)geteuid(), host);
    }
}

/* ---- calls ----------------------------------------------------------------------------------- */

static void note_state(struct remote *remote, const struct http_reply *reply) {
    char etag[sizeof remote->etag];
    if (http_reply_header(reply, "ETag", etag, sizeof etag)) strcpy(remote->etag, etag);
}

/* A state is named with quotes; who gives --if-match may leave them out. */
static const char *wanted_state(const struct remote *remote, char *quoted, size_t capacity) {
    const char *given = remote->options->if_match;
    if (given == NULL) return remote->etag[0] != '\0' ? remote->etag : "*";
    bool plain = given[0] != '"' && strcmp(given, "*") != 0;
    snprintf(quoted, capacity, plain ? "\"%s\"" : "%s", given);
    return quoted;
}

bool remote_call(struct remote *remote, const char *target, const struct string_buffer *body,
                 bool change, double seconds, struct remote_reply *reply, struct error *error) {
    char quoted[128];
    struct http_reply answer = {0};
    struct http_call call = {.server = remote->server,
                             .method = body != NULL ? "POST" : "GET",
                             .target = target,
                             .token = remote->token[0] != '\0' ? remote->token : NULL,
                             .if_match =
                                 change ? wanted_state(remote, quoted, sizeof quoted) : NULL,
                             .content_type = body != NULL ? "application/json" : NULL,
                             .body = body != NULL ? body->bytes : NULL,
                             .body_length = body != NULL ? body->length : 0,
                             .seconds = seconds};
    *reply = (struct remote_reply){0};
    bool done = http_client_call(&call, &answer, error);
    if (done) {
        note_state(remote, &answer);
        reply->status = answer.status;
        reply->json = json_loadb(answer.body.bytes != NULL ? answer.body.bytes : "",
                                 answer.body.length, JSON_ALLOW_NUL, NULL);
    }
    http_reply_finish(&answer);
    return done;
}

void remote_finish_reply(struct remote_reply *reply) {
    json_decref(reply->json);
    reply->json = NULL;
}

int remote_say_no_answer(const struct remote *remote, const struct error *error) {
    if (interrupt_stopping()) {
        return failure_say("interrupted", "interrupted");
    }
    return failure_say("no_server", "%s; is mgeo-serve running there, with --operate %s?",
                       error->line, remote->server);
}

static const char *hint(int status, const char *code) {
    if (status == 401) return ": give --token-file FILE, or set MGEO_OPERATE_TOKEN";
    if (status == 404 && strcmp(code, "not_found") == 0) {
        return ": is this the operating side of a mgeo-serve?";
    }
    if (strcmp(code, "busy") == 0) return " (mgeo-ctl status shows what is in progress)";
    return "";
}

int remote_say_failure(const struct remote *remote, const char *target,
                       const struct remote_reply *reply) {
    const char *sentence = json_string_value(json_object_get(reply->json, "error"));
    const char *code = json_string_value(json_object_get(reply->json, "code"));
    failure_note_reply(reply->status, reply->json);
    if (sentence != NULL) {
        failure_say(code != NULL ? "refused" : "could_not", "%s%s", sentence,
                    hint(reply->status, code != NULL ? code : ""));
    } else {
        failure_say("no_operating_side",
                    "%s answers %s with status %d: is it the operating side of a mgeo-serve?",
                    remote->server, target, reply->status);
    }
    const json_t *checks = json_object_get(reply->json, "checks");
    if (checks != NULL && !remote->options->json) show_broken_checks(checks);
    if (reply->status == 409 || reply->status == 412 || reply->status == 428) return CTL_REFUSED;
    if (reply->status >= 500) return CTL_FAILED;
    return CTL_COULD_NOT;
}

/* Not what failed: what was asked for was done, or refused, all the same. */
static void say_lost_line(const json_t *reply) {
    if (!json_is_false(json_object_get(reply, "journal_written"))) return;
    message_print("JOURNAL NOT WRITTEN: the line of this change is lost, and %lld in all since the "
                  "server's start; its log says why",
                  show_integer(reply, "journal_failures"));
}

int remote_do(struct remote *remote, const char *target, const struct string_buffer *body,
              bool change, struct remote_reply *reply) {
    struct error error = {""};
    if (!remote_call(remote, target, body, change, 0, reply, &error)) {
        return remote_say_no_answer(remote, &error);
    }
    say_lost_line(reply->json);
    if (reply->status == 200 && reply->json != NULL) return CTL_DONE;
    return remote_say_failure(remote, target, reply);
}

int remote_get_status(struct remote *remote, struct remote_reply *reply) {
    struct error error = {""};
    if (!remote_call(remote, "/operate/status", NULL, false, 30, reply, &error)) {
        return remote_say_no_answer(remote, &error);
    }
    if (reply->status == 200 && json_is_object(reply->json)) return CTL_DONE;
    return remote_say_failure(remote, "/operate/status", reply);
}

/* ---- a body ---------------------------------------------------------------------------------- */

static void begin_member(struct string_buffer *body, const char *name) {
    if (body->length == 0) string_buffer_put(body, "{");
    if (body->bytes[body->length - 1] != '{') string_buffer_put(body, ", ");
    string_buffer_format(body, "\"%s\": ", name);
}

void body_text(struct string_buffer *body, const char *name, const char *value) {
    if (value == NULL) return;
    begin_member(body, name);
    string_buffer_json_string(body, value, strlen(value));
}

void body_number(struct string_buffer *body, const char *name, double value) {
    if (value < 0) return;
    begin_member(body, name);
    string_buffer_format(body, "%.12g", value);
}

void body_flag(struct string_buffer *body, const char *name, bool value) {
    begin_member(body, name);
    string_buffer_put(body, value ? "true" : "false");
}

void body_who_and_why(struct string_buffer *body, const struct options *options) {
    char actor[128];
    remote_write_actor(actor, sizeof actor);
    body_text(body, "actor", options->actor != NULL ? options->actor : actor);
    body_text(body, "reason", options->reason);
}
