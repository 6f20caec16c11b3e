/* SPDX-License-Identifier: Apache-2.0 */
/* Finds added tokens in a text and hands out what is between them as words.
 *
 * The tokenizers library makes whole strings; here the normalised characters stream through a queue
 * that is a little longer than the longest token, so that texts of any length take no memory. */
#include "text/added_tokens.h"

#include "core/alloc.h"
#include "core/utf8.h"
#include "text/character_trie.h"

#include <string.h>

struct mgi_added_tokens {
    const mgi_normalizer *normalizer;
    mgi_character_trie written;    /* looked for in the text */
    mgi_character_trie normalized; /* looked for in the normalised text */
    size_t count;
    mgi_added_token tokens[]; /* without their texts */
};

/* ---- making ---------------------------------------------------------------------------------- */

/* A token's characters. */
typedef struct token_characters {
    size_t count; /* of all; those that have room are kept */
    int32_t kept[MGI_ADDED_TOKEN_CHARACTERS];
} token_characters;

static void keep(void *user, int32_t character) {
    token_characters *characters = user;
    if (characters->count < MGI_ADDED_TOKEN_CHARACTERS) {
        characters->kept[characters->count] = character;
    }
    characters->count++;
}

static void spell(const mgi_added_tokens *added, const mgi_added_token *token,
                  token_characters *characters) {
    const unsigned char *at = (const unsigned char *)token->text;
    const unsigned char *end = at + strlen(token->text);
    characters->count = 0;
    if (token->normalized) {
        mgi_normalizer_stream(added->normalizer, token->text, (size_t)(end - at), keep, NULL,
                              characters);
        return;
    }
    while (at < end) {
        int32_t character;
        size_t length = mgi_utf8_decode(at, end, &character);
        if (length == 0) return;
        keep(characters, character);
        at += length;
    }
}

static mgeo_status put(mgi_added_tokens *added, const mgi_added_token *token, size_t index,
                       const char *file, mgeo_error *error) {
    token_characters characters;
    spell(added, token, &characters);
    if (characters.count == 0 || characters.count > MGI_ADDED_TOKEN_CHARACTERS) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "%s: the added token \"%.64s\" has %zu characters as it is looked for; 1 "
                        "to %d are supported",
                        file, token->text, characters.count, MGI_ADDED_TOKEN_CHARACTERS);
    }
    mgi_character_trie *trie = token->normalized ? &added->normalized : &added->written;
    mgi_character_trie_put(trie, characters.kept, characters.count, (int32_t)index);
    return MGEO_OK;
}

/* Where two tokens are normalised to the same text, the special one is found. */
static mgeo_status put_all(mgi_added_tokens *added, const mgi_added_token *tokens, bool special,
                           const char *file, mgeo_error *error) {
    for (size_t i = 0; i < added->count; i++) {
        if (tokens[i].special != special || tokens[i].text[0] == '\0') continue;
        mgeo_status status = put(added, &tokens[i], i, file, error);
        if (status != MGEO_OK) return status;
    }
    return MGEO_OK;
}

static bool any_found(const mgi_added_token *tokens, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!tokens[i].is_text) return true;
    }
    return false;
}

/* Normalised, an ideograph has a space at each side, and a character at most four parts. */
static bool allocate_tries(mgi_added_tokens *added, const mgi_added_token *tokens) {
    size_t written = 0, normalized = 0;
    for (size_t i = 0; i < added->count; i++) {
        size_t bytes = strlen(tokens[i].text);
        if (tokens[i].normalized) {
            normalized +=
                bytes < MGI_ADDED_TOKEN_CHARACTERS / 4 ? 4 * bytes : MGI_ADDED_TOKEN_CHARACTERS;
        } else {
            written += bytes;
        }
    }
    return mgi_character_trie_init(&added->written, written) &&
           mgi_character_trie_init(&added->normalized, normalized);
}

