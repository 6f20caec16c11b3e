/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v2/models/{model}/infer: what the request asks for, and whom. */
#include "serve/data/inference.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/memory.h"
#include "serve/service.h"

const struct inference_tensor inference_outputs[INFERENCE_OUTPUTS] = {
    [INFERENCE_SIMILARITY] = {"similarity", "FP32", 0},
    [INFERENCE_LABEL] = {"label", "BYTES", 0},
    [INFERENCE_PROBABILITIES] = {"probabilities", "FP32", -1},
    [INFERENCE_FLAGS] = {"flags", "UINT32", 0},
};

/* ---- the model ------------------------------------------------------------------------------- */

static bool is_version(const char *version, const mgeo_model_info *info) {
    char generation[24];
    snprintf(generation, sizeof generation, "%" PRIu64, info->generation);
    return version[0] == '\0' || strcmp(version, generation) == 0 ||
           strcmp(version, info->version) == 0;
}

bool inference_is_model(const struct service *service, const char *model, const char *version,
                        const mgeo_model_info *info, struct http_answer *answer) {
    const struct settings *settings = settings_hold(service->settings);
    bool known = strcmp(model, settings->model_name) == 0;
    struct http_error error = {
        .status = 404, .code = "unknown_model", .field = "model", .index = -1};
    if (!known) {
        http_answer_error(answer, &error, "no model \"%s\": this server's is \"%s\"", model,
                          settings->model_name);
    }
    settings_release(service->settings, settings);
    if (!known || is_version(version, info)) return known;
    error.code = "unknown_version";
    error.field = "version";
    http_answer_error(answer, &error,
                      "version \"%s\" does not answer: \"%" PRIu64 "\" does, \"%s\"", version,
                      info->generation, info->version);
    return false;
}

/* While no model is live any version is taken, and the scorer tells why there is no answer. */
static bool check_model(const struct data_call *call, struct http_answer *answer) {
    mgeo_model_info info = {.struct_size = sizeof info};
    bool any = call->version[0] == '\0' || !service_live_info(call->service, &info);
    return inference_is_model(call->service, call->model, any ? "" : call->version, &info, answer);
}

/* ---- outputs --------------------------------------------------------------------------------- */

static bool read_output_name(struct data_body *body, struct data_body_place place,
                             struct inference *inference) {
    struct json_string name;
    place.member = "name";
    if (!data_body_string(body, place, &name)) return false;
    int output = 0;
    while (output < INFERENCE_OUTPUTS &&
           !http_slice_equals(data_body_slice(name), inference_outputs[output].name)) {
        output++;
    }
    if (output == INFERENCE_OUTPUTS) {
        return data_body_wrong(body, "unknown_output", place,
                               "must be similarity, label, probabilities or flags");
    }
    for (size_t i = 0; i < inference->count; i++) {
        if (inference->output[i] != output) continue;
        return data_body_wrong(body, "duplicate_output", place, "is asked for twice");
    }
    inference->output[inference->count] = (uint8_t)output;
    return true;
}

static bool read_output_parameters(struct data_body *body, struct data_body_place place,
                                   int8_t *binary) {
    enum { BINARY };
    static const char *const names[] = {"binary_data", "classification", "shared_memory_region",
                                        NULL};
    unsigned seen = 0;
    place.member = "parameters";
    if (!data_body_open(body, JSON_OBJECT, place)) return false;
    for (;;) {
        int field = data_body_field(body, place, names, true, &seen);
        if (field == DATA_BODY_WRONG || field == DATA_BODY_END) return field == DATA_BODY_END;
        if (field == DATA_BODY_OTHER) {
            json_reader_skip(&body->reader);
            continue;
        }
        if (field != BINARY) {
            return data_body_wrong(body, "unsupported", place, "ask for %s, which is not served",
                                   names[field]);
        }
        bool value;
        place.member = "parameters.binary_data";
        if (!data_body_flag(body, place, &value)) return false;
        *binary = value;
    }
}

static bool read_output(struct data_body *body, struct data_body_place place,
                        struct inference *inference) {
    enum { NAME, PARAMETERS };
    static const char *const names[] = {"name", "parameters", NULL};
    unsigned seen = 0;
    int8_t binary = -1;
    bool read = true;
    int field;
    while (read && (field = data_body_field(body, place, names, true, &seen)) != DATA_BODY_END) {
        switch (field) {
        case NAME: read = read_output_name(body, place, inference); break;
        case PARAMETERS: read = read_output_parameters(body, place, &binary); break;
        case DATA_BODY_OTHER: json_reader_skip(&body->reader); break;
        default: read = false;
        }
    }
    if (!read) return false;
    place.member = "name";
    if ((seen & 1u << NAME) == 0) {
        return data_body_wrong(body, "missing_field", place, "is missing");
    }
    inference->output_binary[inference->count++] = binary;
    return true;
}

