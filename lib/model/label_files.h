/* SPDX-License-Identifier: Apache-2.0 */
/* Reads label names out of JSON: {"name": index} or {"index": "name"}. */
#ifndef MGI_MODEL_LABEL_FILES_H
#define MGI_MODEL_LABEL_FILES_H

#include "core/json/json.h"

/* Label names by index, where a file gives them. */
typedef struct mgi_label_names {
    char names[MGEO_MAX_LABELS][64];
    uint32_t count;  /* 0: no file names labels */
    char source[64]; /* which file and field named them, for error lines */
} mgi_label_names;

/* Reads object[key], if labels are not named yet and the field is there. */
mgeo_status mgi_label_files_read_label2id(mgi_label_names *labels, const mgi_json_object *object,
                                          const char *key, mgeo_error *error);
mgeo_status mgi_label_files_read_id2label(mgi_label_names *labels, const mgi_json_object *object,
                                          const char *key, mgeo_error *error);

/* Reads a whole label_mapping.json, of either form. */
mgeo_status mgi_label_files_read_mapping(mgi_label_names *labels, const mgi_json_object *mapping,
                                         mgeo_error *error);

#endif
