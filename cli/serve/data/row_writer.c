/* SPDX-License-Identifier: Apache-2.0 */
/* Writes rows; a label's name is made a JSON string once for all of them. */
#include "serve/data/row_writer.h"

#include <string.h>

#include "serve/data/decimal.h"

#define PUT(text, literal) string_buffer_add(text, literal, sizeof(literal) - 1)

static bool refuse_digits(struct http_answer *answer) {
    const struct http_error error = {
        .status = 422, .code = "bad_parameter", .field = "digits", .index = -1};
    http_answer_error(answer, &error, "digits must be a number from %d to %d", DECIMAL_LEAST_DIGITS,
                      DECIMAL_MOST_DIGITS);
    return false;
}

/* Takes "digits=6" or another parameter off the query. */
static struct http_slice take_parameter(struct http_slice *query) {
    const char *end = memchr(query->at, '&', query->length);
    struct http_slice taken = {query->at, end == NULL ? query->length : (size_t)(end - query->at)};
    size_t gone = taken.length + (end != NULL);
    query->at += gone;
    query->length -= gone;
    return taken;
}

bool row_writer_digits(const struct http_request *request, int *digits,
                       struct http_answer *answer) {
    static const char name[] = "digits=";
    enum { NAME = sizeof name - 1 };
    struct http_slice query = request->query;
    *digits = 0;
    while (query.length > 0) {
        struct http_slice parameter = take_parameter(&query);
        if (http_slice_equals(parameter, "digits")) return refuse_digits(answer);
        if (parameter.length < NAME || memcmp(parameter.at, name, NAME) != 0) continue;
        int digit = parameter.length == NAME + 1 ? parameter.at[NAME] - '0' : 0;
        bool twice = *digits > 0;
        if (digit < DECIMAL_LEAST_DIGITS || digit > DECIMAL_MOST_DIGITS || twice) {
            return refuse_digits(answer);
        }
        *digits = digit;
    }
    if (*digits == 0) *digits = DECIMAL_LEAST_DIGITS;
    return true;
}

void row_writer_begin(struct row_writer *writer, struct string_buffer *text,
                      const struct data_scores *scores, int digits) {
    *writer = (struct row_writer){.text = text, .scores = scores, .digits = digits};
    for (uint32_t i = 0; i < scores->info->label_count; i++) {
        const char *label = scores->info->labels[i];
        string_buffer_json_string(&writer->labels, label, strlen(label));
        writer->ends[i] = writer->labels.length;
    }
}

void row_writer_label(struct row_writer *writer, int32_t label) {
    size_t begin = label == 0 ? 0 : writer->ends[label - 1];
    string_buffer_add(writer->text, writer->labels.bytes + begin, writer->ends[label] - begin);
}

void row_writer_flags(struct row_writer *writer, size_t row) {
    uint32_t flags = writer->scores->flags[row];
    PUT(writer->text, "\"flags\":[");
    const char *before = "\"";
    for (uint32_t flag = 1; flag != 0 && flag <= flags; flag <<= 1) {
        if ((flags & flag) == 0) continue;
        string_buffer_put(writer->text, before);
        string_buffer_put(writer->text, mgeo_row_flag_name(flag));
        PUT(writer->text, "\"");
        before = ",\"";
    }
    PUT(writer->text, "]");
}

static void put_probabilities(struct row_writer *writer, size_t row) {
    uint32_t count = writer->scores->info->label_count;
    const float *probabilities = writer->scores->probabilities + row * count;
    for (uint32_t i = 0; i < count; i++) {
        string_buffer_add(writer->text, i == 0 ? "{" : ",", 1);
        row_writer_label(writer, (int32_t)i);
        PUT(writer->text, ":");
        decimal_score(writer->text, probabilities[i], writer->digits);
    }
    PUT(writer->text, "}");
}

void row_writer_row(struct row_writer *writer, size_t row) {
    const struct data_scores *scores = writer->scores;
    if (row_writer_has_score(scores, row)) {
        PUT(writer->text, "\"similarity\":");
        decimal_score(writer->text, scores->similarity[row], writer->digits);
        PUT(writer->text, ",\"label\":");
        row_writer_label(writer, scores->label[row]);
        PUT(writer->text, ",\"probabilities\":");
        put_probabilities(writer, row);
    } else {
        PUT(writer->text, "\"similarity\":null,\"label\":null,\"probabilities\":null");
    }
    PUT(writer->text, ",");
    row_writer_flags(writer, row);
}

void row_writer_model(struct row_writer *writer) {
    const mgeo_model_info *info = writer->scores->info;
    PUT(writer->text, "\"model\":{\"version\":");
    string_buffer_json_string(writer->text, info->version, strlen(info->version));
    PUT(writer->text, ",\"slot\":\"");
    string_buffer_put(writer->text, mgeo_slot_name(info->slot));
    PUT(writer->text, "\",\"generation\":");
    decimal_integer(writer->text, info->generation);
    PUT(writer->text, "}");
}

void row_writer_finish(struct row_writer *writer) { string_buffer_finish(&writer->labels); }
