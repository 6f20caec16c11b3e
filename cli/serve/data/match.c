/* SPDX-License-Identifier: Apache-2.0 */
/* POST /match: one pair, or a list of pairs, as JSON. */
#include "serve/data/match.h"

#include "common/memory.h"
#include "serve/data/pair_text.h"
#include "serve/data/row_writer.h"

struct match {
    bool many; /* "pairs" was given */
    int digits;
};

enum { ADDRESS1, ADDRESS2, PAIRS };
static const char *const names[] = {"address1", "address2", "pairs", NULL};

static bool add(struct data_call *call, const struct pair_text *pair, struct http_answer *answer) {
    return data_call_add(call, data_body_slice(pair->a), data_body_slice(pair->b), answer);
}

/* The elements of "pairs", until its end. */
static bool read_pairs(struct data_body *body, struct data_call *call) {
    struct json_reader *reader = &body->reader;
    struct data_body_place place = DATA_BODY_FIELD(names[PAIRS]);
    if (!data_body_open(body, JSON_ARRAY, place)) return false;
    for (place.index = 0;; place.index++) {
        struct pair_text pair;
        enum json_type type = json_reader_next(reader);
        if (type == JSON_ABSENT) return reader->fault == NULL || data_body_fault(body);
        if (!pair_text_read(body, type, place, false, &pair)) return false;
        if (!add(call, &pair, body->answer)) return false;
    }
}

/* Which fields there must be: both addresses, or pairs. */
static bool check_fields(struct data_body *body, unsigned seen) {
    enum { BOTH = 1u << ADDRESS1 | 1u << ADDRESS2, MANY = 1u << PAIRS };
    if (seen == BOTH || seen == MANY) return true;
    if ((seen & MANY) != 0) {
        return data_body_wrong(body, "conflicting_fields", DATA_BODY_FIELD("pairs"),
                               "stands beside %s: give either pairs, or address1 and address2",
                               (seen & 1u << ADDRESS1) != 0 ? "address1" : "address2");
    }
    int missing = (seen & 1u << ADDRESS1) == 0 ? ADDRESS1 : ADDRESS2;
    return data_body_wrong(body, "missing_field", DATA_BODY_FIELD(names[missing]), "is missing");
}

static bool read_body(struct data_body *body, struct data_call *call, bool *many) {
    struct pair_text pair = {0};
    unsigned seen = 0;
    if (!data_body_open(body, JSON_OBJECT, DATA_BODY_ITSELF)) return false;
    for (;;) {
        int field = data_body_field(body, DATA_BODY_ITSELF, names, false, &seen);
        if (field == DATA_BODY_WRONG) return false;
        if (field == DATA_BODY_END) break;
        bool read = field == PAIRS ? read_pairs(body, call)
                                   : data_body_string(body, DATA_BODY_FIELD(names[field]),
                                                      field == ADDRESS1 ? &pair.a : &pair.b);
        if (!read) return false;
    }
    if (!data_body_end(body) || !check_fields(body, seen)) return false;
    *many = (seen & 1u << PAIRS) != 0;
    return *many || add(call, &pair, body->answer);
}

bool match_parse(struct data_call *call, struct http_answer *answer) {
    const struct http_request *request = call->request;
    struct match *match = memory_zeroed(1, sizeof *match);
    struct data_body body;
    call->state = match;
    if (!data_body_has_type(request, "application/json", NULL, false, answer)) return false;
    if (!row_writer_digits(request, &match->digits, answer)) return false;
    data_body_begin(&body, request->body, request->body_length, answer);
    return read_body(&body, call, &match->many);
}

void match_render(const struct data_call *call, const struct data_scores *scores,
                  struct http_answer *answer) {
    const struct match *match = call->state;
    struct string_buffer *text = &answer->body;
    struct row_writer writer;
    row_writer_begin(&writer, text, scores, match->digits);
    string_buffer_put(text, match->many ? "{\"results\":[" : "{");
    for (size_t i = 0; i < call->count; i++) {
        if (i > 0) string_buffer_add(text, ",", 1);
        if (match->many) string_buffer_add(text, "{", 1);
        row_writer_row(&writer, i);
        if (match->many) string_buffer_add(text, "}", 1);
    }
    string_buffer_put(text, match->many ? "]," : ",");
    row_writer_model(&writer);
    string_buffer_put(text, "}\n");
    row_writer_finish(&writer);
    answer->status = 200;
    answer->content_type = "application/json";
}
