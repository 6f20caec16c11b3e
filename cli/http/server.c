/* SPDX-License-Identifier: Apache-2.0 */
/* The server: its loop on epoll, how other threads reach it, and its end. */
#include "http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "http/loop/clients.h"
#include "http/loop/loop.h"

enum { EVENTS = 256 };

/* ---- making ---------------------------------------------------------------------------------- */

bool loop_add(struct http_server *server, int descriptor, struct loop_source *source,
              uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = source};
    return epoll_ctl(server->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void loop_wake(struct http_server *server) {
    static const uint64_t one = 1;
    int saved = errno;                               /* a signal handler's caller may look at it */
    if (write(server->wake, &one, sizeof one) < 0) { /* it is awake */
    }
    errno = saved;
}

static void wake(void *user) { loop_wake(user); }

/* Edge-triggered, so that nobody has to read the number. */
static void on_wake(struct http_server *server, struct loop_source *source, uint32_t events) {
    (void)server;
    (void)source;
    (void)events;
}

static bool open_descriptors(struct http_server *server) {
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (server->epoll < 0 || server->wake < 0 || server->spare < 0) return false;
    server->wake_source.on_events = on_wake;
    return loop_add(server, server->wake, &server->wake_source, EPOLLIN | EPOLLET);
}

bool http_server_create(const struct http_limits *limits, const struct http_handler *handler,
                        struct http_server **server, struct error *error) {
    *server = NULL;
    struct http_server *made = calloc(1, sizeof *made);
    if (made == NULL) return error_set(error, "out of memory");
    made->host.handler = *handler;
    made->host.limits = *limits;
    made->host.now = clock_nanoseconds();
    made->host.queue.wake = wake;
    made->host.queue.user = made;
    made->host.queue.handler = &made->host.handler;
    pthread_mutex_init(&made->host.queue.lock, NULL);
    pthread_mutex_init(&made->tasks_lock, NULL);
    made->last_task = &made->first_task;
    made->next_look = UINT64_MAX;
    made->date_second = -1;
    made->epoll = made->wake = made->spare = -1;
    if (!open_descriptors(made)) {
        error_set(error, "cannot make the server's event loop: %s", strerror(errno));
        http_server_destroy(made);
        return false;
    }
    *server = made;
    return true;
}

static void close_listeners(struct http_server *server) {
    for (unsigned i = 0; i < server->listener_count; i++) close(server->listeners[i].descriptor);
    server->listener_count = 0;
}

static void free_tasks(struct http_server *server) {
    while (server->first_task != NULL) {
        struct loop_task *task = server->first_task;
        server->first_task = task->next;
        free(task);
    }
}

void http_server_destroy(struct http_server *server) {
    if (server == NULL) return;
    close_listeners(server);
    clients_cut_all(server);
    clients_bury(server);
    struct http_exchange *exchange = NULL;
    while ((exchange = exchange_queue_take(&server->host.queue)) != NULL) {
        connection_moved(&server->host, exchange);
    }
    free_tasks(server);
    if (server->epoll >= 0) close(server->epoll);
    if (server->wake >= 0) close(server->wake);
    if (server->spare >= 0) close(server->spare);
    pthread_mutex_destroy(&server->host.queue.lock);
    pthread_mutex_destroy(&server->tasks_lock);
    free(server);
}

bool http_server_listen(struct http_server *server, int descriptor, int number,
                        struct error *error) {
    if (server->listener_count == LOOP_LISTENERS) {
        return error_set(error, "a server listens at no more than %d addresses", LOOP_LISTENERS);
    }
    struct loop_listener *listener = &server->listeners[server->listener_count];
    listener->source.on_events = clients_accept;
    listener->descriptor = descriptor;
    listener->number = number;
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 ||
        !loop_add(server, descriptor, &listener->source, EPOLLIN)) {
        return error_set(error, "cannot watch a listening socket: %s", strerror(errno));
    }
    server->listener_count++;
    return true;
}

void http_server_reserve(struct http_server *server, const struct http_reserve *reserve) {
    server->host.reserve = *reserve;
}

/* ---- what others ask for --------------------------------------------------------------------- */

void http_server_stop(struct http_server *server, uint64_t grace) {
    atomic_store(&server->grace, grace);
    atomic_store(&server->stop_asked, true);
    loop_wake(server);
}

void http_server_drain(struct http_server *server) {
    atomic_store(&server->drain_asked, true);
    loop_wake(server);
}

void http_server_set_limits(struct http_server *server, const struct http_limits *limits) {
    server->host.limits = *limits;
}

void http_server_post(struct http_server *server, void (*task)(void *user), void *user) {
    struct loop_task *posted = malloc(sizeof *posted);
    if (posted == NULL) abort(); /* a task must not be lost */
    *posted = (struct loop_task){.task = task, .user = user};
    pthread_mutex_lock(&server->tasks_lock);
    *server->last_task = posted;
    server->last_task = &posted->next;
    pthread_mutex_unlock(&server->tasks_lock);
    loop_wake(server);
}

void http_server_every(struct http_server *server, uint64_t nanoseconds, void (*task)(void *user),
                       void *user) {
    if (server->repeat_count == LOOP_EXTRAS) abort(); /* a mistake of the program */
    server->repeats[server->repeat_count++] =
        (struct loop_repeat){.every = nanoseconds,
                             .next = clock_nanoseconds() + nanoseconds,
                             .task = task,
                             .user = user};
}

