/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text as a tree of values that lie in one block of memory. */
#ifndef MGI_CORE_JSON_JSON_TREE_H
#define MGI_CORE_JSON_JSON_TREE_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MGI_JSON_MAX_DEPTH = 32 };

typedef enum mgi_json_kind {
    MGI_JSON_NULL,
    MGI_JSON_BOOL,
    MGI_JSON_INTEGER, /* without fraction and exponent */
    MGI_JSON_REAL,
    MGI_JSON_TEXT,
    MGI_JSON_ARRAY,
    MGI_JSON_OBJECT
} mgi_json_kind;

typedef struct mgi_json_value mgi_json_value;
struct mgi_json_value {
    mgi_json_kind kind;
    uint32_t count;             /* values in an array or object */
    const char *key;            /* in an object; else NULL */
    const mgi_json_value *next; /* the next in the same array or object, in the text's order */
    union {
        int64_t integer; /* a bool: 0 or 1 */
        double real;
        const char *text; /* UTF-8 without a NUL, and a NUL after it */
        const mgi_json_value *first;
    };
};

/* Why a text is not JSON. */
typedef struct mgi_json_flaw {
    unsigned line;
    const char *reason; /* static; NULL: out of memory */
} mgi_json_flaw;

/* Reads a text: RFC 8259, UTF-8, also after a byte order mark, no key twice in an object, at most
 * MGI_JSON_MAX_DEPTH levels, and 65,536 values plus one for each 10 bytes. Python's NaN and
 * Infinity are taken; an integer beyond 64 bits is a real number; a number beyond a double is
 * infinite, and one of more than 512 bytes NaN. \u0000 and half of a surrogate pair are U+FFFD.
 * Memory is at most 6 times the text's size and 3 MB. The tree is freed with mgi_json_tree_free;
 * NULL, and *flaw filled, where the text is not JSON or memory is out: no third is mistaken for
 * either. */
mgi_json_value *mgi_json_tree_read(const void *text, size_t size, mgi_json_flaw *flaw);
void mgi_json_tree_free(mgi_json_value *root);

/* The member of that name, or NULL, also where the object is NULL or none. */
const mgi_json_value *mgi_json_tree_member(const mgi_json_value *object, const char *key);

/* The first value in an array or object; NULL: there is none, or it is neither. */
const mgi_json_value *mgi_json_tree_first(const mgi_json_value *value);

/* The text, or NULL where it is none. */
const char *mgi_json_tree_text(const mgi_json_value *value);

/* Whether the value is there and is an integer, which goes to *number. */
bool mgi_json_tree_integer(const mgi_json_value *value, int64_t *number);

#endif
