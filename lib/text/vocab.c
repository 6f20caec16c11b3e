/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a vocab.txt into two tries that share one table. */
#include "text/vocab.h"

#include "core/alloc.h"
#include "core/utf8.h"

#include <stdbool.h>
#include <string.h>

/* No vocabulary comes near these; a file that passes them is not one. */
enum { VOCAB_BYTES_MAX = 32 << 20, TOKEN_BYTES_MAX = 1024 };

/* The file on its way through. */
typedef struct vocab_reader {
    const unsigned char *at;
    const unsigned char *end;
    const char *name;
    uint32_t line; /* of the token in hand, from 1 */
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

/* Takes the next line in hand; false at the end of the file. */
static bool reader_next(vocab_reader *reader) {
    if (reader->at >= reader->end) return false;
    size_t left = (size_t)(reader->end - reader->at);
    const unsigned char *newline = memchr(reader->at, '\n', left);
    reader->token = reader->at;
    reader->token_bytes = newline == NULL ? left : (size_t)(newline - reader->at);
    reader->at = newline == NULL ? reader->end : newline + 1;
    if (reader->token_bytes > 0 && reader->token[reader->token_bytes - 1] == '\r') {
        reader->token_bytes--;
    }
    reader->line++;
    return true;
}

static mgeo_status refuse_line(const vocab_reader *reader, const char *reason) {
    return mgi_fail(reader->error, MGEO_E_FORMAT, "%s line %u: %s", reader->name, reader->line,
                    reason);
}

/* Checks the line in hand and counts its characters. */
static mgeo_status check_line(const vocab_reader *reader, size_t *characters) {
    if (reader->token_bytes > TOKEN_BYTES_MAX) {
        return mgi_fail(reader->error, MGEO_E_FORMAT,
                        "%s line %u: %zu bytes are too many for one token (limit %d): the file "
                        "must hold one token per line",
                        reader->name, reader->line, reader->token_bytes, TOKEN_BYTES_MAX);
    }
    const unsigned char *at = reader->token;
    const unsigned char *end = at + reader->token_bytes;
    while (at < end) {
        int32_t character;
        size_t length = mgi_utf8_decode(at, end, &character);
        if (length == 0) {
            return refuse_line(reader, "not valid UTF-8: save the vocabulary as UTF-8");
        }
        if (character == '\r') {
            return refuse_line(reader, "a carriage return inside the line: end lines in LF or "
                                       "CRLF");
        }
        at += length;
        ++*characters;
    }
    return MGEO_OK;
}

/* Walks the whole file once: is it sound, and how large does the table get? */
static mgeo_status survey(const void *bytes, size_t size, const char *name, uint32_t *lines,
                          size_t *characters, mgeo_error *error) {
    if (size > VOCAB_BYTES_MAX) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: %zu bytes are too many for a vocabulary", name,
                        size);
    }
    vocab_reader reader;
    reader_init(&reader, bytes, size, name, error);
    while (reader_next(&reader)) {
        mgeo_status status = check_line(&reader, characters);
        if (status != MGEO_OK) return status;
    }
    *lines = reader.line;
    return MGEO_OK;
}

static mgi_vocab *vocab_allocate(size_t characters, uint32_t lines, mgeo_error *error) {
    size_t slots = 1024;
    while (slots < characters + characters / 2) slots *= 2;
    size_t bytes = sizeof(mgi_vocab) + slots * sizeof(mgi_vocab_step);
    mgi_vocab *vocab = mgi_calloc(1, bytes);
    if (vocab == NULL) {
        mgi_fail_memory(error, "a vocabulary", bytes);
        return NULL;
    }
    vocab->mask = (uint32_t)(slots - 1);
    vocab->count = lines;
    vocab->cls = vocab->sep = vocab->unk = -1;
    return vocab;
}

/* Walks the token in hand into its trie, growing it, and returns the slot where it ends. */
static uint32_t insert_path(mgi_vocab *vocab, const vocab_reader *reader) {
    const unsigned char *at = reader->token;
    const unsigned char *end = at + reader->token_bytes;
    uint32_t node = MGI_VOCAB_WORD;
    uint32_t slot = 0;
    /* No word begins with '#' and goes on: it is punctuation. So "##x" is needed inside words
     * alone. */
    if (reader->token_bytes > 2 && memcmp(at, "##", 2) == 0) {
        node = MGI_VOCAB_INSIDE;
        at += 2;
    }
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

static bool token_is(const vocab_reader *reader, const char *text) {
    return reader->token_bytes == strlen(text) &&
           memcmp(reader->token, text, reader->token_bytes) == 0;
}

static mgeo_status insert(mgi_vocab *vocab, const vocab_reader *reader) {
    if (reader->token_bytes == 0) return MGEO_OK;
    int32_t id = (int32_t)(reader->line - 1);
    mgi_vocab_step *step = &vocab->steps[insert_path(vocab, reader)];
    if (step->id >= 0) {
        return mgi_fail(reader->error, MGEO_E_FORMAT,
                        "%s line %u: the same token as on line %d: each token must have one id",
                        reader->name, reader->line, step->id + 1);
    }
    step->id = id;
    if (step->parent == MGI_VOCAB_WORD && step->character < MGI_VOCAB_PLANE) {
        vocab->single[step->character] = id + 1; /* 0 still means none */
    }
    if (token_is(reader, "[CLS]")) vocab->cls = id;
    if (token_is(reader, "[SEP]")) vocab->sep = id;
    if (token_is(reader, "[UNK]")) vocab->unk = id;
    return MGEO_OK;
}

static mgeo_status check_specials(const mgi_vocab *vocab, const char *name, mgeo_error *error) {
    const char *missing = vocab->cls < 0   ? "[CLS]"
                          : vocab->sep < 0 ? "[SEP]"
                          : vocab->unk < 0 ? "[UNK]"
                                           : NULL;
    if (missing == NULL) return MGEO_OK;
    return mgi_fail(error, MGEO_E_FORMAT,
                    "%s: no line among its %u holds the token %s: is it a BERT vocabulary?", name,
                    vocab->count, missing);
}

mgeo_status mgi_vocab_create(const void *bytes, size_t size, const char *name, mgi_vocab **vocab,
                             mgeo_error *error) {
    *vocab = NULL;
    uint32_t lines = 0;
    size_t characters = 0;
    mgeo_status status = survey(bytes, size, name, &lines, &characters, error);
    if (status != MGEO_OK) return status;
    mgi_vocab *made = vocab_allocate(characters, lines, error);
    if (made == NULL) return MGEO_E_MEMORY;
    vocab_reader reader;
    reader_init(&reader, bytes, size, name, error);
    while (status == MGEO_OK && reader_next(&reader)) status = insert(made, &reader);
    if (status == MGEO_OK) status = check_specials(made, name, error);
    if (status != MGEO_OK) {
        mgi_vocab_destroy(made);
        return status;
    }
    for (size_t c = 0; c < MGI_VOCAB_PLANE; c++) {
        made->single[c] = made->single[c] == 0 ? made->unk : made->single[c] - 1;
    }
    *vocab = made;
    return MGEO_OK;
}

void mgi_vocab_destroy(mgi_vocab *vocab) { mgi_free(vocab); }
