/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one pair of texts in either of its two forms. */
#include "serve/data/pair_text.h"

enum { ADDRESS1, ADDRESS2, ID };

static bool wrong_count(struct data_body *body, struct data_body_place place) {
    if (body->reader.fault != NULL) return data_body_fault(body);
    return data_body_wrong(body, "bad_pair", place, "must hold two strings");
}

bool pair_text_read_array(struct data_body *body, struct data_body_place place,
                          const struct json_string *first, struct pair_text *to) {
    struct json_reader *reader = &body->reader;
    if (first != NULL) {
        to->a = *first;
    } else if (json_reader_next(reader) == JSON_STRING) {
        to->a = reader->string;
    } else {
        return wrong_count(body, place);
    }
    if (json_reader_next(reader) != JSON_STRING) return wrong_count(body, place);
    to->b = reader->string;
    bool closed = json_reader_next(reader) == JSON_ABSENT && reader->fault == NULL;
    return closed || wrong_count(body, place);
}

static bool read_id(struct data_body *body, struct data_body_place place, struct pair_text *to) {
    struct json_reader *reader = &body->reader;
    to->id_type = json_reader_next(reader);
    if (to->id_type == JSON_NULL) return true;
    if (to->id_type == JSON_STRING) {
        to->id = data_body_slice(reader->string);
        return true;
    }
    to->id = (struct http_slice){reader->text + reader->begin, reader->at - reader->begin};
    if (to->id_type == JSON_NUMBER) return true;
    to->id_type = JSON_ABSENT;
    place.member = "id";
    return data_body_wrong_type(body, place, "a string or a number");
}

static bool read_object(struct data_body *body, struct data_body_place place, bool with_id,
                        struct pair_text *to) {
    static const char *const names[] = {"address1", "address2", "id", NULL};
    static const char *const two_names[] = {"address1", "address2", NULL};
    unsigned seen = 0;
    for (;;) {
        int field = data_body_field(body, place, with_id ? names : two_names, false, &seen);
        if (field == DATA_BODY_WRONG) return false;
        if (field == DATA_BODY_END) break;
        if (field == ID) {
            if (!read_id(body, place, to)) return false;
            continue;
        }
        struct data_body_place member = place;
        member.member = names[field];
        if (!data_body_string(body, member, field == ADDRESS1 ? &to->a : &to->b)) return false;
    }
    for (int field = ADDRESS1; field <= ADDRESS2; field++) {
        if ((seen & 1u << field) != 0) continue;
        place.member = names[field];
        return data_body_wrong(body, "missing_field", place, "is missing");
    }
    return true;
}

bool pair_text_read(struct data_body *body, enum json_type type, struct data_body_place place,
                    bool with_id, struct pair_text *to) {
    *to = (struct pair_text){.id_type = JSON_ABSENT};
    if (type == JSON_ARRAY) return pair_text_read_array(body, place, NULL, to);
    if (type == JSON_OBJECT) return read_object(body, place, with_id, to);
    return data_body_wrong_type(body, place,
                                "[\"a\", \"b\"] or {\"address1\": …, \"address2\": …}");
}
