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
    return data_call_add(call, body_slice(pair->a), body_slice(pair->b), answer);
}

/* The elements of "pairs", until its end. */
static bool read_pairs(struct body *body, struct data_call *call) {
    struct json_reader *reader = &body->reader;
    struct body_place place = BODY_FIELD(names[PAIRS]);
    if (!body_open(body, JSON_ARRAY, place)) return false;
    for (place.index = 0;; place.index++) {
        struct pair_text pair;
        enum json_type type = json_reader_next(reader);
        if (type == JSON_ABSENT) return reader->fault == NULL || body_fault(body);
        if (!pair_text_read(body, type, place, false, &pair)) return false;
        if (!add(call, &pair, body->answer)) return false;
    }
}

/* Which fields there must be: both addresses, or pairs. */
static bool check_fields(struct body *body, unsigned seen) {
    enum { BOTH = 1u << ADDRESS1 | 1u << ADDRESS2, MANY = 1u << PAIRS };
    if (seen == BOTH || seen == MANY) return true;
    if ((seen & MANY) != 0) {
        return body_wrong(body, "conflicting_fields", BODY_FIELD("pairs"),
                          "stands beside %s: give either pairs, or address1 and address2",
                          (seen & 1u << ADDRESS1) != 0 ? "address1" : "address2");
    }
    int missing = (seen & 1u << ADDRESS1) == 0 ? ADDRESS1 : ADDRESS2;
    return body_wrong(body, "missing_field", BODY_FIELD(names[missing]), "is missing");
}

static bool read_body(struct body *body, struct data_call *call, bool *many) {
    struct pair_text pair = {0};
    unsigned seen = 0;
    if (!body_open(body, JSON_OBJECT, BODY_ITSELF)) return false;
    for (;;) {
        int field = body_field(body, BODY_ITSELF, names, false, &seen);
        if (field == BODY_WRONG) return false;
        if (field == BODY_END) break;
        bool read = field == PAIRS ? read_pairs(body, call)
                                   : body_string(body, BODY_FIELD(names[field]),
                                                 field == ADDRESS1 ? &pair.a : &pair.b);
        if (!read) return false;
    }
    if (!body_end(body) || !check_fields(body, seen)) return false;
    *many = (seen & 1u << PAIRS) != 0;
    return *many || add(call, &pair, body->answer);
}

bool match_parse(struct data_call *call, struct http_answer *answer) {
    const struct http_request *request = call->request;
    struct match *match = memory_zeroed(1, sizeof *match);
    struct body body;
    call->state = match;
    if (!body_has_type(request, "application/json", NULL, false, answer)) return false;
    if (!row_writer_digits(request, &match->digits, answer)) return false;
    body_begin(&body, request->body, request->body_length, answer);
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
