/* SPDX-License-Identifier: Apache-2.0 */
/* Output tensors of an inference: as JSON, or as binary data behind it. */
#include <string.h>

#include "serve/data/decimal.h"
#include "serve/data/inference.h"
#include "serve/data/row_writer.h"

#define PUT(text, literal) string_buffer_add(text, literal, sizeof(literal) - 1)

/* What is written, and where binary data is gathered meanwhile. */
struct writer {
    const struct data_scores *scores;
    size_t rows;
    struct string_buffer *json, binary;
    bool any_binary;
};

/* A label's name; "" for a row without a score. */
static const char *label_of(const struct writer *writer, size_t row) {
    int32_t label = writer->scores->label[row];
    return row_writer_has_score(writer->scores, row) ? writer->scores->info->labels[label] : "";
}

/* Numbers of the output: one a row, or one a label. */
static size_t count_of(const struct writer *writer, enum inference_output output) {
    size_t columns = output == INFERENCE_PROBABILITIES ? writer->scores->info->label_count : 1;
    return writer->rows * columns;
}

/* ---- as JSON --------------------------------------------------------------------------------- */

static void put_element(struct writer *writer, enum inference_output output, size_t at) {
    struct string_buffer *json = writer->json;
    const char *label;
    switch (output) {
    case INFERENCE_SIMILARITY: decimal_float(json, writer->scores->similarity[at]); break;
    case INFERENCE_PROBABILITIES: decimal_float(json, writer->scores->probabilities[at]); break;
    case INFERENCE_FLAGS: decimal_integer(json, writer->scores->flags[at]); break;
    default: label = label_of(writer, at); string_buffer_json_string(json, label, strlen(label));
    }
}

static void put_data(struct writer *writer, enum inference_output output) {
    size_t count = count_of(writer, output);
    PUT(writer->json, ",\"data\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) PUT(writer->json, ",");
        put_element(writer, output, i);
    }
    PUT(writer->json, "]");
}

/* ---- as binary data -------------------------------------------------------------------------- */

static void add_u32(struct string_buffer *binary, uint32_t number) {
    char bytes[4];
    for (int i = 0; i < 4; i++) bytes[i] = (char)(number >> 8 * i);
    string_buffer_add(binary, bytes, sizeof bytes);
}

static void add_float(struct string_buffer *binary, float number) {
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    add_u32(binary, bits);
}

static void add_element(struct writer *writer, enum inference_output output, size_t at) {
    struct string_buffer *binary = &writer->binary;
    const char *label;
    switch (output) {
    case INFERENCE_SIMILARITY: add_float(binary, writer->scores->similarity[at]); break;
    case INFERENCE_PROBABILITIES: add_float(binary, writer->scores->probabilities[at]); break;
    case INFERENCE_FLAGS: add_u32(binary, writer->scores->flags[at]); break;
    default:
        label = label_of(writer, at);
        add_u32(binary, (uint32_t)strlen(label));
        string_buffer_put(binary, label);
    }
}

static void put_binary(struct writer *writer, enum inference_output output) {
    size_t count = count_of(writer, output), before = writer->binary.length;
    for (size_t i = 0; i < count; i++) add_element(writer, output, i);
    PUT(writer->json, ",\"parameters\":{\"binary_data_size\":");
    decimal_integer(writer->json, writer->binary.length - before);
    PUT(writer->json, "}");
    writer->any_binary = true;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void put_output(struct writer *writer, enum inference_output output, bool is_binary) {
    const struct inference_tensor *tensor = &inference_outputs[output];
    string_buffer_format(writer->json, "{\"name\":\"%s\",\"datatype\":\"%s\",\"shape\":[%zu",
                         tensor->name, tensor->datatype, writer->rows);
    if (tensor->columns != 0) {
        string_buffer_format(writer->json, ",%u", writer->scores->info->label_count);
    }
    PUT(writer->json, "]");
    if (is_binary) {
        put_binary(writer, output);
    } else {
        put_data(writer, output);
    }
    PUT(writer->json, "}");
}

static void put_head(struct writer *writer, const struct data_call *call) {
    const struct inference *inference = call->state;
    PUT(writer->json, "{\"model_name\":");
    string_buffer_json_string(writer->json, call->model, strlen(call->model));
    PUT(writer->json, ",\"model_version\":\"");
    decimal_integer(writer->json, writer->scores->info->generation);
    PUT(writer->json, "\"");
    if (inference->has_id) {
        PUT(writer->json, ",\"id\":");
        string_buffer_json_string(writer->json, inference->id.at, inference->id.length);
    }
}

void inference_render(const struct data_call *call, const struct data_scores *scores,
                      struct http_answer *answer) {
    const struct inference *inference = call->state;
    struct writer writer = {.scores = scores, .rows = call->count, .json = &answer->body};
    /* A canary or a swap may have chosen another version than was live when the body was read. */
    if (!inference_is_model(call->service, call->model, call->version, scores->info, answer)) {
        return;
    }
    put_head(&writer, call);
    for (size_t i = 0; i < inference->count; i++) {
        int8_t asked = inference->output_binary[i];
        string_buffer_put(writer.json, i == 0 ? ",\"outputs\":[" : ",");
        put_output(&writer, inference->output[i], asked < 0 ? inference->binary : asked == 1);
    }
    PUT(writer.json, "]}");
    answer->status = 200;
    answer->content_type = "application/json";
    if (writer.any_binary) {
        answer->content_type = "application/octet-stream";
        http_answer_header_integer(answer, INFERENCE_LENGTH_HEADER, answer->body.length);
        string_buffer_add(&answer->body, writer.binary.bytes, writer.binary.length);
    }
    string_buffer_finish(&writer.binary);
}
