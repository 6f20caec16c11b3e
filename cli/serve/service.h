/* SPDX-License-Identifier: Apache-2.0 */
/* What all routes work with: the engine, the settings, and whether calls are answered. */
#ifndef CLI_SERVE_SERVICE_H
#define CLI_SERVE_SERVICE_H

#include <mgeo.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/server.h"
#include "serve/settings.h"

struct history; /* serve/operate/history.h */
struct operate; /* serve/operate/operate.h */
struct scorer;  /* serve/scoring/scorer.h */
struct meters;  /* serve/meters.h */

struct service {
    mgeo_engine *engine;
    struct http_server *server;
    struct settings_store *settings; /* settings_hold, settings_release */
    struct scorer *scorer;
    struct meters *meters;
    struct history *history;
    struct operate *operate;    /* NULL: there is no operating side */
    atomic_bool canary_may_run; /* set before a canary's share is: each request then makes a call of
                                   its own, so that its key decides */
    atomic_bool starting;       /* the first load has not returned */
    atomic_bool draining;       /* SIGTERM came */
    uint64_t started;           /* clock_nanoseconds() */
    double started_at;          /* the same moment in seconds since 1970 */
};

/* Whether calls are answered now, and a load would be taken. If not, `reason` is why, in a
 * sentence: no model is live yet, the first load has not returned (it writes the journal last), the
 * server is draining, the live model's device failed. A full queue is no reason. Any thread. */
bool service_is_ready(const struct service *service, char *reason, size_t capacity);

/* The live model's description; false: none is live. A copy that is kept until the generation
 * changes, so that this is cheap. Any thread. */
bool service_live_info(const struct service *service, mgeo_model_info *info);

/* The description of the model of a generation that answers or answered calls; false: gone. */
bool service_info_of(const struct service *service, uint64_t generation, mgeo_model_info *info);

#endif
