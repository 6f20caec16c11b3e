/* SPDX-License-Identifier: Apache-2.0 */
/* Special and added tokens, out of the four files that may name them. */
#ifndef MGI_MODEL_TOKENIZER_TOKENS_H
#define MGI_MODEL_TOKENIZER_TOKENS_H

#include "core/json/json.h"
#include "model/formats/tokenizer_json.h"
#include "text/added_tokens.h"

enum {
    MGI_TOKEN_CLS,
    MGI_TOKEN_SEP,
    MGI_TOKEN_UNK,
    MGI_TOKEN_PAD,
    MGI_TOKEN_MASK,
    MGI_TOKEN_ROLES
};

/* Objects without fields where a file is not there. */
typedef struct mgi_token_files {
    const mgi_json_object *config, *map, *added, *tokenizer;
    const mgi_tokenizer_json *json; /* NULL: there is none */
} mgi_token_files;

/* Texts belong to the files. */
typedef struct mgi_token_lists {
    const char *names[MGI_TOKEN_ROLES];
    mgi_added_token *added; /* an id of -1: that of the vocabulary */
    size_t count, capacity;
    bool split_special; /* special tokens written in a text are text */
} mgi_token_lists;

/* Errors: MGEO_E_FORMAT (files that contradict each other too), MGEO_E_UNSUPPORTED, MGEO_E_MEMORY.
 * *lists is finished in any case. */
mgeo_status mgi_token_lists_read(mgi_token_lists *lists, const mgi_token_files *files,
                                 mgeo_error *error);
void mgi_token_lists_finish(mgi_token_lists *lists);

/* The id of an added token; -1: it is none, or has the vocabulary's. */
int32_t mgi_token_lists_id(const mgi_token_lists *lists, const char *name);

#endif
