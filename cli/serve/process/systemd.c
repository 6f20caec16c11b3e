/* SPDX-License-Identifier: Apache-2.0 */
/* sd_notify(3) and sd_listen_fds(3) as their manual pages describe the protocols. */
#include "serve/process/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"

enum { MOST_SOCKETS = 64 };

static char socket_names[1024];
static unsigned socket_count;

/* ---- telling --------------------------------------------------------------------------------- */

/* "@" begins an abstract name. */
static bool read_address(const char *path, struct sockaddr_un *address, socklen_t *length) {
    size_t size = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || size >= sizeof address->sun_path) return false;
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, size);
    if (path[0] == '@') address->sun_path[0] = '\0';
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (path[0] == '/'));
    return true;
}

static void send_text(const char *text, size_t length) {
    struct sockaddr_un address;
    socklen_t size;
    const char *path = getenv("NOTIFY_SOCKET");
    if (path == NULL || !read_address(path, &address, &size)) return;
    static const struct timeval patience = {.tv_sec = 1}; /* the loop's thread sends, too */
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return;
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sendto(descriptor, text, length, MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
    close(descriptor);
}

void systemd_notify(const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0 && length < (int)sizeof text) send_text(text, (size_t)length);
}

void systemd_notify_reloading(void) {
    systemd_notify("RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_nanoseconds() / 1000);
}

/* A number of another process's variables is not ours. */
static bool is_ours(const char *name) {
    const char *value = getenv(name);
    return value == NULL || strtol(value, NULL, 10) == (long)getpid();
}

uint64_t systemd_watchdog(void) {
    const char *value = getenv("WATCHDOG_USEC");
    if (value == NULL || !is_ours("WATCHDOG_PID")) return 0;
    return strtoull(value, NULL, 10) * 1000;
}

/* ---- sockets --------------------------------------------------------------------------------- */

/* Stream sockets that listen, of a family that clients have. */
static bool is_listener(int descriptor) {
    int accepts = 0, type = 0, family = 0;
    socklen_t length = sizeof accepts;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &length) != 0) return false;
    getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length);
    getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &family, &length);
    bool is_known = family == AF_INET || family == AF_INET6 || family == AF_UNIX;
    return accepts != 0 && type == SOCK_STREAM && is_known;
}

static bool read_count(unsigned long *count, struct error *error) {
    const char *number = getenv("LISTEN_FDS");
    *count = 0;
    if (number == NULL || getenv("LISTEN_PID") == NULL || !is_ours("LISTEN_PID")) return true;
    char *end = NULL;
    *count = strtoul(number, &end, 10);
    bool is_number = number[0] >= '0' && number[0] <= '9' && *end == '\0';
    if (is_number && *count <= MOST_SOCKETS) return true;
    return error_set(error, "LISTEN_FDS=%s: a service manager hands over up to %d sockets", number,
                     MOST_SOCKETS);
}

bool systemd_take_sockets(struct error *error) {
    const char *names = getenv("LISTEN_FDNAMES");
    unsigned long count;
    if (!read_count(&count, error)) return false;
    snprintf(socket_names, sizeof socket_names, "%s", names != NULL ? names : "");
    for (int i = 0; i < (int)count; i++) {
        int descriptor = SYSTEMD_FIRST_SOCKET + i, flags = fcntl(descriptor, F_GETFD);
        if (flags < 0) {
            return error_set(error, "LISTEN_FDS=%lu: descriptor %d is not open", count, descriptor);
        }
        if (!is_listener(descriptor)) {
            return error_set(error,
                             "LISTEN_FDS=%lu: descriptor %d is no stream socket that listens",
                             count, descriptor);
        }
        fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC);
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    socket_count = (unsigned)count;
    return true;
}

unsigned systemd_sockets(void) { return socket_count; }

bool systemd_socket_is(unsigned number, const char *name) {
    const char *at = socket_names;
    for (unsigned i = 0; i < number; i++) {
        at = strchr(at, ':');
        if (at == NULL) return false;
        at++;
    }
    size_t length = strcspn(at, ":");
    return length == strlen(name) && memcmp(at, name, length) == 0;
}
