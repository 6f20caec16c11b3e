/* SPDX-License-Identifier: Apache-2.0 */
/* Opens sockets by name, for servers and for clients. */
#include "http/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/interrupt.h"

enum { BACKLOG = 4096 };

/* ---- names ----------------------------------------------------------------------------------- */

/* The path of "unix:/PATH"; NULL: it is no Unix socket's name. */
static const char *unix_path(const char *address) {
    return strncmp(address, "unix:", 5) == 0 ? address + 5 : NULL;
}

static bool read_unix(const char *address, struct sockaddr_un *name, struct error *error) {
    const char *path = unix_path(address);
    *name = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (path[0] == '\0') return error_set(error, "%s: a path follows unix:", address);
    if (strlen(path) >= sizeof name->sun_path) {
        return error_set(error, "%s: the path is longer than %zu bytes: take a shorter one",
                         address, sizeof name->sun_path - 1);
    }
    strcpy(name->sun_path, path);
    return true;
}

/* Splits "HOST:PORT" and "[HOST]:PORT"; the host may be empty. */
static bool split(const char *address, char *host, size_t capacity, const char **port,
                  struct error *error) {
    const char *colon = strrchr(address, ':');
    const char *begin = address, *end = colon;
    if (colon != NULL && address[0] == '[') {
        begin = address + 1;
        end = colon > begin && colon[-1] == ']' ? colon - 1 : NULL;
    } else if (colon != NULL && strchr(address, ':') != colon) {
        end = NULL; /* an IPv6 address without brackets */
    }
    if (colon == NULL || end == NULL || (size_t)(end - begin) >= capacity) {
        return error_set(error, "%s: write HOST:PORT, [IPV6]:PORT, :PORT or unix:/PATH", address);
    }
    memcpy(host, begin, (size_t)(end - begin));
    host[end - begin] = '\0';
    *port = colon + 1;
    size_t digits = strspn(*port, "0123456789");
    bool is_number = digits > 0 && digits <= 5 && (*port)[digits] == '\0';
    if (is_number && strtoul(*port, NULL, 10) <= 65535) return true;
    return error_set(error, "%s: the port is a number up to 65535", address);
}

static bool resolve(const char *address, int flags, struct addrinfo **found, struct error *error) {
    char host[NI_MAXHOST] = "";
    const char *port = NULL;
    if (!split(address, host, sizeof host, &port, error)) return false;
    struct addrinfo wanted = {.ai_flags = flags, .ai_socktype = SOCK_STREAM};
    int fault = getaddrinfo(host[0] != '\0' ? host : NULL, port, &wanted, found);
    if (fault == 0) return true;
    return error_set(error, "%s: %s", address, gai_strerror(fault));
}

