/* SPDX-License-Identifier: Apache-2.0 */
/* Untrusted JSON: loading within limits, and getters whose errors name file, field and reason. */
#include "core/json/json.h"

#include "core/alloc.h"
#include "core/bytes/foreign_bytes.h"
#include "core/pathname.h"
#include "core/regular_file.h"

#include <string.h>

mgeo_status mgi_json_parse(const void *bytes, size_t size, const char *file, mgi_json_value **root,
                           mgeo_error *error) {
    const char *path = mgi_pathname_shown(file);
    mgi_json_flaw flaw;
    *root = NULL;
    if (size == 0) return mgi_fail(error, MGEO_E_FORMAT, "%s: empty where JSON should be", path);
    mgi_json_value *json = mgi_json_tree_read(bytes, size, &flaw);
    if (json == NULL && flaw.reason == NULL) return mgi_fail_memory(error, "JSON", size);
    if (json == NULL) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: line %u: not valid JSON: %s", path, flaw.line,
                        flaw.reason);
    }
    if (json->kind != MGI_JSON_OBJECT) {
        mgi_json_tree_free(json);
        return mgi_fail(error, MGEO_E_FORMAT, "%s: a JSON object is expected", path);
    }
    *root = json;
    return MGEO_OK;
}

mgeo_status mgi_json_load(const char *path, mgi_json_value **root, mgeo_error *error) {
    void *bytes;
    size_t size;
    *root = NULL;
    mgeo_status status = mgi_regular_file_load(path, MGI_JSON_MAX_FILE_BYTES, &bytes, &size, error);
    if (status != MGEO_OK) return status;
    status = mgi_json_parse(bytes, size, path, root, error);
    const char *other = mgi_foreign_bytes_name(bytes, size, false);
    if (status == MGEO_E_FORMAT && other != NULL) {
        status = mgi_fail(error, status, "%s: %s", mgi_pathname_shown(path), other);
    }
    mgi_free(bytes);
    return status;
}

mgeo_status mgi_json_load_if_there(const char *path, mgi_json_value **root, mgeo_error *error) {
    *root = NULL;
    return mgi_regular_file_is_absent(path) ? MGEO_OK : mgi_json_load(path, root, error);
}

const mgi_json_value *mgi_json_field(const mgi_json_object *object, const char *key) {
    const mgi_json_value *field = mgi_json_tree_member(object->json, key);
    return field == NULL || field->kind == MGI_JSON_NULL ? NULL : field;
}

static mgeo_status bad_field(const mgi_json_object *object, const char *key, const char *expected,
                             mgeo_error *error) {
    return mgi_fail(error, MGEO_E_FORMAT, "%s: %s%s: %s is expected",
                    mgi_pathname_shown(object->file), object->within, key, expected);
}

mgeo_status mgi_json_u32(const mgi_json_object *object, const char *key, uint32_t low,
                         uint32_t high, uint32_t *value, mgeo_error *error) {
    const mgi_json_value *field = mgi_json_field(object, key);
    if (field == NULL) return MGEO_OK;
    int64_t number;
    if (!mgi_json_tree_integer(field, &number)) {
        return bad_field(object, key, "a whole number", error);
    }
    if (number < (int64_t)low || number > (int64_t)high) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: %s%s: %lld is not within %u to %u",
                        mgi_pathname_shown(object->file), object->within, key, (long long)number,
                        low, high);
    }
    *value = (uint32_t)number;
    return MGEO_OK;
}

mgeo_status mgi_json_number(const mgi_json_object *object, const char *key, double low, double high,
                            double *value, mgeo_error *error) {
    const mgi_json_value *field = mgi_json_field(object, key);
    if (field == NULL) return MGEO_OK;
    if (field->kind != MGI_JSON_INTEGER && field->kind != MGI_JSON_REAL) {
        return bad_field(object, key, "a number", error);
    }
    double number = field->kind == MGI_JSON_REAL ? field->real : (double)field->integer;
    if (!(number >= low && number <= high)) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: %s%s: %g is not within %g to %g",
                        mgi_pathname_shown(object->file), object->within, key, number, low, high);
    }
    *value = number;
    return MGEO_OK;
}

mgeo_status mgi_json_bool(const mgi_json_object *object, const char *key, bool *value,
                          mgeo_error *error) {
    const mgi_json_value *field = mgi_json_field(object, key);
    if (field == NULL) return MGEO_OK;
    if (field->kind != MGI_JSON_BOOL) return bad_field(object, key, "true or false", error);
    *value = field->integer != 0;
    return MGEO_OK;
}

mgeo_status mgi_json_text(const mgi_json_object *object, const char *key, const char **value,
                          mgeo_error *error) {
    const mgi_json_value *field = mgi_json_field(object, key);
    if (field == NULL) return MGEO_OK;
    if (field->kind != MGI_JSON_TEXT) return bad_field(object, key, "a string", error);
    *value = field->text;
    return MGEO_OK;
}

mgeo_status mgi_json_child(const mgi_json_object *object, const char *key, const char *within,
                           mgi_json_object *child, mgeo_error *error) {
    const mgi_json_value *field = mgi_json_field(object, key);
    if (field != NULL && field->kind != MGI_JSON_OBJECT) {
        return bad_field(object, key, "an object", error);
    }
    *child = (mgi_json_object){.json = field, .file = object->file, .within = within};
    return MGEO_OK;
}
