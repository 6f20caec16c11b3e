/* SPDX-License-Identifier: Apache-2.0 */
/* Commas, indentation and escapes of a JSON document. */
#include "common/json_writer.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void begin_member(struct json_writer *json, const char *key) {
    if (json->follows) string_buffer_add(&json->text, ",", 1);
    if (json->depth > 0) string_buffer_format(&json->text, "\n%*s", json->depth * 2, "");
    json->follows = true;
    if (key == NULL) return;
    string_buffer_json_string(&json->text, key, strlen(key));
    string_buffer_add(&json->text, ": ", 2);
}

void json_writer_open(struct json_writer *json, const char *key, char bracket) {
    begin_member(json, key);
    string_buffer_add(&json->text, &bracket, 1);
    json->depth++;
    json->follows = false;
}

void json_writer_close(struct json_writer *json, char bracket) {
    json->depth--;
    if (json->follows) string_buffer_format(&json->text, "\n%*s", json->depth * 2, "");
    string_buffer_add(&json->text, &bracket, 1);
    json->follows = true;
    if (json->depth == 0) string_buffer_add(&json->text, "\n", 1);
}

void json_writer_string(struct json_writer *json, const char *key, const char *value) {
    json_writer_text(json, key, value, strlen(value));
}

void json_writer_text(struct json_writer *json, const char *key, const char *bytes, size_t length) {
    begin_member(json, key);
    string_buffer_json_string(&json->text, bytes, length);
}

void json_writer_raw(struct json_writer *json, const char *key, const char *text) {
    begin_member(json, key);
    string_buffer_put(&json->text, text);
}

void json_writer_integer(struct json_writer *json, const char *key, uint64_t value) {
    begin_member(json, key);
    string_buffer_format(&json->text, "%" PRIu64, value);
}

void json_writer_number(struct json_writer *json, const char *key, double value, int digits) {
    begin_member(json, key);
    if (isfinite(value)) {
        string_buffer_format(&json->text, "%.*f", digits, value);
    } else {
        string_buffer_put(&json->text, "null");
    }
}

void json_writer_small_number(struct json_writer *json, const char *key, double value) {
    if (!isfinite(value)) {
        json_writer_null(json, key);
        return;
    }
    begin_member(json, key);
    string_buffer_format(&json->text, "%.9g", value);
}

void json_writer_bool(struct json_writer *json, const char *key, bool value) {
    begin_member(json, key);
    string_buffer_put(&json->text, value ? "true" : "false");
}

void json_writer_null(struct json_writer *json, const char *key) {
    begin_member(json, key);
    string_buffer_put(&json->text, "null");
}
