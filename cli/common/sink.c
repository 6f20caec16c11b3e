/* SPDX-License-Identifier: Apache-2.0 */
/* Output files written under a temporary name in the same folder and renamed when complete. */
#include "common/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/files/link.h"
#include "common/files/standard_streams.h"
#include "common/interrupt.h"
#include "common/memory.h"

struct sink {
    int descriptor;
    int failure;     /* errno of the first failed write */
    char *name;      /* for errors */
    char *target;    /* NULL: written in place */
    char *temporary; /* exists while target is set */
    bool kept;       /* and outlives a failure */
    int ticket;
};

static void free_sink(struct sink *sink) {
    if (sink->descriptor >= 0) close(sink->descriptor);
    free(sink->name);
    free(sink->target);
    free(sink->temporary);
    free(sink);
}

char *sink_place(const char *path) {
    char *resolved = realpath(path, NULL);
    return resolved != NULL ? resolved : link_end(path);
}

static char *temporary_name(const char *target, const char *tag) {
    const char *slash = strrchr(target, '/');
    size_t folder = slash != NULL ? (size_t)(slash - target) + 1 : 0;
    size_t room = strlen(target) + strlen(tag) + sizeof "...part";
    char *name = memory_resize(NULL, room, 1);
    /* The base is cut so that the longer name still fits into a directory entry. */
    snprintf(name, room, "%.*s.%.200s.%s.part", (int)folder, target, target + folder, tag);
    return name;
}

