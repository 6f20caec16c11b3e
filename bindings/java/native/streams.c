/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of scores that hold their engine until whoever pulls them lets go. */
#include "streams.h"

#include <stdlib.h>

typedef struct held_stream {
    struct ArrowArrayStream inner;
    void (*released)(void *user);
    void *user;
} held_stream;

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *schema) {
    held_stream *held = stream->private_data;
    return held->inner.get_schema(&held->inner, schema);
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *array) {
    held_stream *held = stream->private_data;
    return held->inner.get_next(&held->inner, array);
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
    held_stream *held = stream->private_data;
    return held->inner.get_last_error(&held->inner);
}

static void release(struct ArrowArrayStream *stream) {
    held_stream *held = stream->private_data;
    held->inner.release(&held->inner);
    stream->release = NULL;
    held->released(held->user);
    free(held);
}

int mgj_stream_hold(struct ArrowArrayStream *stream, void (*released)(void *user), void *user) {
    held_stream *held = malloc(sizeof *held);
    if (held == NULL) return 0;
    *held = (held_stream){.inner = *stream, .released = released, .user = user};
    *stream = (struct ArrowArrayStream){.get_schema = get_schema,
                                        .get_next = get_next,
                                        .get_last_error = get_last_error,
                                        .release = release,
                                        .private_data = held};
    return 1;
}
