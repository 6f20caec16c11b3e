/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of requests for scores, by each route: the first byte chooses it, the second how much of
 * an inference's body is JSON. */
#include "core/json/json_tree.h"
#include "fuzz.h"
#include "serve/data/inference.h"
#include "serve/data/ndjson_batch.h"
#include "serve/service.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

enum { MOST_PAIRS = 64 };

static const struct settings settings = {.model_name = "mgeo", .max_pairs = MOST_PAIRS};
static const mgeo_model_info model = {.generation = 3,
                                      .label_count = 3,
                                      .max_length = 128,
                                      .labels = {"exact_match", "partial_match", "not_match"},
                                      .version = "v1"};

/* ---- what routes ask of the server ----------------------------------------------------------- */

const struct settings *settings_hold(struct settings_store *store) {
    (void)store;
    return &settings;
}

void settings_release(struct settings_store *store, const struct settings *held) {
    (void)store;
    (void)held;
}

bool service_live_info(const struct service *service, mgeo_model_info *info) {
    (void)service;
    *info = model;
    return true;
}

/* ---- what must hold -------------------------------------------------------------------------- */

static void check_json(const char *text, size_t length) {
    mgi_json_flaw flaw;
    mgi_json_value *tree = mgi_json_tree_read(text, length, &flaw);
    FUZZ_REQUIRE(tree != NULL, "an answer that is not JSON");
    mgi_json_tree_free(tree);
}

static void check_text(const char *text, size_t length, const char *body, size_t size) {
    FUZZ_REQUIRE(length == 0 || (text >= body && length <= size - (size_t)(text - body)),
                 "a text outside the body");
}

/* Some rows with a score and some without. */
static void render(const struct data_route *route, const struct data_call *call,
                   struct http_answer *answer) {
    float similarity[MOST_PAIRS], probabilities[MOST_PAIRS * 3];
    int32_t label[MOST_PAIRS];
    uint32_t flags[MOST_PAIRS];
    for (size_t i = 0; i < call->count; i++) {
        similarity[i] = 1 / (float)(i + 1);
        for (size_t j = 0; j < 3; j++) probabilities[3 * i + j] = similarity[i] / (float)(j + 1);
        label[i] = (int32_t)(i % 3);
        flags[i] = i % 5 == 4 ? MGEO_ROW_EMPTY : 0;
    }
    const struct data_scores scores = {similarity, label, probabilities, flags, &model};
    route->render(call, &scores, answer);
}

static void check_route(const struct data_route *route, struct data_call *call) {
    const struct http_request *request = call->request;
    struct http_answer answer = {0};
    bool taken = route->parse(call, &answer);
    if (taken) {
        FUZZ_REQUIRE(call->count <= MOST_PAIRS, "more pairs than are allowed");
        for (size_t i = 0; i < call->count; i++) {
            const mgeo_pair *pair = &call->pairs[i];
            check_text(pair->a, pair->a_len, request->body, request->body_length);
            check_text(pair->b, pair->b_len, request->body, request->body_length);
        }
        render(route, call, &answer);
    } else {
        FUZZ_REQUIRE(answer.status >= 400 && answer.status < 500, "a refusal of another status");
    }
    bool binary = strcmp(answer.content_type, "application/octet-stream") == 0;
    if (!binary) check_json(answer.body.bytes, answer.body.length);
    free(call->state);
    free(call->pairs);
    http_answer_finish(&answer);
}

static void check_request(const struct data_route *route, const uint8_t *data, size_t size,
                          size_t json_length) {
    char digits[24];
    snprintf(digits, sizeof digits, "%zu", json_length);
    struct http_header headers[] = {
        {{"Content-Type", 12}, {"application/json", 16}},
        {{INFERENCE_LENGTH_HEADER, sizeof INFERENCE_LENGTH_HEADER - 1}, {digits, strlen(digits)}}};
    static const struct service service;
    struct http_request request = {.headers = headers,
                                   .header_count = json_length < size ? 2 : 1,
                                   .query = {"digits=5", 8},
                                   .body = malloc(size + 1),
                                   .body_length = size};
    struct data_call call = {.service = &service, .request = &request, .model = "mgeo"};
    if (request.body == NULL) exit(2);
    memcpy(request.body, data, size);
    request.body[size] = '\0';
    check_route(route, &call);
    free(request.body);
}

/* Lines, each of which is answered by one that is JSON. */
static void check_lines(const uint8_t *data, size_t size) {
    struct ndjson_batch *batch = calloc(1, sizeof *batch);
    struct string_buffer text = {0};
    char *copy = malloc(size + 1), *line = copy;
    if (batch == NULL || copy == NULL) exit(2);
    memcpy(copy, data, size);
    copy[size] = '\n';
    batch->digits = 5;
    for (uint64_t number = 0; line < copy + size && number < NDJSON_BATCH; number++) {
        char *end = memchr(line, '\n', (size_t)(copy + size + 1 - line));
        ndjson_batch_add(batch, number, line, (size_t)(end - line));
        line = end + 1;
    }
    size_t count = batch->count;
    ndjson_batch_write(batch, &model, NULL, &text);
    for (char *at = text.bytes; count > 0; count--) {
        char *end = strchr(at, '\n');
        FUZZ_REQUIRE(end != NULL, "fewer answers than lines");
        check_json(at, (size_t)(end - at));
        at = end + 1;
    }
    string_buffer_finish(&text);
    ndjson_batch_finish(batch);
    free(batch);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t routes = 0;
    while (data_routes[routes].path != NULL) routes++;
    if (size < 2) return 0;
    size_t route = data[0] % (routes + 1), json_length = (size_t)data[1] * 4;
    data += 2;
    size -= 2;
    if (route == routes) {
        check_lines(data, size);
    } else {
        check_request(&data_routes[route], data, size, json_length);
    }
    return 0;
}