mgeo_status mgi_added_tokens_create(const mgi_added_token *tokens, size_t count,
                                    const mgi_normalizer *normalizer, const char *file,
                                    mgi_added_tokens **added, mgeo_error *error) {
    *added = NULL;
    if (!any_found(tokens, count)) return MGEO_OK;
    size_t bytes = sizeof **added + count * sizeof *tokens;
    mgi_added_tokens *made = mgi_calloc(1, bytes);
    if (made == NULL) return mgi_fail_memory(error, "added tokens", bytes);
    made->normalizer = normalizer;
    made->count = count;
    mgeo_status status = MGEO_OK;
    if (!allocate_tries(made, tokens)) status = mgi_fail_memory(error, "added tokens", bytes);
    if (status == MGEO_OK) status = put_all(made, tokens, true, file, error);
    if (status == MGEO_OK) status = put_all(made, tokens, false, file, error);
    if (status != MGEO_OK) {
        mgi_added_tokens_destroy(made);
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        made->tokens[i] = tokens[i];
        made->tokens[i].text = NULL;
    }
    *added = made;
    return MGEO_OK;
}

void mgi_added_tokens_destroy(mgi_added_tokens *added) {
    if (added == NULL) return;
    mgi_character_trie_finish(&added->written);
    mgi_character_trie_finish(&added->normalized);
    mgi_free(added);
}

size_t mgi_added_tokens_bytes(const mgi_added_tokens *added) {
    if (added == NULL) return 0;
    size_t steps = (size_t)added->written.mask + 1 + added->normalized.mask + 1;
    return sizeof *added + added->count * sizeof *added->tokens +
           steps * sizeof(mgi_character_trie_step);
}

/* ---- the normalised text --------------------------------------------------------------------- */

enum { QUEUE = 4 * MGI_ADDED_TOKEN_CHARACTERS };

/* A text on its way through. The large arrays are not initialised. */
typedef struct token_scan {
    const mgi_added_tokens *added;
    mgi_added_tokens_token_fn token_fn;
    mgi_normalizer_words words;
    int32_t before; /* the character before the queue; 0: the piece begins */
    size_t head, tail;
    int32_t queue[QUEUE]; /* normalised characters, from head to tail */
} token_scan;

static void put_text(token_scan *scan, size_t count) {
    for (; count > 0; count--) {
        int32_t character = scan->queue[scan->head++];
        if (character == ' ') {
            mgi_normalizer_words_end(&scan->words);
        } else {
            mgi_normalizer_words_put(&scan->words, character);
        }
        scan->before = character;
    }
}

static void put_token(token_scan *scan, const mgi_added_token *token) {
    mgi_normalizer_words_end(&scan->words);
    scan->token_fn(scan->words.receiver.user, token->id);
}

/* May the token stand between these two? 0: the piece ends there. */
static bool may_stand(const mgi_added_token *token, int32_t before, int32_t behind) {
    if (token->is_text) return false;
    if (!token->single_word) return true;
    return !mgi_normalizer_is_word_character(before) && !mgi_normalizer_is_word_character(behind);
}

/* Takes what stands at the queue's head. */
static void take_head(token_scan *scan) {
    int32_t index = 0;
    size_t left = scan->tail - scan->head;
    size_t length =
        mgi_character_trie_match(&scan->added->normalized, &scan->queue[scan->head], left, &index);
    if (length == 0) {
        put_text(scan, 1);
        return;
    }
    const mgi_added_token *token = &scan->added->tokens[index];
    int32_t behind = length < left ? scan->queue[scan->head + length] : 0;
    if (!may_stand(token, scan->before, behind)) {
        put_text(scan, length);
        return;
    }
    put_token(scan, token);
    scan->head += length;
    scan->before = scan->queue[scan->head - 1];
}

static void take_normalized(void *user, int32_t character) {
    token_scan *scan = user;
    if (scan->tail == QUEUE) {
        scan->tail -= scan->head;
        memmove(scan->queue, &scan->queue[scan->head], scan->tail * sizeof *scan->queue);
        scan->head = 0;
    }
    scan->queue[scan->tail++] = character;
    while (scan->tail - scan->head > scan->added->normalized.longest) take_head(scan);
}

