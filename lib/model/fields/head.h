/* SPDX-License-Identifier: Apache-2.0 */
/* What the JSON files say of the way from logits to probabilities, held against what is done here:
 * a softmax over labels, or the sigmoid of a single output. */
#ifndef MGI_MODEL_FIELDS_HEAD_H
#define MGI_MODEL_FIELDS_HEAD_H

#include "core/json/json.h"

/* Which of the two the files leave possible. */
typedef struct mgi_head {
    bool not_one, not_many; /* a field says something else of one output; of more */
    uint32_t outputs;       /* num_labels; 0: not said */
    char field[64];         /* the field that says it, and its value, for error lines */
    char value[64];
    char outputs_field[32];
} mgi_head;

/* Errors: MGEO_E_UNSUPPORTED (neither is meant), MGEO_E_FORMAT. */
mgeo_status mgi_head_read(mgi_head *head, const mgi_json_object *config,
                          const mgi_json_object *modelscope, mgeo_error *error);

/* Does a classifier of that many outputs answer as the files say? Errors: MGEO_E_UNSUPPORTED,
 * MGEO_E_FORMAT (another number of labels). */
mgeo_status mgi_head_check(const mgi_head *head, uint32_t outputs, const char *directory,
                           mgeo_error *error);

#endif
