/* SPDX-License-Identifier: Apache-2.0 */
/* How structs look to a binding in C that walks them by name, and the steps of that walk. R's and
 * Ruby's shapes.h are equal copies, as each package is built from its own folder alone: this file,
 * with what tools/bindings/emit_c_shapes.py adds. */
#include <mgeo.h>

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum member_kind {
    MEMBER_TEXT,    /* a C string elsewhere */
    MEMBER_STRING,  /* characters in place */
    MEMBER_STRINGS, /* rows of them */
    MEMBER_STRUCTS,
    MEMBER_NUMBERS,
    MEMBER_NUMBER,
    MEMBER_FLAG /* 1, 0; -1: neither */
} member_kind;

typedef enum number_type {
    TYPE_INT32,
    TYPE_UINT32,
    TYPE_UINT64,
    TYPE_SIZE,
    TYPE_FLOAT,
    TYPE_DOUBLE
} number_type;

/* A word and the enumerator that it stands for; the last has no word. */
typedef struct enum_word {
    const char *word;
    int32_t number;
} enum_word;

typedef struct shape shape;
typedef struct member {
    const char *name;
    member_kind kind;
    number_type type;
    size_t offset;
    size_t item;            /* bytes of one item of an array */
    size_t length;          /* items */
    size_t count;           /* offset of the uint32_t that says how many are in use; 0: all are */
    const enum_word *words; /* or NULL */
    const shape *of;        /* what MEMBER_STRUCTS holds */
} member;

struct shape {
    const char *name;
    size_t size;
    const member *members; /* the last has no name */
};

static inline const member *shape_find(const shape *in, const char *name) {
    for (const member *at = in->members; at->name != NULL; at++) {
        if (strcmp(at->name, name) == 0) return at;
    }
    return NULL;
}

/* How many items of an array are in use. */
static inline size_t member_count(const member *of, const void *record) {
    uint32_t count;
    if (of->count == 0) return of->length;
    memcpy(&count, (const char *)record + of->count, sizeof count);
    return count < of->length ? count : of->length;
}

static inline int member_is_whole(const member *of) {
    return of->type != TYPE_FLOAT && of->type != TYPE_DOUBLE;
}

/* The item at `index` of an array, or the number itself: as a double, exact up to 2^53. */
static inline double member_number(const member *of, const void *record, size_t index) {
    const char *at = (const char *)record + of->offset + index * of->item;
    switch (of->type) {
    case TYPE_INT32: return *(const int32_t *)at;
    case TYPE_UINT32: return *(const uint32_t *)at;
    case TYPE_UINT64: return (double)*(const uint64_t *)at;
    case TYPE_SIZE: return (double)*(const size_t *)at;
    case TYPE_FLOAT: return (double)*(const float *)at;
    case TYPE_DOUBLE: break;
    }
    return *(const double *)at;
}

static inline double member_most(const member *of) {
    return of->type == TYPE_INT32    ? INT32_MAX
           : of->type == TYPE_UINT32 ? UINT32_MAX
                                     : 9007199254740992.0;
}

/* Answers 0 if the member cannot hold the number. */
static inline int member_set(const member *of, void *record, double value) {
    char *at = (char *)record + of->offset;
    const double least = of->type == TYPE_INT32 ? INT32_MIN : 0;
    if (member_is_whole(of)) {
        if (!(value >= least && value <= member_most(of)) || value != floor(value)) return 0;
    }
    switch (of->type) {
    case TYPE_INT32: *(int32_t *)at = (int32_t)value; break;
    case TYPE_UINT32: *(uint32_t *)at = (uint32_t)value; break;
    case TYPE_UINT64: *(uint64_t *)at = (uint64_t)value; break;
    case TYPE_SIZE: *(size_t *)at = (size_t)value; break;
    case TYPE_FLOAT: *(float *)at = (float)value; break;
    case TYPE_DOUBLE: *(double *)at = value; break;
    }
    return 1;
}

static inline const enum_word *word_find(const enum_word *words, const char *word) {
    for (; words->word != NULL; words++) {
        if (strcmp(words->word, word) == 0) return words;
    }
    return NULL;
}

/* All words, for who wrote another one: "auto, fp32, bf16". */
static inline const char *word_list(const enum_word *words, char *line, size_t size) {
    size_t used = 0;
    line[0] = '\0';
    for (const enum_word *at = words; at->word != NULL && used < size; at++) {
        used += (size_t)snprintf(line + used, size - used, "%s%s", used > 0 ? ", " : "", at->word);
    }
    return line;
}

/* NULL where no word stands for the number. */
static inline const char *word_of(const enum_word *words, double number) {
    for (; words->word != NULL; words++) {
        if (words->number == number) return words->word;
    }
    return NULL;
}

typedef struct enum_words {
    const char *name; /* "mgeo_slot" */
    const enum_word *words;
} enum_words;

/* An engine that is destroyed once nobody uses it: its object, its jobs and its calls that run. */
typedef struct engine_share {
    mgeo_engine *engine;
    unsigned users;
} engine_share;

static inline void engine_share_release(engine_share *share) {
    if (--share->users > 0) return;
    mgeo_engine_destroy(share->engine);
    free(share);
}
