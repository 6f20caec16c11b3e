/* SPDX-License-Identifier: Apache-2.0 */
/* A column of texts in an Arrow array, read row by row where it lies.
 *
 * Layouts are those of the Arrow columnar format (arrow.apache.org/docs/format/Columnar.html). */
#ifndef MGI_ARROW_TEXTS_H
#define MGI_ARROW_TEXTS_H

#include "core/status.h"

#include <stdbool.h>

typedef enum mgi_arrow_layout {
    MGI_ARROW_OFFSETS32, /* utf8 */
    MGI_ARROW_OFFSETS64, /* large_utf8 */
    MGI_ARROW_VIEWS,     /* utf8_view */
    MGI_ARROW_NULLS,     /* no buffers: every row is null */
} mgi_arrow_layout;

/* An array of texts. Rows are counted from the array's offset on. */
typedef struct mgi_arrow_values {
    mgi_arrow_layout layout;
    int64_t offset;
    int64_t rows;
    const uint8_t *validity;  /* one bit a row; NULL: no row is null */
    const void *slots;        /* offsets, or views */
    const char *bytes;        /* utf8 and large_utf8 */
    const void *const *parts; /* utf8_view: the buffers that views name */
    const void *part_sizes;   /* and their sizes, int64 each */
    int64_t part_count;
} mgi_arrow_values;

/* A column, dictionary-encoded or not. Borrows the array. */
typedef struct mgi_arrow_texts {
    const char *name; /* for error lines */
    mgi_arrow_values values;
    bool is_dictionary;
    uint32_t index_width; /* bytes */
    bool index_signed;
    int64_t index_offset;
    const uint8_t *index_validity;
    const uint8_t *indices;
} mgi_arrow_texts;

/* Can a column of this schema be opened? */
bool mgi_arrow_texts_readable(const struct ArrowSchema *schema);

/* Opens rows `first` … `first + rows - 1` of a column. The array outlives the reader.
 * Errors: MGEO_E_ARGUMENT (it does not match its schema, or is too short), MGEO_E_UNSUPPORTED. */
mgeo_status mgi_arrow_texts_open(mgi_arrow_texts *texts, const struct ArrowSchema *schema,
                                 const struct ArrowArray *array, int64_t first, int64_t rows,
                                 mgeo_error *error);

/* The text of a row; *text is NULL where the row is null. Errors: MGEO_E_ARGUMENT (damaged). */
mgeo_status mgi_arrow_texts_get(const mgi_arrow_texts *texts, int64_t row, const char **text,
                                size_t *length, mgeo_error *error);

/* Bit `index` of a validity bitmap; NULL: all are set. */
static inline bool mgi_arrow_is_valid(const uint8_t *validity, int64_t index) {
    return validity == NULL || (validity[index / 8] >> (index % 8) & 1) != 0;
}

/* An array's own numbers: is it there, not released, and of lengths that can be?
 * Errors: MGEO_E_ARGUMENT. */
mgeo_status mgi_arrow_array_check(const struct ArrowArray *array, const char *name,
                                  mgeo_error *error);

#endif
