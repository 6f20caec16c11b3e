/* SPDX-License-Identifier: Apache-2.0 */
/* A column of texts in an Arrow array, read row by row where it lies. */
#include "arrow/texts.h"

#include <inttypes.h>
#include <string.h>

/* A view: the text's length, then the text itself if it is short, else its beginning, the buffer
 * that holds it and where. */
enum { VIEW_BYTES = 16, VIEW_INLINE = 12, VIEW_BUFFER_AT = 8, VIEW_OFFSET_AT = 12 };

/* ---- numbers, which need not be aligned ------------------------------------------------------ */

static int32_t read_int32(const void *from, int64_t index) {
    int32_t value;
    memcpy(&value, (const char *)from + index * (int64_t)sizeof value, sizeof value);
    return value;
}

static int64_t read_int64(const void *from, int64_t index) {
    int64_t value;
    memcpy(&value, (const char *)from + index * (int64_t)sizeof value, sizeof value);
    return value;
}

/* An unsigned number is too large for int64_t only where it is too large for any dictionary. */
static int64_t read_index(const mgi_arrow_texts *texts, int64_t row) {
    const uint8_t *at = texts->indices + row * texts->index_width;
    uint64_t value = 0;
    memcpy(&value, at, texts->index_width); /* little-endian */
    unsigned unused = 64 - 8 * texts->index_width;
    if (texts->index_signed) return (int64_t)(value << unused) >> unused;
    return value > INT64_MAX ? -1 : (int64_t)value;
}

/* ---- opening --------------------------------------------------------------------------------- */

mgeo_status mgi_arrow_array_check(const struct ArrowArray *array, const char *name,
                                  mgeo_error *error) {
    int64_t end;
    if (array == NULL || array->release == NULL) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "%s: the array is %s", name,
                        array == NULL ? "NULL" : "released already");
    }
    if (array->length >= 0 && array->offset >= 0 && array->n_buffers >= 0 &&
        array->n_children >= 0 && !__builtin_add_overflow(array->offset, array->length, &end) &&
        end <= INT64_MAX / VIEW_BYTES) {
        return MGEO_OK;
    }
    return mgi_fail(error, MGEO_E_ARGUMENT,
                    "%s: an array of length %" PRId64 ", offset %" PRId64 ", %" PRId64
                    " buffers and %" PRId64 " children cannot be",
                    name, array->length, array->offset, array->n_buffers, array->n_children);
}

static bool layout_of(const char *format, mgi_arrow_layout *layout) {
    static const struct {
        const char *format;
        mgi_arrow_layout layout;
    } known[] = {{"u", MGI_ARROW_OFFSETS32},
                 {"U", MGI_ARROW_OFFSETS64},
                 {"vu", MGI_ARROW_VIEWS},
                 {"n", MGI_ARROW_NULLS}};
    for (size_t i = 0; format != NULL && i < sizeof known / sizeof *known; i++) {
        if (strcmp(format, known[i].format) != 0) continue;
        *layout = known[i].layout;
        return true;
    }
    return false;
}

/* Formats of integers: c C s S i I l L, capitals without sign. 0: none of them. */
static uint32_t index_width(const char *format) {
    static const char letters[] = "cCsSiIlL";
    const char *found =
        format == NULL || format[0] == 0 || format[1] != 0 ? NULL : strchr(letters, format[0]);
    return found == NULL ? 0 : 1u << ((found - letters) / 2);
}

bool mgi_arrow_texts_readable(const struct ArrowSchema *schema) {
    mgi_arrow_layout layout;
    if (schema->dictionary == NULL) return layout_of(schema->format, &layout);
    return index_width(schema->format) != 0 && schema->dictionary->dictionary == NULL &&
           layout_of(schema->dictionary->format, &layout);
}

/* Are the buffers there that a layout has? Those of no row may be NULL. */
static mgeo_status check_buffers(const struct ArrowArray *array, int64_t fewest, bool exact,
                                 const char *name, mgeo_error *error) {
    bool enough = exact ? array->n_buffers == fewest : array->n_buffers >= fewest;
    if (!enough || (fewest > 0 && array->buffers == NULL)) {
        return mgi_fail(
            error, MGEO_E_ARGUMENT, "%s: %" PRId64 " buffers, and its type has %s%" PRId64, name,
            array->buffers == NULL ? 0 : array->n_buffers, exact ? "" : "at least ", fewest);
    }
    if (fewest < 2 || array->buffers[1] != NULL || array->offset + array->length == 0) {
        return MGEO_OK;
    }
    return mgi_fail(error, MGEO_E_ARGUMENT, "%s: its second buffer is NULL", name);
}

static mgeo_status open_views(mgi_arrow_values *values, const struct ArrowArray *array,
                              const char *name, mgeo_error *error) {
    mgeo_status status = check_buffers(array, 3, false, name, error);
    if (status != MGEO_OK) return status;
    values->part_count = array->n_buffers - 3;
    values->parts = array->buffers + 2;
    values->part_sizes = array->buffers[array->n_buffers - 1];
    if (values->part_count == 0 || values->part_sizes != NULL) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT, "%s: its last buffer, the others' sizes, is NULL",
                    name);
}

static mgeo_status open_values(mgi_arrow_values *values, const char *format,
                               const struct ArrowArray *array, const char *name,
                               mgeo_error *error) {
    mgeo_status status = MGEO_OK;
    *values = (mgi_arrow_values){.offset = array->offset, .rows = array->length};
    (void)layout_of(format, &values->layout);
    if (values->layout == MGI_ARROW_NULLS) return MGEO_OK;
    if (values->layout == MGI_ARROW_VIEWS) {
        status = open_views(values, array, name, error);
    } else {
        status = check_buffers(array, 3, true, name, error);
    }
    if (status != MGEO_OK) return status;
    values->validity = array->buffers[0];
    values->slots = array->buffers[1];
    if (values->layout != MGI_ARROW_VIEWS) values->bytes = array->buffers[2];
    return MGEO_OK;
}

