/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a JSON text (RFC 8259) value by value, without a tree; strings are decoded where they lie.
 */
#ifndef CLI_COMMON_JSON_READER_H
#define CLI_COMMON_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_READER_DEPTH = 32 };

enum json_type {
    JSON_ABSENT, /* after the last member or element; or a fault */
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json_string {
    char
        *bytes; /* in the text, decoded in place, valid UTF-8, NUL-terminated (NUL may be inside) */
    size_t length;
};

/* A text is read once, from left to right. A fault is kept: everything afterwards is JSON_ABSENT.
 */
struct json_reader {
    char *text;
    size_t length, at;
    int depth;
    const char *
        fault; /* NULL, or what is wrong at `fault_at`, as a clause: "a string that does not end" */
    size_t fault_at;
    /* what json_reader_next keeps for the values it returns */
    size_t begin; /* where the value begins; a number ends at `at` */
    double number;
    bool integral; /* the number has no point and no exponent, and fits in `integer` */
    int64_t integer;
    struct json_string string;
    bool begun;                            /* the document's value was asked for */
    unsigned char open[JSON_READER_DEPTH]; /* '{' or '[', and what may follow */
};

/* text[length] must be writable: the text is ended by NUL in place. Nothing is allocated. */
void json_reader_begin(struct json_reader *reader, char *text, size_t length);

/* The document's value, the next element of the array that is open, or the value of the key that
 * was read; JSON_ABSENT once, at an array's end. A string or number stands in the reader; an array
 * or object is open from now on, until its end was read or it was left. */
enum json_type json_reader_next(struct json_reader *reader);

/* The next member of the object that is open: its key, and then json_reader_next reads its value
 * (one that nobody read is skipped). False at the object's end, and at a fault. */
bool json_reader_key(struct json_reader *reader, struct json_string *key);

/* Reads over the value that comes next, whatever it is. */
void json_reader_skip(struct json_reader *reader);

/* Reads over what is left of the array or object that is open. */
void json_reader_leave(struct json_reader *reader);

/* After the document's value: whether nothing but blanks follows and there was no fault. */
bool json_reader_end(struct json_reader *reader);

#endif
