/* SPDX-License-Identifier: Apache-2.0 */
/* Two buffers: one that the loop fills, and one that the thread writes out meanwhile. */
#include "serve/access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/files/standard_streams.h"
#include "common/memory.h"
#include "common/string_buffer.h"
#include "common/utf8.h"

enum {
    MOST_WAITING = 4 << 20, /* bytes: some ten thousand lines */
    MOST_TEXT = 256,        /* of a path or user agent */
    LOOK = 20,              /* milliseconds between two looks whether to wait on */
    PATIENCE = 500          /* milliseconds with who reads a pipe, once the log ends or changes */
};
#define LAST_PATIENCE 3 /* seconds for the thread's end: a disk may hang as well */

struct access_log {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    struct string_buffer waiting;
    int descriptor; /* -1: none; written by the thread */
    int next;       /* what access_log_reopen opened; -1: nothing new */
    size_t before;  /* of the bytes that wait, those that belong to the file before `next` */
    bool changes;   /* `next` is to be taken */
    atomic_bool ends;
    _Atomic uint64_t hurry; /* clock_nanoseconds() when the log is to end or change; 0: neither */
    atomic_bool open;
    atomic_uint_fast64_t dropped;
};

/* ---- the thread ------------------------------------------------------------------------------ */

static void close_log(int descriptor) {
    if (descriptor >= 0) close(descriptor);
}

static uint64_t count_lines(const char *bytes, size_t length) {
    uint64_t lines = 0;
    for (size_t i = 0; i < length; i++) lines += bytes[i] == '\n';
    return lines;
}

static bool is_patient(const struct access_log *log) {
    uint64_t since = atomic_load((_Atomic uint64_t *)&log->hurry);
    return since == 0 || clock_nanoseconds() - since < PATIENCE * 1000000ull;
}

/* Whether a piece can be written without waiting. Who reads a pipe may be slow, but not for ever
 * once the server ends or another file is to be taken. */
static bool has_room(const struct access_log *log) {
    struct pollfd watched = {.fd = log->descriptor, .events = POLLOUT};
    int found;
    do {
        found = poll(&watched, 1, LOOK);
    } while ((found == 0 || (found < 0 && errno == EINTR)) && is_patient(log));
    return found > 0;
}

/* Never waits, whatever the descriptor is. */
static ssize_t write_some(int descriptor, const char *bytes, size_t length) {
    size_t piece = length < PIPE_BUF ? length : PIPE_BUF;
    ssize_t wrote = send(descriptor, bytes, piece, MSG_DONTWAIT | MSG_NOSIGNAL);
    return wrote < 0 && errno == ENOTSOCK ? write(descriptor, bytes, piece) : wrote;
}

static void write_out(struct access_log *log, const char *bytes, size_t length) {
    while (length > 0 && log->descriptor >= 0 && has_room(log)) {
        ssize_t wrote = write_some(log->descriptor, bytes, length);
        if (wrote < 0 && (errno == EAGAIN || errno == EINTR) && is_patient(log)) {
            poll(NULL, 0, LOOK / 4); /* "room" may be too little for a piece */
            continue;
        }
        if (wrote <= 0) break;
        bytes += wrote;
        length -= (size_t)wrote;
    }
    if (length > 0) atomic_fetch_add(&log->dropped, count_lines(bytes, length));
}

/* What the thread has to do. */
struct work {
    struct string_buffer text;
    size_t before; /* how much of it belongs to the file as it is */
    bool changes;  /* afterwards `next` takes its place */
    int next;
};

/* Waits for something to do, and takes it. */
static void take(struct access_log *log, struct work *work) {
    string_buffer_clear(&work->text);
    pthread_mutex_lock(&log->mutex);
    while (log->waiting.length == 0 && !log->changes && !atomic_load(&log->ends)) {
        pthread_cond_wait(&log->filled, &log->mutex);
    }
    struct string_buffer swapped = log->waiting;
    log->waiting = work->text;
    work->text = swapped;
    work->changes = log->changes;
    work->before = log->changes ? log->before : swapped.length;
    work->next = log->next;
    log->changes = false;
    pthread_mutex_unlock(&log->mutex);
}

