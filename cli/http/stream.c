/* SPDX-License-Identifier: Apache-2.0 */
/* Streamed bodies: two bounded buffers under one lock. The lock is held while the loop is told, so
 * that the loop, which looks under it, never frees an exchange that a thread still tells of. */
#include "http/stream.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/exchange_internal.h"

enum { ROOM = 64 * 1024, MOST_UNSENT = 256 * 1024 };

struct stream {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    char *input; /* a ring of ROOM bytes, there once something came */
    size_t begin, filled;
    uint64_t to_come; /* of the body */
    bool full;        /* the loop waits for room */
    struct string_buffer output, sending;
    uint64_t written;
    bool chunked, dropped; /* how the answer's body is framed; dropped for HEAD */
    bool failed;
    struct stream_news news;
};

struct stream *stream_create(uint64_t length) {
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) return NULL;
    pthread_mutex_init(&stream->lock, NULL);
    pthread_cond_init(&stream->moved, NULL);
    stream->to_come = length;
    return stream;
}

void stream_destroy(struct stream *stream) {
    if (stream == NULL) return;
    pthread_mutex_destroy(&stream->lock);
    pthread_cond_destroy(&stream->moved);
    string_buffer_finish(&stream->output);
    string_buffer_finish(&stream->sending);
    free(stream->input);
    free(stream);
}

void stream_frame(struct stream *stream, bool chunked, bool dropped) {
    stream->chunked = chunked;
    stream->dropped = dropped;
}

/* ---- the loop's side ------------------------------------------------------------------------- */

struct stream_news stream_look(struct stream *stream) {
    pthread_mutex_lock(&stream->lock);
    struct stream_news news = stream->news;
    news.has_output = stream->output.length > 0;
    pthread_mutex_unlock(&stream->lock);
    return news;
}

static size_t copy_in(struct stream *stream, const char *bytes, size_t length) {
    size_t room = ROOM - stream->filled, count = length < room ? length : room;
    size_t at = (stream->begin + stream->filled) % ROOM;
    size_t before_end = count < ROOM - at ? count : ROOM - at;
    memcpy(stream->input + at, bytes, before_end);
    memcpy(stream->input, bytes + before_end, count - before_end);
    stream->filled += count;
    stream->to_come -= count;
    return count;
}

size_t stream_put(struct stream *stream, const char *bytes, size_t length) {
    size_t count = 0;
    pthread_mutex_lock(&stream->lock);
    if (stream->input == NULL) stream->input = malloc(ROOM);
    if (stream->input == NULL) stream->failed = true;
    if (length > stream->to_come) length = stream->to_come;
    if (stream->failed || stream->news.ended) {
        count = length; /* nobody reads it */
        stream->to_come -= length;
    } else if (length > 0) {
        count = copy_in(stream, bytes, length);
    }
    stream->full = stream->filled == ROOM && !stream->failed;
    pthread_cond_broadcast(&stream->moved);
    pthread_mutex_unlock(&stream->lock);
    return count;
}

size_t stream_room(struct stream *stream) {
    pthread_mutex_lock(&stream->lock);
    size_t room = ROOM - stream->filled;
    if (stream->failed) room = ROOM;
    if (room > stream->to_come) room = stream->to_come;
    pthread_mutex_unlock(&stream->lock);
    return room;
}

struct http_slice stream_take_output(struct stream *stream) {
    pthread_mutex_lock(&stream->lock);
    struct string_buffer sent = stream->sending;
    string_buffer_clear(&sent);
    stream->sending = stream->output;
    stream->output = sent;
    struct http_slice output = {stream->sending.bytes, stream->sending.length};
    pthread_cond_broadcast(&stream->moved);
    pthread_mutex_unlock(&stream->lock);
    return output;
}

uint64_t stream_written(struct stream *stream) {
    pthread_mutex_lock(&stream->lock);
    uint64_t written = stream->written;
    pthread_mutex_unlock(&stream->lock);
    return written;
}

