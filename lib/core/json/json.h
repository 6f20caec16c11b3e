/* SPDX-License-Identifier: Apache-2.0 */
/* Untrusted JSON: loading within limits, and getters whose errors name file, field and reason. */
#ifndef MGI_CORE_JSON_JSON_H
#define MGI_CORE_JSON_JSON_H

#include "core/json/json_tree.h"
#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MGI_JSON_MAX_FILE_BYTES = 8 << 20 };

/* An object and how error lines name it. */
typedef struct mgi_json_object {
    const mgi_json_value *json; /* NULL: an object without fields */
    const char *file;           /* borrowed */
    const char *within;         /* "" or the path to it inside the file with a dot: "model." */
} mgi_json_object;

/* Parses bytes that must hold one object, as mgi_json_tree_read takes it. *root is owned by the
 * caller (mgi_json_tree_free). file is for error lines. Errors: MGEO_E_FORMAT, MGEO_E_MEMORY. */
mgeo_status mgi_json_parse(const void *bytes, size_t size, const char *file, mgi_json_value **root,
                           mgeo_error *error);

/* Loads a file of at most MGI_JSON_MAX_FILE_BYTES bytes that holds one object. */
mgeo_status mgi_json_load(const char *path, mgi_json_value **root, mgeo_error *error);

/* The same of a file that may be absent: *root is NULL then. */
mgeo_status mgi_json_load_if_there(const char *path, mgi_json_value **root, mgeo_error *error);

/* The getters below leave *value alone, and succeed, where the field is absent or null. */
mgeo_status mgi_json_u32(const mgi_json_object *object, const char *key, uint32_t low,
                         uint32_t high, uint32_t *value, mgeo_error *error);
mgeo_status mgi_json_number(const mgi_json_object *object, const char *key, double low, double high,
                            double *value, mgeo_error *error);
mgeo_status mgi_json_bool(const mgi_json_object *object, const char *key, bool *value,
                          mgeo_error *error);
/* *value is owned by the object. */
mgeo_status mgi_json_text(const mgi_json_object *object, const char *key, const char **value,
                          mgeo_error *error);
/* *child, whose name within the file is `within`, has no fields where the field is absent. */
mgeo_status mgi_json_child(const mgi_json_object *object, const char *key, const char *within,
                           mgi_json_object *child, mgeo_error *error);

/* The field, or NULL where it is absent or null. */
const mgi_json_value *mgi_json_field(const mgi_json_object *object, const char *key);

#endif
