/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to routes without a server: a model that never loads, settings that never change. */
#include "exchange_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/service.h"

bool exchange_check_is_live = true;
const char *exchange_check_reason;

static const struct settings settings = {.model_name = "mgeo", .max_pairs = CHECK_MOST_PAIRS};
static const struct service service;

const struct settings *settings_hold(struct settings_store *store) {
    (void)store;
    return &settings;
}

void settings_release(struct settings_store *store, const struct settings *held) {
    (void)store;
    (void)held;
}

bool service_is_ready(const struct service *of, char *reason, size_t capacity) {
    (void)of;
    if (exchange_check_reason == NULL) return true;
    snprintf(reason, capacity, "%s", exchange_check_reason);
    return false;
}

bool service_live_info(const struct service *of, mgeo_model_info *info) {
    (void)of;
    if (!exchange_check_is_live) return false;
    *info = (mgeo_model_info){.struct_size = sizeof *info,
                              .generation = 3,
                              .slot = MGEO_BLUE,
                              .live = 1,
                              .label_count = 3,
                              .max_length = 128,
                              .labels = {"exact_match", "partial_match", "not_match"},
                              .version = "v1"};
    return true;
}

/* ---- a request ------------------------------------------------------------------------------- */

static struct http_slice slice(const char *text) { return (struct http_slice){text, strlen(text)}; }

void exchange_check_header(struct exchange_check *check, const char *name, const char *value) {
    assert_true(check->request.header_count < 4);
    check->headers[check->request.header_count++] = (struct http_header){slice(name), slice(value)};
}

void exchange_check_begin(struct exchange_check *check, const char *type, const char *query,
                          const char *body, size_t length) {
    memset(check, 0, sizeof *check);
    check->request.method = slice("POST");
    check->request.query = slice(query != NULL ? query : "");
    check->request.headers = check->headers;
    check->request.body = malloc(length + 1); /* of exact size, for sanitizers */
    assert_non_null(check->request.body);
    memcpy(check->request.body, body, length);
    check->request.body[length] = '\0';
    check->request.body_length = length;
    check->call.service = &service;
    check->call.request = &check->request;
    strcpy(check->call.model, "mgeo");
    if (type != NULL) exchange_check_header(check, "content-type", type);
}

const struct data_route *exchange_check_route(const char *path) {
    const struct data_route *route = data_routes;
    while (route->path != NULL && strcmp(route->path, path) != 0) route++;
    assert_non_null(route->path);
    return route;
}

bool exchange_check_parse(struct exchange_check *check, const char *path) {
    return exchange_check_route(path)->parse(&check->call, &check->answer);
}

bool exchange_check_send(struct exchange_check *check, const char *path, const char *json) {
    exchange_check_begin(check, "application/json", NULL, json, strlen(json));
    return exchange_check_parse(check, path);
}

void exchange_check_finish(struct exchange_check *check) {
    free(check->request.body);
    free(check->call.pairs);
    free(check->call.state);
    http_answer_finish(&check->answer);
}

/* ---- an answer ------------------------------------------------------------------------------- */

void exchange_check_render(struct exchange_check *check, const char *path, uint32_t flags) {
    float similarity[CHECK_MOST_PAIRS], probabilities[3 * CHECK_MOST_PAIRS] = {0};
    int32_t label[CHECK_MOST_PAIRS];
    uint32_t all_flags[CHECK_MOST_PAIRS] = {0};
    mgeo_model_info info;
    size_t count = check->call.count;
    assert_true(service_live_info(NULL, &info));
    for (size_t i = 0; i < count; i++) {
        label[i] = (int32_t)(i % 3);
        similarity[i] = 0.9f - (float)i / 10;
        probabilities[3 * i + i % 3] = similarity[i];
        if (i + 1 < count) continue;
        all_flags[i] = flags;
        if ((flags & MGEO_ROW_BAD) == 0) continue;
        similarity[i] = NAN;
        label[i] = -1;
        for (size_t j = 0; j < 3; j++) probabilities[3 * i + j] = NAN;
    }
    const struct data_scores scores = {similarity, label, probabilities, all_flags, &info};
    exchange_check_route(path)->render(&check->call, &scores, &check->answer);
}

void exchange_check_pairs(const struct exchange_check *check, const char *wanted) {
    char text[4096] = "";
    size_t length = 0;
    for (size_t i = 0; i < check->call.count; i++) {
        const mgeo_pair *pair = &check->call.pairs[i];
        length += (size_t)snprintf(text + length, sizeof text - length, "%.*s|%.*s;",
                                   (int)pair->a_len, pair->a, (int)pair->b_len, pair->b);
    }
    assert_string_equal(text, wanted);
}

void exchange_check_answer(const struct exchange_check *check, int status, const char *wanted) {
    assert_string_equal(check->answer.body.bytes, wanted);
    assert_int_equal(check->answer.status, status);
    assert_string_equal(check->answer.content_type, "application/json");
}

void exchange_check_error(const struct exchange_check *check, int status, const char *code,
                          const char *field, int64_t index) {
    char wanted[256];
    const char *body = check->answer.body.bytes;
    assert_non_null(body);
    snprintf(wanted, sizeof wanted, "\"code\": \"%s\"", code);
    if (strstr(body, wanted) == NULL) fail_msg("%s is not %s", body, code);
    snprintf(wanted, sizeof wanted, "\"field\": \"%s\"", field != NULL ? field : "");
    bool found = field != NULL ? strstr(body, wanted) != NULL : strstr(body, "\"field\"") == NULL;
    if (!found) fail_msg("%s is not of %s", body, field);
    snprintf(wanted, sizeof wanted, "\"index\": %d", (int)index);
    found = index >= 0 ? strstr(body, wanted) != NULL : strstr(body, "\"index\"") == NULL;
    if (!found) fail_msg("%s is not of index %d", body, (int)index);
    assert_int_equal(check->answer.status, status);
}

void exchange_check_refused(const char *path, const char *json, int status, const char *code,
                            const char *field, int64_t index) {
    struct exchange_check check;
    if (exchange_check_send(&check, path, json)) fail_msg("taken: %s", json);
    exchange_check_error(&check, status, code, field, index);
    exchange_check_finish(&check);
}

void exchange_check_refused_all(const char *path, const struct exchange_check_refusal *refused,
                                size_t count) {
    for (size_t i = 0; i < count; i++) {
        exchange_check_refused(path, refused[i].json, refused[i].status, refused[i].code,
                               refused[i].field, refused[i].index);
    }
}
