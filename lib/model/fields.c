/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with each field of a model directory's JSON files: used, passed over, or refused. */
#include "model/fields.h"

#include "core/alloc.h"
#include "core/pathname.h"
#include "model/printable.h"

#include <stdio.h>
#include <string.h>

static const mgi_field_rule *find_rule(const mgi_field_rule *rules, size_t count,
                                       const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rules[i].name, name) == 0) return &rules[i];
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

static mgeo_status note(mgi_unused_fields *unused, const mgi_json_object *object, const char *key,
                        bool known, mgeo_error *error) {
    char name[160], shown[96];
    if (unused->count == MGI_FIELDS_MAX_NOTED) return MGEO_OK;
    if (unused->fields == NULL) {
        unused->fields = mgi_calloc(MGI_FIELDS_MAX_NOTED, sizeof *unused->fields);
        if (unused->fields == NULL) return mgi_fail_memory(error, "fields", MGI_FIELDS_MAX_NOTED);
    }
    const char *file = strrchr(object->file, '/');
    mgi_printable_copy(shown, sizeof shown, key);
    snprintf(name, sizeof name, "%.40s: %.20s%s", file == NULL ? object->file : file + 1,
             object->within, shown);
    char *copy = mgi_strdup(name);
    if (copy == NULL) return mgi_fail_memory(error, "a field's name", sizeof name);
    unused->fields[unused->count++] = (mgi_unused_field){.name = copy, .known = known};
    return MGEO_OK;
}

mgeo_status mgi_fields_apply(mgi_unused_fields *unused, const mgi_json_object *object,
                             const mgi_field_rule *rules, size_t count, mgeo_error *error) {
    const mgi_json_value *field = mgi_json_tree_first(object->json);
    for (; field != NULL; field = field->next) {
        const mgi_field_rule *rule = find_rule(rules, count, field->key);
        if (rule != NULL && rule->use == MGI_FIELD_USED) continue;
        bool refused = rule != NULL && rule->use == MGI_FIELD_REFUSED;
        if (refused && !says_nothing(field)) {
            return mgi_fail(error, MGEO_E_UNSUPPORTED, "%s: %s%s: %s",
                            mgi_pathname_shown(object->file), object->within, rule->name,
                            rule->reason);
        }
        mgeo_status status = note(unused, object, field->key, rule != NULL, error);
        if (status != MGEO_OK) return status;
    }
    return MGEO_OK;
}

void mgi_fields_finish(mgi_unused_fields *unused) {
    for (size_t i = 0; i < unused->count; i++) mgi_free(unused->fields[i].name);
    mgi_free(unused->fields);
    *unused = (mgi_unused_fields){0};
}
