/* SPDX-License-Identifier: Apache-2.0 */
/* Exchanges: their memory, their bodies, and how an answer reaches the loop. */
#include "http/exchange_internal.h"

#include <stdlib.h>

#include "http/head_rules.h"
#include "http/server.h"
#include "http/stream.h"

enum { LEAST_BODY = 64 };

/* The exchange whose handler runs in this thread. */
static _Thread_local struct http_exchange *entered;

/* ---- the queue ------------------------------------------------------------------------------- */

void exchange_queue_put(struct exchange_queue *queue, struct http_exchange *exchange) {
    pthread_mutex_lock(&queue->lock);
    bool was_empty = queue->first == NULL;
    if (!exchange->queued) {
        exchange->queued = true;
        exchange->next = NULL;
        if (was_empty) {
            queue->first = exchange;
        } else {
            queue->last->next = exchange;
        }
        queue->last = exchange;
    }
    if (was_empty) queue->wake(queue->user);
    pthread_mutex_unlock(&queue->lock);
}

struct http_exchange *exchange_queue_take(struct exchange_queue *queue) {
    pthread_mutex_lock(&queue->lock);
    struct http_exchange *exchange = queue->first;
    if (exchange != NULL) {
        queue->first = exchange->next;
        exchange->queued = false;
    }
    pthread_mutex_unlock(&queue->lock);
    return exchange;
}

void exchange_queue_remove(struct exchange_queue *queue, struct http_exchange *exchange) {
    struct http_exchange *before = NULL;
    pthread_mutex_lock(&queue->lock);
    for (struct http_exchange *at = queue->first; at != NULL && exchange->queued; at = at->next) {
        if (at == exchange) {
            if (before == NULL) queue->first = at->next;
            if (before != NULL) before->next = at->next;
            if (queue->last == at) queue->last = before;
            exchange->queued = false;
        }
        before = at;
    }
    pthread_mutex_unlock(&queue->lock);
}

/* ---- memory ---------------------------------------------------------------------------------- */

struct http_exchange *exchange_create(struct http_slice head, size_t headers) {
    size_t size = sizeof(struct http_exchange) + headers * sizeof(struct http_header);
    struct http_exchange *exchange = malloc(size + head.length);
    if (exchange == NULL) return NULL;
    memset(exchange, 0, size);
    atomic_init(&exchange->abandoned, false);
    exchange->request.headers = exchange->headers;
    exchange->request.header_count = headers;
    exchange->request.body = exchange->empty;
    exchange->head_length = head.length;
    if (head.length > 0) memcpy(&exchange->headers[headers], head.at, head.length);
    return exchange;
}

bool exchange_read_head(struct http_exchange *exchange, struct refusal *why) {
    struct http_request *request = &exchange->request;
    struct http_slice bytes = {(char *)&exchange->headers[request->header_count],
                               exchange->head_length};
    struct parser_head head = {.headers = exchange->headers, .capacity = request->header_count};
    head_scan_request_line(bytes.at, &request->method, &request->target, &exchange->minor);
    if (http_slice_equals(request->method, "CONNECT")) {
        return refusal_set(why, 501, "bad_method", "CONNECT is for proxies");
    }
    if (!parser_read_head(bytes, &head, why)) return false;
    /* Two readings of the same bytes must agree. */
    if (head.count != request->header_count || head.target.at != request->target.at ||
        head.target.length != request->target.length) {
        return refusal_set(why, 400, "bad_header", "the head is malformed");
    }
    exchange->keeps_alive = head.keep_alive;
    request->is_head = http_slice_equals(request->method, "HEAD");
    exchange->has_request =
        head_rules_apply(request, &head, exchange->minor, &exchange->expects, why);
    return exchange->has_request;
}

/* Doubled, so that bytes are moved seldom, and never more than the length that was announced: what
 * is announced costs nothing before it comes. */
size_t exchange_body_growth(const struct http_exchange *exchange, size_t more) {
    size_t needed = exchange->request.body_length + more, capacity = exchange->body_capacity;
    if (needed <= capacity) return 0;
    size_t wanted = capacity * 2 > needed ? capacity * 2 : needed;
    if (wanted < LEAST_BODY) wanted = LEAST_BODY;
    if (wanted > exchange->request.content_length) wanted = exchange->request.content_length;
    return wanted - capacity;
}

bool exchange_grow_body(struct http_exchange *exchange, size_t growth) {
    size_t capacity = exchange->body_capacity;
    char *old = capacity > 0 ? exchange->request.body : NULL;
    char *body = realloc(old, capacity + growth + 1);
    if (body == NULL) return false;
    exchange->request.body = body;
    exchange->body_capacity = capacity + growth;
    return true;
}

size_t exchange_drop_body(struct http_exchange *exchange) {
    size_t capacity = exchange->body_capacity;
    if (capacity > 0) free(exchange->request.body);
    exchange->request.body = exchange->empty;
    exchange->body_capacity = 0;
    return capacity;
}

void exchange_destroy(struct http_exchange *exchange) {
    if (exchange == NULL) return;
    if (exchange->stream != NULL) exchange_queue_remove(exchange->queue, exchange);
    exchange_drop_body(exchange);
    stream_destroy(exchange->stream);
    http_answer_finish(&exchange->answer);
    free(exchange);
}

/* ---- the program's side ---------------------------------------------------------------------- */

const struct http_request *http_exchange_request(const struct http_exchange *exchange) {
    return &exchange->request;
}

void http_exchange_set_data(struct http_exchange *exchange, void *data) { exchange->data = data; }
void *http_exchange_data(const struct http_exchange *exchange) { return exchange->data; }
const char *http_exchange_peer(const struct http_exchange *exchange) { return exchange->peer; }

bool http_exchange_is_abandoned(const struct http_exchange *exchange) {
    return atomic_load_explicit(&exchange->abandoned, memory_order_relaxed);
}

void exchange_enter(struct http_exchange *exchange) { entered = exchange; }

bool exchange_leave(void) {
    bool answered = entered == NULL;
    entered = NULL;
    return answered;
}

void exchange_note_answer(struct http_exchange *exchange, struct http_answer *answer) {
    const struct http_handler *handler = exchange->queue->handler;
    if (handler->answering != NULL) handler->answering(handler->user, exchange, answer);
}

void http_exchange_answer(struct http_exchange *exchange, struct http_answer *answer) {
    exchange_note_answer(exchange, answer);
    if (exchange->stream != NULL) {
        stream_answer(exchange, answer);
        return;
    }
    exchange->answer = *answer;
    exchange->answered = true;
    memset(answer, 0, sizeof *answer);
    if (exchange == entered) {
        entered = NULL;
    } else {
        exchange_queue_put(exchange->queue, exchange);
    }
}