static void on_watch(struct http_server *server, struct loop_source *source, uint32_t events) {
    struct loop_watch *watch = (struct loop_watch *)source;
    (void)server;
    (void)events;
    watch->task(watch->user);
}

void http_server_watch(struct http_server *server, int descriptor, void (*task)(void *user),
                       void *user) {
    if (server->watch_count == LOOP_EXTRAS) abort(); /* a mistake of the program */
    struct loop_watch *watch = &server->watches[server->watch_count++];
    *watch = (struct loop_watch){.source = {on_watch}, .task = task, .user = user};
    if (!loop_add(server, descriptor, &watch->source, EPOLLIN)) abort();
}

static uint64_t read_count(_Atomic uint64_t *count) {
    return atomic_load_explicit(count, memory_order_relaxed);
}

void http_server_get_counts(const struct http_server *server, struct http_counts *counts) {
    struct connection_counts *from = (struct connection_counts *)&server->host.counts;
    *counts = (struct http_counts){
        .accepted = read_count(&from->accepted),
        .refused = read_count(&from->refused),
        .open = read_count(&from->open),
        .malformed = read_count(&from->malformed),
        .timed_out = read_count(&from->timed_out),
        .body_bytes = read_count(&from->body_bytes),
        .in_flight = read_count(&from->in_flight),
    };
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* The names are HTTP's, whatever the locale. */
static void write_date(struct http_server *server) {
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == server->date_second || gmtime_r(&now.tv_sec, &utc) == NULL) return;
    server->date_second = now.tv_sec;
    snprintf(server->host.date, sizeof server->host.date,
             "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n", days + 3 * utc.tm_wday,
             utc.tm_mday, months + 3 * utc.tm_mon, (utc.tm_year + 1900) % 10000, utc.tm_hour,
             utc.tm_min, utc.tm_sec);
}

static void run_tasks(struct http_server *server) {
    pthread_mutex_lock(&server->tasks_lock);
    struct loop_task *task = server->first_task;
    server->first_task = NULL;
    server->last_task = &server->first_task;
    pthread_mutex_unlock(&server->tasks_lock);
    while (task != NULL) {
        struct loop_task *next = task->next;
        task->task(task->user);
        free(task);
        task = next;
    }
}

static void run_repeats(struct http_server *server) {
    for (unsigned i = 0; i < server->repeat_count; i++) {
        struct loop_repeat *repeat = &server->repeats[i];
        if (server->host.now < repeat->next) continue;
        repeat->next = server->host.now + repeat->every;
        repeat->task(repeat->user);
    }
}

/* Milliseconds until something is to be done; -1: nothing is. */
static int patience(const struct http_server *server) {
    uint64_t next = server->next_look, now = clock_nanoseconds();
    if (server->busy) return 0;
    if (server->stopping && server->stop_at < next) next = server->stop_at;
    for (unsigned i = 0; i < server->repeat_count; i++) {
        if (server->repeats[i].next < next) next = server->repeats[i].next;
    }
    if (next == UINT64_MAX) return -1;
    if (next <= now) return 0;
    uint64_t milliseconds = (next - now + 999999) / 1000000;
    return milliseconds < 60000 ? (int)milliseconds : 60000;
}

static uint64_t stop_point(const struct http_server *server) {
    uint64_t grace = atomic_load((_Atomic uint64_t *)&server->grace), now = server->host.now;
    return grace < UINT64_MAX - now ? now + grace : UINT64_MAX;
}

/* Who has connected already is let in, and what has come already is read. Asked again, it may be
 * less patient. */
static void begin_to_stop(struct http_server *server) {
    uint64_t stop_at = stop_point(server);
    if (server->stopping) {
        if (stop_at < server->stop_at) server->stop_at = stop_at;
        return;
    }
    server->stop_at = stop_at;
    server->host.draining = true;
    for (unsigned i = 0; i < server->listener_count; i++) {
        clients_accept(server, &server->listeners[i].source, EPOLLIN);
    }
    close_listeners(server);
    clients_end_idle(server);
    server->stopping = true;
    clients_end_idle(server);
}

static bool is_over(struct http_server *server) {
    if (!server->stopping) return false;
    if (server->clients == NULL && read_count(&server->host.counts.in_flight) == 0) return true;
    return server->host.now >= server->stop_at;
}

static void turn(struct http_server *server) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(server->epoll, events, EVENTS, patience(server));
    server->busy = false;
    server->host.now = clock_nanoseconds();
    write_date(server);
    for (int i = 0; i < count; i++) {
        struct loop_source *source = events[i].data.ptr;
        source->on_events(server, source, events[i].events);
    }
    if (atomic_load_explicit(&server->drain_asked, memory_order_relaxed)) {
        server->host.draining = true;
    }
    run_tasks(server);
    clients_move(server);
    run_repeats(server);
    clients_expire(server);
    if (atomic_exchange(&server->stop_asked, false)) begin_to_stop(server);
    clients_bury(server);
}

void http_server_run(struct http_server *server) {
    server->host.now = clock_nanoseconds();
    write_date(server);
    while (!is_over(server)) turn(server);
    clients_cut_all(server);
    clients_bury(server);
}
