/* SPDX-License-Identifier: Apache-2.0 */
/* POST /rerank: one address against many, best first. */
#include <stdlib.h>

#include "common/memory.h"
#include "serve/data/decimal.h"
#include "serve/data/row_writer.h"
#include "serve/data/tei.h"

struct rerank {
    struct tei_options options;
    bool return_text;
};

enum { QUERY = TEI_OPTIONS, TEXTS, RETURN_TEXT };
static const char *const names[] = {TEI_OPTION_NAMES, "query", "texts", "return_text", NULL};

/* The query may come after them. */
static bool read_texts(struct data_body *body, struct data_call *call) {
    struct json_reader *reader = &body->reader;
    struct data_body_place place = DATA_BODY_FIELD(names[TEXTS]);
    if (!data_body_open(body, JSON_ARRAY, place)) return false;
    for (place.index = 0;; place.index++) {
        enum json_type type = json_reader_next(reader);
        if (type == JSON_ABSENT && reader->fault == NULL) return true;
        if (type != JSON_STRING) return data_body_wrong_type(body, place, "a string");
        struct http_slice later = {"", 0};
        if (!data_call_add(call, later, data_body_slice(reader->string), body->answer)) {
            return false;
        }
    }
}

static bool read_field(struct data_body *body, int field, struct data_call *call,
                       struct json_string *query) {
    struct rerank *rerank = call->state;
    switch (field) {
    case QUERY: return data_body_string(body, DATA_BODY_FIELD(names[field]), query);
    case TEXTS: return read_texts(body, call);
    case RETURN_TEXT:
        return data_body_flag(body, DATA_BODY_FIELD(names[field]), &rerank->return_text);
    default: return tei_options_read(body, field, &rerank->options);
    }
}

static bool check_fields(struct data_body *body, const struct data_call *call, unsigned seen) {
    for (int field = QUERY; field <= TEXTS; field++) {
        if ((seen & 1u << field) != 0) continue;
        return data_body_wrong(body, "missing_field", DATA_BODY_FIELD(names[field]), "is missing");
    }
    if (call->count > 0) return true;
    return data_body_wrong(body, "no_texts", DATA_BODY_FIELD(names[TEXTS]), "must not be empty");
}

bool rerank_parse(struct data_call *call, struct http_answer *answer) {
    const struct http_request *request = call->request;
    struct json_string query = {0};
    struct data_body body;
    unsigned seen = 0;
    call->state = memory_zeroed(1, sizeof(struct rerank));
    if (!data_body_has_type(request, "application/json", NULL, false, answer)) return false;
    data_body_begin(&body, request->body, request->body_length, answer);
    if (!data_body_open(&body, JSON_OBJECT, DATA_BODY_ITSELF)) return false;
    for (;;) {
        int field = data_body_field(&body, DATA_BODY_ITSELF, names, false, &seen);
        if (field == DATA_BODY_WRONG) return false;
        if (field == DATA_BODY_END) break;
        if (!read_field(&body, field, call, &query)) return false;
    }
    if (!data_body_end(&body) || !check_fields(&body, call, seen)) return false;
    for (size_t i = 0; i < call->count; i++) {
        call->pairs[i].a = query.bytes;
        call->pairs[i].a_len = query.length;
    }
    return true;
}

/* ---- the answer ------------------------------------------------------------------------------ */

struct rank {
    float score; /* -1: none */
    size_t row;
};

/* Best first; equal ones in the request's order. */
static int compare_ranks(const void *left, const void *right) {
    const struct rank *a = left, *b = right;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->row < b->row ? -1 : 1;
}

static void put_rank(struct row_writer *writer, const struct data_call *call, size_t row) {
    const struct rerank *rerank = call->state;
    struct string_buffer *text = writer->text;
    string_buffer_put(text, "{\"index\":");
    decimal_integer(text, row);
    if (rerank->return_text) {
        string_buffer_put(text, ",\"text\":");
        string_buffer_json_string(text, call->pairs[row].b, call->pairs[row].b_len);
    }
    string_buffer_put(text, ",\"score\":");
    if (row_writer_has_score(writer->scores, row)) {
        tei_options_put_score(&rerank->options, text, writer->scores->similarity[row], true);
    } else {
        string_buffer_put(text, "null,");
        row_writer_flags(writer, row);
    }
    string_buffer_add(text, "}", 1);
}

void rerank_render(const struct data_call *call, const struct data_scores *scores,
                   struct http_answer *answer) {
    const struct rerank *rerank = call->state;
    if (!tei_options_allow(&rerank->options, call, scores, answer)) return;
    struct rank *ranks = memory_resize(NULL, call->count, sizeof *ranks);
    for (size_t i = 0; i < call->count; i++) {
        ranks[i] = (struct rank){row_writer_has_score(scores, i) ? scores->similarity[i] : -1, i};
    }
    qsort(ranks, call->count, sizeof *ranks, compare_ranks);
    struct row_writer writer;
    row_writer_begin(&writer, &answer->body, scores, DECIMAL_MOST_DIGITS);
    for (size_t i = 0; i < call->count; i++) {
        string_buffer_add(&answer->body, i == 0 ? "[" : ",", 1);
        put_rank(&writer, call, ranks[i].row);
    }
    string_buffer_put(&answer->body, "]\n");
    row_writer_finish(&writer);
    free(ranks);
    answer->status = 200;
    answer->content_type = "application/json";
}
