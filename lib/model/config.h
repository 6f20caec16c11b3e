/* SPDX-License-Identifier: Apache-2.0 */
/* What the JSON files of a model directory decide: the encoder's shape, the tokenizer, the labels.
 */
#ifndef MGI_MODEL_CONFIG_H
#define MGI_MODEL_CONFIG_H

#include "backend/backend.h"
#include "model/fields/fields.h"
#include "model/fields/head.h"
#include "model/label_files.h"
#include "model/tokenizer_files.h"

typedef struct mgi_config {
    mgi_encoder_spec spec; /* labels is 0 until the checkpoint is bound */
    mgi_label_names labels;
    bool ranks; /* configuration.json: task is text_ranking */
    mgi_head head;
    mgi_tokenizer_hints tokenizer;
} mgi_config;

/* Reads config.json, and configuration.json and label_mapping.json where they are there, and notes
 * the fields that are not used. Fields that may be absent have the defaults of Hugging Face's
 * BertConfig. Errors: MGEO_E_IO, MGEO_E_FORMAT, MGEO_E_UNSUPPORTED, MGEO_E_MEMORY. */
mgeo_status mgi_config_read(mgi_config *config, const char *directory, mgi_unused_fields *unused,
                            mgeo_error *error);

#endif
