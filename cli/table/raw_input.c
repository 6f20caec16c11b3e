/* SPDX-License-Identifier: Apache-2.0 */
/* Reads undecoded bytes from a descriptor, giving way when the program stops. */
#include "table/raw_input.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/interrupt.h"

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

bool source_more(struct source *source, struct fault *fault) {
    memmove(source->buffer, source->buffer + source->begin, source->end - source->begin);
    source->end -= source->begin;
    source->begin = 0;
    if (source->ended || source->end == SOURCE_BUFFER) return true;
    for (;;) {
        if (!wait_readable(source->descriptor)) return fault_set(fault, "%s", "");
        ssize_t got =
            read(source->descriptor, source->buffer + source->end, SOURCE_BUFFER - source->end);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got < 0) return fault_set(fault, "%s: %s", source->name, strerror(errno));
        source->ended = got == 0;
        source->end += (size_t)got;
        source->position += (uint64_t)got;
        return true;
    }
}

static void *plain_open(void) { return NULL; }

static void plain_close(void *state) { (void)state; }

static ssize_t plain_read(void *state, struct source *source, char *to, size_t capacity,
                          struct fault *fault) {
    (void)state;
    if (source->begin == source->end && !source_more(source, fault)) return -1;
    size_t have = source->end - source->begin;
    size_t take = have < capacity ? have : capacity;
    memcpy(to, source->buffer + source->begin, take);
    source->begin += take;
    return (ssize_t)take;
}

const struct decoder decoder_plain = {
    .name = "plain", .open = plain_open, .read = plain_read, .close = plain_close};
