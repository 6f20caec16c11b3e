// SPDX-License-Identifier: Apache-2.0

package mgeo

import (
	"context"
	"errors"
	"io"
	"math"
	"reflect"
	"syscall"
	"testing"
	"unsafe"

	"libmgeo/mgeo/internal/arrowtest"
)

func columnsOf(pairs []Pair) (a, b []string) {
	for _, pair := range pairs {
		a, b = append(a, pair.A), append(b, pair.B)
	}
	return a, b
}

// newArrowTable is a table of another program's, as this package sees it.
func newArrowTable(t *testing.T, rows, from int) (arrowtest.Table, *ArrowSchema, *ArrowArray) {
	table := arrowtest.NewTable(rows, from)
	t.Cleanup(table.Free)
	return table, (*ArrowSchema)(table.Schema()), (*ArrowArray)(table.Array())
}

// isAnswerTo fails unless scores are those of rows from `from` on, null where a text is.
func isAnswerTo(t *testing.T, engine *Engine, scores *ArrowArray, from int) {
	t.Helper()
	similarity := copyOf[float32](unsafe.Slice(scores.children, 1)[0])
	for i, got := range similarity {
		a, b, ok := arrowtest.Texts(from + i)
		one, err := engine.ScoreOne(background, a, b)
		check(t, err)
		if ok && got != one.Similarity || !ok && !math.IsNaN(float64(got)) {
			t.Fatalf("row %d: %v, not %v", from+i, got, one.Similarity)
		}
	}
}

func TestColumnsAreScoredAsPairsAre(t *testing.T) {
	engine := loaded(t, "first")
	pairs := append(makePairs(500), Pair{"", "文三路"}, Pair{"\xff", "文三路"})
	scores, err := engine.ScoreWith(background, pairs, ScoreOptions{Columns: ^Columns(0)})
	check(t, err)
	a, b := columnsOf(pairs)
	table, err := engine.ScoreColumns(background, a, b, ScoreOptions{Columns: 63})
	check(t, err)
	rows := 3 * 500 // NaN differs from itself
	if !reflect.DeepEqual(table.Similarity[:500], scores.Similarity[:500]) || !reflect.DeepEqual(table.Label, scores.Label) ||
		!reflect.DeepEqual(table.Probabilities[:rows], scores.Probabilities[:rows]) ||
		!reflect.DeepEqual(table.Logits[:rows], scores.Logits[:rows]) || !reflect.DeepEqual(table.Flags, scores.Flags) {
		t.Fatal("a column differs")
	}
	info, err := engine.Info(SlotLive)
	check(t, err)
	if table.Generation != 1 || !reflect.DeepEqual(table.Labels, info.Labels) || table.Label[501] != -1 {
		t.Fatalf("%v %v", table.Generation, table.Labels)
	}
	only, err := engine.ScoreColumns(background, a, b, ScoreOptions{Columns: ColumnFlags})
	check(t, err)
	if only.Label != nil || only.Labels != nil || only.Logits != nil || len(only.Flags) != 502 {
		t.Fatalf("%+v", only)
	}
}

func TestColumnsFailAsPairsDo(t *testing.T) {
	engine := loaded(t, "first")
	_, err := engine.ScoreColumns(background, make([]string, 2), make([]string, 3), ScoreOptions{})
	fails(t, err, ErrArgument)
	none, err := engine.ScoreColumns(background, nil, nil, ScoreOptions{})
	check(t, err)
	if len(none.Similarity) != 0 {
		t.Fatal(none)
	}
	ctx, cancel := context.WithCancel(background)
	go cancel()
	a, b := columnsOf(makePairs(300000))
	_, err = engine.ScoreColumns(ctx, a, b, ScoreOptions{})
	fails(t, err, ErrCancelled)
}

func TestArrowTablesOfOthersAreScored(t *testing.T) {
	engine := loaded(t, "first")
	_, schema, array := newArrowTable(t, 103, 40)
	var scoresSchema ArrowSchema
	var scores ArrowArray
	options := ArrowOptions{A: "left", B: "right"}
	check(t, engine.ScoreArrow(background, schema, array, options, &scoresSchema, &scores))
	isAnswerTo(t, engine, &scores, 40)
	ReleaseArrowSchema(&scoresSchema)
	ReleaseArrowArray(&scores)
	ReleaseArrowArray(&scores)
	if scores.release != nil || array.release == nil {
		t.Fatal("released too much or too little")
	}
}

