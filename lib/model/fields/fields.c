/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with each field of a model directory's JSON files: used, passed over, or refused. */
#include "model/fields/fields.h"

#include "core/alloc.h"
#include "core/bytes/printable.h"
#include "core/pathname.h"

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

mgeo_status mgi_fields_note(mgi_unused_fields *unused, const char *file, const char *name,
                            const char *reason, bool harmless, mgeo_error *error) {
    mgeo_unused_field shown = {0};
    if (unused->count == unused->capacity) {
        mgeo_status status = grow(unused, error);
        if (status != MGEO_OK) return status;
    }
    mgi_printable_copy(shown.file, sizeof shown.file, file);
    mgi_printable_copy(shown.name, sizeof shown.name, name);
    mgi_printable_copy(shown.reason, sizeof shown.reason, reason);
    const size_t bytes[] = {strlen(shown.file) + 1, strlen(shown.name) + 1,
                            strlen(shown.reason) + 1};
    char *all = mgi_calloc(bytes[0] + bytes[1] + bytes[2], 1);
    if (all == NULL) return mgi_fail_memory(error, "a field's name", bytes[0] + bytes[1]);
    memcpy(all, shown.file, bytes[0]);
    memcpy(all + bytes[0], shown.name, bytes[1]);
    memcpy(all + bytes[0] + bytes[1], shown.reason, bytes[2]);
    unused->fields[unused->count++] = (mgi_unused_field){.file = all,
                                                         .name = all + bytes[0],
                                                         .reason = all + bytes[0] + bytes[1],
                                                         .harmless = harmless};
    if (!harmless) unused->doubtful++;
    return MGEO_OK;
}

static mgeo_status note(mgi_unused_fields *unused, const mgi_json_object *object, const char *key,
                        const mgi_field_rule *rule, mgeo_error *error) {
    char name[256];
    const char *base = strrchr(object->file, '/');
    snprintf(name, sizeof name, "%s%s", object->within, key);
    return mgi_fields_note(unused, base == NULL ? object->file : base + 1, name,
                           rule == NULL ? "" : rule->reason, rule != NULL, error);
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
