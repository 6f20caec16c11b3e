/* SPDX-License-Identifier: Apache-2.0 */
/* A Unix socket that never blocks: every wait is one for the latch too, so that a cancelled query,
 * a statement_timeout and the end of the postmaster end it. */
#include "postgres.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "connection.h"
#include "settings.h"

enum { RETRY_MILLISECONDS = 10 };

static pgsocket connected = PGINVALID_SOCKET;
static char connected_to[sizeof((struct sockaddr_un *)0)->sun_path];

TimestampTz connection_deadline(void) {
    if (mgeo_timeout == 0) return DT_NOEND;
    return TimestampTzPlusMilliseconds(GetCurrentTimestamp(), mgeo_timeout);
}

/* A request that is late ends the call. */
long connection_milliseconds_left(TimestampTz deadline) {
    if (deadline == DT_NOEND) return 0;
    long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline);
    if (left <= 0) {
        ereport(ERROR, errcode(ERRCODE_CONNECTION_EXCEPTION),
                errmsg("mgeo: no answer from %s within %d ms", mgeo_socket, mgeo_timeout),
                errhint("Raise mgeo.timeout, lower mgeo.batch_pairs, or see whether mgeo-serve is "
                        "overloaded."));
    }
    return left;
}

/* Until the socket is ready (events), or the time is over (most, in ms; 0: none). */
static void wait_for(int events, long most) {
    int wanted = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | events | (most > 0 ? WL_TIMEOUT : 0);
    int happened = WaitLatchOrSocket(MyLatch, wanted, events == 0 ? PGINVALID_SOCKET : connected,
                                     most > 0 ? most : -1, PG_WAIT_EXTENSION);
    if ((happened & WL_LATCH_SET) != 0) {
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
    }
}

void connection_close(void) {
    if (connected == PGINVALID_SOCKET) return;
    close(connected);
    connected = PGINVALID_SOCKET;
    ReleaseExternalFD();
}

/* Nothing may have come: what did is the end of the connection, or an answer to nobody. */
static bool is_alive(void) {
    char byte;
    if (connected == PGINVALID_SOCKET || strcmp(connected_to, mgeo_socket) != 0) return false;
    return recv(connected, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

static void make_socket(void) {
    if (!AcquireExternalFD()) {
        ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_RESOURCES),
                errmsg("mgeo: no file descriptor is left for a connection to mgeo-serve"));
    }
    connected = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connected == PGINVALID_SOCKET) {
        int number = errno;
        ReleaseExternalFD();
        errno = number;
        ereport(ERROR, errcode_for_socket_access(), errmsg("mgeo: could not create a socket: %m"));
    }
}

bool connection_open(TimestampTz deadline) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (is_alive()) return false;
    connection_close();
    make_socket();
    strlcpy(name.sun_path, mgeo_socket, sizeof name.sun_path);
    strlcpy(connected_to, mgeo_socket, sizeof connected_to);
    while (connect(connected, (struct sockaddr *)&name, sizeof name) != 0) {
        /* EAGAIN: more clients wait for the server to accept them than it has room for. */
        if (errno != EAGAIN && errno != EINTR) {
            ereport(
                ERROR, errcode(ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION),
                errmsg("mgeo: could not connect to %s: %m", mgeo_socket),
                errhint(
                    "Start mgeo-serve --listen unix:%s, or set mgeo.socket to where it listens.",
                    mgeo_socket));
        }
        connection_milliseconds_left(deadline);
        wait_for(0, RETRY_MILLISECONDS);
    }
    return true;
}

static bool is_lost(void) { return errno == EPIPE || errno == ECONNRESET; }

static void fail(const char *doing) {
    ereport(ERROR, errcode_for_socket_access(),
            errmsg("mgeo: could not %s %s: %m", doing, mgeo_socket));
}

bool connection_send(const char *bytes, size_t length, TimestampTz deadline) {
    while (length > 0) {
        ssize_t sent = send(connected, bytes, length, MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes += sent;
            length -= (size_t)sent;
        } else if (is_lost()) {
            return false;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            /* A server that refuses a request may answer before it has read all of it. */
            wait_for(WL_SOCKET_WRITEABLE, connection_milliseconds_left(deadline));
        } else if (errno != EINTR) {
            fail("send to");
        }
    }
    return true;
}

size_t connection_receive(char *bytes, size_t capacity, TimestampTz deadline) {
    for (;;) {
        ssize_t received = recv(connected, bytes, capacity, 0);
        if (received >= 0) return (size_t)received;
        if (is_lost()) return 0;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            wait_for(WL_SOCKET_READABLE, connection_milliseconds_left(deadline));
        } else if (errno != EINTR) {
            fail("read from");
        }
    }
}