/* The change is done. */
static void relax(struct access_log *log) {
    pthread_mutex_lock(&log->mutex);
    if (!log->changes && !atomic_load(&log->ends)) atomic_store(&log->hurry, 0);
    pthread_mutex_unlock(&log->mutex);
}

/* Lines gather for a moment, so that a busy server writes many at once. */
static void *run(void *argument) {
    static const struct timespec moment = {0, 2000000};
    struct access_log *log = argument;
    struct work work = {.changes = false};
    for (bool ends = false; !ends;) {
        take(log, &work);
        write_out(log, work.text.bytes, work.before);
        if (work.changes) {
            close_log(log->descriptor);
            log->descriptor = work.next;
            relax(log);
            size_t rest = work.text.length - work.before; /* without any text it has no bytes */
            if (rest > 0) write_out(log, work.text.bytes + work.before, rest);
        }
        nanosleep(&moment, NULL);
        pthread_mutex_lock(&log->mutex);
        ends = atomic_load(&log->ends) && log->waiting.length == 0 && !log->changes;
        pthread_mutex_unlock(&log->mutex);
    }
    string_buffer_finish(&work.text);
    return NULL;
}

struct access_log *access_log_create(struct error *error) {
    struct access_log *log = memory_zeroed(1, sizeof *log);
    log->descriptor = -1;
    pthread_mutex_init(&log->mutex, NULL);
    pthread_cond_init(&log->filled, NULL);
    if (pthread_create(&log->thread, NULL, run, log) == 0) return log;
    pthread_mutex_destroy(&log->mutex);
    pthread_cond_destroy(&log->filled);
    free(log);
    error_set(error, "cannot start the access log's thread");
    return NULL;
}

void access_log_destroy(struct access_log *log) {
    if (log == NULL) return;
    struct timespec until;
    pthread_mutex_lock(&log->mutex);
    atomic_store(&log->ends, true);
    atomic_store(&log->hurry, clock_nanoseconds());
    pthread_cond_signal(&log->filled);
    pthread_mutex_unlock(&log->mutex);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LAST_PATIENCE;
    if (pthread_timedjoin_np(log->thread, NULL, &until) != 0) {
        pthread_detach(log->thread);
        return; /* a disk that hangs: the thread goes with the process */
    }
    close_log(log->descriptor);
    string_buffer_finish(&log->waiting);
    pthread_mutex_destroy(&log->mutex);
    pthread_cond_destroy(&log->filled);
    free(log);
}

/* ---- opening --------------------------------------------------------------------------------- */

