/* SPDX-License-Identifier: Apache-2.0 */
/* Writes an indented JSON document member by member. */
#ifndef CLI_COMMON_JSON_H
#define CLI_COMMON_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "common/string_buffer.h"

struct json {
    struct text text;
    int depth;
    bool follows; /* a member stands before the next one */
};

/* key NULL: an element of an array, or the document itself. */
void json_open(struct json *json, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json *json, char bracket);                 /* '}' or ']' */
void json_string(struct json *json, const char *key, const char *value);
void json_integer(struct json *json, const char *key, uint64_t value);

/* `digits` after the point; NaN and infinities become null. */
void json_number(struct json *json, const char *key, double value, int digits);

#endif
