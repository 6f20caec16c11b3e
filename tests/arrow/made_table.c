/* SPDX-License-Identifier: Apache-2.0 */
/* Arrow tables of two columns of texts, made by hand in each layout. */
#include "made_table.h"

#include <errno.h>
#include <string.h>

static int released;

int released_since(void) {
    int count = released;
    released = 0;
    return count;
}

static void release_schema(struct ArrowSchema *schema) {
    schema->release = NULL;
    released++;
}

static void release_array(struct ArrowArray *array) {
    array->release = NULL;
    released++;
}

/* ---- columns --------------------------------------------------------------------------------- */

static void set_view(made_column *column, int64_t slot, const char *text, int32_t at) {
    int32_t *view = &column->views[slot * 4];
    int32_t length = (int32_t)strlen(text);
    view[0] = length;
    memcpy(&view[1], text, (size_t)(length < 4 ? length : 4));
    if (length <= 12) {
        memcpy(&view[1], text, (size_t)length);
    } else {
        view[2] = 0;
        view[3] = at;
    }
}

/* Writes text number `slot` behind those before it. */
static void add_text(made_column *column, int64_t slot, const char *text) {
    int32_t at = column->offsets[slot], length = (int32_t)strlen(text);
    memcpy(column->bytes + at, text, (size_t)length);
    column->offsets[slot + 1] = at + length;
    column->wide_offsets[slot + 1] = at + length;
    column->indices[slot] = (uint8_t)slot;
    set_view(column, slot, text, at);
}

static void fill(made_column *column, const char *const *texts, int64_t rows) {
    for (int64_t slot = 0; slot < rows + MADE_PADDING; slot++) {
        const char *text =
            slot < MADE_PADDING ? "padding that is in no row" : texts[slot - MADE_PADDING];
        add_text(column, slot, text == NULL ? "" : text);
        if (text != NULL) column->validity[slot / 8] |= (uint8_t)(1u << (slot % 8));
    }
}

static void shape(made_column *column, made_layout layout, int64_t slots) {
    static const char *const formats[MADE_LAYOUTS] = {"u", "U", "vu", "C", "n"};
    static const int64_t buffers[MADE_LAYOUTS] = {3, 3, 4, 2, 0};
    column->schema.format = formats[layout];
    column->array.n_buffers = buffers[layout];
    const void *slot_buffers[MADE_LAYOUTS] = {column->offsets, column->wide_offsets, column->views,
                                              column->indices, NULL};
    column->buffers[0] = column->validity;
    column->buffers[1] = slot_buffers[layout];
    column->buffers[2] = column->bytes;
    column->buffers[3] = column->part_sizes;
    column->part_sizes[0] = column->offsets[slots];
    if (layout != MADE_DICTIONARY) return;
    column->dictionary_schema = (struct ArrowSchema){.format = "u", .release = release_schema};
    column->dictionary_buffers[1] = column->offsets;
    column->dictionary_buffers[2] = column->bytes;
    column->dictionary = (struct ArrowArray){.length = slots,
                                             .n_buffers = 3,
                                             .buffers = column->dictionary_buffers,
                                             .release = release_array};
    column->schema.dictionary = &column->dictionary_schema;
    column->array.dictionary = &column->dictionary;
}

static void make_column(made_column *column, const char *name, made_layout layout,
                        const char *const *texts, int64_t rows) {
    memset(column, 0, sizeof *column);
    column->schema =
        (struct ArrowSchema){.name = name, .flags = ARROW_FLAG_NULLABLE, .release = release_schema};
    column->array = (struct ArrowArray){.length = rows,
                                        .null_count = -1,
                                        .offset = MADE_PADDING,
                                        .buffers = column->buffers,
                                        .release = release_array};
    fill(column, texts, rows);
    shape(column, layout, rows + MADE_PADDING);
}

void make_table(made_table *table, made_layout layout, const char *const *a, const char *const *b,
                int64_t rows) {
    make_column(&table->columns[0], "a", layout, a, rows);
    make_column(&table->columns[1], "b", layout, b, rows);
    for (int i = 0; i < 2; i++) {
        table->schemas[i] = &table->columns[i].schema;
        table->arrays[i] = &table->columns[i].array;
    }
    table->buffers[0] = NULL;
    table->schema = (struct ArrowSchema){
        .format = "+s", .n_children = 2, .children = table->schemas, .release = release_schema};
    table->array = (struct ArrowArray){.length = rows,
                                       .n_buffers = 1,
                                       .buffers = table->buffers,
                                       .n_children = 2,
                                       .children = table->arrays,
                                       .release = release_array};
}

/* ---- streams --------------------------------------------------------------------------------- */

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *schema) {
    made_stream *made = stream->private_data;
    *schema = made->table->schema;
    return 0;
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *array) {
    made_stream *made = stream->private_data;
    if (made->given == made->fails_at) return ECONNRESET;
    *array = made->table->array;
    if (made->given++ == made->batches) array->release = NULL;
    return 0;
}

static const char *stream_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return "the wire was cut";
}

static void stream_release(struct ArrowArrayStream *stream) {
    made_stream *made = stream->private_data;
    made->released = true;
    stream->release = NULL;
}

void make_stream(made_stream *made, made_table *table, int batches, int fails_at) {
    *made = (made_stream){.table = table, .batches = batches, .fails_at = fails_at};
    made->stream = (struct ArrowArrayStream){.get_schema = stream_schema,
                                             .get_next = stream_next,
                                             .get_last_error = stream_error,
                                             .release = stream_release,
                                             .private_data = made};
}
