/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a JSON body strictly: its type, its fields, and the error for each thing that is wrong. */
#ifndef CLI_SERVE_DATA_DATA_BODY_H
#define CLI_SERVE_DATA_DATA_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/json_reader.h"
#include "http/answer.h"
#include "http/exchange.h"

/* Functions that return bool answer false once `answer` holds the error. One thread at a time. */
struct data_body {
    struct json_reader reader;
    struct http_answer *answer;
    const char *itself; /* how errors name it: "the body" */
    char nothing[1];
};

/* How errors name a value: "pairs[3].address1", of which each part may be left out. */
struct data_body_place {
    const char *field;  /* NULL: the body itself */
    int64_t index;      /* -1: none */
    const char *member; /* NULL: none */
};
#define DATA_BODY_FIELD(name) ((struct data_body_place){.field = (name), .index = -1})
#define DATA_BODY_ITSELF DATA_BODY_FIELD(NULL)

/* Whether Content-Type is `type` (or `other`, unless it is NULL) in UTF-8, and Content-Encoding
 * none; 415 otherwise. A request without a type is refused too, unless `lenient`. */
bool data_body_has_type(const struct http_request *request, const char *type, const char *other,
                        bool lenient, struct http_answer *answer);

/* Begins at the body's value. text[length] must be writable; NULL: there is no body. */
void data_body_begin(struct data_body *body, char *text, size_t length, struct http_answer *answer);

/* 400, or 422, with a sentence that begins with the place. */
bool data_body_fault(struct data_body *body); /* of the reader */
bool data_body_wrong(struct data_body *body, const char *code, struct data_body_place place,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));
bool data_body_wrong_type(struct data_body *body, struct data_body_place place, const char *wanted);

/* The next value must be an object or array, and is open then. */
bool data_body_open(struct data_body *body, enum json_type type, struct data_body_place place);

/* The next field of the object that is open, by its number among `names`, which NULL ends; `seen`,
 * 0 at first, gets a bit for each. DATA_BODY_END: no more. DATA_BODY_WRONG: a fault, a field that
 * came before, or one that is not among them (DATA_BODY_OTHER where `lenient`; skip its value
 * then). */
enum { DATA_BODY_END = -1, DATA_BODY_WRONG = -2, DATA_BODY_OTHER = -3 };
int data_body_field(struct data_body *body, struct data_body_place place, const char *const *names,
                    bool lenient, unsigned *seen);

bool data_body_string(struct data_body *body, struct data_body_place place, struct json_string *to);
bool data_body_flag(struct data_body *body, struct data_body_place place, bool *to);

/* Nothing but blanks may follow. */
bool data_body_end(struct data_body *body);

static inline struct http_slice data_body_slice(struct json_string string) {
    return (struct http_slice){string.bytes, string.length};
}

#endif
