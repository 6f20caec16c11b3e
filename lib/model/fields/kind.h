/* SPDX-License-Identifier: Apache-2.0 */
/* Which kind of model the JSON files say this is; what is no BERT that classifies pairs is refused
 * by name. */
#ifndef MGI_MODEL_FIELDS_KIND_H
#define MGI_MODEL_FIELDS_KIND_H

#include "core/json/json.h"

/* Holds config.json and configuration.json (without fields where it is not there) to it. Models
 * with BERT's tensors that compute something else would answer, and answer wrongly.
 * Errors: MGEO_E_UNSUPPORTED, MGEO_E_FORMAT; both name file, field and value. */
mgeo_status mgi_kind_check(const mgi_json_object *config, const mgi_json_object *modelscope,
                           mgeo_error *error);

/* Does a class of tokenizers have no settings of its own, so that tokenizer.json rules? */
bool mgi_kind_is_generic_tokenizer(const char *tokenizer_class);
/* Is it BERT's own? */
bool mgi_kind_is_bert_tokenizer(const char *tokenizer_class);

#endif
