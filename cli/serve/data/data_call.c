/* SPDX-License-Identifier: Apache-2.0 */
/* The pairs of one request, as its body is read. */
#include <inttypes.h>

#include "common/memory.h"
#include "serve/data/data_route.h"
#include "serve/service.h"

static size_t most_pairs(struct data_call *call) {
    if (call->most > 0) return call->most;
    struct settings_store *store = call->service->settings;
    const struct settings *settings = settings_hold(store);
    call->most = settings->max_pairs;
    settings_release(store, settings);
    return call->most;
}

bool data_call_add(struct data_call *call, struct http_slice a, struct http_slice b,
                   struct http_answer *answer) {
    size_t most = most_pairs(call);
    if (call->count >= most) {
        const struct http_error error = {
            .status = 422, .code = "too_many_pairs", .index = (int64_t)call->count, .limit = most};
        http_answer_error(
            answer, &error,
            "more than %zu pairs in one request: send several, or application/x-ndjson", most);
        return false;
    }
    if (call->count == call->capacity) {
        call->capacity = call->capacity == 0 ? 1 : call->capacity * 2;
        call->pairs = memory_resize(call->pairs, call->capacity, sizeof *call->pairs);
    }
    call->pairs[call->count++] = (mgeo_pair){a.at, a.length, b.at, b.length};
    return true;
}

/* FNV-1a; never 0, which stands for "no key". */
uint64_t data_call_route_key(const struct http_request *request) {
    struct http_slice key = http_request_header(request, "X-Route-Key");
    if (key.at == NULL) return 0;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < key.length; i++) {
        hash = (hash ^ (unsigned char)key.at[i]) * UINT64_C(0x100000001b3);
    }
    return hash != 0 ? hash : 1;
}
