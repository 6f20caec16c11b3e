// SPDX-License-Identifier: Apache-2.0

package mgeo

import (
	"context"
	"errors"
	"math"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestScoresOfManyGoroutinesAreThoseOfOneCall(t *testing.T) {
	engine := loaded(t, "first")
	pairs := makePairs(1000)
	whole, err := engine.Score(background, pairs)
	check(t, err)
	var group sync.WaitGroup
	for part := 0; part < 10; part++ {
		group.Add(1)
		go func(from int) {
			defer group.Done()
			scores, err := engine.Score(background, pairs[from:from+100])
			if err != nil || !reflect.DeepEqual(scores.Similarity, whole.Similarity[from:from+100]) ||
				!reflect.DeepEqual(scores.Label, whole.Label[from:from+100]) {
				t.Errorf("part at %d differs: %v", from, err)
			}
			for i := from; i < from+10; i++ {
				score, err := engine.ScoreOne(background, pairs[i].A, pairs[i].B)
				if err != nil || score.Similarity != whole.Similarity[i] || score.Label != whole.Label[i] {
					t.Errorf("pair %d differs alone: %v %v", i, score, err)
				}
			}
		}(part * 100)
	}
	group.Wait()
}

func TestAnswersHaveWhatWasAskedFor(t *testing.T) {
	engine := loaded(t, "first")
	pairs := makePairs(40)
	scores, err := engine.Score(background, pairs)
	check(t, err)
	if scores.Logits != nil || scores.LabelCount != 3 || scores.Generation != 1 || scores.Tokens == 0 || scores.BadRows != 0 {
		t.Fatalf("%+v", scores)
	}
	for i := range pairs {
		row, sum := scores.ProbabilitiesOf(i), float32(0)
		for label, p := range row {
			sum += p
			if p > row[scores.Label[i]] {
				t.Fatalf("label %d is likelier than %d", label, scores.Label[i])
			}
		}
		if math.Abs(float64(sum-1)) > 1e-5 {
			t.Fatalf("probabilities %v", row)
		}
	}
	only, err := engine.ScoreWith(background, pairs, ScoreOptions{Columns: ColumnSimilarity})
	check(t, err)
	if only.Label != nil || only.Probabilities != nil || only.Flags != nil || !reflect.DeepEqual(only.Similarity, scores.Similarity) {
		t.Fatalf("%+v", only)
	}
}

func TestRowsBecomeAsWideAsTheModel(t *testing.T) {
	engine := loaded(t, "first")
	pairs := makePairs(40)
	three, err := engine.Score(background, pairs)
	check(t, err)
	for _, width := range []int32{1, 16} { // too few for this model, then too many
		engine.stride.Store(width)
		scores, err := engine.Score(background, pairs)
		check(t, err)
		if !reflect.DeepEqual(scores, three) || engine.stride.Load() != 3 {
			t.Fatalf("width %d: %v", width, scores.Probabilities[:6])
		}
	}
}

func TestBadRowsAreFlagged(t *testing.T) {
	engine := loaded(t, "first")
	pairs := []Pair{{"文三路90号", "文三路90号"}, {"", "文三路90号"}, {"文三路90号", ""}, {"\xff\xfe", "文三路"}, {"", ""}}
	scores, err := engine.Score(background, pairs)
	check(t, err)
	want := []RowFlags{0, RowEmpty, RowEmpty, RowInvalidUTF8, RowEmpty}
	for i, flags := range scores.Flags {
		one, err := engine.ScoreOne(background, pairs[i].A, pairs[i].B)
		check(t, err)
		if flags&RowBad != want[i] || one.Flags != flags || math.IsNaN(float64(scores.Similarity[i])) != (i > 0) {
			t.Errorf("row %d: %v, alone %v", i, flags, one.Flags)
		}
	}
	if scores.BadRows != 4 {
		t.Errorf("%d bad rows", scores.BadRows)
	}
	if text := (RowEmpty | RowTruncated).String(); text != "truncated,empty" {
		t.Error(text)
	}
}

func TestNoPairsAreLegal(t *testing.T) {
	scores, err := loaded(t, "first").Score(background, nil)
	check(t, err)
	if len(scores.Similarity) != 0 || scores.Generation != 1 {
		t.Fatalf("%+v", scores)
	}
}

func TestTextsMayHoldNULBytes(t *testing.T) {
	engine := loaded(t, "first")
	score, err := engine.ScoreOne(background, "文三路90号\x00以及", "文三路90号")
	check(t, err)
	plain, err := engine.ScoreOne(background, "文三路90号以及", "文三路90号")
	check(t, err)
	if score.Similarity != plain.Similarity { // as a control character, a NUL is left out
		t.Fatalf("%v, %v", score, plain)
	}
}

func TestContextCancelsACall(t *testing.T) {
	engine := loaded(t, "first")
	before := runtime.NumGoroutine()
	pairs := makePairs(300000)
	ctx, cancel := context.WithCancel(background)
	var progress Progress
	go func() {
		for stage, done, _ := progress.Read(); stage != StageScoring || done == 0; stage, done, _ = progress.Read() {
			runtime.Gosched()
		}
		cancel()
	}()
	scores, err := engine.ScoreWith(ctx, pairs, ScoreOptions{Progress: &progress})
	fails(t, err, ErrCancelled)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v is not the context's", err)
	}
	skipped := 0
	for i, flags := range scores.Flags {
		if flags.Has(RowSkipped) {
			skipped++
		} else if math.IsNaN(float64(scores.Similarity[i])) {
			t.Fatalf("row %d is neither scored nor skipped", i)
		}
	}
	if skipped == 0 || skipped == len(pairs) || skipped != scores.BadRows {
		t.Fatalf("%d skipped, %d bad", skipped, scores.BadRows)
	}
	noGoroutineLeft(t, before)
}

func TestDeadlineCancelsACall(t *testing.T) {
	engine := loaded(t, "first")
	ctx, cancel := context.WithTimeout(background, time.Millisecond)
	defer cancel()
	_, err := engine.Score(ctx, makePairs(300000))
	fails(t, err, ErrCancelled)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestDoneContextsBeginNothing(t *testing.T) {
	engine := loaded(t, "first")
	ctx, cancel := context.WithCancel(background)
	cancel()
	_, one := engine.ScoreOne(ctx, "文三路", "文三路")
	_, swap := engine.Swap(ctx, SwapOptions{})
	_, load := engine.Load(ctx, "", LoadOptions{})
	for _, err := range []error{one, swap, load} {
		fails(t, err, ErrCancelled)
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

func TestCallsThatEndLeaveNoGoroutine(t *testing.T) {
	engine := loaded(t, "first")
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	for i := 0; i < 100; i++ {
		_, err := engine.ScoreOne(ctx, "文三路90号", "文三路90号")
		check(t, err)
	}
	noGoroutineLeft(t, before)
}

func TestProgressShowsTheLastCall(t *testing.T) {
	engine := loaded(t, "first")
	var progress Progress
	if stage, _, _ := progress.Read(); stage != StageIdle {
		t.Fatal(stage)
	}
	_, err := engine.ScoreWith(background, makePairs(100), ScoreOptions{Progress: &progress})
	check(t, err)
	if stage, done, total := progress.Read(); stage != StageFinished || done != total {
		t.Fatal(stage, done, total)
	}
	if text := StageScoring.String(); text != "scoring" || !strings.Contains(Stage(99).String(), "unknown") {
		t.Fatal(text)
	}
}
