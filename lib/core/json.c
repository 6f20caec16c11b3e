/* SPDX-License-Identifier: Apache-2.0 */
/* Untrusted JSON: loading within limits, and getters whose errors name file, field and reason. */
#include "core/json.h"

#include "core/mapfile.h"
#include "core/pathname.h"

#include <string.h>

/* jansson recurses per level: what is too deep for us must not reach it. */
static bool too_deep(const char *text, size_t size) {
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (quoted) {
            if (c == '\\') i++;
            if (c == '"') quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > MGI_JSON_MAX_DEPTH) return true;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return false;
}

mgeo_status mgi_json_parse(const void *bytes, size_t size, const char *file, json_t **root,
                           mgeo_error *error) {
    const char *path = mgi_pathname_shown(file);
    *root = NULL;
    if (size == 0) return mgi_fail(error, MGEO_E_FORMAT, "%s: empty where JSON should be", path);
    if (too_deep(bytes, size)) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: JSON nested deeper than %d levels", path,
                        MGI_JSON_MAX_DEPTH);
    }
    json_error_t reason;
    json_t *json = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &reason);
    /* Without a reason jansson means that memory ran out in the middle. */
    if (json == NULL &&
        (reason.text[0] == '\0' || json_error_code(&reason) == json_error_out_of_memory)) {
        return mgi_fail_memory(error, "JSON", size);
    }
    if (json == NULL) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: line %d: not valid JSON: %.160s", path,
                        reason.line, reason.text);
    }
    if (!json_is_object(json)) {
        json_decref(json);
        return mgi_fail(error, MGEO_E_FORMAT, "%s: a JSON object is expected", path);
    }
    *root = json;
    return MGEO_OK;
}

mgeo_status mgi_json_load(const char *path, json_t **root, mgeo_error *error) {
    mgi_mapfile file;
    *root = NULL;
    mgeo_status status = mgi_mapfile_open(&file, path, error);
    if (status != MGEO_OK) return status;
    if (file.size > MGI_JSON_MAX_FILE_BYTES) {
        status = mgi_fail(error, MGEO_E_FORMAT, "%s: %zu bytes; at most %d are read",
                          mgi_pathname_shown(path), file.size, MGI_JSON_MAX_FILE_BYTES);
    } else {
        status = mgi_json_parse(file.data, file.size, path, root, error);
    }
    mgi_mapfile_close(&file);
    return status;
}

json_t *mgi_json_field(const mgi_json_object *object, const char *key) {
    json_t *field = json_object_get(object->json, key);
    return json_is_null(field) ? NULL : field;
}

static mgeo_status bad_field(const mgi_json_object *object, const char *key, const char *expected,
                             mgeo_error *error) {
    return mgi_fail(error, MGEO_E_FORMAT, "%s: %s%s: %s is expected",
                    mgi_pathname_shown(object->file), object->within, key, expected);
}

mgeo_status mgi_json_u32(const mgi_json_object *object, const char *key, uint32_t low,
                         uint32_t high, uint32_t *value, mgeo_error *error) {
    json_t *field = mgi_json_field(object, key);
    if (field == NULL) return MGEO_OK;
    if (!json_is_integer(field)) return bad_field(object, key, "a whole number", error);
    json_int_t number = json_integer_value(field);
    if (number < (json_int_t)low || number > (json_int_t)high) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: %s%s: %lld is not within %u to %u",
                        mgi_pathname_shown(object->file), object->within, key, (long long)number,
                        low, high);
    }
    *value = (uint32_t)number;
    return MGEO_OK;
}

mgeo_status mgi_json_number(const mgi_json_object *object, const char *key, double low, double high,
                            double *value, mgeo_error *error) {
    json_t *field = mgi_json_field(object, key);
    if (field == NULL) return MGEO_OK;
    if (!json_is_number(field)) return bad_field(object, key, "a number", error);
    double number = json_number_value(field);
    if (!(number >= low && number <= high)) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: %s%s: %g is not within %g to %g",
                        mgi_pathname_shown(object->file), object->within, key, number, low, high);
    }
    *value = number;
    return MGEO_OK;
}

mgeo_status mgi_json_bool(const mgi_json_object *object, const char *key, bool *value,
                          mgeo_error *error) {
    json_t *field = mgi_json_field(object, key);
    if (field == NULL) return MGEO_OK;
    if (!json_is_boolean(field)) return bad_field(object, key, "true or false", error);
    *value = json_is_true(field);
    return MGEO_OK;
}

mgeo_status mgi_json_text(const mgi_json_object *object, const char *key, const char **value,
                          mgeo_error *error) {
    json_t *field = mgi_json_field(object, key);
    if (field == NULL) return MGEO_OK;
    if (!json_is_string(field)) return bad_field(object, key, "a string", error);
    *value = json_string_value(field);
    return MGEO_OK;
}

mgeo_status mgi_json_child(const mgi_json_object *object, const char *key, const char *within,
                           mgi_json_object *child, mgeo_error *error) {
    json_t *field = mgi_json_field(object, key);
    if (field != NULL && !json_is_object(field)) {
        return bad_field(object, key, "an object", error);
    }
    *child = (mgi_json_object){.json = field, .file = object->file, .within = within};
    return MGEO_OK;
}
