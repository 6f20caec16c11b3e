/* SPDX-License-Identifier: Apache-2.0 */
/* Record batches of Arrow's C data interface, built row by row. */
#ifndef CLI_COLUMNAR_ARRAYS_H
#define CLI_COLUMNAR_ARRAYS_H

#include <mgeo.h>
#include <stdbool.h>
#include <stddef.h>

enum arrays_type {
    ARRAYS_TEXT,  /* utf8 */
    ARRAYS_FLOAT, /* float32 */
    ARRAYS_FLAG,  /* bool */
    ARRAYS_WORD,  /* one of some words: a dictionary of utf8, by int32 */
    ARRAYS_WHOLE  /* int64 */
};

struct arrays_field {
    enum arrays_type type;
    const char *name;
    const char *const *words; /* [word_count]; borrowed */
    size_t word_count;
};

/* A batch without rows; the fields are borrowed until arrays_destroy. */
struct arrays *arrays_create(const struct arrays_field *fields, size_t count);
void arrays_destroy(struct arrays *arrays);

/* The caller's, to release. */
void arrays_schema(const struct arrays *arrays, struct ArrowSchema *to);

/* Adds a row's value to a column; each column gets as many. */
void arrays_add_null(struct arrays *arrays, size_t column);
void arrays_add_text(struct arrays *arrays, size_t column, const char *text, size_t length);
void arrays_add_float(struct arrays *arrays, size_t column, float value);
void arrays_add_flag(struct arrays *arrays, size_t column, bool value);
void arrays_add_whole(struct arrays *arrays, size_t column, int64_t value);
void arrays_add_word(struct arrays *arrays, size_t column, int32_t word);

/* Hands the rows out, `count` in each column, and begins anew. The array is the caller's. */
void arrays_take(struct arrays *arrays, size_t count, struct ArrowArray *to);

/* Whether two schemas are of the same types in the same order; names are not compared. */
bool arrays_same_types(const struct ArrowSchema *one, const struct ArrowSchema *other);

#endif
