/* SPDX-License-Identifier: Apache-2.0 */
/* Answers read() and poll() of standard input out of memory. */
#include "pieces.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    const uint8_t *data;
    size_t left, longest;
    bool hesitates;
    uint32_t random;
} source;

ssize_t __real_read(int descriptor, void *to, size_t count);
int __real_poll(struct pollfd *polled, nfds_t count, int milliseconds);
ssize_t __wrap_read(int descriptor, void *to, size_t count);
int __wrap_poll(struct pollfd *polled, nfds_t count, int milliseconds);

static uint32_t next_random(void) {
    source.random = source.random * 1664525u + 1013904223u;
    return source.random >> 16;
}

void fuzz_pieces_begin(const uint8_t *data, size_t size, size_t longest, bool hesitates) {
    static bool emptied; /* whatever standard input is must not be asked what it is */
    if (!emptied) {
        int nothing = open("/dev/null", O_RDONLY);
        if (nothing < 0 || (nothing != 0 && dup2(nothing, 0) != 0)) exit(2);
        if (nothing > 0) close(nothing);
        emptied = true;
    }
    source.data = data;
    source.left = size;
    source.longest = longest;
    source.hesitates = hesitates;
    source.random = (uint32_t)(size * 31 + longest);
}

ssize_t __wrap_read(int descriptor, void *to, size_t count) {
    if (descriptor != 0) return __real_read(descriptor, to, count);
    size_t take = source.left < count ? source.left : count;
    if (source.longest > 0) {
        size_t piece = 1 + next_random() % source.longest;
        if (take > piece) take = piece;
    }
    if (take > 0) memcpy(to, source.data, take);
    source.data += take;
    source.left -= take;
    return (ssize_t)take;
}

int __wrap_poll(struct pollfd *polled, nfds_t count, int milliseconds) {
    if (count == 0 || polled[0].fd != 0) return __real_poll(polled, count, milliseconds);
    for (nfds_t i = 0; i < count; i++) polled[i].revents = 0;
    if (milliseconds >= 0 && source.hesitates && next_random() % 2 == 0) return 0;
    polled[0].revents = POLLIN;
    return 1;
}
