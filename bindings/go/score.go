// SPDX-License-Identifier: Apache-2.0

package mgeo

/*
#include <mgeo.h>
#include <stdlib.h>

static mgeo_status score(mgeo_engine *engine, mgeo_job *job, const mgeo_pair *pairs, size_t count,
                         mgeo_scores *scores, mgeo_error *error) {
    return job != NULL ? mgeo_job_score(job, pairs, count, scores, error)
                       : mgeo_score(engine, pairs, count, scores, error);
}

// Pointers to Go's memory are put into the struct here, where they are gone when the call returns.
static mgeo_status score_into(mgeo_engine *engine, mgeo_job *job, const mgeo_pair *pairs, size_t count,
                              float *similarity, int32_t *label, float *probabilities, float *logits,
                              uint32_t *flags, mgeo_scores *scores, mgeo_error *error) {
    scores->similarity = similarity;
    scores->label = label;
    scores->probabilities = probabilities;
    scores->logits = logits;
    scores->flags = flags;
    mgeo_status status = score(engine, job, pairs, count, scores, error);
    scores->similarity = scores->probabilities = scores->logits = NULL;
    scores->label = NULL;
    scores->flags = NULL;
    return status;
}

// One pair, whose texts are read where Go has them.
static mgeo_status score_one(mgeo_engine *engine, mgeo_job *job, _GoString_ a, _GoString_ b, float *similarity,
                             int32_t *label, uint32_t *flags, mgeo_scores *scores, mgeo_error *error) {
    const mgeo_pair pair = {_GoStringPtr(a), _GoStringLen(a), _GoStringPtr(b), _GoStringLen(b)};
    return score_into(engine, job, &pair, 1, similarity, label, NULL, NULL, flags, scores, error);
}
*/
import "C"

// Scoring: pairs in, scores out.

import (
	"context"
	"math"
	"unsafe"
)

// Pair is two addresses to compare, in UTF-8.
type Pair struct{ A, B string }

// RowBad is the flags of rows without a score.
const RowBad = RowFlags(C.MGEO_ROW_BAD)

// ScoreOptions say what is asked of a call.
type ScoreOptions struct {
	Columns  Columns // what to answer beside Similarity; 0: all but logits
	RouteKey uint64  // while a canary runs, calls with the same key meet the same model; 0: the same pairs do. Not in jobs
	Progress *Progress
}

// Scores are the answers to a call; row i belongs to pair i. Slices that were not asked for are nil.
type Scores struct {
	Similarity    []float32  // 0..1; NaN: no score
	Label         []int32    // index of the likeliest label, of ModelInfo.Labels; -1: no score
	Probabilities []float32  // LabelCount a row; see ProbabilitiesOf
	Logits        []float32  // LabelCount a row, before softmax or sigmoid; see LogitsOf
	Flags         []RowFlags // RowBad: why there is no score
	Generation    uint64     // the model that answered the whole call
	Tokens        uint64     // tokens encoded, specials included
	LabelCount    int        // the model's
	BadRows       int        // rows without a score
}

// ProbabilitiesOf is row i's, one for each label; nil if they were not asked for.
func (s *Scores) ProbabilitiesOf(i int) []float32 { return rowOf(s.Probabilities, s.LabelCount, i) }

// LogitsOf is row i's, one for each label; nil if they were not asked for.
func (s *Scores) LogitsOf(i int) []float32 { return rowOf(s.Logits, s.LabelCount, i) }

func rowOf(values []float32, width, i int) []float32 {
	if values == nil {
		return nil
	}
	return values[i*width : (i+1)*width : (i+1)*width]
}

// Score is the answer to one pair.
type Score struct {
	Similarity float32
	Label      int32
	Flags      RowFlags
	Generation uint64
}

// Score scores pairs; the whole call is answered by one model. Rows without a score never fail the call: they are NaN
// and flagged. After ErrCancelled the scores hold what was done until then, and RowSkipped elsewhere.
func (e *Engine) Score(ctx context.Context, pairs []Pair) (*Scores, error) {
	return e.ScoreWith(ctx, pairs, ScoreOptions{})
}

// ScoreWith is Score with options.
func (e *Engine) ScoreWith(ctx context.Context, pairs []Pair, options ScoreOptions) (*Scores, error) {
	call, err := e.begin(ctx, pairBytes(pairs))
	if err != nil {
		return nil, err
	}
	defer call.end()
	return e.score(call, nil, pairs, options)
}

