/* SPDX-License-Identifier: Apache-2.0 */
/* Operations in progress, If-Match, and answers that all routes give in the same form. */
#include "serve/operate/route.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "serve/operate/accept.h"
#include "serve/operate/operate.h"

/* ---- operations ------------------------------------------------------------------------------ */

bool route_take_long(struct operate *operate) {
    pthread_mutex_lock(&operate->lock);
    bool room = operate->long_calls < OPERATE_LONG;
    if (room) operate->long_calls++;
    pthread_mutex_unlock(&operate->lock);
    return room;
}

void route_give_long(struct operate *operate) {
    pthread_mutex_lock(&operate->lock);
    operate->long_calls--;
    pthread_mutex_unlock(&operate->lock);
}

bool route_become_long(struct operate_call *call) {
    if (call->is_long) return true;
    call->is_long = route_take_long(call->service->operate);
    if (call->is_long) return true;
    const struct http_error error = {.status = 503,
                                     .code = "too_many_operations",
                                     .index = -1,
                                     .limit = OPERATE_LONG,
                                     .retry_after = 1};
    http_answer_error(&call->answer, &error, "%s", OPERATE_TOO_MANY);
    return false;
}

void route_begin(struct operate_call *call, struct operation *operation, const char *what,
                 const char *path) {
    struct operate *operate = call->service->operate;
    *operation = (struct operation){
        .exchange = call->exchange, .what = what, .path = path, .begun = clock_nanoseconds()};
    pthread_mutex_lock(&operate->lock);
    operation->next = operate->running;
    operate->running = operation;
    pthread_mutex_unlock(&operate->lock);
}

void route_end(struct operate_call *call, struct operation *operation) {
    struct operate *operate = call->service->operate;
    pthread_mutex_lock(&operate->lock);
    struct operation **at = &operate->running;
    while (*at != operation) at = &(*at)->next;
    *at = operation->next;
    pthread_mutex_unlock(&operate->lock);
}

void route_end_gates(struct operate_call *call) {
    struct operate *operate = call->service->operate;
    pthread_mutex_lock(&operate->lock);
    for (struct operation *at = operate->running; at != NULL; at = at->next) {
        if (strcmp(at->what, "gate") != 0) continue;
        at->overtaken = true;
        mgeo_progress_cancel(&at->progress);
    }
    pthread_mutex_unlock(&operate->lock);
}

/* ---- the state's name ------------------------------------------------------------------------ */

void route_write_etag(const struct service *service, char *to) {
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    mgeo_get_rollout(service->engine, &rollout, NULL);
    snprintf(to, ROUTE_ETAG_BYTES, "\"%" PRIu64 "-%" PRIu64 "-%" PRIu32 "-%" PRIu32 "\"",
             rollout.live_generation, rollout.standby_generation, rollout.canary_share,
             rollout.shadow_share);
}

bool route_matches(struct operate_call *call) {
    struct http_slice wanted = http_request_header(call->request, "If-Match");
    if (wanted.at == NULL) return true;
    char etag[ROUTE_ETAG_BYTES];
    route_write_etag(call->service, etag);
    if (accept_matches(wanted, etag)) return true;
    const struct http_error error = {.status = 412, .code = "state_changed", .index = -1};
    http_answer_error(&call->answer, &error,
                      "the state is %s now: somebody else has changed it; read the status and "
                      "decide anew",
                      etag);
    http_answer_header(&call->answer, "ETag", etag);
    return false;
}

bool route_begin_change(struct operate_call *call) {
    pthread_mutex_lock(&call->service->operate->changing);
    if (route_matches(call)) return true;
    route_end_change(call);
    return false;
}

void route_end_change(struct operate_call *call) {
    pthread_mutex_unlock(&call->service->operate->changing);
}

/* ---- answers --------------------------------------------------------------------------------- */

void route_answer(struct operate_call *call, struct json_writer *json) {
    call->answer.status = 200;
    call->answer.content_type = "application/json";
    string_buffer_finish(&call->answer.body);
    call->answer.body = json->text;
    json->text = (struct string_buffer){0};
}

void route_answer_changed(struct operate_call *call, struct json_writer *json) {
    char etag[ROUTE_ETAG_BYTES];
    route_write_etag(call->service, etag);
    json_writer_string(json, "etag", etag);
    json_writer_close(json, '}');
    route_answer(call, json);
    http_answer_header(&call->answer, "ETag", etag);
}

void route_add_members(struct http_answer *answer, struct json_writer *members) {
    struct string_buffer *body = &answer->body;
    size_t length = body->length;
    while (length > 0 && body->bytes[length - 1] == '\n') length--;
    if (length > 1 && body->bytes[length - 1] == '}') {
        body->length = length - 1;
        if (body->bytes[body->length - 1] != '{') string_buffer_put(body, ", ");
        string_buffer_add(body, members->text.bytes, members->text.length);
        string_buffer_put(body, "}\n");
    }
    string_buffer_finish(&members->text);
}

void route_answer_status(struct operate_call *call, mgeo_status status, const mgeo_error *error) {
    static const struct {
        int status;
        const char *code;
    } answers[] = {
        [MGEO_E_ARGUMENT] = {422, "argument"},
        [MGEO_E_MEMORY] = {503, "memory"},
        [MGEO_E_IO] = {422, "io"},
        [MGEO_E_FORMAT] = {422, "format"},
        [MGEO_E_UNSUPPORTED] = {422, "unsupported"},
        [MGEO_E_NO_MODEL] = {409, "no_model"},
        [MGEO_E_BUSY] = {409, "busy"},
        [MGEO_E_CANCELLED] = {503, "cancelled"},
        [MGEO_E_REFUSED] = {409, "refused"},
        [MGEO_E_DEVICE] = {503, "device"},
        [MGEO_E_FORKED] = {500, "internal"},
        [MGEO_E_CAPACITY] = {500, "internal"},
        [MGEO_E_INTERNAL] = {500, "internal"},
    };
    bool known = status > MGEO_OK && status < (mgeo_status)(sizeof answers / sizeof *answers);
    const struct http_error answer = {.status = known ? answers[status].status : 500,
                                      .code = known ? answers[status].code : "internal",
                                      .index = -1};
    http_answer_error(&call->answer, &answer, "%s", error->message);
}

void route_answer_field(struct operate_call *call, const char *field, const char *format, ...) {
    char sentence[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    const struct http_error error = {
        .status = 422, .code = "bad_value", .field = field, .index = -1};
    http_answer_error(&call->answer, &error, "%s", sentence);
}
