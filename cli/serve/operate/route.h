/* SPDX-License-Identifier: Apache-2.0 */
/* What the routes of the operating side share: a call, its answer, and the operations in progress.
 */
#ifndef CLI_SERVE_OPERATE_ROUTE_H
#define CLI_SERVE_OPERATE_ROUTE_H

#include <mgeo.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/json_writer.h"
#include "http/exchange.h"
#include "serve/service.h"

/* Something that takes long and that a client waits for; on the stack of its thread. */
struct operation {
    struct operation *next;
    const struct http_exchange *exchange;
    const char *what; /* "load", "compare", "gate" */
    const char *path; /* of a load */
    uint64_t begun;   /* clock_nanoseconds() */
    bool overtaken;   /* cancelled by a roll-back */
    mgeo_progress progress;
};

struct operate {
    pthread_mutex_t lock; /* of `running` and `long_calls` */
    struct operation *running;
    unsigned long_calls;
    pthread_mutex_t changing; /* held from the look at If-Match to the end of a short change */
    unsigned ticks;
    char token[256]; /* empty: none */
};

struct operate_call {
    struct service *service;
    struct http_exchange *exchange;
    const struct http_request *request;
    struct http_answer answer;
    bool is_long; /* it has one of the places for these */
};

/* A place for a call that will take long. False: all are taken. */
bool route_take_long(struct operate *operate);
void route_give_long(struct operate *operate);

/* The same for a call that turns out to take long. False: answered. */
bool route_become_long(struct operate_call *call);

/* The thread in a long call says so, and then may be cancelled. */
void route_begin(struct operate_call *call, struct operation *operation, const char *what,
                 const char *path);
void route_end(struct operate_call *call, struct operation *operation);

/* After a roll-back: gates that are still judged can only refuse, so they end now. */
void route_end_gates(struct operate_call *call);

/* The state's name: "<live>-<standby>-<canary>-<shadow>" with its quotes. */
enum { ROUTE_ETAG_BYTES = 96 };
void route_write_etag(const struct service *service, char *to);

/* Whether If-Match, if there is one, names the state as it is; if not, the answer is 412. With
 * `changing` held nobody else changes it meanwhile, but for gates and loads that end. */
bool route_matches(struct operate_call *call);

/* Takes `changing` and looks at If-Match. False: answered, and nothing is held. */
bool route_begin_change(struct operate_call *call);
void route_end_change(struct operate_call *call);

/* 200 with the document, whose text is taken. */
void route_answer(struct operate_call *call, struct json_writer *json);

/* The same with the member and the header of the state, as changes are answered; open an object
 * first, which is closed here. */
void route_answer_changed(struct operate_call *call, struct json_writer *json);

/* Adds members to an answer's document, if that is an object; begun with depth 1, finished here. */
void route_add_members(struct http_answer *answer, struct json_writer *members);

/* What the library refused. */
void route_answer_status(struct operate_call *call, mgeo_status status, const mgeo_error *error);

/* 422 for a value of the body. */
void route_answer_field(struct operate_call *call, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- the routes, each in the file of its name -------------------------------------------------
 */

typedef void route_handler(struct operate_call *call);
route_handler status_show, load_model, load_check, compare_models, swap_models, change_roll_back,
    change_canary, change_shadow, change_unload, journal_show, score_both, history_show,
    console_show, repository_index;

/* The model's directory is the path's segment {m}. */
route_handler repository_load, repository_unload;

#endif
