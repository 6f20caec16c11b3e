/* SPDX-License-Identifier: Apache-2.0 */
/* Reads undecoded bytes from a descriptor, giving way when the program stops. */
#include "input/raw_input.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/interrupt.h"
#include "common/message.h"
#include "input/decoder.h"

/* Waits until the descriptor can be read. False when the program stops. */
static bool wait_readable(int descriptor) {
    struct pollfd polled[2] = {{.fd = descriptor, .events = POLLIN},
                               {.fd = interrupt_descriptor(), .events = POLLIN}};
    while (!interrupt_stopping()) {
        if (poll(polled, 2, -1) < 0 && errno != EINTR) return true; /* read() will say why */
        if (polled[0].revents != 0) return !interrupt_stopping();
    }
    return false;
}

/* At the end of a file: whether it is still the one that was opened. What was read of one that has
 * become shorter may be half of the old content; of one that was written to, part of both. */
static bool check_unchanged(const struct raw_input *raw, struct error *error) {
    struct stat now;
    if (!S_ISREG(raw->opened.st_mode) || fstat(raw->descriptor, &now) != 0) return true;
    if (now.st_size < raw->opened.st_size) {
        return error_set(error,
                         "%s: the file has become shorter while it was read: %ju bytes, and %ju at "
                         "the beginning; read it again once it is whole",
                         raw->name, (uintmax_t)now.st_size, (uintmax_t)raw->opened.st_size);
    }
    bool same = now.st_size == raw->opened.st_size &&
                now.st_mtim.tv_sec == raw->opened.st_mtim.tv_sec &&
                now.st_mtim.tv_nsec == raw->opened.st_mtim.tv_nsec;
    if (!same && !raw->quiet) {
        message_print("%s: the file was written to while it was read: its rows may be of two "
                      "versions",
                      raw->name);
    }
    return true;
}

bool raw_input_more(struct raw_input *raw, struct error *error) {
    memmove(raw->buffer, raw->buffer + raw->begin, raw->end - raw->begin);
    raw->end -= raw->begin;
    raw->begin = 0;
    if (raw->ended || raw->end == RAW_INPUT_BUFFER) return true;
    for (;;) {
        if (!wait_readable(raw->descriptor)) return error_set(error, "%s", "");
        ssize_t got = read(raw->descriptor, raw->buffer + raw->end, RAW_INPUT_BUFFER - raw->end);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got < 0) return error_set(error, "%s: %s", raw->name, strerror(errno));
        if (got == 0 && !check_unchanged(raw, error)) return false;
        raw->ended = got == 0;
        raw->end += (size_t)got;
        raw->position += (uint64_t)got;
        return true;
    }
}

void raw_input_drop(struct raw_input *raw, const char *format) {
    if (!raw->quiet) {
        message_print("%s: after the %s data, which is whole, come bytes that are none; they are "
                      "passed over",
                      raw->name, format);
    }
    raw->begin = raw->end;
    raw->ended = true;
}

static void *plain_open(void) { return NULL; }

static void plain_close(void *state) { (void)state; }

static ssize_t plain_read(void *state, struct raw_input *raw, char *to, size_t capacity,
                          struct error *error) {
    (void)state;
    if (raw->begin == raw->end && !raw_input_more(raw, error)) return -1;
    size_t have = raw->end - raw->begin;
    size_t take = have < capacity ? have : capacity;
    memcpy(to, raw->buffer + raw->begin, take);
    raw->begin += take;
    return (ssize_t)take;
}

const struct decoder decoder_plain = {
    .name = "plain", .open = plain_open, .read = plain_read, .close = plain_close};
