/* SPDX-License-Identifier: Apache-2.0 */
/* Load on an HTTP server from one thread: connections that are kept, one pair a request, the pairs
 * of mgeo-bench; a closed loop, or requests that are due at fixed times.
 *
 *   http_load HOST:PORT [connections [seconds [rate [path [keys]]]]]
 *
 * rate 0 is the closed loop. keys "sentence" asks as others' servers want to be asked. Prints one
 * line of JSON: answers a second, times in milliseconds, failures, connections that the server
 * closed, and the P99 of each second. */
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/string_buffer.h"
#include "loadtest/load/latency.h"
#include "loadtest/load/pair_set.h"

enum { MOST_CONNECTIONS = 4096, MOST_SECONDS = 600, READ_BYTES = 1 << 16 };

struct connection {
    int socket;
    uint64_t due; /* when the request in flight was due; 0: none is in flight */
    size_t have;
    char answer[8192];
};

struct load {
    const char *host, *port;
    struct addrinfo *address;
    int poll;
    unsigned connections;
    double seconds, rate;
    struct string_buffer *requests; /* one for each pair */
    size_t request_count, next, turn;
    struct connection *all;
    uint64_t begun, warm, end; /* nanoseconds */
    uint64_t sent, answered, failed, closed;
    struct latency total, by_second[MOST_SECONDS];
};

static void die(const char *what) {
    fprintf(stderr, "http_load: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void connect_one(struct load *load, struct connection *connection) {
    int one = 1;
    connection->socket = socket(load->address->ai_family, SOCK_STREAM, 0);
    if (connection->socket < 0 ||
        connect(connection->socket, load->address->ai_addr, load->address->ai_addrlen) != 0) {
        die("connect");
    }
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(load->poll, EPOLL_CTL_ADD, connection->socket, &event) != 0) die("epoll_ctl");
    connection->due = 0;
    connection->have = 0;
}

static void make_requests(struct load *load, const char *path, const char *keys) {
    struct pair_set set;
    pair_set_generate(&set, 1);
    load->request_count = set.count;
    load->requests = calloc(set.count, sizeof *load->requests);
    if (load->requests == NULL) die("memory");
    for (size_t i = 0; i < set.count; i++) {
        struct string_buffer body = {0};
        string_buffer_format(&body, "{\"%s1\":", keys);
        string_buffer_json_string(&body, set.pairs[i].a, set.pairs[i].a_len);
        string_buffer_format(&body, ",\"%s2\":", keys);
        string_buffer_json_string(&body, set.pairs[i].b, set.pairs[i].b_len);
        string_buffer_put(&body, "}");
        string_buffer_format(&load->requests[i],
                             "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                             "Content-Length: %zu\r\n\r\n%s",
                             path, load->host, body.length, body.bytes);
        string_buffer_finish(&body);
    }
    pair_set_finish(&set);
}

static void ask(struct load *load, struct connection *connection, uint64_t due) {
    const struct string_buffer *request = &load->requests[load->next++ % load->request_count];
    connection->due = due;
    connection->have = 0;
    load->sent++;
    ssize_t sent = send(connection->socket, request->bytes, request->length, MSG_NOSIGNAL);
    if (sent != (ssize_t)request->length) load->failed++; /* the close is seen when it is read */
}

static void count(struct load *load, struct connection *connection, bool good) {
    uint64_t now = clock_nanoseconds();
    uint64_t took = now - connection->due;
    connection->due = 0;
    if (!good) load->failed++;
    if (now < load->warm || now >= load->end) return;
    load->answered++;
    latency_add(&load->total, took);
    latency_add(&load->by_second[(now - load->warm) / 1000000000u], took);
}

/* Whether the whole answer is there. */
static bool is_whole(struct connection *connection) {
    connection->answer[connection->have] = '\0';
    const char *body = strstr(connection->answer, "\r\n\r\n");
    if (body == NULL) return false;
    const char *length = strcasestr(connection->answer, "content-length:");
    if (length == NULL || length > body) return false;
    size_t whole = (size_t)(body + 4 - connection->answer) + strtoul(length + 15, NULL, 10);
    return connection->have >= whole;
}

static void reopen(struct load *load, struct connection *connection) {
    load->closed++;
    if (connection->due != 0) count(load, connection, false);
    close(connection->socket);
    connect_one(load, connection);
}

