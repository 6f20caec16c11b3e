/* SPDX-License-Identifier: Apache-2.0 */
/* The table of routes, and what is done with a request that matches one. */
#include "serve/router.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/memory.h"
#include "serve/data/data_route.h"
#include "serve/deadline.h"
#include "serve/meters.h"
#include "serve/operate/operate.h"
#include "serve/pages/pages.h"
#include "serve/record.h"
#include "serve/route_path.h"
#include "serve/scoring/scorer.h"

/* ---- answers of the router ------------------------------------------------------------------- */

static enum http_plan refuse(struct http_exchange *exchange, const struct http_error *error,
                             const char *sentence, const char *allow) {
    struct http_answer answer = {0};
    http_answer_error(&answer, error, "%s", sentence);
    if (allow != NULL) http_answer_header(&answer, "Allow", allow);
    http_exchange_answer(exchange, &answer);
    return HTTP_ANSWERED;
}

static enum http_plan refuse_path(struct http_exchange *exchange) {
    const struct http_error error = {.status = 404, .code = "not_found", .index = -1};
    bool operate = http_exchange_request(exchange)->listener == ROUTER_OPERATE;
    return refuse(exchange, &error,
                  operate ? "no such path; docs/operating.md lists those of the operating side"
                          : "no such path; GET /openapi.json lists all",
                  NULL);
}

static enum http_plan refuse_method(struct http_exchange *exchange, const char *allow) {
    const struct http_error error = {.status = 405, .code = "method_not_allowed", .index = -1};
    return refuse(exchange, &error, "the path is there, but not for this method", allow);
}

static enum http_plan answer_options(struct http_exchange *exchange, const char *allow) {
    struct http_answer answer = {.status = 204};
    http_answer_header(&answer, "Allow", allow);
    http_exchange_answer(exchange, &answer);
    return HTTP_ANSWERED;
}

static bool is_get(const struct http_request *request) {
    return request->is_head || http_slice_equals(request->method, "GET");
}

/* What no route has: OPTIONS of the server as a whole, or 404. */
static enum http_plan other_path(struct http_exchange *exchange) {
    const struct http_request *request = http_exchange_request(exchange);
    if (http_slice_equals(request->path, "*") && !is_get(request)) {
        return answer_options(exchange, "GET, HEAD, POST, OPTIONS");
    }
    return refuse_path(exchange);
}

/* The method of a path that is there: 405 or the answer to OPTIONS. */
static enum http_plan other_method(struct http_exchange *exchange, const char *allow) {
    const struct http_request *request = http_exchange_request(exchange);
    if (http_slice_equals(request->method, "OPTIONS")) return answer_options(exchange, allow);
    return refuse_method(exchange, allow);
}

/* ---- pages: answered in the loop's thread ---------------------------------------------------- */

static void write_health(struct router *router, const struct http_request *request,
                         struct http_answer *answer) {
    (void)request;
    pages_health(router->service, answer);
}

static void write_livez(struct router *router, const struct http_request *request,
                        struct http_answer *answer) {
    (void)request;
    pages_livez(router->service, answer);
}

static void write_readyz(struct router *router, const struct http_request *request,
                         struct http_answer *answer) {
    (void)request;
    pages_readyz(router->service, answer);
}

static void write_metrics(struct router *router, const struct http_request *request,
                          struct http_answer *answer) {
    const struct pages_counts counts = {.streams = tasks_running(&router->streams),
                                        .log_dropped = access_log_dropped(router->log)};
    pages_metrics(router->service, request, &counts, answer);
}

static void write_info(struct router *router, const struct http_request *request,
                       struct http_answer *answer) {
    (void)request;
    pages_info(router->service, answer);
}

static void write_openapi(struct router *router, const struct http_request *request,
                          struct http_answer *answer) {
    (void)request;
    openapi_write(router->service, answer);
}

static const struct page {
    const char *path;
    void (*write)(struct router *router, const struct http_request *request,
                  struct http_answer *answer);
} pages[] = {
    {"/health", write_health},   {"/livez", write_livez}, {"/readyz", write_readyz},
    {"/metrics", write_metrics}, {"/info", write_info},   {"/openapi.json", write_openapi},
};

static const struct page *find_page(struct http_slice path) {
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        if (http_slice_equals(path, pages[i].path)) return &pages[i];
    }
    return NULL;
}

