/* SPDX-License-Identifier: Apache-2.0 */
/* Commas, indentation and escapes of a JSON document. */
#include "common/json_writer.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void begin_member(struct json *json, const char *key) {
    if (json->follows) text_add(&json->text, ",", 1);
    if (json->depth > 0) text_format(&json->text, "\n%*s", json->depth * 2, "");
    json->follows = true;
    if (key == NULL) return;
    text_json_string(&json->text, key, strlen(key));
    text_add(&json->text, ": ", 2);
}

void json_open(struct json *json, const char *key, char bracket) {
    begin_member(json, key);
    text_add(&json->text, &bracket, 1);
    json->depth++;
    json->follows = false;
}

void json_close(struct json *json, char bracket) {
    json->depth--;
    if (json->follows) text_format(&json->text, "\n%*s", json->depth * 2, "");
    text_add(&json->text, &bracket, 1);
    json->follows = true;
    if (json->depth == 0) text_add(&json->text, "\n", 1);
}

void json_string(struct json *json, const char *key, const char *value) {
    begin_member(json, key);
    text_json_string(&json->text, value, strlen(value));
}

void json_integer(struct json *json, const char *key, uint64_t value) {
    begin_member(json, key);
    text_format(&json->text, "%" PRIu64, value);
}

void json_number(struct json *json, const char *key, double value, int digits) {
    begin_member(json, key);
    if (isfinite(value))
        text_format(&json->text, "%.*f", digits, value);
    else
        text_put(&json->text, "null");
}