/* The mode the file would have had if it had been opened in its place. */
static mode_t wanted_mode(const char *target) {
    struct stat about;
    if (stat(target, &about) == 0) return about.st_mode & 0777;
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static const char any_tag[] = "XXXXXX"; /* as mkostemps wants it */

/* Made and guarded before a signal can come in between. */
static void make_temporary(struct sink *sink, const char *tag) {
    interrupt_hold();
    sink->descriptor =
        tag == any_tag
            ? mkostemps(sink->temporary, (int)strlen(".part"), O_CLOEXEC)
            : open(sink->temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int failure = errno;
    if (sink->descriptor >= 0) sink->ticket = interrupt_guard(sink->temporary);
    interrupt_let_go();
    errno = failure;
}

static bool open_beside(struct sink *sink, const char *path, const char *tag, struct error *error) {
    sink->target = sink_place(path);
    sink->temporary = temporary_name(sink->target, tag);
    make_temporary(sink, tag);
    if (sink->descriptor < 0) {
        return error_set(error, "%s: cannot write beside it: %s", path, strerror(errno));
    }
    if (fchmod(sink->descriptor, wanted_mode(sink->target)) == 0) return true;
    return error_set(error, "%s: cannot set its mode: %s", path, strerror(errno));
}

bool sink_is_replacing(const char *path) {
    struct stat about;
    bool device = strncmp(path, "/dev/", 5) == 0 && strncmp(path, "/dev/shm/", 9) != 0;
    if (device || standard_streams_number(path) >= 0) return false;
    return stat(path, &about) != 0 || S_ISREG(about.st_mode);
}

/* A second description of the same file would write over what the first one writes. */
static bool open_standard(struct sink *sink, int number, struct error *error) {
    if (number == STDOUT_FILENO && !standard_streams_check_output(error)) return false;
    sink->descriptor = fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (sink->descriptor >= 0) return true;
    return error_set(error, "%s: cannot write: %s", sink->name, strerror(errno));
}

static bool open_path(struct sink *sink, const char *path, const char *tag, struct error *error) {
    if (sink_is_replacing(path)) return open_beside(sink, path, tag, error);
    int number = standard_streams_number(path);
    if (number > STDIN_FILENO) return open_standard(sink, number, error);
    sink->descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (sink->descriptor >= 0) return true;
    return error_set(error, "%s: cannot write: %s", path, strerror(errno));
}

struct sink *sink_open(const char *path, struct error *error) {
    return sink_open_tagged(path, any_tag, error);
}

struct sink *sink_open_tagged(const char *path, const char *tag, struct error *error) {
    struct sink *opened = memory_zeroed(1, sizeof *opened);
    opened->ticket = -1;
    opened->descriptor = -1;
    const char *name = path != NULL ? path : "standard output";
    opened->name = memory_copy(name, strlen(name));
    if (path == NULL ? open_standard(opened, STDOUT_FILENO, error)
                     : open_path(opened, path, tag, error)) {
        return opened;
    }
    sink_abandon(opened);
    return NULL;
}

static bool open_part(struct sink *sink, uint64_t length, struct error *error) {
    struct stat about;
    const char *place = sink->target != NULL ? sink->target : sink->name;
    sink->descriptor = open(sink->temporary, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool done = sink->descriptor >= 0 && fchmod(sink->descriptor, wanted_mode(place)) == 0 &&
                fstat(sink->descriptor, &about) == 0;
    if (done && (uint64_t)about.st_size < length) {
        return error_set(error, "%s: has %" PRIu64 " bytes of %" PRIu64 ": a part of it is lost",
                         sink->temporary, (uint64_t)about.st_size, length);
    }
    done = done && ftruncate(sink->descriptor, (off_t)length) == 0 &&
           lseek(sink->descriptor, (off_t)length, SEEK_SET) >= 0;
    return done || error_set(error, "%s: cannot write: %s", sink->temporary, strerror(errno));
}

struct sink *sink_continue(const char *place, const char *part, uint64_t length,
                           struct error *error) {
    struct sink *opened = memory_zeroed(1, sizeof *opened);
    const char *name = place != NULL ? place : part;
    opened->ticket = -1;
    opened->kept = true;
    opened->name = memory_copy(name, strlen(name));
    opened->temporary = memory_copy(part, strlen(part));
    if (place != NULL) opened->target = memory_copy(place, strlen(place));
    if (open_part(opened, length, error)) return opened;
    sink_abandon(opened);
    return NULL;
}

/* The caller may have set its pipe not to block. */
static bool wait_writable(int descriptor) {
    struct pollfd polled = {.fd = descriptor, .events = POLLOUT};
    return poll(&polled, 1, -1) >= 0 || errno == EINTR;
}

bool sink_write(struct sink *sink, const char *bytes, size_t length, struct error *error) {
    while (length > 0) {
        ssize_t wrote = write(sink->descriptor, bytes, length);
        if (wrote < 0 && errno == EINTR && !interrupt_received()) continue;
        if (wrote < 0 && errno == EAGAIN && !interrupt_received() &&
            wait_writable(sink->descriptor)) {
            continue;
        }
        if (wrote < 0) {
            sink->failure = errno;
            return error_set(error, "%s: cannot write: %s", sink->name, strerror(errno));
        }
        bytes += wrote;
        length -= (size_t)wrote;
    }
    return true;
}

bool sink_sync(struct sink *sink, struct error *error) {
    if (fdatasync(sink->descriptor) == 0) return true;
    sink->failure = errno;
    return error_set(error, "%s: cannot write: %s", sink->name, strerror(errno));
}

bool sink_broken_pipe(const struct sink *sink) { return sink->failure == EPIPE; }

/* So that the new name outlives a power cut. Some file systems cannot do it; then nothing is lost
 * but the certainty. */
void sink_sync_folder(const char *folder) {
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    fsync(descriptor);
    close(descriptor);
}

static void sync_place(const char *target) {
    char *folder = link_folder(target);
    sink_sync_folder(folder);
    free(folder);
}

/* Closing may be when a network's file system tells that there was no space. */
static bool close_in_place(struct sink *sink, struct error *error) {
    int failed = close(sink->descriptor);
    int failure = errno;
    sink->descriptor = -1;
    if (failed == 0 || failure == EINTR) return true;
    return error_set(error, "%s: cannot write: %s", sink->name, strerror(failure));
}

static bool close_complete(struct sink *sink, struct error *error) {
    bool done = fsync(sink->descriptor) == 0;
    int failure = errno;
    if (close(sink->descriptor) != 0 && done) {
        done = false;
        failure = errno;
    }
    sink->descriptor = -1;
    if (done && rename(sink->temporary, sink->target) != 0) {
        done = false;
        failure = errno;
    }
    if (!done) error_set(error, "%s: cannot complete it: %s", sink->name, strerror(failure));
    return done;
}

bool sink_commit(struct sink *sink, struct error *error) {
    bool done;
    if (sink->target == NULL) {
        done = close_in_place(sink, error);
    } else {
        done = close_complete(sink, error);
        if (done) {
            sync_place(sink->target);
        } else if (!sink->kept) {
            unlink(sink->temporary);
        }
        interrupt_unguard(sink->ticket);
    }
    free_sink(sink);
    return done;
}

void sink_abandon(struct sink *sink) {
    if (sink == NULL) return;
    if (sink->target != NULL && sink->descriptor >= 0 && !sink->kept) unlink(sink->temporary);
    interrupt_unguard(sink->ticket);
    free_sink(sink);
}