enum { HOW = O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

/* Not to wait is a matter of the open file, which others share: a pipe or terminal is opened once
 * more, for this log alone. What is a file goes on where the others write. */
static int open_standard(int number) {
    struct stat about;
    char path[32];
    int opened = -1;
    if (fstat(number, &about) != 0) return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", number);
    if (S_ISFIFO(about.st_mode) || S_ISCHR(about.st_mode)) opened = open(path, HOW);
    return opened >= 0 ? opened : fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

static const char *fault_of(int descriptor) {
    struct stat about;
    if (descriptor < 0 && errno == ENXIO) return "nobody reads this pipe or socket";
    if (descriptor < 0 || fstat(descriptor, &about) != 0) return strerror(errno);
    bool fits = S_ISREG(about.st_mode) || S_ISFIFO(about.st_mode) || S_ISCHR(about.st_mode) ||
                S_ISSOCK(about.st_mode);
    return fits ? NULL : "give a file, a pipe that somebody reads, or - for standard output";
}

/* -1 with an error. */
static int open_log(const char *path, struct error *error) {
    bool is_output = strcmp(path, "-") == 0;
    if (is_output && !standard_streams_check_output(error)) return -1;
    int number = is_output ? STDOUT_FILENO : standard_streams_number(path);
    int opened = number > 0 ? open_standard(number) : open(path, HOW | O_CREAT, 0640);
    const char *fault = fault_of(opened);
    if (fault == NULL) return opened;
    error_set(error, "--access-log %s: %s", path, fault);
    close_log(opened);
    return -1;
}

bool access_log_reopen(struct access_log *log, const char *path, struct error *error) {
    int opened = path != NULL ? open_log(path, error) : -1;
    if (path != NULL && opened < 0) return false;
    pthread_mutex_lock(&log->mutex);
    if (log->changes) close_log(log->next);
    if (atomic_load(&log->hurry) == 0) atomic_store(&log->hurry, clock_nanoseconds());
    log->next = opened;
    log->before = log->waiting.length;
    log->changes = true;
    pthread_cond_signal(&log->filled);
    pthread_mutex_unlock(&log->mutex);
    atomic_store(&log->open, opened >= 0);
    return true;
}

uint64_t access_log_dropped(struct access_log *log) {
    return log != NULL ? atomic_load(&log->dropped) : 0;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void put_text(struct string_buffer *line, const char *key, const char *value,
                     size_t length) {
    string_buffer_format(line, ", \"%s\": ", key);
    string_buffer_json_string(line, value, utf8_cut(value, length, MOST_TEXT));
}

static void put_slice(struct string_buffer *line, const char *key, struct http_slice value) {
    if (value.at != NULL && value.length > 0) put_text(line, key, value.at, value.length);
}

static void put_string(struct string_buffer *line, const char *key, const char *value) {
    if (value != NULL && value[0] != '\0') put_text(line, key, value, strlen(value));
}

static void put_milliseconds(struct string_buffer *line, const char *key, uint64_t nanoseconds) {
    string_buffer_format(line, ", \"%s\": %.3f", key, 1e-6 * (double)nanoseconds);
}

static void put_time(struct string_buffer *line) {
    struct timespec now;
    struct tm parts;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    string_buffer_format(line, "{\"time\": \"%s.%03ldZ\"", text, now.tv_nsec / 1000000);
}

static void put_request(struct string_buffer *line, const struct http_exchange *exchange) {
    const struct http_request *request = http_exchange_request(exchange);
    put_string(line, "peer", http_exchange_peer(exchange));
    put_slice(line, "method", request->method);
    put_slice(line, "path", request->path);
    put_slice(line, "user_agent", http_request_header(request, "User-Agent"));
    put_slice(line, "tracestate", http_request_header(request, "tracestate"));
}

static void put_scores(struct string_buffer *line, const struct record *record) {
    if (record->taken != 0) {
        put_milliseconds(line, "queue_ms", record->taken - record->queued);
        string_buffer_format(line, ", \"pairs\": %" PRIu64, record->pairs);
    }
    if (record->generation == 0) return;
    put_string(line, "slot", mgeo_slot_name(record->slot));
    put_string(line, "version", record->model_version);
    string_buffer_format(line, ", \"generation\": %" PRIu64, record->generation);
}

static void put_record(struct string_buffer *line, const struct record *record) {
    put_string(line, "route", record->route);
    put_scores(line, record);
    put_string(line, "error", record->code);
    put_string(line, "trace_id", record->trace.trace_id);
    put_string(line, "span_id", record->trace.span_id);
    put_string(line, "parent_id", record->trace.parent_id);
}

void access_log_write(struct access_log *log, const struct record *record,
                      const struct http_exchange *exchange, const struct http_outcome *outcome) {
    if (log == NULL || !atomic_load_explicit(&log->open, memory_order_relaxed)) return;
    struct string_buffer line = {0};
    put_time(&line);
    if (exchange != NULL) put_request(&line, exchange);
    string_buffer_format(&line, ", \"status\": %d", outcome->status);
    put_milliseconds(&line, "duration_ms", outcome->nanoseconds);
    string_buffer_format(&line, ", \"bytes_in\": %" PRIu64 ", \"bytes_out\": %" PRIu64,
                         outcome->received, outcome->sent);
    if (!outcome->complete) string_buffer_put(&line, ", \"complete\": false");
    if (record != NULL) put_record(&line, record);
    string_buffer_put(&line, "}\n");
    pthread_mutex_lock(&log->mutex);
    bool room = log->waiting.length + line.length <= MOST_WAITING;
    if (room) string_buffer_add(&log->waiting, line.bytes, line.length);
    pthread_cond_signal(&log->filled);
    pthread_mutex_unlock(&log->mutex);
    if (!room) atomic_fetch_add(&log->dropped, 1);
    string_buffer_finish(&line);
}
