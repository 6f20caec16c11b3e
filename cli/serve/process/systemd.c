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

unsigned systemd_sockets(void) {
    const char *number = getenv("LISTEN_FDS"), *names = getenv("LISTEN_FDNAMES");
    unsigned long count = 0;
    if (number != NULL && getenv("LISTEN_PID") != NULL && is_ours("LISTEN_PID")) {
        count = strtoul(number, NULL, 10);
    }
    if (count > MOST_SOCKETS) count = MOST_SOCKETS;
    snprintf(socket_names, sizeof socket_names, "%s", names != NULL ? names : "");
    for (int i = 0; i < (int)count; i++) {
        int flags = fcntl(SYSTEMD_FIRST_SOCKET + i, F_GETFD);
        if (flags < 0) count = (unsigned long)i;
        if (flags >= 0) fcntl(SYSTEMD_FIRST_SOCKET + i, F_SETFD, flags | FD_CLOEXEC);
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return (unsigned)count;
}

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
