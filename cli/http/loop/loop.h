/* SPDX-License-Identifier: Apache-2.0 */
/* What a server is made of: sources of events, clients, tasks of other threads, times. */
#ifndef CLI_HTTP_LOOP_LOOP_H
#define CLI_HTTP_LOOP_LOOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/connection.h"

enum { LOOP_LISTENERS = 16, LOOP_EXTRAS = 8, LOOP_SCRATCH = 64 * 1024 };

/* What epoll points at: the first member of whatever has a descriptor. */
struct loop_source {
    void (*on_events)(struct http_server *server, struct loop_source *source, uint32_t events);
};

struct loop_listener {
    struct loop_source source;
    int descriptor, number;
};

struct loop_watch {
    struct loop_source source;
    void (*task)(void *user);
    void *user;
};

struct loop_repeat {
    uint64_t every, next;
    void (*task)(void *user);
    void *user;
};

struct loop_task {
    struct loop_task *next;
    void (*task)(void *user);
    void *user;
};

struct loop_client {
    struct loop_source source;
    struct connection connection;
    struct loop_client *next, *before; /* of the living; the dead are linked by next */
    int descriptor;
    uint32_t interest; /* what epoll watches it for */
    bool paused;       /* bytes came that it has no room for: they stay with the kernel */
    bool half;         /* its FIN was seen ahead of what is unread */
    bool shut;         /* our side is */
    bool surplus;      /* there was no room for it: it is here to be told so */
    bool dead;         /* closed, and freed at the end of the turn */
};

struct http_server {
    struct connection_host host;
    int epoll, wake, spare; /* spare: is given up for a moment when descriptors run out */
    struct loop_source wake_source;
    struct loop_listener listeners[LOOP_LISTENERS];
    struct loop_watch watches[LOOP_EXTRAS];
    struct loop_repeat repeats[LOOP_EXTRAS];
    unsigned listener_count, watch_count, repeat_count;
    struct loop_client *clients, *dead;
    pthread_mutex_t tasks_lock;
    struct loop_task *first_task, **last_task;
    atomic_bool stop_asked, drain_asked;
    _Atomic uint64_t grace;
    bool stopping, busy; /* busy: more waits than one turn has done */
    uint64_t stop_at, last_look, next_look;
    int64_t date_second;
    char scratch[LOOP_SCRATCH];
};

/* Watches a descriptor for `events`. */
bool loop_add(struct http_server *server, int descriptor, struct loop_source *source,
              uint32_t events);

/* Wakes the loop; any thread, and signal handlers. */
void loop_wake(struct http_server *server);

#endif
