/* SPDX-License-Identifier: Apache-2.0 */
/* A route that scores pairs: what it reads out of a body, and what it answers with. */
#ifndef CLI_SERVE_DATA_DATA_ROUTE_H
#define CLI_SERVE_DATA_DATA_ROUTE_H

#include <mgeo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/answer.h"
#include "http/exchange.h"

struct service;

/* One request for scores on its way. Its memory is the scorer's; used by one thread at a time. */
struct data_call {
    const struct service *service;
    struct http_exchange *exchange;
    const struct http_request *request;
    mgeo_pair *pairs; /* grown by data_call_add; texts lie in the request's body */
    size_t count, capacity;
    uint64_t deadline;         /* clock_nanoseconds(); 0: none */
    uint64_t route_key;        /* of the header X-Route-Key, hashed; 0: none */
    uint64_t wait_nanoseconds; /* in the queue */
    char model[64];            /* of a path with {model}, decoded; "" otherwise */
    char version[64];          /* of a path with {version}; "" otherwise */
    void *state;               /* the route's own, from malloc; freed after render */
    size_t most;               /* data_call_add's: --max-pairs; 0: not looked up yet */
};

/* False: it does not fit --max-pairs; the answer is 422 then. Texts are borrowed. */
bool data_call_add(struct data_call *call, struct http_slice a, struct http_slice b,
                   struct http_answer *answer);

/* The header X-Route-Key, hashed; 0: there is none. */
uint64_t data_call_route_key(const struct http_request *request);

/* The scores of one call's pairs: arrays of call->count rows. */
struct data_scores {
    const float *similarity;
    const int32_t *label;
    const float *probabilities; /* [count * info->label_count] */
    const uint32_t *flags;
    const mgeo_model_info *info; /* of the model that answered */
};

struct data_route {
    const char *method;
    const char *path;  /* segments in braces match any: "/v2/models/{model}/infer" */
    const char *route; /* as metrics and logs name it: "/v2/models/{model}/infer" */
    /* Reads the body. False: `answer` holds the error. A scorer's thread. */
    bool (*parse)(struct data_call *call, struct http_answer *answer);
    /* Writes status 200, type and body. X-Model-… headers are added by the scorer. */
    void (*render)(const struct data_call *call, const struct data_scores *scores,
                   struct http_answer *answer);
};

/* All of them, by the files of this folder; an entry without a path ends them. */
extern const struct data_route data_routes[];

/* Whether it is POST /match with lines for a body: application/x-ndjson or application/jsonl. */
bool ndjson_is_asked(const struct http_request *request);

/* Such a request: lines in, lines out, in a thread of its own. */
void ndjson_serve(struct service *service, struct http_exchange *exchange);

/* GET /openapi.json and the metadata of the Open Inference Protocol; inline in the loop's thread.
 */
void openapi_write(const struct service *service, struct http_answer *answer);
/* /v2, /v2/models/{model}, …/versions/{version}, …/ready, /v2/health/live|ready. False: no such
 * path. */
bool inference_metadata(const struct service *service, const struct http_request *request,
                        struct http_answer *answer);

#endif
