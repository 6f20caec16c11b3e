/* SPDX-License-Identifier: Apache-2.0 */
/* Writes an indented JSON document member by member. */
#ifndef CLI_COMMON_JSON_WRITER_H
#define CLI_COMMON_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/string_buffer.h"

struct json_writer {
    struct string_buffer text;
    int depth;
    bool follows; /* a member stands before the next one */
};

/* key NULL: an element of an array, or the document itself. */
void json_writer_open(struct json_writer *json, const char *key, char bracket); /* '{' or '[' */
void json_writer_close(struct json_writer *json, char bracket);                 /* '}' or ']' */
void json_writer_string(struct json_writer *json, const char *key, const char *value);
void json_writer_text(struct json_writer *json, const char *key, const char *bytes, size_t length);
void json_writer_raw(struct json_writer *json, const char *key, const char *text); /* is JSON */
void json_writer_integer(struct json_writer *json, const char *key, uint64_t value);
void json_writer_bool(struct json_writer *json, const char *key, bool value);
void json_writer_null(struct json_writer *json, const char *key);

/* `digits` after the point; NaN and infinities become null. */
void json_writer_number(struct json_writer *json, const char *key, double value, int digits);

/* The same for what may be very small: nine digits that count, 3.1e-07 among them. */
void json_writer_small_number(struct json_writer *json, const char *key, double value);

#endif
