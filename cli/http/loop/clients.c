/* SPDX-License-Identifier: Apache-2.0 */
/* Moves bytes between sockets and connections: one read and one send for a small request. */
#include "http/loop/clients.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_ACCEPTED = 64, MOST_MOVED = 1024, MOST_SENDS = 16, MOST_SURPLUS = 256 };
#define LEAST_LOOK 100000000u /* nanoseconds between two looks at all deadlines */

/* ---- the list -------------------------------------------------------------------------------- */

static struct connection_share *share_of(struct http_server *server,
                                         const struct loop_client *client) {
    return connection_share_of(&server->host, client->connection.listener);
}

static void count_open(struct http_server *server, const struct loop_client *client,
                       int64_t change) {
    share_of(server, client)->open += (uint64_t)change;
    uint64_t open = server->host.shares[0].open + server->host.shares[1].open;
    atomic_store_explicit(&server->host.counts.open, open, memory_order_relaxed);
}

static void link_client(struct http_server *server, struct loop_client *client) {
    client->next = server->clients;
    if (client->next != NULL) client->next->before = client;
    server->clients = client;
    count_open(server, client, 1);
}

static void unlink_client(struct http_server *server, struct loop_client *client) {
    if (client->before == NULL) server->clients = client->next;
    if (client->before != NULL) client->before->next = client->next;
    if (client->next != NULL) client->next->before = client->before;
    client->next = server->dead;
    server->dead = client;
    client->dead = true;
    if (client->surplus) share_of(server, client)->surplus--;
    count_open(server, client, -1);
}

/* A reset tells the client that what it has is not all. */
static void close_client(struct http_server *server, struct loop_client *client) {
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    if (client->connection.reset) {
        setsockopt(client->descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    }
    close(client->descriptor);
    unlink_client(server, client);
}

void clients_bury(struct http_server *server) {
    while (server->dead != NULL) {
        struct loop_client *client = server->dead;
        server->dead = client->next;
        connection_finish(&client->connection);
        free(client);
    }
}

/* ---- sending, and what is watched ------------------------------------------------------------ */

static void send_output(struct loop_client *client) {
    struct connection *connection = &client->connection;
    const struct iovec *pieces;
    for (int i = 0; i < MOST_SENDS; i++) {
        unsigned count = connection_output(connection, &pieces);
        if (count == 0) return;
        struct msghdr message = {.msg_iov = (struct iovec *)pieces, .msg_iovlen = count};
        ssize_t sent = sendmsg(client->descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (sent < 0) {
            connection_cut(connection, false);
            return;
        }
        connection_sent(connection, (size_t)sent);
    }
}

static uint32_t interest_of(struct loop_client *client) {
    const struct iovec *pieces;
    if (client->paused && connection_room(&client->connection) > 0) client->paused = false;
    uint32_t events = client->paused ? 0 : EPOLLIN;
    if (!client->half) events |= EPOLLRDHUP;
    if (connection_output(&client->connection, &pieces) > 0) events |= EPOLLOUT;
    return events;
}

static void note_deadline(struct http_server *server, uint64_t deadline) {
    if (deadline == 0) return;
    uint64_t soonest = server->last_look + LEAST_LOOK;
    if (deadline < soonest) deadline = soonest;
    if (deadline < server->next_look) server->next_look = deadline;
}

/* After anything happened to a client: what can be sent is sent, and its next event is awaited. */
static void settle(struct http_server *server, struct loop_client *client) {
    struct connection *connection = &client->connection;
    send_output(client);
    if (server->stopping) connection_end_idle(connection);
    if (connection->state == CONNECTION_CLOSED) {
        close_client(server, client);
        return;
    }
    if (connection->state == CONNECTION_LINGER && !client->shut) {
        client->shut = true;
        shutdown(client->descriptor, SHUT_WR);
    }
    uint32_t events = interest_of(client);
    if (events != client->interest) {
        struct epoll_event event = {.events = events, .data.ptr = client};
        client->interest = events;
        epoll_ctl(server->epoll, EPOLL_CTL_MOD, client->descriptor, &event);
    }
    note_deadline(server, connection_deadline(connection));
}

/* ---- reading --------------------------------------------------------------------------------- */

static void read_input(struct http_server *server, struct loop_client *client) {
    struct connection *connection = &client->connection;
    size_t room = connection_room(connection);
    client->paused = room == 0;
    if (client->paused) return;
    if (room > sizeof server->scratch) room = sizeof server->scratch;
    ssize_t count = recv(client->descriptor, server->scratch, room, MSG_DONTWAIT);
    if (count > 0) {
        connection_receive(connection, server->scratch, (size_t)count);
    } else if (count == 0) {
        client->paused = client->half = true;
        connection_receive_end(connection);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        connection_cut(connection, false);
    }
}

static void on_client(struct http_server *server, struct loop_source *source, uint32_t events) {
    struct loop_client *client = (struct loop_client *)source;
    struct connection *connection = &client->connection;
    if (client->dead) return;
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
        connection_cut(connection, false);
    } else if ((events & EPOLLIN) != 0) {
        read_input(server, client);
    }
    if ((events & EPOLLRDHUP) != 0 && client->paused && !client->half) {
        client->half = true;
        /* Behind an answer that still goes out, what is unread is read first. */
        if (connection->state == CONNECTION_RUNNING) connection_receive_end(connection);
    }
    settle(server, client);
}

/* ---- accepting ------------------------------------------------------------------------------- */

static void name_peer(const struct sockaddr_storage *address, char *to, size_t capacity) {
    char text[INET6_ADDRSTRLEN] = "";
    const struct sockaddr_in *four = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    if (address->ss_family == AF_INET) {
        inet_ntop(AF_INET, &four->sin_addr, text, sizeof text);
        snprintf(to, capacity, "%s:%u", text, ntohs(four->sin_port));
    } else if (address->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
        inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], text, sizeof text);
        snprintf(to, capacity, "%s:%u", text, ntohs(six->sin6_port));
    } else if (address->ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text);
        snprintf(to, capacity, "[%s]:%u", text, ntohs(six->sin6_port));
    } else {
        snprintf(to, capacity, "unix");
    }
}

