// SPDX-License-Identifier: Apache-2.0

package mgeo

/*
#include <mgeo.h>
#include <stdlib.h>

extern void mgeoGoStreamReleased(uintptr_t handle);

// ---- columns of texts, as a struct array of large_utf8

typedef struct columns {
    struct ArrowSchema schema, column_schemas[2], *schema_list[2];
    struct ArrowArray array, column_arrays[2], *array_list[2];
    const void *table_buffers[1], *buffers[2][3];
} columns;

static void keep_schema(struct ArrowSchema *schema) { (void)schema; }
static void keep_array(struct ArrowArray *array) { (void)array; }

// The memory is the caller's, so releasing it does nothing.
static void set_columns(columns *c, int64_t rows, int64_t *a_offsets, char *a, int64_t *b_offsets, char *b) {
    const void *parts[2][2] = {{a_offsets, a}, {b_offsets, b}};
    for (int i = 0; i < 2; i++) {
        c->column_schemas[i] = (struct ArrowSchema){.format = "U", .name = i ? "b" : "a", .release = keep_schema};
        c->buffers[i][1] = parts[i][0];
        c->buffers[i][2] = parts[i][1];
        c->column_arrays[i] = (struct ArrowArray){
            .length = rows, .n_buffers = 3, .buffers = c->buffers[i], .release = keep_array};
        c->schema_list[i] = &c->column_schemas[i];
        c->array_list[i] = &c->column_arrays[i];
    }
    c->schema = (struct ArrowSchema){
        .format = "+s", .name = "", .n_children = 2, .children = c->schema_list, .release = keep_schema};
    c->array = (struct ArrowArray){.length = rows, .n_buffers = 1, .n_children = 2, .buffers = c->table_buffers,
                                   .children = c->array_list, .release = keep_array};
}

// ---- what is released

static void release_schema(struct ArrowSchema *schema) {
    if (schema->release != NULL) schema->release(schema);
}

static void release_array(struct ArrowArray *array) {
    if (array->release != NULL) array->release(array);
}

static void release_stream(struct ArrowArrayStream *stream) {
    if (stream->release != NULL) stream->release(stream);
}

// ---- what is pulled from

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *schema) {
    return stream->get_schema(stream, schema);
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *array) {
    return stream->get_next(stream, array);
}

static const char *stream_error(struct ArrowArrayStream *stream) {
    const char *line = stream->get_last_error(stream);
    return line != NULL ? line : "the stream failed";
}

// A stream of the library's that tells the engine when it is released.
typedef struct told_stream {
    struct ArrowArrayStream inner;
    uintptr_t handle;
} told_stream;

static int told_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    told_stream *told = stream->private_data;
    return told->inner.get_schema(&told->inner, out);
}

static int told_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    told_stream *told = stream->private_data;
    return told->inner.get_next(&told->inner, out);
}

static const char *told_get_last_error(struct ArrowArrayStream *stream) {
    told_stream *told = stream->private_data;
    return told->inner.get_last_error(&told->inner);
}

static void told_release(struct ArrowArrayStream *stream) {
    told_stream *told = stream->private_data;
    told->inner.release(&told->inner);
    stream->release = NULL;
    mgeoGoStreamReleased(told->handle);
    free(told);
}

static void tell(told_stream *told, uintptr_t handle, struct ArrowArrayStream *stream) {
    told->handle = handle;
    stream->get_schema = told_get_schema;
    stream->get_next = told_get_next;
    stream->get_last_error = told_get_last_error;
    stream->release = told_release;
    stream->private_data = told;
}
*/
import "C"

// Tables: columns of Go's, and Arrow's structs as any other program has them.

import (
	"context"
	"io"
	"math"
	"runtime/cgo"
	"syscall"
	"unsafe"
)

// The structs of Arrow's C data and C stream interface. Another package's are converted by unsafe.Pointer, as
// (*mgeo.ArrowArray)(unsafe.Pointer(array)).
type (
	ArrowSchema      = C.struct_ArrowSchema
	ArrowArray       = C.struct_ArrowArray
	ArrowArrayStream = C.struct_ArrowArrayStream
)

// Table is the answer to columns of texts: Scores with the names of the labels.
type Table struct {
	Similarity    []float32  // 0..1; NaN: no score
	Label         []int32    // index of the likeliest label, of Labels; -1: no score
	Labels        []string   // the model's, if Label was asked for
	Probabilities []float32  // as many a row as there are labels
	Logits        []float32  // the same, before softmax or sigmoid
	Flags         []RowFlags // RowBad: why there is no score
	Generation    uint64     // the model that answered the whole call; 0: there are no rows
}

