/* SPDX-License-Identifier: Apache-2.0 */
/* A vocabulary: which id a piece of a word has. */
#ifndef MGI_TEXT_VOCAB_H
#define MGI_TEXT_VOCAB_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MGI_VOCAB_PLANE = 0x10000,
    MGI_VOCAB_PREFIX_BYTES = 32, /* with the NUL */
    MGI_VOCAB_NONE = 0,          /* no such path */
    MGI_VOCAB_WORD = 1,          /* root of the pieces that begin a word */
    MGI_VOCAB_INSIDE = 2         /* root of the pieces written "##…" */
};

/* How words are pieced together. All zero, with ids of -1, is BERT's own. */
typedef struct mgi_vocab_rules {
    const char *unk, *cls, *sep; /* names; NULL: [UNK], [CLS], [SEP] */
    int32_t cls_id, sep_id;      /* of one that lies beside the vocabulary; -1: it is in it */
    const char *prefix;          /* of pieces inside a word; NULL: "##" */
    uint32_t longest_word;       /* longer ones are unknown; 0: 100, which is also the most */
} mgi_vocab_rules;

extern const mgi_vocab_rules mgi_vocab_rules_bert;

typedef struct mgi_vocab_token {
    const char *text; /* UTF-8; borrowed */
    uint32_t id;
} mgi_vocab_token;

/* A step of the trie: from node `parent` by `character` to the node whose number is this slot's. */
typedef struct mgi_vocab_step {
    uint32_t parent; /* MGI_VOCAB_NONE: the slot is free */
    int32_t character;
    int32_t id; /* of the piece that ends here, or -1 */
} mgi_vocab_step;

/* Two tries in one hash table of steps; node 3 + n is where step n leads. One block of memory,
 * immutable once made. */
typedef struct mgi_vocab {
    uint32_t count;  /* ids are below it: lines of the file */
    uint32_t tokens; /* that differ: empty lines are one */
    uint32_t longest_word;
    bool both_roots; /* a piece that begins with the prefix may begin a word as well */
    char prefix[MGI_VOCAB_PREFIX_BYTES];
    int32_t cls;
    int32_t sep;
    int32_t unk;
    uint32_t mask;                   /* slots - 1 */
    int32_t single[MGI_VOCAB_PLANE]; /* id of a one-character word, unk where there is none */
    mgi_vocab_step steps[];
} mgi_vocab;

/* Reads the bytes of a vocab.txt, which are not kept: one token per line, its id the line's number
 * from 0. Lines may end in LF or CRLF, the last one in nothing; a byte order mark is passed over;
 * empty lines are tokens that nothing matches. Refused with file and line: what is not UTF-8, a
 * token twice, a line too long to be a token, a carriage return inside a line, no [CLS], [SEP] or
 * [UNK]. Errors: MGEO_E_FORMAT, MGEO_E_MEMORY. */
mgeo_status mgi_vocab_create(const void *bytes, size_t size, const char *name, mgi_vocab **vocab,
                             mgeo_error *error);
/* The same by other rules. Error: also MGEO_E_UNSUPPORTED, of a prefix too long. */
mgeo_status mgi_vocab_create_by(const mgi_vocab_rules *rules, const void *bytes, size_t size,
                                const char *name, mgi_vocab **vocab, mgeo_error *error);

/* A vocabulary of tokens that differ; ids in any order, with holes. */
mgeo_status mgi_vocab_create_of(const mgi_vocab_rules *rules, const mgi_vocab_token *tokens,
                                size_t count, const char *name, mgi_vocab **vocab,
                                mgeo_error *error);
void mgi_vocab_destroy(mgi_vocab *vocab);

/* The id of a token of `bytes` bytes, which is not empty; -1: there is none. */
int32_t mgi_vocab_find(const mgi_vocab *vocab, const char *token, size_t bytes);

/* Memory that it takes. */
static inline size_t mgi_vocab_bytes(const mgi_vocab *vocab) {
    return sizeof *vocab + ((size_t)vocab->mask + 1) * sizeof *vocab->steps;
}

/* The slot where the step lies, or the free one where it would. */
static inline uint32_t mgi_vocab_slot(const mgi_vocab *vocab, uint32_t node, int32_t character) {
    uint64_t key = (uint64_t)node << 21 ^ (uint64_t)(uint32_t)character;
    key *= 0x9E3779B97F4A7C15u;
    uint32_t slot = (uint32_t)(key >> 32) & vocab->mask;
    for (;;) {
        const mgi_vocab_step *step = &vocab->steps[slot];
        if (step->parent == MGI_VOCAB_NONE) return slot;
        if (step->parent == node && step->character == character) return slot;
        slot = (slot + 1) & vocab->mask;
    }
}

/* Node that a slot's step leads to. */
static inline uint32_t mgi_vocab_node(uint32_t slot) { return slot + 3; }

#endif
