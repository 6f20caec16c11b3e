/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers that grow, and the structs of the C data interface around them. */
#include "columnar/arrays.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

struct buffer {
    char *bytes;
    size_t length, capacity;
};

struct column {
    size_t rows, nulls;
    struct buffer validity; /* bits; empty while there is no null */
    struct buffer values;   /* floats, bits, indices, or where texts begin */
    struct buffer text;
};

struct arrays {
    const struct arrays_field *fields;
    size_t count;
    struct column *columns;
};

/* ---- buffers --------------------------------------------------------------------------------- */

/* As many bytes, what is new being zero. */
static void reach(struct buffer *buffer, size_t length) {
    if (length > buffer->capacity) {
        buffer->capacity = length < 512 ? 1024 : length * 2;
        buffer->bytes = memory_resize(buffer->bytes, buffer->capacity, 1);
    }
    if (length <= buffer->length) return;
    memset(buffer->bytes + buffer->length, 0, length - buffer->length);
    buffer->length = length;
}

static void append(struct buffer *buffer, const void *bytes, size_t length) {
    size_t at = buffer->length;
    reach(buffer, at + length);
    if (length > 0) memcpy(buffer->bytes + at, bytes, length);
}

static void set_bit(struct buffer *bits, size_t place, bool value) {
    reach(bits, place / 8 + 1);
    if (value) bits->bytes[place / 8] = (char)(bits->bytes[place / 8] | (1 << (place % 8)));
}

static void add_end(struct column *column) {
    int32_t end = (int32_t)column->text.length;
    append(&column->values, &end, sizeof end);
}

static void finish_column(struct column *column) {
    free(column->validity.bytes);
    free(column->values.bytes);
    free(column->text.bytes);
    memset(column, 0, sizeof *column);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void begin(struct arrays *arrays) {
    for (size_t i = 0; i < arrays->count; i++) {
        if (arrays->fields[i].type == ARRAYS_TEXT) add_end(&arrays->columns[i]);
    }
}

struct arrays *arrays_create(const struct arrays_field *fields, size_t count) {
    struct arrays *made = memory_zeroed(1, sizeof *made);
    made->fields = fields;
    made->count = count;
    made->columns = memory_zeroed(count > 0 ? count : 1, sizeof *made->columns);
    begin(made);
    return made;
}

void arrays_destroy(struct arrays *arrays) {
    if (arrays == NULL) return;
    for (size_t i = 0; i < arrays->count; i++) finish_column(&arrays->columns[i]);
    free(arrays->columns);
    free(arrays);
}

static struct column *next_row(struct arrays *arrays, size_t which, bool there) {
    struct column *column = &arrays->columns[which];
    if (!there && column->nulls++ == 0) {
        for (size_t i = 0; i < column->rows; i++) set_bit(&column->validity, i, true);
    }
    if (column->nulls > 0) set_bit(&column->validity, column->rows, there);
    column->rows++;
    return column;
}

static void put_flag(struct column *column, bool value) {
    set_bit(&column->values, column->rows - 1, value);
}

void arrays_add_null(struct arrays *arrays, size_t which) {
    struct column *column = next_row(arrays, which, false);
    static const int64_t nothing = 0;
    switch (arrays->fields[which].type) {
    case ARRAYS_TEXT: add_end(column); break;
    case ARRAYS_FLAG: put_flag(column, false); break;
    case ARRAYS_FLOAT:
    case ARRAYS_WORD: append(&column->values, &nothing, sizeof(int32_t)); break;
    case ARRAYS_WHOLE: append(&column->values, &nothing, sizeof nothing); break;
    }
}

void arrays_add_text(struct arrays *arrays, size_t which, const char *text, size_t length) {
    struct column *column = next_row(arrays, which, true);
    append(&column->text, text, length);
    add_end(column);
}

void arrays_add_float(struct arrays *arrays, size_t which, float value) {
    append(&next_row(arrays, which, true)->values, &value, sizeof value);
}

void arrays_add_flag(struct arrays *arrays, size_t which, bool value) {
    put_flag(next_row(arrays, which, true), value);
}

void arrays_add_whole(struct arrays *arrays, size_t which, int64_t value) {
    append(&next_row(arrays, which, true)->values, &value, sizeof value);
}

void arrays_add_word(struct arrays *arrays, size_t which, int32_t word) {
    append(&next_row(arrays, which, true)->values, &word, sizeof word);
}

/* ---- schemas --------------------------------------------------------------------------------- */

static void release_schema(struct ArrowSchema *schema) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        struct ArrowSchema *child = schema->children[i];
        if (child->release != NULL) child->release(child);
        free(child);
    }
    free(schema->children);
    if (schema->dictionary != NULL) schema->dictionary->release(schema->dictionary);
    free(schema->dictionary);
    free(schema->private_data);
    schema->release = NULL;
}