// ScoreColumns scores pair i of the texts a[i] and b[i] through the library's entry for tables.
func (e *Engine) ScoreColumns(ctx context.Context, a, b []string, options ScoreOptions) (*Table, error) {
	call, err := e.begin(ctx, columnBytes(a)+columnBytes(b)+someBytes)
	if err != nil {
		return nil, err
	}
	defer call.end()
	return e.scoreColumns(call, nil, a, b, options)
}

// ScoreColumns is Engine.ScoreColumns on the job's model.
func (j *Job) ScoreColumns(ctx context.Context, a, b []string, options ScoreOptions) (*Table, error) {
	call, err := j.begin(ctx, columnBytes(a)+columnBytes(b)+someBytes)
	if err != nil {
		return nil, err
	}
	defer call.end()
	return j.engine.scoreColumns(call, j.raw, a, b, options)
}

// ScoreArrow scores a table: a struct array with two columns of texts. schema and array stay the caller's; scores and
// its schema are filled on success and are then the caller's to release. What Go's memory holds may not point to Go's
// memory: structs come from C or from a package that makes them there.
func (e *Engine) ScoreArrow(ctx context.Context, schema *ArrowSchema, array *ArrowArray, options ArrowOptions,
	scoresSchema *ArrowSchema, scores *ArrowArray) error {
	call, err := e.begin(ctx, someBytes)
	if err != nil {
		return err
	}
	defer call.end()
	return e.scoreArrow(call, schema, array, options.c(call), scoresSchema, scores)
}

// ScoreArrow is Engine.ScoreArrow on the job's model.
func (j *Job) ScoreArrow(ctx context.Context, schema *ArrowSchema, array *ArrowArray, options ArrowOptions,
	scoresSchema *ArrowSchema, scores *ArrowArray) error {
	call, err := j.begin(ctx, someBytes)
	if err != nil {
		return err
	}
	defer call.end()
	c := options.c(call)
	c.job = j.raw
	return j.engine.scoreArrow(call, schema, array, c, scoresSchema, scores)
}

func (e *Engine) scoreArrow(call *call, schema *ArrowSchema, array *ArrowArray, options *C.mgeo_arrow_options,
	scoresSchema *ArrowSchema, scores *ArrowArray) error {
	return call.do(func() C.mgeo_status {
		return C.mgeo_score_arrow(e.raw, schema, array, options, scoresSchema, scores, call.error())
	})
}

// ScoreArrowStream makes a stream of scores of a stream of record batches, all answered by one model. pairs is moved
// into it on success and stays the caller's on failure. Whoever pulls from scores releases it; Close waits for that.
// options.Progress must be nil.
func (e *Engine) ScoreArrowStream(pairs *ArrowArrayStream, options ArrowOptions, scores *ArrowArrayStream) error {
	if options.Progress != nil {
		return argumentError("a stream is pulled from after the call: it takes no Progress")
	}
	if !e.life.enter() { // until the stream is released
		return closedError("engine")
	}
	told := (*C.told_stream)(C.calloc(1, C.sizeof_told_stream))
	if told == nil {
		e.life.leave()
		return &Error{Status: ErrMemory, Message: "out of memory for a stream"}
	}
	err := e.askWith(func(call *call) func() C.mgeo_status {
		c := options.c(call)
		c.progress = nil // it would have to outlive the call
		return func() C.mgeo_status {
			return C.mgeo_score_arrow_stream(e.raw, pairs, c, &told.inner, call.error())
		}
	})
	if err != nil {
		e.life.leave()
		C.free(unsafe.Pointer(told))
		return err
	}
	C.tell(told, C.uintptr_t(cgo.NewHandle(e)), scores)
	return nil
}

// ArrowStreamSchema asks a stream for its schema, which is then the caller's to release.
func ArrowStreamSchema(stream *ArrowArrayStream, schema *ArrowSchema) error {
	return streamError(stream, C.stream_schema(stream, schema))
}

// NextArrowArray pulls a batch, which is then the caller's to release. io.EOF is the stream's end.
func NextArrowArray(stream *ArrowArrayStream, array *ArrowArray) error {
	if err := streamError(stream, C.stream_next(stream, array)); err != nil {
		return err
	}
	if array.release == nil {
		return io.EOF
	}
	return nil
}

// streamError has the stream's line, and the number of errno as what errors.Is finds.
func streamError(stream *ArrowArrayStream, number C.int) error {
	if number == 0 {
		return nil
	}
	errno := syscall.Errno(number)
	status, known := statuses[errno]
	if !known {
		status = ErrIO
	}
	return &Error{Status: status, Message: C.GoString(C.stream_error(stream)), cause: errno}
}

