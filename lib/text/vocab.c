/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a vocab.txt, or tokens with their ids, into two tries that share one table. */
#include "text/vocab.h"

#include "core/alloc.h"
#include "core/fixed_text.h"
#include "core/utf8.h"
#include "text/normalizer.h"

#include <string.h>

/* No vocabulary comes near these; a file that passes them is not one. */
enum { VOCAB_BYTES_MAX = 32 << 20, TOKEN_BYTES_MAX = 1024 };

const mgi_vocab_rules mgi_vocab_rules_bert = {.cls_id = -1, .sep_id = -1};

/* The tokens on their way through: the lines of a file, or a list. */
typedef struct vocab_reader {
    const unsigned char *at;
    const unsigned char *end;
    const mgi_vocab_token *listed; /* NULL: lines */
    size_t listed_left;
    const char *name;
    uint32_t line; /* of the token in hand, from 1 */
    uint32_t id;
    const unsigned char *token;
    size_t token_bytes;
    mgeo_error *error;
} vocab_reader;

static void reader_init(vocab_reader *reader, const void *bytes, size_t size, const char *name,
                        mgeo_error *error) {
    *reader = (vocab_reader){.at = bytes, .end = bytes, .name = name, .error = error};
    if (size == 0) return;
    reader->end += size;
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) reader->at += 3;
}

/* Takes the next listed token in hand. */
static bool reader_next_listed(vocab_reader *reader) {
    if (reader->listed_left == 0) return false;
    reader->token = (const unsigned char *)reader->listed->text;
    reader->token_bytes = strlen(reader->listed->text);
    reader->id = reader->listed->id;
    reader->listed++;
    reader->listed_left--;
    reader->line++;
    return true;
}

/* Takes the next token in hand; false at the end. */
static bool reader_next(vocab_reader *reader) {
    if (reader->listed != NULL) return reader_next_listed(reader);
    if (reader->at >= reader->end) return false;
    size_t left = (size_t)(reader->end - reader->at);
    const unsigned char *newline = memchr(reader->at, '\n', left);
    reader->token = reader->at;
    reader->token_bytes = newline == NULL ? left : (size_t)(newline - reader->at);
    reader->at = newline == NULL ? reader->end : newline + 1;
    if (reader->token_bytes > 0 && reader->token[reader->token_bytes - 1] == '\r') {
        reader->token_bytes--;
    }
    reader->id = reader->line;
    reader->line++;
    return true;
}

static mgeo_status refuse_line(const vocab_reader *reader, const char *reason) {
    return mgi_fail(reader->error, MGEO_E_FORMAT, "%s line %u: %s", reader->name, reader->line,
                    reason);
}

/* Checks the token in hand and counts its characters. */
static mgeo_status check_line(const vocab_reader *reader, size_t *characters) {
    if (reader->token_bytes > TOKEN_BYTES_MAX) {
        return mgi_fail(reader->error, MGEO_E_FORMAT,
                        "%s %s %u: %zu bytes are too many for one token (limit %d)%s", reader->name,
                        reader->listed == NULL ? "line" : "token", reader->line,
                        reader->token_bytes, TOKEN_BYTES_MAX,
                        reader->listed == NULL ? ": the file must hold one token per line" : "");
    }
    const unsigned char *at = reader->token;
    const unsigned char *end = at + reader->token_bytes;
    while (at < end) {
        int32_t character;
        size_t length = mgi_utf8_decode(at, end, &character);
        if (length == 0) {
            return refuse_line(reader, "not valid UTF-8: save the vocabulary as UTF-8");
        }
        if (character == '\r' && reader->listed == NULL) {
            return refuse_line(reader, "a carriage return inside the line: end lines in LF or "
                                       "CRLF");
        }
        at += length;
        ++*characters;
    }
    return MGEO_OK;
}

/* What a first walk finds. */
typedef struct vocab_extent {
    size_t characters; /* of all tokens */
    uint32_t ids;      /* are below it */
    uint32_t tokens;   /* that differ */
} vocab_extent;

/* Walks through all tokens once: are they sound, and how large does the table get? */
static mgeo_status survey(vocab_reader reader, vocab_extent *extent) {
    bool empty = false;
    *extent = (vocab_extent){0};
    while (reader_next(&reader)) {
        mgeo_status status = check_line(&reader, &extent->characters);
        if (status != MGEO_OK) return status;
        if (reader.id >= extent->ids) extent->ids = reader.id + 1;
        if (reader.token_bytes > 0 || !empty) extent->tokens++;
        if (reader.token_bytes == 0) empty = true;
    }
    return MGEO_OK;
}