void listener_name(int descriptor, char *to, size_t capacity) {
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    char host[NI_MAXHOST], port[NI_MAXSERV];
    if (capacity > 0) to[0] = '\0';
    memset(&name, 0, sizeof name);
    if (getsockname(descriptor, (struct sockaddr *)&name, &length) != 0) return;
    if (name.ss_family == AF_UNIX) {
        snprintf(to, capacity, "unix:%s", ((struct sockaddr_un *)&name)->sun_path);
        return;
    }
    int flags = NI_NUMERICHOST | NI_NUMERICSERV;
    int fault =
        getnameinfo((struct sockaddr *)&name, length, host, sizeof host, port, sizeof port, flags);
    if (fault != 0) return;
    snprintf(to, capacity, name.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

bool listener_is_local(const char *address) {
    char host[NI_MAXHOST] = "";
    const char *port = NULL;
    struct in_addr four;
    struct in6_addr six;
    struct error ignored;
    if (unix_path(address) != NULL) return true;
    if (!split(address, host, sizeof host, &port, &ignored)) return false;
    if (strcasecmp(host, "localhost") == 0) return true;
    if (inet_pton(AF_INET, host, &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* ---- Unix sockets ---------------------------------------------------------------------------- */

/* Whoever makes or removes sockets of a folder does it one after the other. -1: the folder cannot
 * be locked, and the kernel's own rules must do. */
static int lock_folder(const char *path) {
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0 && flock(folder, LOCK_EX) != 0) {
        close(folder);
        return -1;
    }
    return folder;
}

/* Whether the path is a socket that nobody listens at. */
static bool is_stale(const struct sockaddr_un *name) {
    struct stat is;
    if (lstat(name->sun_path, &is) != 0 || !S_ISSOCK(is.st_mode)) return false;
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) return false;
    bool refused =
        connect(probe, (const struct sockaddr *)name, sizeof *name) != 0 && errno == ECONNREFUSED;
    close(probe);
    return refused;
}

static bool bind_unix(int descriptor, const struct sockaddr_un *name, unsigned mode) {
    /* The file must never be open to more people than it will be. */
    if (fchmod(descriptor, (mode_t)mode) != 0) return false;
    if (bind(descriptor, (const struct sockaddr *)name, sizeof *name) != 0) {
        if (errno != EADDRINUSE || !is_stale(name)) return false;
        if (unlink(name->sun_path) != 0) return false;
        if (bind(descriptor, (const struct sockaddr *)name, sizeof *name) != 0) return false;
    }
    return chmod(name->sun_path, (mode_t)mode) == 0 && listen(descriptor, BACKLOG) == 0;
}

static const char *reason_of(int fault) {
    switch (fault) {
    case EADDRINUSE: return "another process listens there, or it is a file of another kind";
    case ENOENT: return "its folder is not there: make it first (install -d)";
    case EACCES: return "its folder may not be written by this user";
    default: return strerror(fault);
    }
}

static int open_unix(const char *address, unsigned mode, struct error *error) {
    struct sockaddr_un name;
    if (!read_unix(address, &name, error)) return -1;
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int folder = lock_folder(name.sun_path);
    bool bound = descriptor >= 0 && bind_unix(descriptor, &name, mode);
    int fault = errno;
    if (folder >= 0) close(folder);
    if (bound) return descriptor;
    if (descriptor >= 0) close(descriptor);
    error_set(error, "cannot listen at %s: %s", address, reason_of(fault));
    return -1;
}

static void remove_unix(const char *address) {
    struct sockaddr_un name;
    struct error ignored;
    if (!read_unix(address, &name, &ignored)) return;
    int folder = lock_folder(name.sun_path);
    if (is_stale(&name)) unlink(name.sun_path);
    if (folder >= 0) close(folder);
}

void listener_close(int descriptor, const char *address) {
    if (descriptor >= 0) close(descriptor);
    if (unix_path(address) != NULL) remove_unix(address);
}

/* ---- listening ------------------------------------------------------------------------------- */

/* `both`: an IPv6 socket takes IPv4 too. -1 with errno. */
static int listen_at(const struct addrinfo *at, bool both) {
    static const int yes = 1;
    const int six_only = both ? 0 : 1;
    int descriptor = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (at->ai_family == AF_INET6) {
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &six_only, sizeof six_only);
    }
    if (bind(descriptor, at->ai_addr, at->ai_addrlen) == 0 && listen(descriptor, BACKLOG) == 0) {
        return descriptor;
    }
    int fault = errno;
    close(descriptor);
    errno = fault;
    return -1;
}

/* All addresses: one IPv6 socket for both kinds, or IPv4 where there is no other. */
static int open_any(const char *port) {
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
    struct sockaddr_in four = {.sin_family = AF_INET};
    six.sin6_port = four.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    struct addrinfo at = {
        .ai_family = AF_INET6, .ai_addr = (struct sockaddr *)&six, .ai_addrlen = sizeof six};
    int descriptor = listen_at(&at, true);
    if (descriptor >= 0 || errno == EADDRINUSE || errno == EACCES) return descriptor;
    at = (struct addrinfo){
        .ai_family = AF_INET, .ai_addr = (struct sockaddr *)&four, .ai_addrlen = sizeof four};
    return listen_at(&at, false);
}

int listener_open(const char *address, unsigned mode, struct error *error) {
    struct addrinfo *found = NULL;
    int descriptor = -1;
    if (unix_path(address) != NULL) return open_unix(address, mode, error);
    if (!resolve(address, AI_PASSIVE, &found, error)) return -1;
    if (address[0] == ':') {
        descriptor = open_any(address + 1);
    } else {
        for (struct addrinfo *at = found; at != NULL && descriptor < 0; at = at->ai_next) {
            descriptor = listen_at(at, false);
        }
    }
    int fault = errno;
    freeaddrinfo(found);
    if (descriptor < 0) error_set(error, "cannot listen at %s: %s", address, strerror(fault));
    return descriptor;
}

/* ---- connecting ------------------------------------------------------------------------------ */

/* Waits until a socket is connected; 0, or errno. A signal ends the wait. */
static int await_connection(int descriptor, uint64_t deadline) {
    for (;;) {
        struct pollfd watched[2] = {{.fd = descriptor, .events = POLLOUT},
                                    {.fd = interrupt_descriptor(), .events = POLLIN}};
        uint64_t now = clock_nanoseconds();
        if (now >= deadline) return ETIMEDOUT;
        uint64_t left = (deadline - now + 999999) / 1000000;
        int count = poll(watched, 2, left < INT_MAX ? (int)left : INT_MAX);
        if (interrupt_stopping()) return EINTR;
        if (count <= 0 || watched[0].revents == 0) continue;
        int fault = 0;
        socklen_t length = sizeof fault;
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &fault, &length);
        return fault;
    }
}

/* A socket that blocks again once it is connected; -1 with errno. */
static int connect_to(const struct sockaddr *to, socklen_t length, uint64_t deadline) {
    static const int yes = 1;
    int descriptor = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -1;
    int fault = connect(descriptor, to, length) == 0 ? 0 : errno;
    if (fault == EINPROGRESS) fault = await_connection(descriptor, deadline);
    if (fault != 0) {
        close(descriptor);
        errno = fault;
        return -1;
    }
    if (to->sa_family != AF_UNIX) {
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
    return descriptor;
}

static uint64_t deadline_of(double seconds) {
    if (seconds <= 0 || seconds > 1e9) return UINT64_MAX;
    return clock_nanoseconds() + (uint64_t)(seconds * 1e9);
}

int listener_connect(const char *address, double seconds, struct error *error) {
    uint64_t deadline = deadline_of(seconds);
    struct addrinfo *found = NULL;
    struct sockaddr_un name;
    int descriptor = -1;
    if (unix_path(address) != NULL) {
        if (!read_unix(address, &name, error)) return -1;
        descriptor = connect_to((struct sockaddr *)&name, sizeof name, deadline);
    } else {
        if (!resolve(address, 0, &found, error)) return -1;
        for (struct addrinfo *at = found; at != NULL && descriptor < 0; at = at->ai_next) {
            descriptor = connect_to(at->ai_addr, at->ai_addrlen, deadline);
        }
    }
    int fault = errno;
    if (found != NULL) freeaddrinfo(found);
    if (descriptor >= 0) return descriptor;
    if (interrupt_stopping()) {
        error->line[0] = '\0';
    } else {
        error_set(error, "cannot connect to %s: %s", address, strerror(fault));
    }
    return -1;
}
