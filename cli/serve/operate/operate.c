/* SPDX-License-Identifier: Apache-2.0 */
/* The operating side's table of routes, and its beginning and end. */
#include "serve/operate/operate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/files/regular_file.h"
#include "common/message.h"
#include "serve/operate/accept.h"
#include "serve/operate/history.h"
#include "serve/operate/route.h"

enum { TICKS_A_SECOND = 10, TOKEN_LEAST = 16 };

/* ---- routes ---------------------------------------------------------------------------------- */

static const struct accept_route routes[] = {
    {"GET", "/", console_show, ACCEPT_OPEN},
    {"GET", "/operate/status", status_show, ACCEPT_READS},
    {"GET", "/operate/journal", journal_show, ACCEPT_READS, {"event", "last"}},
    {"GET", "/operate/history", history_show, ACCEPT_READS, {"seconds"}},
    {"POST", "/operate/check", load_check, ACCEPT_ASKS},
    {"POST", "/operate/compare", compare_models, ACCEPT_ASKS},
    {"POST", "/operate/score", score_both, ACCEPT_ASKS},
    {"POST", "/operate/load", load_model, ACCEPT_CHANGES},
    {"POST", "/operate/swap", swap_models, ACCEPT_CHANGES},
    {"POST", "/operate/rollback", change_roll_back, ACCEPT_CHANGES},
    {"POST", "/operate/canary", change_canary, ACCEPT_CHANGES},
    {"POST", "/operate/shadow", change_shadow, ACCEPT_CHANGES},
    {"POST", "/operate/unload", change_unload, ACCEPT_CHANGES},
    {"POST", "/v2/repository/index", repository_index, ACCEPT_FOREIGN},
    {"POST", "/v2/repository/models/*/load", repository_load, ACCEPT_FOREIGN},
    {"POST", "/v2/repository/models/*/unload", repository_unload, ACCEPT_FOREIGN},
};

/* A star stands for one segment that is not empty. */
static bool path_is(struct http_slice path, const char *pattern) {
    const char *at = path.at, *end = path.at + path.length;
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '*') {
            if (at == end || *at++ != *pattern) return false;
            continue;
        }
        const char *begin = at;
        while (at < end && *at != '/') at++;
        if (at == begin) return false;
    }
    return at == end;
}

const struct accept_route *accept_find(const struct http_request *request,
                                       const struct accept_route **other) {
    *other = NULL;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (!path_is(request->path, routes[i].path)) continue;
        *other = &routes[i];
        bool head = request->is_head && strcmp(routes[i].method, "GET") == 0;
        if (head || http_slice_equals(request->method, routes[i].method)) return &routes[i];
    }
    return NULL;
}

bool operate_has(struct http_slice path) {
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (path_is(path, routes[i].path)) return true;
    }
    return false;
}

/* A swap is one only with a gate, which its body tells. */
static bool is_long(const struct http_request *request) {
    static route_handler *const handlers[] = {load_model, load_check, compare_models, score_both,
                                              repository_load};
    const struct accept_route *other, *route = accept_find(request, &other);
    for (size_t i = 0; route != NULL && i < sizeof handlers / sizeof *handlers; i++) {
        if (route->handle == handlers[i]) return true;
    }
    return request->content_length > OPERATE_SHORT;
}

bool operate_begin(struct service *service, const struct http_request *request) {
    return !is_long(request) || route_take_long(service->operate);
}

void operate_forego(struct service *service, const struct http_request *request) {
    if (is_long(request)) route_give_long(service->operate);
}

static bool takes(const struct accept_route *route, struct http_slice name, size_t *place) {
    for (*place = 0; *place < ACCEPT_PARAMETERS && route->parameters[*place] != NULL; ++*place) {
        if (http_slice_equals(name, route->parameters[*place])) return true;
    }
    return false;
}

/* A parameter that is misspelled or given twice would be passed over in silence: so it is refused.
 * Pages and foreign clients may send what they like. */
static bool has_sound_query(struct operate_call *call, const struct accept_route *route) {
    struct http_slice rest = call->request->query;
    bool given[ACCEPT_PARAMETERS] = {false};
    if (route->kind == ACCEPT_OPEN || route->kind == ACCEPT_FOREIGN) return true;
    while (rest.length > 0) {
        const char *end = memchr(rest.at, '&', rest.length);
        size_t length = end != NULL ? (size_t)(end - rest.at) : rest.length, place;
        const char *equals = memchr(rest.at, '=', length);
        struct http_slice name = {rest.at, equals != NULL ? (size_t)(equals - rest.at) : length};
        if (!takes(route, name, &place)) {
            route_answer_field(call, "query", "the query has a parameter that %s does not take",
                               route->path);
            return false;
        }
        if (given[place]) {
            route_answer_field(call, route->parameters[place], "%s: is given twice",
                               route->parameters[place]);
            return false;
        }
        given[place] = true;
        size_t taken = length + (end != NULL);
        rest = (struct http_slice){rest.at + taken, rest.length - taken};
    }
    return true;
}

static uint64_t journal_failures(const struct service *service) {
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    mgeo_get_rollout(service->engine, &rollout, NULL);
    return rollout.journal_failures;
}