// statuses is what the library's streams mean by their numbers.
var statuses = map[syscall.Errno]Status{
	syscall.ENOMEM: ErrMemory, syscall.EINVAL: ErrArgument, syscall.ENOTSUP: ErrUnsupported,
	syscall.ECANCELED: ErrCancelled, syscall.ENODEV: ErrDevice,
}

// ReleaseArrowSchema releases a schema, unless it was.
func ReleaseArrowSchema(schema *ArrowSchema) { C.release_schema(schema) }

// ReleaseArrowArray releases an array, unless it was.
func ReleaseArrowArray(array *ArrowArray) { C.release_array(array) }

// ReleaseArrowStream releases a stream, unless it was.
func ReleaseArrowStream(stream *ArrowArrayStream) { C.release_stream(stream) }

// ---- columns of texts

func columnBytes(texts []string) uintptr {
	bytes := uintptr(len(texts)+1)*8 + 2*alignment
	for _, text := range texts {
		bytes += uintptr(len(text))
	}
	return bytes
}

// column copies texts as large_utf8 has them: where each ends, and all of them.
func (c *call) column(texts []string) (*C.int64_t, *C.char) {
	offsets := (*int64)(c.alloc(uintptr(len(texts)+1) * 8))
	ends := unsafe.Slice(offsets, len(texts)+1)
	for i, text := range texts {
		ends[i+1] = ends[i] + int64(len(text))
	}
	room := uintptr(ends[len(texts)])
	memory := c.alloc(room + 1)
	bytes := unsafe.Slice((*byte)(memory), room)
	for i, text := range texts {
		copy(bytes[ends[i]:], text)
	}
	return (*C.int64_t)(offsets), (*C.char)(memory)
}

func (e *Engine) scoreColumns(call *call, job *C.mgeo_job, a, b []string, options ScoreOptions) (*Table, error) {
	if len(a) != len(b) {
		return nil, argumentError("the columns have different lengths")
	}
	if options.Columns == 0 {
		options.Columns = ^ColumnLogits
	}
	arrow := ArrowOptions{RouteKey: options.RouteKey, Progress: options.Progress,
		Columns: options.Columns&(2*ColumnLogits-1) | ColumnSimilarity | ColumnGeneration}
	c := arrow.c(call)
	c.job = job
	aEnds, aTexts := call.column(a)
	bEnds, bTexts := call.column(b)
	table := (*C.columns)(call.alloc(C.sizeof_columns))
	C.set_columns(table, C.int64_t(len(a)), aEnds, aTexts, bEnds, bTexts)
	var schema ArrowSchema
	var scores ArrowArray
	if err := e.scoreArrow(call, &table.schema, &table.array, c, &schema, &scores); err != nil {
		return nil, err
	}
	defer C.release_schema(&schema)
	defer C.release_array(&scores)
	return newTable(&scores, arrow.Columns), nil
}

// newTable copies an answer that has these columns.
func newTable(scores *ArrowArray, columns Columns) *Table {
	t := &Table{}
	children := unsafe.Slice(scores.children, scores.n_children)
	for column := ColumnSimilarity; column <= ColumnLogits; column <<= 1 {
		if !columns.Has(column) {
			continue
		}
		child := children[0]
		children = children[1:]
		switch column {
		case ColumnSimilarity:
			t.Similarity = copyOf[float32](child)
		case ColumnLabel:
			t.Label, t.Labels = copyOf[int32](child), names(child.dictionary)
		case ColumnProbabilities:
			t.Probabilities = copyOf[float32](*child.children)
		case ColumnFlags:
			t.Flags = copyOf[RowFlags](child)
		case ColumnGeneration:
			if child.length > 0 {
				t.Generation = view[uint64](child, 1, 1)[0]
			}
		case ColumnLogits:
			t.Logits = copyOf[float32](*child.children)
		}
	}
	for i := range t.Label { // a null's label is any of the dictionary's
		if math.IsNaN(float64(t.Similarity[i])) {
			t.Label[i] = -1
		}
	}
	return t
}

// view is a buffer of an array of the library's, which has no offset.
func view[T any](array *ArrowArray, buffer, length int) []T {
	return unsafe.Slice((*T)(unsafe.Slice(array.buffers, array.n_buffers)[buffer]), length)
}

func copyOf[T any](array *ArrowArray) []T {
	values := make([]T, array.length)
	copy(values, view[T](array, 1, len(values)))
	return values
}

// names are the texts of a utf8 array.
func names(array *ArrowArray) []string {
	texts := make([]string, array.length)
	ends := view[int32](array, 1, len(texts)+1)
	bytes := view[byte](array, 2, int(ends[len(texts)]))
	for i := range texts {
		texts[i] = string(bytes[ends[i]:ends[i+1]])
	}
	return texts
}