static enum http_plan serve_page(struct router *router, struct http_exchange *exchange,
                                 const struct page *page) {
    const struct http_request *request = http_exchange_request(exchange);
    struct http_answer answer = {0};
    record_of(exchange)->route = page->path;
    if (!is_get(request)) return other_method(exchange, "GET, HEAD, OPTIONS");
    page->write(router, request, &answer);
    http_exchange_answer(exchange, &answer);
    return HTTP_ANSWERED;
}

/* GET /v2 and below it. False: not there. */
static bool serve_metadata(struct router *router, struct http_exchange *exchange) {
    const struct http_request *request = http_exchange_request(exchange);
    struct http_answer answer = {0};
    if (request->path.length < 3 || memcmp(request->path.at, "/v2", 3) != 0) return false;
    if (!inference_metadata(router->service, request, &answer)) {
        http_answer_finish(&answer);
        return false;
    }
    record_of(exchange)->route = "/v2";
    if (is_get(request)) {
        http_exchange_answer(exchange, &answer);
        return true;
    }
    http_answer_finish(&answer);
    other_method(exchange, "GET, HEAD, OPTIONS");
    return true;
}

/* ---- routes for scores ----------------------------------------------------------------------- */

static const struct data_route *find_data(const struct http_request *request,
                                          struct record *record) {
    for (const struct data_route *route = data_routes; route->path != NULL; route++) {
        if (route_path_match(route->path, request->path, record->model, record->version)) {
            return route;
        }
    }
    return NULL;
}

static enum http_plan refuse_body(struct http_exchange *exchange, uint64_t limit) {
    const struct http_error error = {
        .status = 413, .code = "body_too_large", .index = -1, .limit = limit};
    return refuse(exchange, &error, "the body is larger than the server takes", NULL);
}

static enum http_plan begin_data(struct router *router, struct http_exchange *exchange,
                                 const struct data_route *route) {
    const struct http_request *request = http_exchange_request(exchange);
    struct record *record = record_of(exchange);
    record->route = route->route;
    if (!http_slice_equals(request->method, route->method)) {
        return other_method(exchange, "POST, OPTIONS");
    }
    if (strcmp(route->path, "/match") == 0 && ndjson_is_asked(request)) return HTTP_STREAM;
    const struct settings *settings = settings_hold(router->service->settings);
    uint64_t most = settings->max_body;
    bool sound = deadline_read(request, settings->timeout, &record->deadline);
    settings_release(router->service->settings, settings);
    if (!sound) {
        const struct http_error error = {
            .status = 400, .code = "bad_timeout", .field = "X-Request-Timeout", .index = -1};
        return refuse(exchange, &error, "X-Request-Timeout: give a time such as 250ms or 2s", NULL);
    }
    if (request->content_length > most) return refuse_body(exchange, most);
    record->data = route;
    return HTTP_BUFFER;
}

static void start_stream(struct router *router, struct http_exchange *exchange) {
    const struct settings *settings = settings_hold(router->service->settings);
    uint32_t most = settings->max_streams;
    settings_release(router->service->settings, settings);
    if (tasks_start(&router->streams, most, ndjson_serve, router->service, exchange)) return;
    const struct http_error error = {
        .status = 503, .code = "too_many_streams", .index = -1, .limit = most, .retry_after = 1};
    refuse(exchange, &error, "as many streams run as the server takes", NULL);
}

/* ---- the operating side ---------------------------------------------------------------------- */

static const char *operate_route(struct http_slice path) {
    static const char *const routes[] = {
        "/",
        "/operate/status",
        "/operate/load",
        "/operate/check",
        "/operate/compare",
        "/operate/score",
        "/operate/swap",
        "/operate/rollback",
        "/operate/canary",
        "/operate/shadow",
        "/operate/unload",
        "/operate/journal",
        "/operate/history",
        "/v2/repository/index",
    };
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (http_slice_equals(path, routes[i])) return routes[i];
    }
    bool repository = path.length > 15 && memcmp(path.at, "/v2/repository/", 15) == 0;
    return repository ? "/v2/repository/models" : "/operate";
}

_Static_assert((int)OPERATE_LONG < (int)ROUTER_OPERATIONS, "short operations find a thread");

static void refuse_operation(struct http_exchange *exchange, uint64_t most, const char *sentence) {
    const struct http_error error = {
        .status = 503, .code = "too_many_operations", .index = -1, .limit = most, .retry_after = 1};
    refuse(exchange, &error, sentence, NULL);
}

