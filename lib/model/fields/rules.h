/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of rules: every field that writers of BERT classifiers are known to write. */
#ifndef MGI_MODEL_FIELDS_RULES_H
#define MGI_MODEL_FIELDS_RULES_H

#include "model/fields/fields.h"

/* config.json */
extern const mgi_field_set mgi_rules_config;
/* Its member sentence_transformers. */
extern const mgi_field_set mgi_rules_cross_encoder;

/* configuration.json, and its members model and preprocessor. */
extern const mgi_field_set mgi_rules_modelscope;
extern const mgi_field_set mgi_rules_modelscope_model;
extern const mgi_field_set mgi_rules_modelscope_preprocessor;

/* tokenizer_config.json and special_tokens_map.json */
extern const mgi_field_set mgi_rules_tokenizer_config;
extern const mgi_field_set mgi_rules_special_tokens;

/* tokenizer.json, and its members normalizer and model. */
extern const mgi_field_set mgi_rules_tokenizer;
extern const mgi_field_set mgi_rules_tokenizer_normalizer;
extern const mgi_field_set mgi_rules_tokenizer_model;

/* *.index.json of weights */
extern const mgi_field_set mgi_rules_weights_index;

#endif
