/* SPDX-License-Identifier: Apache-2.0 */
/* Reads label names out of JSON: {"name": index} or {"index": "name"}. */
#include "model/label_files.h"

#include "core/fixed_text.h"
#include "core/pathname.h"
#include "model/printable.h"

#include <stdio.h>
#include <string.h>

/* A field with labels, and where it is. */
typedef struct label_field {
    const mgi_json_value *json;
    const char *file;
    char where[64];
} label_field;

static mgeo_status bad_labels(const label_field *field, const char *reason, mgeo_error *error) {
    return mgi_fail(error, MGEO_E_FORMAT, "%s: %s: %s", mgi_pathname_shown(field->file),
                    field->where, reason);
}

/* Names become headers of tables and lines on terminals: nothing in them may end a cell or a line,
 * steer a terminal, or be invisible. */
static bool is_printable(const char *name) {
    static const char replacement[] = "\xEF\xBF\xBD"; /* what a JSON string could not hold */
    return mgi_printable_is(name) && strstr(name, replacement) == NULL;
}

static mgeo_status set_label(mgi_label_names *labels, const label_field *field, int64_t index,
                             const char *name, mgeo_error *error) {
    if (index < 0 || index >= (int64_t)labels->count) {
        return bad_labels(field, "indices must run from 0 without a gap", error);
    }
    if (name[0] == '\0' || strlen(name) >= sizeof labels->names[0]) {
        return bad_labels(field, "a name must have 1 to 63 bytes", error);
    }
    if (!is_printable(name)) {
        return bad_labels(field, "a name holds a control or an invisible character", error);
    }
    if (labels->names[index][0] != '\0') {
        return bad_labels(field, "an index is there twice", error);
    }
    for (uint32_t i = 0; i < labels->count; i++) {
        if (strcmp(labels->names[i], name) == 0) {
            return bad_labels(field, "a name is there twice", error);
        }
    }
    mgi_fixed_text_copy(labels->names[index], sizeof labels->names[index], name);
    return MGEO_OK;
}

/* The whole number that a text of up to three digits spells; -1: none. */
static int64_t spelled(const char *text) {
    if (text == NULL || text[0] == '\0' || strlen(text) > 3) return -1;
    int64_t number = 0;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') return -1;
        number = number * 10 + (*text - '0');
    }
    return number;
}

/* ModelScope passes indices through int(), which takes both. */
static int64_t label_index(const mgi_json_value *json) {
    int64_t index;
    if (mgi_json_tree_integer(json, &index)) return index;
    return spelled(mgi_json_tree_text(json));
}

static mgeo_status read_label(mgi_label_names *labels, const label_field *field,
                              const mgi_json_value *value, bool by_name, mgeo_error *error) {
    if (by_name) return set_label(labels, field, label_index(value), value->key, error);
    if (value->kind != MGI_JSON_TEXT) return bad_labels(field, "a name is no string", error);
    return set_label(labels, field, spelled(value->key), value->text, error);
}

static mgeo_status read_labels(mgi_label_names *labels, const label_field *field, bool by_name,
                               mgeo_error *error) {
    if (field->json == NULL || field->json->kind != MGI_JSON_OBJECT) {
        return bad_labels(field, "an object is expected", error);
    }
    uint32_t count = field->json->count;
    if (count == 0 || count > MGEO_MAX_LABELS) {
        return bad_labels(field, "1 to 16 labels are expected", error);
    }
    *labels = (mgi_label_names){.count = count};
    const char *name = strrchr(field->file, '/');
    snprintf(labels->source, sizeof labels->source, "%.30s: %.30s",
             name == NULL ? field->file : name + 1, field->where);
    for (const mgi_json_value *value = field->json->first; value != NULL; value = value->next) {
        mgeo_status status = read_label(labels, field, value, by_name, error);
        if (status != MGEO_OK) return status;
    }
    return MGEO_OK;
}

static mgeo_status read_field(mgi_label_names *labels, const mgi_json_object *object,
                              const char *key, bool by_name, mgeo_error *error) {
    label_field field = {.json = mgi_json_field(object, key), .file = object->file};
    if (labels->count != 0 || field.json == NULL) return MGEO_OK;
    snprintf(field.where, sizeof field.where, "%s%s", object->within, key);
    return read_labels(labels, &field, by_name, error);
}

mgeo_status mgi_label_files_read_label2id(mgi_label_names *labels, const mgi_json_object *object,
                                          const char *key, mgeo_error *error) {
    return read_field(labels, object, key, true, error);
}

mgeo_status mgi_label_files_read_id2label(mgi_label_names *labels, const mgi_json_object *object,
                                          const char *key, mgeo_error *error) {
    return read_field(labels, object, key, false, error);
}

mgeo_status mgi_label_files_read_mapping(mgi_label_names *labels, const mgi_json_object *mapping,
                                         mgeo_error *error) {
    const label_field field = {.json = mapping->json, .file = mapping->file, .where = "labels"};
    const mgi_json_value *first = mgi_json_tree_first(mapping->json);
    bool by_index = first != NULL && spelled(first->key) >= 0 && label_index(first) < 0;
    return read_labels(labels, &field, !by_index, error);
}