static void start_operation(struct router *router, struct http_exchange *exchange) {
    struct service *service = router->service;
    const struct http_request *request = http_exchange_request(exchange);
    if (!operate_begin(service, request)) {
        refuse_operation(exchange, OPERATE_LONG, OPERATE_TOO_MANY);
        return;
    }
    if (tasks_start(&router->operations, ROUTER_OPERATIONS, operate_handle, service, exchange)) {
        return;
    }
    operate_forego(service, request);
    refuse_operation(exchange, ROUTER_OPERATIONS, "as many operations run as the server takes");
}

/* ---- the callbacks --------------------------------------------------------------------------- */

static enum http_plan route_data(struct router *router, struct http_exchange *exchange) {
    const struct http_request *request = http_exchange_request(exchange);
    const struct page *page = find_page(request->path);
    if (page != NULL) return serve_page(router, exchange, page);
    const struct data_route *route = find_data(request, record_of(exchange));
    if (route != NULL) return begin_data(router, exchange, route);
    if (serve_metadata(router, exchange)) return HTTP_ANSWERED;
    return other_path(exchange);
}

static enum http_plan route_operate(struct router *router, struct http_exchange *exchange) {
    const struct http_request *request = http_exchange_request(exchange);
    struct http_answer answer = {0};
    if (!operate_accepts(router->service, request, &answer)) {
        http_exchange_answer(exchange, &answer);
        return HTTP_ANSWERED;
    }
    http_answer_finish(&answer);
    if (operate_has(request->path)) {
        record_of(exchange)->route = operate_route(request->path);
        return HTTP_BUFFER;
    }
    const struct page *page = find_page(request->path);
    return page != NULL ? serve_page(router, exchange, page) : other_path(exchange);
}

static enum http_plan on_head(void *user, struct http_exchange *exchange) {
    struct router *router = user;
    const struct http_request *request = http_exchange_request(exchange);
    struct record *record = memory_zeroed(1, sizeof *record);
    record->exchange = exchange;
    record->route = "";
    trace_context_begin(&record->trace, http_request_header(request, "traceparent"),
                        &router->random);
    http_exchange_set_data(exchange, record);
    return request->listener == ROUTER_OPERATE ? route_operate(router, exchange)
                                               : route_data(router, exchange);
}

static void on_ready(void *user, struct http_exchange *exchange) {
    struct router *router = user;
    struct record *record = record_of(exchange);
    if (http_exchange_request(exchange)->listener == ROUTER_OPERATE) {
        start_operation(router, exchange);
    } else if (record->data != NULL) {
        scorer_put(router->service->scorer, record);
    } else {
        start_stream(router, exchange);
    }
}

/* Any thread: the one that answers. */
static void on_answering(void *user, struct http_exchange *exchange, struct http_answer *answer) {
    struct record *record = record_of(exchange);
    char value[TRACE_PARENT_LENGTH + 1];
    (void)user;
    if (record == NULL) return;
    trace_context_write(&record->trace, value);
    http_answer_header(answer, "traceparent", value);
    if (answer->code != NULL) record->code = answer->code;
}

static const char *method_name(struct http_slice method) {
    static const char *const names[] = {"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (http_slice_equals(method, names[i])) return names[i];
    }
    return "_OTHER";
}

static void on_done(void *user, struct http_exchange *exchange,
                    const struct http_outcome *outcome) {
    struct router *router = user;
    struct record *record = exchange != NULL ? record_of(exchange) : NULL;
    const char *method = "_OTHER";
    if (exchange != NULL) method = method_name(http_exchange_request(exchange)->method);
    meters_request(router->service->meters, method, record != NULL ? record->route : "",
                   outcome->status, outcome->nanoseconds);
    access_log_write(router->log, record, exchange, outcome);
    free(record);
}

void router_init(struct router *router, struct service *service) {
    *router = (struct router){.service = service};
    tasks_init(&router->streams);
    tasks_init(&router->operations);
    if (getrandom(&router->random.state, sizeof router->random.state, 0) < 0) {
        router->random.state = (uint64_t)(uintptr_t)router ^ service->started;
    }
}

void router_finish(struct router *router) {
    tasks_finish(&router->streams);
    tasks_finish(&router->operations);
}

struct http_handler router_handler(struct router *router) {
    return (struct http_handler){.user = router,
                                 .head = on_head,
                                 .ready = on_ready,
                                 .answering = on_answering,
                                 .done = on_done};
}