static mgi_vocab *vocab_allocate(const mgi_vocab_rules *rules, const vocab_extent *extent,
                                 mgeo_error *error) {
    const char *prefix = rules->prefix == NULL ? "##" : rules->prefix;
    /* No word begins with punctuation and goes on. So "##x" is needed inside words alone. */
    unsigned char first = (unsigned char)prefix[0];
    bool both_roots = first == 0 || first >= 0x80 || !mgi_normalizer_is_punctuation(first);
    size_t characters = both_roots ? 2 * extent->characters : extent->characters;
    size_t slots = 1024;
    while (slots < characters + characters / 2) slots *= 2;
    size_t bytes = sizeof(mgi_vocab) + slots * sizeof(mgi_vocab_step);
    mgi_vocab *vocab = mgi_calloc(1, bytes);
    if (vocab == NULL) {
        mgi_fail_memory(error, "a vocabulary", bytes);
        return NULL;
    }
    vocab->mask = (uint32_t)(slots - 1);
    vocab->count = extent->ids;
    vocab->tokens = extent->tokens;
    vocab->both_roots = both_roots;
    mgi_fixed_text_copy(vocab->prefix, sizeof vocab->prefix, prefix);
    vocab->longest_word = rules->longest_word == 0 ? MGI_NORMALIZER_MAX_WORD : rules->longest_word;
    vocab->unk = -1;
    vocab->cls = rules->cls_id;
    vocab->sep = rules->sep_id;
    return vocab;
}

/* What is behind the prefix, if the token is a piece inside a word; else NULL. */
static const unsigned char *behind_prefix(const mgi_vocab *vocab, const unsigned char *token,
                                          size_t bytes) {
    size_t prefix = strlen(vocab->prefix);
    if (bytes <= prefix || memcmp(token, vocab->prefix, prefix) != 0) return NULL;
    return token + prefix;
}

/* Walks through the characters from a root on, growing the trie, and returns the slot at which they
 * end. */
static uint32_t insert_path(mgi_vocab *vocab, uint32_t node, const unsigned char *at,
                            const unsigned char *end) {
    uint32_t slot = 0;
    while (at < end) {
        int32_t character = 0;
        at += mgi_utf8_decode(at, end, &character);
        slot = mgi_vocab_slot(vocab, node, character);
        if (vocab->steps[slot].parent == MGI_VOCAB_NONE) {
            vocab->steps[slot] = (mgi_vocab_step){node, character, -1};
        }
        node = mgi_vocab_node(slot);
    }
    return slot;
}

static bool token_is(const vocab_reader *reader, const char *text, const char *usual) {
    if (text == NULL) text = usual;
    return reader->token_bytes == strlen(text) &&
           memcmp(reader->token, text, reader->token_bytes) == 0;
}

static mgeo_status insert_at(mgi_vocab *vocab, const vocab_reader *reader, uint32_t root,
                             const unsigned char *from) {
    uint32_t slot = insert_path(vocab, root, from, reader->token + reader->token_bytes);
    mgi_vocab_step *step = &vocab->steps[slot];
    if (step->id >= 0) {
        return mgi_fail(reader->error, MGEO_E_FORMAT,
                        "%s line %u: the same token as on line %d: each token must have one id",
                        reader->name, reader->line, step->id + 1);
    }
    step->id = (int32_t)reader->id;
    if (step->parent == MGI_VOCAB_WORD && step->character < MGI_VOCAB_PLANE) {
        vocab->single[step->character] = step->id + 1; /* 0 still means none */
    }
    return MGEO_OK;
}

static mgeo_status insert(mgi_vocab *vocab, const mgi_vocab_rules *rules,
                          const vocab_reader *reader) {
    if (reader->token_bytes == 0) return MGEO_OK;
    int32_t id = (int32_t)reader->id;
    const unsigned char *inside = behind_prefix(vocab, reader->token, reader->token_bytes);
    mgeo_status status = MGEO_OK;
    if (inside != NULL) status = insert_at(vocab, reader, MGI_VOCAB_INSIDE, inside);
    if (status == MGEO_OK && (inside == NULL || vocab->both_roots)) {
        status = insert_at(vocab, reader, MGI_VOCAB_WORD, reader->token);
    }
    if (token_is(reader, rules->unk, "[UNK]")) vocab->unk = id;
    if (rules->cls_id < 0 && token_is(reader, rules->cls, "[CLS]")) vocab->cls = id;
    if (rules->sep_id < 0 && token_is(reader, rules->sep, "[SEP]")) vocab->sep = id;
    return status;
}

