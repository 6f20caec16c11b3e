/* SPDX-License-Identifier: Apache-2.0 */
/* POST /predict: the labels of a pair or of many, likeliest first. */
#include "common/memory.h"
#include "serve/data/decimal.h"
#include "serve/data/pair_text.h"
#include "serve/data/row_writer.h"
#include "serve/data/tei.h"

struct predict {
    struct tei_options options;
    bool batch; /* a list of pairs was given */
};

enum { INPUTS = TEI_OPTIONS };
static const char *const names[] = {TEI_OPTION_NAMES, "inputs", NULL};

static bool add(struct data_call *call, const struct pair_text *pair, struct http_answer *answer) {
    return data_call_add(call, data_body_slice(pair->a), data_body_slice(pair->b), answer);
}

/* [["a", "b"], …], of which the first bracket of the first pair was read. */
static bool read_batch(struct data_body *body, struct data_call *call) {
    struct json_reader *reader = &body->reader;
    struct data_body_place place = {.field = names[INPUTS], .index = 0};
    for (enum json_type type = JSON_ARRAY; type != JSON_ABSENT; place.index++) {
        struct pair_text pair;
        if (type != JSON_ARRAY) return data_body_wrong_type(body, place, "two strings");
        if (!pair_text_read_array(body, place, NULL, &pair)) return false;
        if (!add(call, &pair, body->answer)) return false;
        type = json_reader_next(reader);
    }
    return reader->fault == NULL || data_body_fault(body);
}

static bool read_inputs(struct data_body *body, struct data_call *call) {
    struct predict *predict = call->state;
    struct json_reader *reader = &body->reader;
    struct data_body_place place = DATA_BODY_FIELD(names[INPUTS]);
    struct pair_text pair;
    static const char wanted[] = "[\"a\", \"b\"] or a list of such pairs";
    enum json_type type = json_reader_next(reader);
    if (type == JSON_STRING) {
        return data_body_wrong(body, "bad_pair", place,
                               "must hold two strings: this model compares");
    }
    if (type != JSON_ARRAY) return data_body_wrong_type(body, place, wanted);
    type = json_reader_next(reader);
    predict->batch = type == JSON_ARRAY;
    if (predict->batch) return read_batch(body, call);
    if (type != JSON_STRING) return data_body_wrong_type(body, place, wanted);
    struct json_string first = reader->string;
    return pair_text_read_array(body, place, &first, &pair) && add(call, &pair, body->answer);
}

bool predict_parse(struct data_call *call, struct http_answer *answer) {
    const struct http_request *request = call->request;
    struct predict *predict = memory_zeroed(1, sizeof *predict);
    struct data_body body;
    unsigned seen = 0;
    call->state = predict;
    if (!data_body_has_type(request, "application/json", NULL, false, answer)) return false;
    data_body_begin(&body, request->body, request->body_length, answer);
    if (!data_body_open(&body, JSON_OBJECT, DATA_BODY_ITSELF)) return false;
    for (;;) {
        int field = data_body_field(&body, DATA_BODY_ITSELF, names, false, &seen);
        if (field == DATA_BODY_WRONG) return false;
        if (field == DATA_BODY_END) break;
        bool read = field == INPUTS ? read_inputs(&body, call)
                                    : tei_options_read(&body, field, &predict->options);
        if (!read) return false;
    }
    if (!data_body_end(&body)) return false;
    if ((seen & 1u << INPUTS) != 0) return true;
    return data_body_wrong(&body, "missing_field", DATA_BODY_FIELD(names[INPUTS]), "is missing");
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* The labels' numbers, likeliest first. There are few. */
static void sort_labels(const float *probabilities, uint32_t count, int32_t *order) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i;
        for (; at > 0 && probabilities[order[at - 1]] < probabilities[i]; at--) {
            order[at] = order[at - 1];
        }
        order[at] = (int32_t)i;
    }
}

static void put_labels(struct row_writer *writer, const struct tei_options *options, size_t row) {
    struct string_buffer *text = writer->text;
    uint32_t count = writer->scores->info->label_count;
    const float *probabilities = writer->scores->probabilities + row * count;
    int32_t order[MGEO_MAX_LABELS];
    sort_labels(probabilities, count, order);
    for (uint32_t i = 0; i < count; i++) {
        string_buffer_put(text, i == 0 ? "[{\"score\":" : ",{\"score\":");
        tei_options_put_score(options, text, probabilities[order[i]], count == 1);
        string_buffer_put(text, ",\"label\":");
        row_writer_label(writer, order[i]);
        string_buffer_add(text, "}", 1);
    }
    string_buffer_add(text, "]", 1);
}

void predict_render(const struct data_call *call, const struct data_scores *scores,
                    struct http_answer *answer) {
    const struct predict *predict = call->state;
    if (!tei_options_allow(&predict->options, call, scores, answer)) return;
    struct string_buffer *text = &answer->body;
    struct row_writer writer;
    row_writer_begin(&writer, text, scores, DECIMAL_MOST_DIGITS);
    if (predict->batch) string_buffer_add(text, "[", 1);
    for (size_t i = 0; i < call->count; i++) {
        if (i > 0) string_buffer_add(text, ",", 1);
        if (row_writer_has_score(scores, i)) {
            put_labels(&writer, &predict->options, i);
        } else {
            string_buffer_put(text, "[{\"score\":null,\"label\":null,");
            row_writer_flags(&writer, i);
            string_buffer_put(text, "}]");
        }
    }
    string_buffer_put(text, predict->batch ? "]\n" : "\n");
    row_writer_finish(&writer);
    answer->status = 200;
    answer->content_type = "application/json";
}
