// SPDX-License-Identifier: Apache-2.0

package mgeo

/*
#include <mgeo.h>
*/
import "C"

// Jobs: one model for many calls.

import (
	"context"
	"runtime"
)

// Job holds one model from Begin to Close, so that a whole file is scored by one version whatever is swapped
// meanwhile. Close it: while it holds its model, Unload and Load answer ErrBusy rather than replace that.
type Job struct {
	engine *Engine
	raw    *C.mgeo_job
	life   lifetime
}

// Job begins a job.
func (e *Engine) Job(options JobOptions) (*Job, error) {
	call, err := e.begin(context.Background(), someBytes)
	if err != nil {
		return nil, err
	}
	defer call.end()
	c, made := options.c(call), (**C.mgeo_job)(call.alloc(8))
	if err := call.do(func() C.mgeo_status { return C.mgeo_job_begin(e.raw, c, made, call.error()) }); err != nil {
		return nil, err
	}
	job := &Job{engine: e, raw: *made, life: newLifetime()}
	e.mu.Lock()
	e.jobs[job.raw] = struct{}{}
	e.mu.Unlock()
	runtime.SetFinalizer(job, (*Job).Close)
	return job, nil
}

// Close refuses calls from now on, waits for those that run, and lets go of the model. Calling it again does nothing;
// the answer is always nil.
func (j *Job) Close() error {
	if !j.life.close() {
		return nil
	}
	runtime.SetFinalizer(j, nil)
	if !j.engine.life.enter() {
		return nil // the engine is closed, or is being closed, and ends its jobs itself
	}
	defer j.engine.life.leave()
	j.engine.mu.Lock()
	delete(j.engine.jobs, j.raw)
	j.engine.mu.Unlock()
	C.mgeo_job_end(j.raw)
	return nil
}

func (j *Job) begin(ctx context.Context, bytes uintptr) (*call, error) {
	if !j.life.enter() {
		return nil, closedError("job")
	}
	call, err := j.engine.begin(ctx, bytes)
	if err != nil {
		j.life.leave()
		return nil, err
	}
	call.lives[1] = &j.life
	return call, nil
}

// Score is Engine.Score on the job's model.
func (j *Job) Score(ctx context.Context, pairs []Pair) (*Scores, error) {
	return j.ScoreWith(ctx, pairs, ScoreOptions{})
}

// ScoreWith is Score with options.
func (j *Job) ScoreWith(ctx context.Context, pairs []Pair, options ScoreOptions) (*Scores, error) {
	call, err := j.begin(ctx, pairBytes(pairs))
	if err != nil {
		return nil, err
	}
	defer call.end()
	return j.engine.score(call, j.raw, pairs, options)
}

// ScoreOne is Engine.ScoreOne on the job's model.
func (j *Job) ScoreOne(ctx context.Context, a, b string) (Score, error) {
	call, err := j.begin(ctx, 0)
	if err != nil {
		return Score{}, err
	}
	defer call.end()
	return j.engine.scoreOne(call, j.raw, a, b)
}

// Info describes the job's model; Live as it was when the job began.
func (j *Job) Info() (ModelInfo, error) {
	call, err := j.begin(context.Background(), 0)
	if err != nil {
		return ModelInfo{}, err
	}
	defer call.end()
	info := C.mgeo_model_info{struct_size: C.sizeof_mgeo_model_info}
	err = call.do(func() C.mgeo_status { return C.mgeo_job_get_info(j.raw, &info, call.error()) })
	return newModelInfo(&info), err
}