static mgeo_status check_specials(const mgi_vocab *vocab, const mgi_vocab_rules *rules,
                                  const vocab_reader *reader) {
    const char *missing = vocab->cls < 0   ? rules->cls == NULL ? "[CLS]" : rules->cls
                          : vocab->sep < 0 ? rules->sep == NULL ? "[SEP]" : rules->sep
                          : vocab->unk < 0 ? rules->unk == NULL ? "[UNK]" : rules->unk
                                           : NULL;
    if (missing == NULL) return MGEO_OK;
    return mgi_fail(reader->error, MGEO_E_FORMAT,
                    "%s: no %s among its %u holds the token %.64s: is it a BERT vocabulary?",
                    reader->name, reader->listed == NULL ? "line" : "token", vocab->tokens,
                    missing);
}

static mgeo_status fill(mgi_vocab *vocab, const mgi_vocab_rules *rules, vocab_reader reader) {
    const vocab_reader begin = reader;
    mgeo_status status = MGEO_OK;
    while (status == MGEO_OK && reader_next(&reader)) status = insert(vocab, rules, &reader);
    if (status == MGEO_OK) status = check_specials(vocab, rules, &begin);
    for (size_t c = 0; c < MGI_VOCAB_PLANE; c++) {
        vocab->single[c] = vocab->single[c] == 0 ? vocab->unk : vocab->single[c] - 1;
    }
    return status;
}

static mgeo_status create(const mgi_vocab_rules *rules, const vocab_reader *reader,
                          mgi_vocab **vocab) {
    vocab_extent extent;
    *vocab = NULL;
    if (rules->prefix != NULL && strlen(rules->prefix) >= MGI_VOCAB_PREFIX_BYTES) {
        return mgi_fail(reader->error, MGEO_E_UNSUPPORTED,
                        "%s: a prefix inside words of %zu bytes is not supported; up to %d are",
                        reader->name, strlen(rules->prefix), MGI_VOCAB_PREFIX_BYTES - 1);
    }
    mgeo_status status = survey(*reader, &extent);
    if (status != MGEO_OK) return status;
    mgi_vocab *made = vocab_allocate(rules, &extent, reader->error);
    if (made == NULL) return MGEO_E_MEMORY;
    status = fill(made, rules, *reader);
    if (status != MGEO_OK) {
        mgi_vocab_destroy(made);
        return status;
    }
    *vocab = made;
    return MGEO_OK;
}

mgeo_status mgi_vocab_create_by(const mgi_vocab_rules *rules, const void *bytes, size_t size,
                                const char *name, mgi_vocab **vocab, mgeo_error *error) {
    *vocab = NULL;
    if (size > VOCAB_BYTES_MAX) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: %zu bytes are too many for a vocabulary", name,
                        size);
    }
    vocab_reader reader;
    reader_init(&reader, bytes, size, name, error);
    return create(rules, &reader, vocab);
}

mgeo_status mgi_vocab_create(const void *bytes, size_t size, const char *name, mgi_vocab **vocab,
                             mgeo_error *error) {
    return mgi_vocab_create_by(&mgi_vocab_rules_bert, bytes, size, name, vocab, error);
}

mgeo_status mgi_vocab_create_of(const mgi_vocab_rules *rules, const mgi_vocab_token *tokens,
                                size_t count, const char *name, mgi_vocab **vocab,
                                mgeo_error *error) {
    vocab_reader reader;
    reader_init(&reader, NULL, 0, name, error);
    reader.listed = tokens;
    reader.listed_left = count;
    return create(rules, &reader, vocab);
}

void mgi_vocab_destroy(mgi_vocab *vocab) { mgi_free(vocab); }

int32_t mgi_vocab_find(const mgi_vocab *vocab, const char *token, size_t bytes) {
    const unsigned char *at = (const unsigned char *)token;
    const unsigned char *end = at + bytes;
    const unsigned char *inside = behind_prefix(vocab, at, bytes);
    uint32_t node = inside == NULL ? MGI_VOCAB_WORD : MGI_VOCAB_INSIDE;
    int32_t id = -1;
    if (inside != NULL) at = inside;
    while (at < end) {
        int32_t character = 0;
        size_t length = mgi_utf8_decode(at, end, &character);
        uint32_t slot = mgi_vocab_slot(vocab, node, character);
        if (length == 0 || vocab->steps[slot].parent == MGI_VOCAB_NONE) return -1;
        id = vocab->steps[slot].id;
        node = mgi_vocab_node(slot);
        at += length;
    }
    return id;
}
