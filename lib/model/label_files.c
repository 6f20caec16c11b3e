/* SPDX-License-Identifier: Apache-2.0 */
/* Reads label names out of JSON: {"name": index} or {"index": "name"}. */
#include "model/label_files.h"

#include "core/bytes/printable.h"
#include "core/fixed_text.h"
#include "core/pathname.h"

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

/* ---- two places ------------------------------------------------------------------------------ */

/* Are they the names that transformers makes up where nobody gave any? */
static bool is_made_up(const mgi_label_names *labels) {
    for (uint32_t i = 0; i < labels->count; i++) {
        char name[64];
        snprintf(name, sizeof name, "LABEL_%u", i);
        if (strcmp(labels->names[i], name) != 0) return false;
    }
    return true;
}

/* The first index at which they differ; -1: none. */
static int32_t find_difference(const mgi_label_names *a, const mgi_label_names *b) {
    uint32_t most = a->count > b->count ? a->count : b->count;
    for (uint32_t i = 0; i < most; i++) {
        if (i >= a->count || i >= b->count || strcmp(a->names[i], b->names[i]) != 0) {
            return (int32_t)i;
        }
    }
    return -1;
}

static bool has_other_order(const mgi_label_names *a, const mgi_label_names *b) {
    for (uint32_t i = 0; i < a->count; i++) {
        for (uint32_t j = 0; j < b->count; j++) {
            if (i != j && strcmp(a->names[i], b->names[j]) == 0) return true;
        }
    }
    return false;
}

static mgeo_status contradict(const char *file, const mgi_label_names *a, const mgi_label_names *b,
                              mgeo_error *error) {
    if (a->count != b->count) {
        return mgi_fail(error, MGEO_E_FORMAT,
                        "%s: labels contradict each other: %u in %s, %u in %s: make them agree, or "
                        "remove the wrong ones",
                        mgi_pathname_shown(file), a->count, a->source, b->count, b->source);
    }
    int32_t at = find_difference(a, b);
    return mgi_fail(error, MGEO_E_FORMAT,
                    "%s: labels contradict each other: number %d is \"%s\" in %s, but \"%s\" in "
                    "%s: make them agree, or remove the wrong one",
                    mgi_pathname_shown(file), at, a->names[at], a->source, b->names[at], b->source);
}

static mgeo_status read_field(mgi_label_names *labels, const mgi_json_object *object,
                              const char *key, bool by_name, mgeo_error *error) {
    label_field field = {.json = mgi_json_field(object, key), .file = object->file};
    *labels = (mgi_label_names){0};
    if (field.json == NULL) return MGEO_OK;
    snprintf(field.where, sizeof field.where, "%s%s", object->within, key);
    return read_labels(labels, &field, by_name, error);
}

/* label2id and id2label of one object. */
static mgeo_status read_place(mgi_label_names *labels, const mgi_json_object *object,
                              mgeo_error *error) {
    mgi_label_names other;
    mgeo_status status = read_field(labels, object, "label2id", true, error);
    if (status == MGEO_OK) status = read_field(&other, object, "id2label", false, error);
    if (status != MGEO_OK || other.count == 0 || find_difference(labels, &other) < 0) {
        return status;
    }
    if (is_made_up(labels)) { /* also where there are none */
        *labels = other;
        return MGEO_OK;
    }
    return is_made_up(&other) ? MGEO_OK : contradict(object->file, labels, &other, error);
}

static mgeo_status read_mapping(mgi_label_names *labels, const mgi_json_object *mapping,
                                mgeo_error *error) {
    const label_field field = {.json = mapping->json, .file = mapping->file, .where = "labels"};
    const mgi_json_value *first = mgi_json_tree_first(mapping->json);
    if (mapping->json == NULL) return MGEO_OK;
    bool by_index = first != NULL && spelled(first->key) >= 0 && label_index(first) < 0;
    return read_labels(labels, &field, !by_index, error);
}

/* ModelScope takes the first place, transformers config.json: where they differ it is told, and
 * where a file that was written to name the labels has another order, it is refused. */
static mgeo_status compare(mgi_label_names *labels, const mgi_label_names *other,
                           const mgi_json_object *mapping, mgeo_error *error) {
    if (other->count == 0 || is_made_up(other) || find_difference(labels, other) < 0) {
        return MGEO_OK;
    }
    if (mapping->json != NULL && has_other_order(labels, other)) {
        return contradict(mapping->file, labels, other, error);
    }
    if (labels->other[0] == '\0') {
        memcpy(labels->other, other->source, sizeof labels->other);
        snprintf(labels->reason, sizeof labels->reason, "labels are taken from %s, which has %s",
                 labels->source, has_other_order(labels, other) ? "another order" : "others");
    }
    return MGEO_OK;
}

mgeo_status mgi_label_files_read(mgi_label_names *labels, const mgi_json_object *mapping,
                                 const mgi_json_object *const *places, size_t count,
                                 bool first_only, mgeo_error *error) {
    *labels = (mgi_label_names){0};
    mgeo_status status = read_mapping(labels, mapping, error);
    for (size_t i = 0; status == MGEO_OK && i < count; i++) {
        mgi_label_names other;
        if (labels->count != 0 && first_only) break;
        status = read_place(&other, places[i], error);
        if (status != MGEO_OK) return status;
        if (labels->count == 0) {
            *labels = other;
        } else {
            status = compare(labels, &other, mapping, error);
        }
    }
    return status;
}