/* What was changed, or refused, stays so if its line cannot be written: the answer tells of it. */
static void handle(struct operate_call *call, const struct accept_route *route) {
    uint64_t before = journal_failures(call->service);
    if (!has_sound_query(call, route)) return;
    route->handle(call);
    uint64_t after = journal_failures(call->service);
    if (route->kind < ACCEPT_CHANGES || after == before) return;
    struct json_writer members = {.depth = 1};
    json_writer_bool(&members, "journal_written", false);
    json_writer_integer(&members, "journal_failures", after);
    route_add_members(&call->answer, &members);
}

void operate_handle(struct service *service, struct http_exchange *exchange) {
    const struct http_request *request = http_exchange_request(exchange);
    struct operate_call call = {
        .service = service, .exchange = exchange, .request = request, .is_long = is_long(request)};
    const struct accept_route *other, *route = accept_find(request, &other);
    if (route != NULL) {
        handle(&call, route);
    } else {
        const struct http_error error = {.status = 404, .code = "not_found", .index = -1};
        http_answer_error(&call.answer, &error,
                          "there is no such route; docs/operating.md lists all");
    }
    if (call.is_long) route_give_long(service->operate);
    http_answer_header(&call.answer, "Cache-Control", "no-store");
    http_exchange_answer(exchange, &call.answer);
}

/* ---- the token ------------------------------------------------------------------------------- */

static bool take_token(struct operate *operate, const char *path, FILE *file, struct error *error) {
    size_t length = fread(operate->token, 1, sizeof operate->token - 1, file);
    operate->token[length] = '\0';
    if (ferror(file)) return error_set(error, "%s: cannot be read", path);
    length = strcspn(operate->token, "\r\n");
    operate->token[length] = '\0';
    if (strspn(operate->token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                               "-._~+/=") != length ||
        length < TOKEN_LEAST || length > 200) {
        return error_set(error,
                         "%s: give a token of 16 to 200 letters, digits and -._~+/= on its first "
                         "line, as \"openssl rand -hex 32\" makes one",
                         path);
    }
    return true;
}

static bool read_token(struct operate *operate, const char *path, struct error *error) {
    struct stat about;
    struct error cause;
    FILE *file = regular_file_open(path, &about, &cause);
    if (file == NULL) return error_set(error, "--operate-token-file: %.1200s", cause.line);
    if ((about.st_mode & S_IROTH) != 0) {
        message_print("warning: %s can be read by everybody on this machine: chmod o-r it", path);
    }
    bool done = take_token(operate, path, file, error);
    fclose(file);
    return done;
}

bool operate_open(struct service *service, const struct settings *settings, struct error *error) {
    struct operate *operate = calloc(1, sizeof *operate);
    if (operate == NULL) return error_set(error, "out of memory");
    pthread_mutex_init(&operate->lock, NULL);
    pthread_mutex_init(&operate->changing, NULL);
    service->operate = operate;
    const char *address = settings->operate;
    bool is_unix = address == NULL || strncmp(address, "unix:", 5) == 0;
    bool done = true;
    if (settings->operate_token_file != NULL) {
        done = read_token(operate, settings->operate_token_file, error);
    } else if (!is_unix) {
        done = error_set(
            error, "--operate %s: a port needs --operate-token-file; or give unix:/PATH", address);
    }
    if (!done) operate_close(service);
    return done;
}

void operate_close(struct service *service) {
    struct operate *operate = service->operate;
    if (operate == NULL) return;
    service->operate = NULL;
    pthread_mutex_destroy(&operate->lock);
    pthread_mutex_destroy(&operate->changing);
    explicit_bzero(operate->token, sizeof operate->token);
    free(operate);
}

/* ---- ten times a second ---------------------------------------------------------------------- */

static void cancel_what_is_useless(struct service *service) {
    struct operate *operate = service->operate;
    bool draining = atomic_load(&service->draining);
    pthread_mutex_lock(&operate->lock);
    for (struct operation *at = operate->running; at != NULL; at = at->next) {
        if (draining || http_exchange_is_abandoned(at->exchange)) {
            mgeo_progress_cancel(&at->progress);
        }
    }
    pthread_mutex_unlock(&operate->lock);
}

/* A swap, a roll-back and a broken limit end a canary too: calls may then be put together again. */
static void note_end_of_canary(struct service *service) {
    if (!atomic_load(&service->canary_may_run)) return;
    if (pthread_mutex_trylock(&service->operate->changing) != 0) return;
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    if (mgeo_get_rollout(service->engine, &rollout, NULL) == MGEO_OK && rollout.canary_share == 0) {
        atomic_store(&service->canary_may_run, false);
    }
    pthread_mutex_unlock(&service->operate->changing);
}

void operate_tick(void *user) {
    struct service *service = user;
    struct operate *operate = service->operate;
    if (operate == NULL) return;
    cancel_what_is_useless(service);
    note_end_of_canary(service);
    if (++operate->ticks % TICKS_A_SECOND != 0 || service->history == NULL) return;
    history_tick(service->history, service->engine, (int64_t)time(NULL));
}
