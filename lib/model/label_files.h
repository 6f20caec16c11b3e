/* SPDX-License-Identifier: Apache-2.0 */
/* Reads label names out of JSON: {"name": index} or {"index": "name"}. */
#ifndef MGI_MODEL_LABEL_FILES_H
#define MGI_MODEL_LABEL_FILES_H

#include "core/json/json.h"

/* Label names by index, where a file gives them. */
typedef struct mgi_label_names {
    char names[MGEO_MAX_LABELS][64];
    uint32_t count;   /* 0: no file names labels */
    char source[64];  /* which file and field named them, for error lines */
    char other[64];   /* empty, or which file and field say otherwise and were not taken */
    char reason[128]; /* of that */
} mgi_label_names;

/* Reads the names of labels: the whole label_mapping.json, of either form, if it is there, else
 * label2id or id2label of the first place that has one. Two fields of one object must agree, and so
 * must label_mapping.json with the order that others give the same names; other differences between
 * files are noted in labels->other. Names as transformers makes them up (LABEL_0 …) say nothing.
 * `first_only`: what stands behind the first place is not looked at.
 * Errors: MGEO_E_FORMAT (names file, field and reason). */
mgeo_status mgi_label_files_read(mgi_label_names *labels, const mgi_json_object *mapping,
                                 const mgi_json_object *const *places, size_t count,
                                 bool first_only, mgeo_error *error);

#endif