static void init_schema(struct ArrowSchema *schema, const char *format, const char *name) {
    *schema = (struct ArrowSchema){.format = format,
                                   .flags = ARROW_FLAG_NULLABLE,
                                   .release = release_schema,
                                   .private_data = memory_copy(name, strlen(name))};
    schema->name = schema->private_data;
}

void arrays_schema(const struct arrays *arrays, struct ArrowSchema *to) {
    static const char *const formats[] = {[ARRAYS_TEXT] = "u",
                                          [ARRAYS_FLOAT] = "f",
                                          [ARRAYS_FLAG] = "b",
                                          [ARRAYS_WORD] = "i",
                                          [ARRAYS_WHOLE] = "l"};
    init_schema(to, "+s", "");
    to->flags = 0;
    to->n_children = (int64_t)arrays->count;
    to->children = memory_zeroed(arrays->count + 1, sizeof(struct ArrowSchema *));
    for (size_t i = 0; i < arrays->count; i++) {
        const struct arrays_field *field = &arrays->fields[i];
        struct ArrowSchema *child = to->children[i] = memory_zeroed(1, sizeof *child);
        init_schema(child, formats[field->type], field->name);
        if (field->type != ARRAYS_WORD) continue;
        child->dictionary = memory_zeroed(1, sizeof *child->dictionary);
        init_schema(child->dictionary, "u", "");
    }
}

bool arrays_same_types(const struct ArrowSchema *one, const struct ArrowSchema *other) {
    if (strcmp(one->format, other->format) != 0 || one->n_children != other->n_children) {
        return false;
    }
    for (int64_t i = 0; i < one->n_children; i++) {
        if (!arrays_same_types(one->children[i], other->children[i])) return false;
    }
    if (one->dictionary == NULL || other->dictionary == NULL) {
        return one->dictionary == other->dictionary;
    }
    return arrays_same_types(one->dictionary, other->dictionary);
}

/* ---- arrays ---------------------------------------------------------------------------------- */

enum { MOST_BUFFERS = 3 };

static void release_array(struct ArrowArray *array) {
    for (int64_t i = 0; i < array->n_children; i++) {
        struct ArrowArray *child = array->children[i];
        if (child->release != NULL) child->release(child);
        free(child);
    }
    free(array->children);
    if (array->dictionary != NULL) array->dictionary->release(array->dictionary);
    free(array->dictionary);
    for (int64_t i = 0; i < array->n_buffers; i++) free((void *)array->buffers[i]);
    free(array->buffers);
    array->release = NULL;
}

static void init_array(struct ArrowArray *array, size_t length, int64_t buffers) {
    *array = (struct ArrowArray){.length = (int64_t)length,
                                 .n_buffers = buffers,
                                 .buffers = memory_zeroed(MOST_BUFFERS, sizeof(void *)),
                                 .release = release_array};
}

/* Moves the column's buffers into the array. Where there is a text, its buffer is there too. */
static void take_column(struct column *column, bool text, struct ArrowArray *to) {
    init_array(to, column->rows, text ? 3 : 2);
    reach(&column->values, 1);
    if (text) reach(&column->text, 1);
    to->null_count = (int64_t)column->nulls;
    to->buffers[0] = column->validity.bytes;
    to->buffers[1] = column->values.bytes;
    to->buffers[2] = column->text.bytes;
    memset(column, 0, sizeof *column);
}

static void take_words(const struct arrays_field *field, struct ArrowArray *to) {
    struct column words = {0};
    add_end(&words);
    for (size_t i = 0; i < field->word_count; i++) {
        append(&words.text, field->words[i], strlen(field->words[i]));
        add_end(&words);
        words.rows++;
    }
    take_column(&words, true, to);
}

void arrays_take(struct arrays *arrays, size_t count, struct ArrowArray *to) {
    init_array(to, count, 1);
    to->n_children = (int64_t)arrays->count;
    to->children = memory_zeroed(arrays->count + 1, sizeof(struct ArrowArray *));
    for (size_t i = 0; i < arrays->count; i++) {
        const struct arrays_field *field = &arrays->fields[i];
        struct ArrowArray *child = to->children[i] = memory_zeroed(1, sizeof *child);
        take_column(&arrays->columns[i], field->type == ARRAYS_TEXT, child);
        if (field->type != ARRAYS_WORD) continue;
        child->dictionary = memory_zeroed(1, sizeof *child->dictionary);
        take_words(field, child->dictionary);
    }
    begin(arrays);
}