static mgeo_status open_dictionary(mgi_arrow_texts *texts, const struct ArrowSchema *schema,
                                   const struct ArrowArray *array, mgeo_error *error) {
    mgeo_status status = check_buffers(array, 2, true, texts->name, error);
    if (status == MGEO_OK) status = mgi_arrow_array_check(array->dictionary, texts->name, error);
    if (status == MGEO_OK) {
        status = open_values(&texts->values, schema->dictionary->format, array->dictionary,
                             texts->name, error);
    }
    if (status != MGEO_OK) return status;
    texts->is_dictionary = true;
    texts->index_width = index_width(schema->format);
    texts->index_signed = strchr("csil", schema->format[0]) != NULL;
    texts->index_offset = array->offset;
    texts->index_validity = array->buffers[0];
    texts->indices = array->buffers[1];
    return MGEO_OK;
}

/* Moves the beginning of the column by `first` rows. */
static void skip_rows(mgi_arrow_texts *texts, int64_t first) {
    if (texts->is_dictionary) {
        texts->index_offset += first;
    } else {
        texts->values.offset += first;
        texts->values.rows -= first;
    }
}

mgeo_status mgi_arrow_texts_open(mgi_arrow_texts *texts, const struct ArrowSchema *schema,
                                 const struct ArrowArray *array, int64_t first, int64_t rows,
                                 mgeo_error *error) {
    *texts = (mgi_arrow_texts){.name = schema->name == NULL ? "" : schema->name};
    if (!mgi_arrow_texts_readable(schema)) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "column \"%s\" has Arrow type \"%s\", and texts are utf8, large_utf8, "
                        "utf8_view or a dictionary of these: cast it",
                        texts->name, schema->format == NULL ? "" : schema->format);
    }
    mgeo_status status = mgi_arrow_array_check(array, texts->name, error);
    if (status != MGEO_OK) return status;
    if (array->length < first || array->length - first < rows) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "column \"%s\" has %" PRId64 " rows, and the table %" PRId64
                        " from row %" PRId64 " on",
                        texts->name, array->length, rows, first);
    }
    status = schema->dictionary == NULL
                 ? open_values(&texts->values, schema->format, array, texts->name, error)
                 : open_dictionary(texts, schema, array, error);
    if (status == MGEO_OK) skip_rows(texts, first);
    return status;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool get_by_offsets(const mgi_arrow_values *values, int64_t index, const char **text,
                           size_t *length) {
    bool wide = values->layout == MGI_ARROW_OFFSETS64;
    int64_t last_index = values->offset + values->rows;
    int64_t begin = wide ? read_int64(values->slots, index) : read_int32(values->slots, index);
    int64_t end =
        wide ? read_int64(values->slots, index + 1) : read_int32(values->slots, index + 1);
    int64_t last =
        wide ? read_int64(values->slots, last_index) : read_int32(values->slots, last_index);
    if (begin < 0 || end < begin || end > last || (values->bytes == NULL && end > begin)) {
        return false;
    }
    *text = values->bytes == NULL ? "" : values->bytes + begin;
    *length = (size_t)(end - begin);
    return true;
}

static bool get_by_view(const mgi_arrow_values *values, int64_t index, const char **text,
                        size_t *length) {
    const char *view = (const char *)values->slots + index * VIEW_BYTES;
    int32_t size = read_int32(view, 0);
    if (size < 0) return false;
    *length = (size_t)size;
    *text = view + sizeof size;
    if (size <= VIEW_INLINE) return true;
    int32_t part = read_int32(view + VIEW_BUFFER_AT, 0);
    int32_t at = read_int32(view + VIEW_OFFSET_AT, 0);
    if (part < 0 || part >= values->part_count || at < 0 || values->parts[part] == NULL ||
        (int64_t)at + size > read_int64(values->part_sizes, part)) {
        return false;
    }
    *text = (const char *)values->parts[part] + at;
    return true;
}

/* false: what lies there is damaged. */
static bool get_value(const mgi_arrow_values *values, int64_t row, const char **text,
                      size_t *length) {
    int64_t index = values->offset + row;
    if (values->layout == MGI_ARROW_NULLS || !mgi_arrow_is_valid(values->validity, index)) {
        *text = NULL;
        *length = 0;
        return true;
    }
    return values->layout == MGI_ARROW_VIEWS ? get_by_view(values, index, text, length)
                                             : get_by_offsets(values, index, text, length);
}

mgeo_status mgi_arrow_texts_get(const mgi_arrow_texts *texts, int64_t row, const char **text,
                                size_t *length, mgeo_error *error) {
    int64_t value = row;
    if (texts->is_dictionary) {
        int64_t at = texts->index_offset + row;
        if (!mgi_arrow_is_valid(texts->index_validity, at)) {
            *text = NULL;
            *length = 0;
            return MGEO_OK;
        }
        value = read_index(texts, at);
        if (value < 0 || value >= texts->values.rows) {
            return mgi_fail(error, MGEO_E_ARGUMENT,
                            "column \"%s\", row %" PRId64 ": index %" PRId64
                            ", and its dictionary has %" PRId64 " texts",
                            texts->name, row, value, texts->values.rows);
        }
    }
    if (get_value(&texts->values, value, text, length)) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT,
                    "column \"%s\", row %" PRId64 ": the text lies outside of its buffer",
                    texts->name, row);
}