func TestDamagedTablesAreErrors(t *testing.T) {
	engine := loaded(t, "first")
	table, schema, array := newArrowTable(t, 10, 0)
	var scoresSchema ArrowSchema
	var scores ArrowArray
	err := engine.ScoreArrow(background, schema, array, ArrowOptions{A: "middle"}, &scoresSchema, &scores)
	fails(t, err, ErrArgument)
	table.Damage()
	err = engine.ScoreArrow(background, schema, array, ArrowOptions{}, &scoresSchema, &scores)
	fails(t, err, ErrArgument)
	if scores.release != nil || scoresSchema.release != nil {
		t.Fatal("an answer to a damaged table")
	}
}

func TestJobsScoreTables(t *testing.T) {
	engine := loaded(t, "first", "second")
	job, err := engine.Job(JobOptions{})
	check(t, err)
	_, err = engine.Swap(background, SwapOptions{})
	check(t, err)
	a, b := columnsOf(makePairs(5))
	table, err := job.ScoreColumns(background, a, b, ScoreOptions{})
	check(t, err)
	_, schema, array := newArrowTable(t, 3, 1)
	var scoresSchema ArrowSchema
	var scores ArrowArray
	check(t, job.ScoreArrow(background, schema, array, ArrowOptions{}, &scoresSchema, &scores))
	generation := view[uint64](unsafe.Slice(scores.children, scores.n_children)[4], 1, 3)[0]
	if table.Generation != 1 || generation != 1 {
		t.Fatal(table.Generation, generation)
	}
	ReleaseArrowSchema(&scoresSchema)
	ReleaseArrowArray(&scores)
	check(t, job.Close())
	fails(t, job.ScoreArrow(background, schema, array, ArrowOptions{}, &scoresSchema, &scores), ErrArgument)
}

func TestStreamsAreAnsweredByOneModel(t *testing.T) {
	engine := loaded(t, "first", "second")
	source := arrowtest.NewStream(50, 4)
	defer source.Free()
	var scores ArrowArrayStream
	check(t, engine.ScoreArrowStream((*ArrowArrayStream)(source.Raw()), ArrowOptions{}, &scores))
	var schema ArrowSchema
	check(t, ArrowStreamSchema(&scores, &schema))
	ReleaseArrowSchema(&schema)
	for batch := 0; batch < 4; batch++ {
		var array ArrowArray
		check(t, NextArrowArray(&scores, &array))
		isAnswerTo(t, engine, &array, 50*batch)
		if generation := view[uint64](unsafe.Slice(array.children, array.n_children)[4], 1, 50)[0]; generation != 1 {
			t.Fatal(generation)
		}
		ReleaseArrowArray(&array)
		_, err := engine.Swap(background, SwapOptions{})
		check(t, err)
	}
	var array ArrowArray
	if err := NextArrowArray(&scores, &array); err != io.EOF {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	go func() {
		engine.Close()
		close(closed)
	}()
	select {
	case <-closed:
		t.Fatal("closed below a stream")
	default:
	}
	ReleaseArrowStream(&scores)
	<-closed
}

func TestStreamsThatBreakSaySo(t *testing.T) {
	engine := loaded(t, "first")
	source := arrowtest.NewStream(5, -1)
	defer source.Free()
	var scores ArrowArrayStream
	stream := (*ArrowArrayStream)(source.Raw())
	fails(t, engine.ScoreArrowStream(stream, ArrowOptions{Progress: &Progress{}}, &scores), ErrArgument)
	fails(t, engine.ScoreArrowStream(stream, ArrowOptions{A: "middle"}, &scores), ErrArgument)
	if source.IsReleased() {
		t.Fatal("a stream that was not taken is released")
	}
	check(t, engine.ScoreArrowStream(stream, ArrowOptions{}, &scores))
	var array ArrowArray
	check(t, NextArrowArray(&scores, &array))
	ReleaseArrowArray(&array)
	err := NextArrowArray(&scores, &array)
	fails(t, err, ErrIO)
	if !errors.Is(err, syscall.EIO) || !source.IsReleased() {
		t.Fatal(err)
	}
	ReleaseArrowStream(&scores)
	check(t, engine.Close())
	fails(t, engine.ScoreArrowStream(stream, ArrowOptions{}, &scores), ErrArgument)
}
