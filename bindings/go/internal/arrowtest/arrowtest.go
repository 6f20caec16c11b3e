// SPDX-License-Identifier: Apache-2.0

// Package arrowtest makes tables as another program would, for the tests: test files cannot call C themselves.
package arrowtest

/*
#cgo pkg-config: libmgeo
#include <errno.h>
#include <mgeo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 64 };

static void release_schema(struct ArrowSchema *schema) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        schema->children[i]->release(schema->children[i]);
        free(schema->children[i]);
    }
    free(schema->children);
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array) {
    for (int64_t i = 0; i < array->n_children; i++) {
        array->children[i]->release(array->children[i]);
        free(array->children[i]);
    }
    for (int64_t i = 0; i < array->n_buffers; i++) free((void *)array->buffers[i]);
    free(array->children);
    free(array->buffers);
    array->release = NULL;
}

static void make_schema(struct ArrowSchema *schema) {
    *schema = (struct ArrowSchema){.format = "+s", .name = "", .n_children = 2, .release = release_schema};
    schema->children = calloc(2, sizeof *schema->children);
    for (int i = 0; i < 2; i++) {
        schema->children[i] = calloc(1, sizeof *schema->children[i]);
        *schema->children[i] = (struct ArrowSchema){
            .format = "u", .name = i ? "right" : "left", .flags = ARROW_FLAG_NULLABLE, .release = release_schema};
    }
}

// "文三路N号" with N = (from + row) / divisor; every fifth text is null where the divisor is 1.
static struct ArrowArray *make_column(int64_t rows, int64_t from, int64_t divisor) {
    struct ArrowArray *column = calloc(1, sizeof *column);
    const void **buffers = calloc(3, sizeof *buffers);
    uint8_t *valid = calloc(1, (size_t)rows / 8 + 1);
    int32_t *ends = calloc((size_t)rows + 1, sizeof *ends);
    char *texts = calloc((size_t)rows + 1, TEXT);
    *column = (struct ArrowArray){.length = rows, .n_buffers = 3, .buffers = buffers, .release = release_array};
    for (int64_t i = 0; i < rows; i++) {
        ends[i + 1] = ends[i];
        if (divisor == 1 && (from + i) % 5 == 0) {
            column->null_count++;
            continue;
        }
        valid[i / 8] |= (uint8_t)(1 << i % 8);
        ends[i + 1] += snprintf(texts + ends[i], TEXT, "文三路%d号", (int)((from + i) / divisor));
    }
    buffers[0] = valid;
    buffers[1] = ends;
    buffers[2] = texts;
    return column;
}

static void make_array(struct ArrowArray *array, int64_t rows, int64_t from) {
    *array = (struct ArrowArray){.length = rows, .n_buffers = 1, .n_children = 2, .release = release_array};
    array->buffers = calloc(1, sizeof *array->buffers);
    array->children = calloc(2, sizeof *array->children);
    for (int i = 0; i < 2; i++) array->children[i] = make_column(rows, from, i + 1);
}

typedef struct source {
    int64_t rows, batches, next;
} source;

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *schema) {
    (void)stream;
    make_schema(schema);
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *array) {
    source *from = stream->private_data;
    memset(array, 0, sizeof *array);
    if (from->next == from->batches) return 0;
    if (from->batches < 0 && from->next == -from->batches) return EIO;
    make_array(array, from->rows, from->rows * from->next++);
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return "the source broke";
}

static void release_stream(struct ArrowArrayStream *stream) {
    free(stream->private_data);
    stream->release = NULL;
}

static struct ArrowSchema *new_schema(void) {
    struct ArrowSchema *schema = calloc(1, sizeof *schema);
    make_schema(schema);
    return schema;
}

static struct ArrowArray *new_array(int64_t rows, int64_t from) {
    struct ArrowArray *array = calloc(1, sizeof *array);
    make_array(array, rows, from);
    return array;
}

static struct ArrowArrayStream *new_stream(int64_t rows, int64_t batches) {
    struct ArrowArrayStream *stream = calloc(1, sizeof *stream);
    source *from = calloc(1, sizeof *from);
    *from = (source){.rows = rows, .batches = batches};
    *stream = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, from};
    return stream;
}

static void free_schema(struct ArrowSchema *schema) {
    if (schema->release != NULL) schema->release(schema);
    free(schema);
}

static void free_array(struct ArrowArray *array) {
    if (array->release != NULL) array->release(array);
    free(array);
}

static void free_stream(struct ArrowArrayStream *stream) {
    if (stream->release != NULL) stream->release(stream);
    free(stream);
}
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Table is a batch of two columns of texts, "left" and "right", in C's memory.
type Table struct {
	schema *C.struct_ArrowSchema
	array  *C.struct_ArrowArray
}

// NewTable has rows numbered from `from`.
func NewTable(rows, from int) Table {
	return Table{C.new_schema(), C.new_array(C.int64_t(rows), C.int64_t(from))}
}

// Schema is its struct ArrowSchema.
func (t Table) Schema() unsafe.Pointer { return unsafe.Pointer(t.schema) }

// Array is its struct ArrowArray.
func (t Table) Array() unsafe.Pointer { return unsafe.Pointer(t.array) }

// Free releases and frees both.
func (t Table) Free() {
	C.free_schema(t.schema)
	C.free_array(t.array)
}

// Damage makes the second text of "right" end before it begins.
func (t Table) Damage() {
	column := unsafe.Slice(t.array.children, 2)[1]
	ends := (*[3]int32)(unsafe.Slice(column.buffers, 3)[1])
	ends[2] = -1
}

// Texts are those of row i; ok is false where one is null.
func Texts(i int) (a, b string, ok bool) {
	return fmt.Sprintf("文三路%d号", i), fmt.Sprintf("文三路%d号", i/2), i%5 != 0
}

// Stream has batches of such tables, one after another.
type Stream struct{ raw *C.struct_ArrowArrayStream }

// NewStream has that many batches; with a negative number it breaks after as many.
func NewStream(rows, batches int) Stream {
	return Stream{C.new_stream(C.int64_t(rows), C.int64_t(batches))}
}

// Raw is its struct ArrowArrayStream.
func (s Stream) Raw() unsafe.Pointer { return unsafe.Pointer(s.raw) }

// IsReleased says whether it was released or moved.
func (s Stream) IsReleased() bool { return s.raw.release == nil }

// Free releases and frees it.
func (s Stream) Free() { C.free_stream(s.raw) }
