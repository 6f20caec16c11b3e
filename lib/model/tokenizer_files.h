/* SPDX-License-Identifier: Apache-2.0 */
/* The tokenizer that the files of a model directory describe: vocab.txt, tokenizer.json or both. */
#ifndef MGI_MODEL_TOKENIZER_FILES_H
#define MGI_MODEL_TOKENIZER_FILES_H

#include "model/fields/fields.h"
#include "text/tokenizer.h"

/* What the files say beside the tokenizer itself. */
typedef struct mgi_tokenizer_facts {
    uint32_t max_length; /* model_max_length; UINT32_MAX: no limit */
    bool one_type;       /* token types are all 0 */
} mgi_tokenizer_facts;

/* What config.json and configuration.json say of it, under what its own files say. */
typedef struct mgi_tokenizer_hints {
    bool one_type;        /* token types are all 0 */
    bool generic;         /* the class is one that tokenizer.json describes alone */
    bool fast_said, fast; /* configuration.json: preprocessor.use_fast, which stands above
                             tokenizer_config.json's */
    uint32_t max_length;  /* preprocessor.max_length; 0: not said */
} mgi_tokenizer_hints;

/* Reads vocab.txt, tokenizer.json, tokenizer_config.json, special_tokens_map.json and
 * added_tokens.json, as many as there are, and notes the fields that are not used. Files that
 * contradict each other are refused. Errors: MGEO_E_IO, MGEO_E_FORMAT, MGEO_E_UNSUPPORTED,
 * MGEO_E_MEMORY. */
mgeo_status mgi_tokenizer_files_read(const char *directory, const mgi_tokenizer_hints *hints,
                                     mgi_unused_fields *unused, mgi_tokenizer **tokenizer,
                                     mgi_tokenizer_facts *facts, mgeo_error *error);

#endif
