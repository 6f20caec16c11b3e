/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with each field of a model directory's JSON files: used, passed over, or refused. */
#include "model/fields/fields.h"

#include "core/alloc.h"
#include "core/pathname.h"
#include "model/printable.h"

#include <stdio.h>
#include <string.h>

static const mgi_field_rule *find_rule(const mgi_field_set *set, const char *name) {
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->rules[i].name, name) == 0) return &set->rules[i];
    }
    return NULL;
}

/* Writers set what they do not use to nothing. */
static bool says_nothing(const mgi_json_value *field) {
    switch (field->kind) {
    case MGI_JSON_NULL: return true;
    case MGI_JSON_BOOL:
    case MGI_JSON_INTEGER: return field->integer == 0;
    case MGI_JSON_REAL: return field->real == 0;
    case MGI_JSON_TEXT: return field->text[0] == '\0';
    case MGI_JSON_ARRAY:
    case MGI_JSON_OBJECT: return field->count == 0;
    default: return false;
    }
}

static mgeo_status grow(mgi_unused_fields *unused, mgeo_error *error) {
    size_t capacity = unused->capacity == 0 ? 32 : unused->capacity * 2;
    mgi_unused_field *fields = mgi_realloc(unused->fields, capacity, sizeof *fields);
    if (fields == NULL) return mgi_fail_memory(error, "fields", capacity * sizeof *fields);
    unused->fields = fields;
    unused->capacity = capacity;
    return MGEO_OK;
}

static mgeo_status note(mgi_unused_fields *unused, const mgi_json_object *object, const char *key,
                        const mgi_field_rule *rule, mgeo_error *error) {
    char file[64], name[128], shown[96];
    if (unused->count == unused->capacity) {
        mgeo_status status = grow(unused, error);
        if (status != MGEO_OK) return status;
    }
    const char *base = strrchr(object->file, '/');
    mgi_printable_copy(file, sizeof file, base == NULL ? object->file : base + 1);
    mgi_printable_copy(shown, sizeof shown, key);
    snprintf(name, sizeof name, "%.30s%s", object->within, shown);
    size_t bytes = strlen(file) + strlen(name) + 2;
    char *both = mgi_calloc(bytes, 1);
    if (both == NULL) return mgi_fail_memory(error, "a field's name", bytes);
    memcpy(both, file, strlen(file));
    memcpy(both + strlen(file) + 1, name, strlen(name));
    unused->fields[unused->count++] =
        (mgi_unused_field){.file = both,
                           .name = both + strlen(file) + 1,
                           .reason = rule == NULL ? NULL : rule->reason};
    if (rule == NULL) unused->unknown++;
    return MGEO_OK;
}

mgeo_status mgi_fields_apply(mgi_unused_fields *unused, const mgi_json_object *object,
                             const mgi_field_set *set, mgeo_error *error) {
    const mgi_json_value *field = mgi_json_tree_first(object->json);
    for (; field != NULL; field = field->next) {
        const mgi_field_rule *rule = find_rule(set, field->key);
        if (rule != NULL && rule->use == MGI_FIELD_USED) continue;
        bool refused = rule != NULL && rule->use == MGI_FIELD_REFUSED;
        if (refused && says_nothing(field)) continue;
        if (refused) {
            return mgi_fail(error, MGEO_E_UNSUPPORTED, "%s: %s%s: %s",
                            mgi_pathname_shown(object->file), object->within, rule->name,
                            rule->reason);
        }
        mgeo_status status = note(unused, object, field->key, rule, error);
        if (status != MGEO_OK) return status;
    }
    return MGEO_OK;
}

void mgi_fields_finish(mgi_unused_fields *unused) {
    for (size_t i = 0; i < unused->count; i++) mgi_free(unused->fields[i].file);
    mgi_free(unused->fields);
    *unused = (mgi_unused_fields){0};
}