static bool read_outputs(struct data_body *body, struct inference *inference) {
    struct json_reader *reader = &body->reader;
    struct data_body_place place = DATA_BODY_FIELD("outputs");
    if (!data_body_open(body, JSON_ARRAY, place)) return false;
    for (place.index = 0;; place.index++) {
        enum json_type type = json_reader_next(reader);
        if (type == JSON_ABSENT) return reader->fault == NULL || data_body_fault(body);
        if (type != JSON_OBJECT) return data_body_wrong_type(body, place, "an object");
        if (!read_output(body, place, inference)) return false;
    }
}

static void ask_for_all(struct inference *inference) {
    inference->count = INFERENCE_OUTPUTS;
    for (int i = 0; i < INFERENCE_OUTPUTS; i++) {
        inference->output[i] = (uint8_t)i;
        inference->output_binary[i] = -1;
    }
}

/* ---- the request ----------------------------------------------------------------------------- */

static bool read_parameters(struct data_body *body, bool *binary) {
    static const char *const names[] = {"binary_data_output", NULL};
    unsigned seen = 0;
    if (!data_body_open(body, JSON_OBJECT, DATA_BODY_FIELD("parameters"))) return false;
    for (;;) {
        int field = data_body_field(body, DATA_BODY_FIELD("parameters"), names, true, &seen);
        if (field == DATA_BODY_WRONG || field == DATA_BODY_END) return field == DATA_BODY_END;
        if (field == DATA_BODY_OTHER) {
            json_reader_skip(&body->reader);
        } else if (!data_body_flag(body, DATA_BODY_FIELD("parameters.binary_data_output"),
                                   binary)) {
            return false;
        }
    }
}

static bool read_id(struct data_body *body, struct inference *inference) {
    struct json_string id;
    if (!data_body_string(body, DATA_BODY_FIELD("id"), &id)) return false;
    inference->has_id = true;
    inference->id = data_body_slice(id);
    return true;
}

/* Fields that the protocol does not have are passed over. */
static bool read_request(struct data_body *body, struct inference *inference,
                         struct inference_reader *inputs) {
    enum { ID, PARAMETERS, INPUTS, OUTPUTS };
    static const char *const names[] = {"id", "parameters", "inputs", "outputs", NULL};
    unsigned seen = 0;
    bool read = data_body_open(body, JSON_OBJECT, DATA_BODY_ITSELF);
    int field;
    while (read &&
           (field = data_body_field(body, DATA_BODY_ITSELF, names, true, &seen)) != DATA_BODY_END) {
        switch (field) {
        case ID: read = read_id(body, inference); break;
        case PARAMETERS: read = read_parameters(body, &inference->binary); break;
        case INPUTS: read = inference_reader_inputs(inputs, body); break;
        case OUTPUTS: read = read_outputs(body, inference); break;
        case DATA_BODY_OTHER: json_reader_skip(&body->reader); break;
        default: read = false;
        }
    }
    if (!read || !data_body_end(body)) return false;
    if (inference->count == 0) ask_for_all(inference);
    if ((seen & 1u << INPUTS) != 0) return true;
    return data_body_wrong(body, "missing_field", DATA_BODY_FIELD("inputs"), "is missing");
}

/* How much of the body is JSON. */
static bool read_json_length(const struct http_request *request, size_t *length,
                             struct http_answer *answer) {
    struct http_slice header = http_request_header(request, INFERENCE_LENGTH_HEADER);
    *length = request->body_length;
    if (header.at == NULL) return true;
    uint64_t value = 0;
    bool digits = header.length > 0 && header.length < 20;
    for (size_t i = 0; digits && i < header.length; i++) {
        digits = header.at[i] >= '0' && header.at[i] <= '9';
        value = value * 10 + (uint64_t)(header.at[i] - '0');
    }
    if (digits && value <= request->body_length) {
        *length = value;
        return true;
    }
    const struct http_error error = {
        .status = 400, .code = "bad_header", .field = INFERENCE_LENGTH_HEADER, .index = -1};
    http_answer_error(answer, &error, "%s must be a number of bytes up to the body's %zu",
                      INFERENCE_LENGTH_HEADER, request->body_length);
    return false;
}

bool inference_parse(struct data_call *call, struct http_answer *answer) {
    const struct http_request *request = call->request;
    struct inference *inference = memory_zeroed(1, sizeof *inference);
    size_t length;
    call->state = inference;
    if (!data_body_has_type(request, "application/json", "application/octet-stream", true,
                            answer)) {
        return false;
    }
    if (!read_json_length(request, &length, answer) || !check_model(call, answer)) return false;
    if (request->body == NULL) {
        struct data_body none;
        data_body_begin(&none, NULL, 0, answer);
        return data_body_open(&none, JSON_OBJECT, DATA_BODY_ITSELF);
    }
    struct inference_reader *inputs = inference_reader_create();
    struct http_slice binary = {request->body + length, request->body_length - length};
    char first = request->body[length]; /* of the binary data: the reader writes a NUL there */
    struct data_body body;
    data_body_begin(&body, request->body, length, answer);
    bool read = read_request(&body, inference, inputs);
    request->body[length] = first;
    read = read && inference_reader_pairs(inputs, &body, binary, call);
    inference_reader_destroy(inputs);
    return read;
}