static void take_lost(void *user, int32_t character) {
    const mgi_normalizer_receiver *receiver = &((token_scan *)user)->words.receiver;
    if (receiver->lost != NULL) receiver->lost(receiver->user, character);
}

/* A piece of the text without tokens that are looked for as they are written. */
static bool take_piece(token_scan *scan, const unsigned char *from, const unsigned char *end) {
    const mgi_normalizer *normalizer = scan->added->normalizer;
    scan->head = scan->tail = 0;
    scan->before = 0;
    if (from >= end) return true;
    if (scan->added->normalized.longest == 0) {
        return mgi_normalizer_split(normalizer, (const char *)from, (size_t)(end - from),
                                    &scan->words.receiver);
    }
    bool valid = mgi_normalizer_stream(normalizer, (const char *)from, (size_t)(end - from),
                                       take_normalized, take_lost, scan);
    while (scan->head < scan->tail) take_head(scan);
    mgi_normalizer_words_end(&scan->words);
    return valid;
}

/* ---- the text as it is written --------------------------------------------------------------- */

/* Unicode's White_Space. */
static bool is_white(int32_t c) {
    return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

/* The character that ends before `at`, and where it begins; 0: none. */
static int32_t character_before(const unsigned char *from, const unsigned char **at) {
    const unsigned char *end = *at;
    const unsigned char *begin = end;
    int32_t character;
    while (begin > from && end - begin < 4) {
        begin--;
        if ((*begin & 0xC0) != 0x80) break;
    }
    if (begin == end || mgi_utf8_decode(begin, end, &character) != (size_t)(end - begin)) return 0;
    *at = begin;
    return character;
}

/* The character at `at`, and where the next begins; 0: none. */
static int32_t character_at(const unsigned char **at, const unsigned char *end) {
    int32_t character;
    size_t length = *at < end ? mgi_utf8_decode(*at, end, &character) : 0;
    if (length == 0) return 0;
    *at += length;
    return character;
}

static const unsigned char *skip_white_left(const unsigned char *from, const unsigned char *at) {
    const unsigned char *before = at;
    while (is_white(character_before(from, &before))) at = before;
    return at;
}

static const unsigned char *skip_white_right(const unsigned char *at, const unsigned char *end) {
    const unsigned char *behind = at;
    while (is_white(character_at(&behind, end))) at = behind;
    return at;
}

/* A text's ends, and where the piece in hand begins. */
typedef struct written_text {
    const unsigned char *from, *end, *piece;
} written_text;

/* A token was found there: takes the piece before it, then the token, unless it may not stand. */
static bool take_found(token_scan *scan, written_text *text, const mgi_added_token *token,
                       const unsigned char *begin, const unsigned char *end) {
    const unsigned char *left = begin, *right = end;
    if (!may_stand(token, character_before(text->from, &left), character_at(&right, text->end))) {
        return true;
    }
    if (token->strips_left) begin = skip_white_left(text->from, begin);
    if (token->strips_right) end = skip_white_right(end, text->end);
    bool valid = take_piece(scan, text->piece, begin);
    put_token(scan, token);
    text->piece = end;
    return valid;
}

bool mgi_added_tokens_split(const mgi_added_tokens *added, const char *text, size_t bytes,
                            const mgi_normalizer_receiver *receiver,
                            mgi_added_tokens_token_fn token) {
    if (bytes == 0) return true;
    token_scan scan;
    scan.added = added;
    scan.token_fn = token;
    mgi_normalizer_words_init(&scan.words, added->normalizer, receiver);
    const unsigned char *at = (const unsigned char *)text;
    written_text written = {at, at + bytes, at};
    bool valid = true;
    while (at < written.end && added->written.longest > 0) {
        int32_t index = 0;
        size_t length = mgi_character_trie_match_utf8(&added->written, at, written.end, &index);
        if (length > 0) {
            valid &= take_found(&scan, &written, &added->tokens[index], at, at + length);
        }
        at += length == 0 ? 1 : length;
    }
    return take_piece(&scan, written.piece, written.end) && valid;
}
