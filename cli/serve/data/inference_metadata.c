/* SPDX-License-Identifier: Apache-2.0 */
/* What the Open Inference Protocol tells of the server and its model, without a score. */
#include <inttypes.h>
#include <string.h>

#include "serve/data/inference.h"
#include "serve/service.h"

enum { DEEPEST = 6 }; /* segments of a path: v2, models, M, versions, V, ready */

struct question {
    const struct service *service;
    struct http_answer *answer;
    char segments[DEEPEST][64]; /* decoded */
    int count;
};

/* False: too deep, too long or not properly encoded: no such path. */
static bool split_path(struct http_slice path, struct question *question) {
    question->count = 0;
    while (path.length > 0) {
        if (path.at[0] != '/' || question->count == DEEPEST) return false;
        const char *begin = path.at + 1, *end = memchr(begin, '/', path.length - 1);
        size_t length = end == NULL ? path.length - 1 : (size_t)(end - begin);
        char *to = question->segments[question->count++];
        if (!http_decode((struct http_slice){begin, length}, to, sizeof question->segments[0])) {
            return false;
        }
        path = (struct http_slice){begin + length, path.length - 1 - length};
    }
    return true;
}

static bool is_segment(const struct question *question, int at, const char *word) {
    return at < question->count && strcmp(question->segments[at], word) == 0;
}

static struct string_buffer *begin_json(struct question *question, int status) {
    question->answer->status = status;
    question->answer->content_type = "application/json";
    return &question->answer->body;
}

/* ---- the server ------------------------------------------------------------------------------ */

static void tell_server(struct question *question) {
    string_buffer_format(begin_json(question, 200),
                         "{\"name\":\"mgeo-serve\",\"version\":\"%s\",\"extensions\":"
                         "[\"binary_tensor_data\"]}\n",
                         mgeo_version());
}

/* `model` NULL: of the server as a whole. */
static void tell_ready(struct question *question, const char *model) {
    char reason[256];
    bool ready = service_is_ready(question->service, reason, sizeof reason);
    struct string_buffer *json = begin_json(question, ready ? 200 : 503);
    string_buffer_put(json, "{");
    if (model != NULL) {
        string_buffer_put(json, "\"name\":");
        string_buffer_json_string(json, model, strlen(model));
        string_buffer_put(json, ",");
    }
    string_buffer_put(json, ready ? "\"ready\":true" : "\"ready\":false,\"error\":");
    if (!ready) {
        string_buffer_json_string(json, reason, strlen(reason));
        http_answer_header(question->answer, "Retry-After", "1");
    }
    string_buffer_put(json, "}\n");
}

/* ---- the model ------------------------------------------------------------------------------- */

static void put_tensors(struct string_buffer *json, const char *key,
                        const struct inference_tensor *tensors, size_t count, uint32_t labels) {
    string_buffer_format(json, ",\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        int64_t columns = tensors[i].columns < 0 ? labels : tensors[i].columns;
        string_buffer_format(json, "%s{\"name\":\"%s\",\"datatype\":\"%s\",\"shape\":[-1",
                             i > 0 ? "," : "", tensors[i].name, tensors[i].datatype);
        if (columns != 0) string_buffer_format(json, ",%" PRId64, columns);
        string_buffer_put(json, "]}");
    }
    string_buffer_put(json, "]");
}

/* Inputs are those of the usual form: "pairs" may stand in their place. */
static void tell_model(struct question *question, const mgeo_model_info *info) {
    struct string_buffer *json = begin_json(question, 200);
    string_buffer_put(json, "{\"name\":");
    string_buffer_json_string(json, question->segments[2], strlen(question->segments[2]));
    string_buffer_format(json, ",\"versions\":[\"%" PRIu64 "\"],\"platform\":\"libmgeo\"",
                         info->generation);
    put_tensors(json, "inputs", inference_inputs, 2, 0);
    put_tensors(json, "outputs", inference_outputs, INFERENCE_OUTPUTS, info->label_count);
    string_buffer_put(json, ",\"parameters\":{\"version\":");
    string_buffer_json_string(json, info->version, strlen(info->version));
    string_buffer_format(json, ",\"slot\":\"%s\",\"max_length\":%u,\"labels\":[",
                         mgeo_slot_name(info->slot), info->max_length);
    for (uint32_t i = 0; i < info->label_count; i++) {
        if (i > 0) string_buffer_add(json, ",", 1);
        string_buffer_json_string(json, info->labels[i], strlen(info->labels[i]));
    }
    string_buffer_put(json, "]}}\n");
}

static void tell_no_model(struct question *question) {
    const struct http_error error = {
        .status = 503, .code = "no_model", .index = -1, .retry_after = 1};
    http_answer_error(question->answer, &error, "no model is live yet: load one");
}

/* /v2/models/{model}, and behind it /versions/{version} and /ready. */
static bool answer_model(struct question *question) {
    bool versioned = is_segment(question, 3, "versions") && question->count > 4;
    int rest = versioned ? 5 : 3;
    bool ready = is_segment(question, rest, "ready");
    if (question->count != rest + ready) return false;
    const char *model = question->segments[2], *version = versioned ? question->segments[4] : "";
    mgeo_model_info info = {.struct_size = sizeof info};
    bool live = service_live_info(question->service, &info);
    if (!inference_is_model(question->service, model, live ? version : "", &info,
                            question->answer)) {
        return true;
    }
    if (ready) {
        tell_ready(question, model);
    } else if (live) {
        tell_model(question, &info);
    } else {
        tell_no_model(question);
    }
    return true;
}

static bool answer_health(struct question *question) {
    if (question->count != 3) return false;
    if (is_segment(question, 2, "ready")) {
        tell_ready(question, NULL);
        return true;
    }
    if (!is_segment(question, 2, "live")) return false;
    string_buffer_put(begin_json(question, 200), "{\"live\":true}\n");
    return true;
}

bool inference_metadata(const struct service *service, const struct http_request *request,
                        struct http_answer *answer) {
    struct question question = {.service = service, .answer = answer};
    if (!split_path(request->path, &question) || !is_segment(&question, 0, "v2")) return false;
    if (question.count == 1) {
        tell_server(&question);
        return true;
    }
    if (is_segment(&question, 1, "health")) return answer_health(&question);
    return is_segment(&question, 1, "models") && question.count > 2 && answer_model(&question);
}
