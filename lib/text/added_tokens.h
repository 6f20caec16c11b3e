/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that are added to a vocabulary: they are found in a text before its words are. */
#ifndef MGI_TEXT_ADDED_TOKENS_H
#define MGI_TEXT_ADDED_TOKENS_H

#include "core/status.h"
#include "text/normalizer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters of a token, as it is written and as it is normalised. */
enum { MGI_ADDED_TOKEN_CHARACTERS = 256 };

/* One of them, as the tokenizers library describes it. */
typedef struct mgi_added_token {
    const char *text; /* UTF-8; borrowed */
    int32_t id;
    bool single_word; /* only where no letter, digit or mark touches it */
    bool strips_left; /* takes the spaces before it as well */
    bool strips_right;
    bool normalized; /* is looked for in the normalised text, and normalised itself */
    bool special;
    bool is_text; /* where it is found the text stays what it is, but no other token begins there */
} mgi_added_token;

/* Immutable once made; any number of threads may use it at once. */
typedef struct mgi_added_tokens mgi_added_tokens;

/* *added is NULL where no token is to be found. The normalizer must outlive it.
 * Errors: MGEO_E_UNSUPPORTED (a token too long, or nothing once it is normalised; `file` is named),
 * MGEO_E_MEMORY. */
mgeo_status mgi_added_tokens_create(const mgi_added_token *tokens, size_t count,
                                    const mgi_normalizer *normalizer, const char *file,
                                    mgi_added_tokens **added, mgeo_error *error);
void mgi_added_tokens_destroy(mgi_added_tokens *added);
size_t mgi_added_tokens_bytes(const mgi_added_tokens *added);

/* Receives the id of a token that was found, between the words around it. */
typedef void (*mgi_added_tokens_token_fn)(void *user, int32_t id);

/* Splits a text into words and added tokens, as the tokenizers library does: first those that are
 * not normalised, the longest at each place; then, in the pieces between, the normalised ones.
 * Otherwise as mgi_normalizer_split. */
bool mgi_added_tokens_split(const mgi_added_tokens *added, const char *text, size_t bytes,
                            const mgi_normalizer_receiver *receiver,
                            mgi_added_tokens_token_fn token);

#endif