/* Whether the connection has nothing to do now. */
static bool take(struct load *load, struct connection *connection) {
    size_t room = sizeof connection->answer - 1 - connection->have;
    ssize_t got = recv(connection->socket, connection->answer + connection->have, room, 0);
    if (got <= 0) {
        reopen(load, connection);
        return true;
    }
    connection->have += (size_t)got;
    if (!is_whole(connection)) return false;
    bool says_close = strcasestr(connection->answer, "connection: close") != NULL;
    count(load, connection, strncmp(connection->answer, "HTTP/1.1 200", 12) == 0);
    if (says_close) {
        close(connection->socket);
        connect_one(load, connection);
    }
    return true;
}

/* When request number `load->sent` is due. */
static uint64_t due_next(const struct load *load) {
    return load->begun + (uint64_t)((double)load->sent / load->rate * 1e9);
}

/* In turns, so that none is idle for so long that the server closes it. */
static struct connection *idle(struct load *load) {
    for (unsigned i = 0; i < load->connections; i++) {
        struct connection *next = &load->all[load->turn++ % load->connections];
        if (next->due == 0) return next;
    }
    return NULL;
}

static void ask_what_is_due(struct load *load) {
    if (load->rate <= 0) {
        for (struct connection *c = idle(load); c != NULL; c = idle(load)) {
            ask(load, c, clock_nanoseconds());
        }
        return;
    }
    while (due_next(load) <= clock_nanoseconds()) {
        struct connection *free_one = idle(load);
        if (free_one == NULL) return; /* it is late; its time counts from when it was due */
        ask(load, free_one, due_next(load));
    }
}

static void run(struct load *load) {
    struct epoll_event events[256];
    load->begun = clock_nanoseconds();
    load->warm = load->begun + 1000000000u;
    load->end = load->warm + (uint64_t)(load->seconds * 1e9);
    ask_what_is_due(load);
    while (clock_nanoseconds() < load->end) {
        int ready = epoll_wait(load->poll, events, 256, load->rate > 0 ? 0 : 100);
        for (int i = 0; i < ready; i++) {
            struct connection *connection = events[i].data.ptr;
            if (take(load, connection) && load->rate <= 0) {
                ask(load, connection, clock_nanoseconds());
            }
        }
        if (load->rate > 0) ask_what_is_due(load);
    }
}

static void report(const struct load *load) {
    printf("{\"connections\": %u, \"rate\": %.1f, \"answers\": %llu, \"failed\": %llu, \"closed\": "
           "%llu, \"mean_ms\": %.4f, \"p50_ms\": %.4f, \"p90_ms\": %.4f, \"p99_ms\": %.4f, "
           "\"max_ms\": %.4f, \"p99_ms_by_second\": [",
           load->connections, (double)load->answered / load->seconds,
           (unsigned long long)load->answered, (unsigned long long)load->failed,
           (unsigned long long)load->closed, latency_mean(&load->total),
           latency_quantile(&load->total, 0.5), latency_quantile(&load->total, 0.9),
           latency_quantile(&load->total, 0.99), latency_most(&load->total));
    for (unsigned i = 0; i < (unsigned)load->seconds; i++) {
        printf("%s%.3f", i == 0 ? "" : ", ", latency_quantile(&load->by_second[i], 0.99));
    }
    printf("]}\n");
}

int main(int argc, char **argv) {
    static struct load load;
    if (argc < 2 || strrchr(argv[1], ':') == NULL) {
        fprintf(stderr,
                "usage: http_load HOST:PORT [connections [seconds [rate [path [keys]]]]]\n");
        return 2;
    }
    char *colon = strrchr(argv[1], ':');
    *colon = '\0';
    load.host = argv[1];
    load.port = colon + 1;
    load.connections = argc > 2 ? (unsigned)atoi(argv[2]) : 64;
    load.seconds = argc > 3 ? atof(argv[3]) : 10;
    load.rate = argc > 4 ? atof(argv[4]) : 0;
    if (load.connections < 1 || load.connections > MOST_CONNECTIONS || load.seconds < 1 ||
        load.seconds > MOST_SECONDS) {
        fprintf(stderr, "http_load: 1 to %d connections, 1 to %d seconds\n", MOST_CONNECTIONS,
                MOST_SECONDS);
        return 2;
    }
    if (getaddrinfo(load.host, load.port, NULL, &load.address) != 0) die("address");
    make_requests(&load, argc > 5 ? argv[5] : "/match", argc > 6 ? argv[6] : "address");
    load.poll = epoll_create1(0);
    load.all = calloc(load.connections, sizeof *load.all);
    if (load.poll < 0 || load.all == NULL) die("connections");
    for (unsigned i = 0; i < load.connections; i++) connect_one(&load, &load.all[i]);
    run(&load);
    report(&load);
    return load.failed > 0;
}
