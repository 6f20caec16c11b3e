/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with each field of a model directory's JSON files: used, passed over, or refused.
 *
 * Each object in a file has one table of rules (model/fields/rules.h). A field that no rule names
 * is not read: it is noted as unknown, so that a caller can be told of what may have been meant to
 * change the answer. */
#ifndef MGI_MODEL_FIELDS_FIELDS_H
#define MGI_MODEL_FIELDS_FIELDS_H

#include "core/json/json.h"

typedef enum mgi_field_use {
    MGI_FIELD_USED,     /* what reads the file looks at it */
    MGI_FIELD_HARMLESS, /* changes no score: noted, as known */
    MGI_FIELD_REFUSED   /* would change a score, and is not done here: refused, unless it is null,
                           false, 0, "", [] or {} */
} mgi_field_use;

typedef struct mgi_field_rule {
    const char *name;
    mgi_field_use use;
    const char *reason; /* why it is harmless; of a refusal: what it would do, and what to do
                           instead; NULL of what is used */
} mgi_field_rule;

typedef struct mgi_field_set {
    const mgi_field_rule *rules;
    size_t count;
} mgi_field_set;

/* A field that was there and not used. */
typedef struct mgi_unused_field {
    char *file;         /* "config.json"; printable, as the name is */
    const char *name;   /* "use_cache", "model.type"; lies behind the file's name */
    const char *reason; /* lies behind the name: why it was not used; "": no rule knows it */
    bool harmless;      /* a rule says that it changes no score */
} mgi_unused_field;

/* All zero at first. */
typedef struct mgi_unused_fields {
    mgi_unused_field *fields; /* in the order of files and of fields in them */
    size_t count, capacity;
    size_t doubtful; /* of them: not known to be harmless */
} mgi_unused_fields;

/* Holds every field of an object to the rules and notes those that are not used. An object without
 * fields has none. Errors: MGEO_E_UNSUPPORTED (names file, field and reason), MGEO_E_MEMORY. */
mgeo_status mgi_fields_apply(mgi_unused_fields *unused, const mgi_json_object *object,
                             const mgi_field_set *set, mgeo_error *error);

/* Notes one field that was not used; texts are copied, as they are printable, and cut to those of
 * mgeo_unused_field. Errors: MGEO_E_MEMORY. */
mgeo_status mgi_fields_note(mgi_unused_fields *unused, const char *file, const char *name,
                            const char *reason, bool harmless, mgeo_error *error);
void mgi_fields_finish(mgi_unused_fields *unused);

#endif
