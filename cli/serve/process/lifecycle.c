/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the parts, runs the loop, and takes the parts down again in turn. */
#include "serve/process/lifecycle.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/memory.h"
#include "common/message.h"
#include "http/server.h"
#include "serve/access_log.h"
#include "serve/meters.h"
#include "serve/operate/history.h"
#include "serve/operate/operate.h"
#include "serve/process/descriptors.h"
#include "serve/process/listening.h"
#include "serve/process/model_start.h"
#include "serve/process/systemd.h"
#include "serve/router.h"
#include "serve/scoring/scorer.h"
#include "serve/service.h"

enum { TICK = 100000000 }; /* nanoseconds between two looks at what is late */

/* Seconds at the end: for requests without a timeout, and once a signal more came. */
#define GRACE 30.0
#define LAST_GRACE 1.0

struct lifecycle {
    struct service service;
    struct router router;
    struct access_log *log;
    struct listening listening;
    struct model_start start;
    int signals;         /* a signalfd; -1: none */
    uint64_t drain_ends; /* clock_nanoseconds(); 0: nobody asked for the end, or it has begun */
    bool stopping;       /* what is in flight gets its grace */
    uint64_t watchdog, watchdog_due;
    atomic_bool failed; /* the first model could not be loaded */
};

static struct http_limits limits_of(const struct settings *settings) {
    return (struct http_limits){
        .connections = descriptors_for(settings->max_connections),
        .head_bytes = 16384,
        .header_count = 100,
        .body_bytes = settings->max_buffered,
        .head_nanoseconds = (uint64_t)(settings->head_timeout * 1e9),
        .body_nanoseconds = (uint64_t)(settings->body_timeout * 1e9),
        .write_nanoseconds = (uint64_t)(settings->write_timeout * 1e9),
        .idle_nanoseconds = (uint64_t)(settings->idle_timeout * 1e9),
    };
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Requests in flight may take as long as any request may; asked again, a second. */
static void stop(struct lifecycle *life) {
    const struct settings *settings = settings_hold(life->service.settings);
    double grace = settings->timeout > 0 ? settings->timeout + 1 : GRACE;
    settings_release(life->service.settings, settings);
    if (life->stopping && grace > LAST_GRACE) grace = LAST_GRACE;
    if (life->stopping) message_print("asked again: ends within %g s", grace);
    life->stopping = true;
    life->drain_ends = 0;
    scorer_hurry(life->service.scorer);
    http_server_stop(life->service.server, (uint64_t)(grace * 1e9));
}

/* The first SIGTERM gives clients and balancers time to leave; SIGINT, or the next signal, none.
 * Each one more ends the wait that is on. */
static void begin_drain(struct lifecycle *life, bool at_once) {
    const struct settings *settings = settings_hold(life->service.settings);
    bool ends = at_once || life->stopping || life->drain_ends != 0;
    double seconds = ends ? 0 : settings->drain_time;
    settings_release(life->service.settings, settings);
    if (!atomic_exchange(&life->service.draining, true)) {
        message_print("draining: not ready any more, ends in %g s", seconds);
        systemd_notify("STOPPING=1\nSTATUS=draining");
        http_server_drain(life->service.server);
    }
    life->drain_ends = clock_nanoseconds() + (uint64_t)(seconds * 1e9);
    mgeo_progress_cancel(&life->start.progress);
    if (seconds <= 0) stop(life);
}

/* ---- reload ---------------------------------------------------------------------------------- */

static bool take_settings(void *user, const struct settings *fresh, struct error *error) {
    struct lifecycle *life = user;
    const struct http_limits limits = limits_of(fresh);
    if (!access_log_reopen(life->log, fresh->access_log, error)) return false;
    http_server_set_limits(life->service.server, &limits);
    return true;
}

static void reload(struct lifecycle *life) {
    struct string_buffer unchanged = {0};
    const struct settings_acceptance accepts = {life, take_settings};
    struct error error;
    systemd_notify_reloading();
    if (settings_store_reload(life->service.settings, &unchanged, &accepts, &error)) {
        message_print("reloaded%s%s", unchanged.length > 0 ? "; only a restart changes " : "",
                      unchanged.length > 0 ? unchanged.bytes : "");
    } else {
        message_print("not reloaded, all stays as it was: %s", error.line);
    }
    systemd_notify("READY=1");
    string_buffer_finish(&unchanged);
}

/* ---- callbacks of the loop ------------------------------------------------------------------- */

static void on_signal(void *user) {
    struct lifecycle *life = user;
    struct signalfd_siginfo about;
    while (read(life->signals, &about, sizeof about) == (ssize_t)sizeof about) {
        if (about.ssi_signo == SIGHUP) {
            reload(life);
        } else {
            begin_drain(life, about.ssi_signo == SIGINT);
        }
    }
}

/* The loop runs, or this would not; and the scorers have done something since, or have nothing to
 * do. */
static void feed_watchdog(struct lifecycle *life, uint64_t now) {
    if (life->watchdog == 0 || now < life->watchdog_due) return;
    life->watchdog_due = now + life->watchdog / 3;
    if (scorer_is_alive(life->service.scorer)) systemd_notify("WATCHDOG=1");
}

static void on_tick(void *user) {
    struct lifecycle *life = user;
    uint64_t now = clock_nanoseconds();
    scorer_sweep(life->service.scorer);
    operate_tick(&life->service);
    feed_watchdog(life, now);
    if (life->drain_ends != 0 && now >= life->drain_ends) {
        stop(life);
    }
}

/* In the loop, so that the sockets are there. */
static void announce(void *user) {
    const struct lifecycle *life = user;
    const mgeo_model_info *info = &life->start.info;
    message_print("ready: %s, %s on %s", info->version, mgeo_precision_name(info->precision),
                  info->device);
    systemd_notify("READY=1\nSTATUS=serving %s", info->version);
}

/* The thread that loads. */
static void on_loaded(void *user, bool loaded) {
    struct lifecycle *life = user;
    if (loaded) {
        http_server_post(life->service.server, announce, life);
    } else if (!atomic_load(&life->service.draining)) {
        atomic_store(&life->failed, true);
        http_server_stop(life->service.server, 0);
    }
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* That the first model cannot be loaded ends the program, and is told as its end. */
static bool is_told_elsewhere(const struct service *service, const char *line) {
    return atomic_load(&service->starting) && strncmp(line, "load failed", 11) == 0;
}

static void log_line(void *user, int32_t level, const char *line) {
    if (level != MGEO_LOG_WARNING || is_told_elsewhere(user, line)) return;
    message_print("warning: %s", line);
}

static bool create_engine(struct service *service, const struct settings *settings,
                          struct error *error) {
    mgeo_error cause;
    const mgeo_engine_options options = {.struct_size = sizeof options,
                                         .log = log_line,
                                         .log_user = service,
                                         .journal = settings->journal,
                                         .actor = settings->actor};
    if (mgeo_engine_create(&options, &service->engine, &cause) == MGEO_OK) return true;
    return error_set(error, "cannot start the engine: %s", cause.message);
}

/* Signals wait for the loop; every thread inherits that. */
static bool take_signals(struct lifecycle *life, struct error *error) {
    sigset_t taken;
    sigemptyset(&taken);
    sigaddset(&taken, SIGTERM);
    sigaddset(&taken, SIGINT);
    sigaddset(&taken, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &taken, NULL);
    life->signals = signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC);
    return life->signals >= 0 || error_set(error, "cannot watch for signals");
}

static bool create_server(struct lifecycle *life, const struct settings *settings,
                          struct error *error) {
    const struct http_limits limits = limits_of(settings);
    const struct http_handler handler = router_handler(&life->router);
    struct http_server **server = &life->service.server;
    if (!http_server_create(&limits, &handler, server, error)) return false;
    const struct http_reserve operating = {.number = ROUTER_OPERATE,
                                           .connections = ROUTER_CONNECTIONS,
                                           .body_bytes = ROUTER_BODIES,
                                           .small_body = OPERATE_SHORT};
    http_server_reserve(*server, &operating);
    http_server_every(*server, TICK, on_tick, life);
    http_server_watch(*server, life->signals, on_signal, life);
    return true;
}

static bool begin_load(struct lifecycle *life, struct error *error) {
    life->start.service = &life->service;
    life->start.ended = on_loaded;
    life->start.user = life;
    return model_start_begin(&life->start, error);
}

static bool open_sides(struct lifecycle *life, const struct settings *settings,
                       struct error *error) {
    struct service *service = &life->service;
    if (!listening_open(&life->listening, service->server, settings, error)) return false;
    if (life->listening.operates) return operate_open(service, settings, error);
    message_print("no operating side: give --operate, or make /run/mgeo for its socket");
    return true;
}

/* The load begins last: by then /livez is answered, and what is in the way was told. */
static bool create_parts(struct lifecycle *life, const struct settings *settings,
                         struct error *error) {
    struct service *service = &life->service;
    if (!take_signals(life, error)) return false; /* before any thread */
    if (!create_engine(service, settings, error)) return false;
    router_init(&life->router, service);
    if (!create_server(life, settings, error)) return false;
    service->meters = meters_create();
    service->history = history_create();
    life->router.log = life->log = access_log_create(error);
    if (life->log == NULL || !scorer_create(service, settings->scorers, error)) return false;
    if (!access_log_reopen(life->log, settings->access_log, error)) return false;
    return open_sides(life, settings, error) && begin_load(life, error);
}

/* Who calls the engine ends before it does. */
static void finish(struct lifecycle *life) {
    struct service *service = &life->service;
    model_start_finish(&life->start);
    scorer_destroy(service->scorer);
    if (life->router.service != NULL) router_finish(&life->router);
    operate_close(service);
    http_server_destroy(service->server);
    listening_close(&life->listening);
    mgeo_engine_destroy(service->engine);
    access_log_destroy(life->log);
    history_destroy(service->history);
    meters_destroy(service->meters);
    if (life->signals >= 0) close(life->signals);
}

static double unix_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int lifecycle_serve(struct settings_store *store) {
    struct lifecycle *life = memory_zeroed(1, sizeof *life);
    const struct settings *settings = settings_hold(store);
    struct error error = {""};
    int status = LIFECYCLE_COULD_NOT;
    life->signals = -1;
    life->service.settings = store;
    life->service.started = clock_nanoseconds();
    life->service.started_at = unix_seconds();
    life->watchdog = systemd_watchdog();
    if (systemd_take_sockets(&error) && create_parts(life, settings, &error)) {
        http_server_run(life->service.server);
        scorer_sweep(life->service.scorer); /* what was cut is not computed */
        operate_tick(&life->service);
        status = atomic_load(&life->failed) ? LIFECYCLE_COULD_NOT : LIFECYCLE_ENDED;
    } else {
        message_print("%s", error.line);
    }
    finish(life);
    settings_release(store, settings);
    free(life);
    return status;
}