static struct loop_client *create_client(struct http_server *server, int descriptor, int number,
                                         const struct sockaddr_storage *address) {
    static const int yes = 1;
    char peer[EXCHANGE_PEER];
    struct loop_client *client = calloc(1, sizeof *client);
    if (client == NULL) return NULL;
    client->source.on_events = on_client;
    client->descriptor = descriptor;
    client->interest = EPOLLIN | EPOLLRDHUP;
    if (!loop_add(server, descriptor, &client->source, client->interest)) {
        free(client);
        return NULL;
    }
    name_peer(address, peer, sizeof peer);
    if (address->ss_family != AF_UNIX) {
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
    connection_init(&client->connection, &server->host, number, peer);
    link_client(server, client);
    return client;
}

static uint32_t most_of(const struct connection_host *host, int number) {
    bool reserved = connection_has_reserve(host, number);
    return reserved ? host->reserve.connections : host->limits.connections;
}

/* Those beyond the limit are told so, as long as there are not too many of them, too. */
static void admit(struct http_server *server, int descriptor, int number,
                  const struct sockaddr_storage *address) {
    struct connection_counts *counts = &server->host.counts;
    struct connection_share *share = connection_share_of(&server->host, number);
    bool full = share->open - share->surplus >= most_of(&server->host, number);
    struct loop_client *client = NULL;
    atomic_fetch_add_explicit(&counts->accepted, 1, memory_order_relaxed);
    if (!full || share->surplus < MOST_SURPLUS) {
        client = create_client(server, descriptor, number, address);
    }
    if (client == NULL) {
        atomic_fetch_add_explicit(&counts->refused, 1, memory_order_relaxed);
        close(descriptor);
        return;
    }
    if (full) {
        client->surplus = true;
        share->surplus++;
        connection_turn_away(&client->connection);
    }
    settle(server, client);
}

/* Out of descriptors, the one that waits would wake the loop for ever: it is let in and closed. */
static void shed(struct http_server *server, int listener) {
    close(server->spare);
    int descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (descriptor >= 0) close(descriptor);
    server->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    atomic_fetch_add_explicit(&server->host.counts.refused, 1, memory_order_relaxed);
}

void clients_accept(struct http_server *server, struct loop_source *source, uint32_t events) {
    const struct loop_listener *listener = (const struct loop_listener *)source;
    (void)events;
    for (int i = 0; i < MOST_ACCEPTED; i++) {
        struct sockaddr_storage address = {.ss_family = AF_UNIX};
        socklen_t length = sizeof address;
        int descriptor = accept4(listener->descriptor, (struct sockaddr *)&address, &length,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) {
            admit(server, descriptor, listener->number, &address);
        } else if (errno == EMFILE || errno == ENFILE) {
            shed(server, listener->descriptor);
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

/* ---- the loop's turns ------------------------------------------------------------------------ */

static struct loop_client *client_of(struct connection *connection) {
    return (struct loop_client *)((char *)connection - offsetof(struct loop_client, connection));
}

void clients_move(struct http_server *server) {
    struct http_exchange *exchange = NULL;
    for (int i = 0; i < MOST_MOVED; i++) {
        exchange = exchange_queue_take(&server->host.queue);
        if (exchange == NULL) return;
        struct connection *connection = connection_moved(&server->host, exchange);
        if (connection != NULL) settle(server, client_of(connection));
    }
    server->busy = true;
}

void clients_expire(struct http_server *server) {
    uint64_t now = server->host.now;
    if (now < server->next_look) return;
    server->last_look = now;
    server->next_look = UINT64_MAX;
    struct loop_client *next = NULL;
    for (struct loop_client *client = server->clients; client != NULL; client = next) {
        uint64_t deadline = connection_deadline(&client->connection);
        next = client->next;
        if (deadline == 0 || deadline > now) {
            note_deadline(server, deadline);
            continue;
        }
        connection_expire(&client->connection);
        settle(server, client);
    }
}

void clients_end_idle(struct http_server *server) {
    struct loop_client *next = NULL;
    for (struct loop_client *client = server->clients; client != NULL; client = next) {
        next = client->next;
        bool idle = client->connection.state == CONNECTION_HEAD && !client->paused;
        if (idle) read_input(server, client);
        settle(server, client);
    }
}

void clients_cut_all(struct http_server *server) {
    while (server->clients != NULL) {
        connection_cut(&server->clients->connection, true);
        close_client(server, server->clients);
    }
}