// ScoreOne scores one pair, without a copy of its texts.
func (e *Engine) ScoreOne(ctx context.Context, a, b string) (Score, error) {
	call, err := e.begin(ctx, 0)
	if err != nil {
		return Score{}, err
	}
	defer call.end()
	return e.scoreOne(call, nil, a, b)
}

func (e *Engine) score(call *call, job *C.mgeo_job, pairs []Pair, options ScoreOptions) (*Scores, error) {
	rows, count := call.pairs(pairs)
	if options.Columns == 0 {
		options.Columns = ^ColumnLogits
	}
	for {
		width := int(e.stride.Load())
		scores := newScores(len(pairs), width, options.Columns)
		out := &call.head.scores
		*out = C.mgeo_scores{struct_size: C.sizeof_mgeo_scores, probability_stride: C.size_t(width),
			progress: call.watchedBy(options.Progress), route_key: C.uint64_t(options.RouteKey)}
		options.Progress = nil // watched now
		err := call.do(func() C.mgeo_status {
			return C.score_into(e.raw, job, rows, count, floats(scores.Similarity),
				(*C.int32_t)(first(scores.Label)), floats(scores.Probabilities), floats(scores.Logits),
				(*C.uint32_t)(first(scores.Flags)), out, call.error())
		})
		if failure, ok := err.(*Error); ok && failure.Status == ErrCapacity && width < C.MGEO_MAX_LABELS {
			e.stride.Store(C.MGEO_MAX_LABELS)
			continue
		}
		if err != nil && err.(*Error).Status != ErrCancelled && err.(*Error).Status != ErrDevice {
			return nil, err
		}
		scores.take(out, width)
		if scores.LabelCount > 0 {
			e.stride.Store(int32(scores.LabelCount))
		}
		return scores, err
	}
}

func newScores(rows, width int, columns Columns) *Scores {
	s := &Scores{Similarity: make([]float32, rows)}
	if columns.Has(ColumnLabel) {
		s.Label = make([]int32, rows)
	}
	if columns.Has(ColumnProbabilities) {
		s.Probabilities = make([]float32, rows*width)
	}
	if columns.Has(ColumnLogits) {
		s.Logits = make([]float32, rows*width)
	}
	if columns.Has(ColumnFlags) {
		s.Flags = make([]RowFlags, rows)
	}
	return s
}

// take takes what the call says of itself, and moves rows together that were made wider than the model's.
func (s *Scores) take(out *C.mgeo_scores, width int) {
	s.Generation, s.Tokens = uint64(out.generation), uint64(out.tokens)
	s.LabelCount, s.BadRows = int(out.label_count), int(out.bad_rows)
	s.Probabilities = narrow(s.Probabilities, width, s.LabelCount)
	s.Logits = narrow(s.Logits, width, s.LabelCount)
}

func narrow(values []float32, from, to int) []float32 {
	if from <= to || values == nil {
		return values
	}
	rows := len(values) / from
	for i := 1; i < rows; i++ {
		copy(values[i*to:(i+1)*to], values[i*from:])
	}
	return values[: rows*to : rows*to]
}

func (e *Engine) scoreOne(call *call, job *C.mgeo_job, a, b string) (Score, error) {
	out := &call.head.scores
	out.struct_size, out.progress = C.sizeof_mgeo_scores, call.watchedBy(nil)
	answer := Score{Similarity: float32(math.NaN()), Label: -1}
	err := call.do(func() C.mgeo_status {
		return C.score_one(e.raw, job, a, b, (*C.float)(&answer.Similarity), (*C.int32_t)(&answer.Label),
			(*C.uint32_t)(&answer.Flags), out, call.error())
	})
	answer.Generation = uint64(out.generation)
	return answer, err
}

// some is where slices without rows begin, since the library wants an array for similarities even then.
var some = (*[1]uint64)(C.calloc(1, 8))

// first is where a slice lies, or NULL if it was not asked for.
func first[T float32 | int32 | RowFlags](values []T) unsafe.Pointer {
	if values == nil {
		return nil
	}
	if len(values) == 0 {
		return unsafe.Pointer(some)
	}
	return unsafe.Pointer(&values[0])
}

func floats(values []float32) *C.float { return (*C.float)(first(values)) }