void stream_fail(struct stream *stream) {
    pthread_mutex_lock(&stream->lock);
    stream->failed = true;
    pthread_cond_broadcast(&stream->moved);
    pthread_mutex_unlock(&stream->lock);
}

/* ---- the program's side ---------------------------------------------------------------------- */

static size_t copy_out(struct stream *stream, char *to, size_t capacity) {
    size_t count = capacity < stream->filled ? capacity : stream->filled;
    size_t before_end = count < ROOM - stream->begin ? count : ROOM - stream->begin;
    memcpy(to, stream->input + stream->begin, before_end);
    memcpy(to + before_end, stream->input, count - before_end);
    stream->begin = (stream->begin + count) % ROOM;
    stream->filled -= count;
    return count;
}

ptrdiff_t http_stream_read(struct http_exchange *exchange, char *to, size_t capacity) {
    struct stream *stream = exchange->stream;
    ptrdiff_t result = 0;
    pthread_mutex_lock(&stream->lock);
    while (stream->filled == 0 && stream->to_come > 0 && !stream->failed) {
        pthread_cond_wait(&stream->moved, &stream->lock);
    }
    if (stream->failed) {
        result = -1;
    } else if (stream->filled > 0) {
        result = (ptrdiff_t)copy_out(stream, to, capacity);
    }
    if (stream->full && stream->filled <= ROOM / 2) {
        stream->full = false;
        exchange_queue_put(exchange->queue, exchange);
    }
    pthread_mutex_unlock(&stream->lock);
    return result;
}

void http_stream_begin(struct http_exchange *exchange, struct http_answer *answer) {
    struct stream *stream = exchange->stream;
    exchange_note_answer(exchange, answer);
    pthread_mutex_lock(&stream->lock);
    exchange->answer = *answer;
    stream->news.begun = true;
    memset(answer, 0, sizeof *answer);
    exchange_queue_put(exchange->queue, exchange);
    pthread_mutex_unlock(&stream->lock);
}

static void add_piece(struct stream *stream, const char *bytes, size_t length) {
    stream->written += length;
    if (stream->dropped || length == 0) return;
    if (stream->chunked) {
        char size[24];
        int digits = snprintf(size, sizeof size, "%zx\r\n", length);
        string_buffer_add(&stream->output, size, (size_t)digits);
    }
    string_buffer_add(&stream->output, bytes, length);
    if (stream->chunked) string_buffer_add(&stream->output, "\r\n", 2);
}

bool http_stream_write(struct http_exchange *exchange, const char *bytes, size_t length) {
    struct stream *stream = exchange->stream;
    pthread_mutex_lock(&stream->lock);
    while (stream->output.length > MOST_UNSENT && !stream->failed) {
        pthread_cond_wait(&stream->moved, &stream->lock);
    }
    bool sound = !stream->failed;
    if (sound) {
        add_piece(stream, bytes, length);
        exchange_queue_put(exchange->queue, exchange);
    }
    pthread_mutex_unlock(&stream->lock);
    return sound;
}

void http_stream_end(struct http_exchange *exchange, bool complete) {
    struct stream *stream = exchange->stream;
    pthread_mutex_lock(&stream->lock);
    if (complete && stream->chunked && !stream->dropped) {
        string_buffer_add(&stream->output, "0\r\n\r\n", 5);
    }
    stream->news.ended = true;
    stream->news.complete = complete;
    exchange_queue_put(exchange->queue, exchange);
    pthread_mutex_unlock(&stream->lock);
}

void stream_answer(struct http_exchange *exchange, struct http_answer *answer) {
    struct stream *stream = exchange->stream;
    pthread_mutex_lock(&stream->lock);
    exchange->answer = *answer;
    exchange->answered = true;
    stream->news.answered = true;
    stream->news.ended = true;
    memset(answer, 0, sizeof *answer);
    exchange_queue_put(exchange->queue, exchange);
    pthread_mutex_unlock(&stream->lock);
}
