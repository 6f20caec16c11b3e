// SPDX-License-Identifier: Apache-2.0

package mgeo

/*
#include <mgeo.h>

extern void mgeoGoLog(uintptr_t handle, int32_t level, char *line);

static void log_to_go(void *user, int32_t level, const char *line) {
    mgeoGoLog((uintptr_t)user, level, (char *)line);
}

static void set_log(mgeo_engine_options *options, uintptr_t handle) {
    options->log = log_to_go;
    options->log_user = (void *)handle;
}
*/
import "C"

// The engine: made, filled with models, asked, closed.

import (
	"context"
	"runtime"
	"runtime/cgo"
	"sync"
	"sync/atomic"
)

// ShareAll is all calls, for SetCanary and SetShadow: shares are in 1/10,000.
const ShareAll = uint32(C.MGEO_SHARE_ALL)

// Version of the library that is running: "0.2.0".
func Version() string { return C.GoString(C.mgeo_version()) }

// Engine has two slots for models, one of them live. Any number of goroutines may use it. Close it; one that is
// forgotten is closed when it is collected.
type Engine struct {
	raw    *C.mgeo_engine
	life   lifetime
	log    cgo.Handle   // 0: none
	stride atomic.Int32 // labels that answers had last, for which rows are made

	mu   sync.Mutex
	jobs map[*C.mgeo_job]struct{} // that were not closed yet
}

// New creates an engine without a model.
func New(options EngineOptions) (*Engine, error) {
	call, err := newCall(context.Background(), someBytes)
	if err != nil {
		return nil, err
	}
	defer call.end()
	e := &Engine{life: newLifetime(), jobs: map[*C.mgeo_job]struct{}{}}
	e.stride.Store(3)
	c := options.c(call)
	if options.Log != nil {
		e.log = cgo.NewHandle(options.Log)
		C.set_log(c, C.uintptr_t(e.log))
	}
	made := (**C.mgeo_engine)(call.alloc(8))
	err = call.do(func() C.mgeo_status { return C.mgeo_engine_create(c, made, call.error()) })
	if err != nil {
		e.deleteLog()
		return nil, err
	}
	e.raw = *made
	runtime.SetFinalizer(e, (*Engine).Close)
	return e, nil
}

func (e *Engine) deleteLog() {
	if e.log != 0 {
		e.log.Delete()
	}
}

// Close refuses calls from now on, waits for those that run, ends all jobs, and frees both models and their threads.
// Calling it again does nothing; the answer is always nil. Not from the engine's log.
func (e *Engine) Close() error {
	if !e.life.close() {
		return nil
	}
	runtime.SetFinalizer(e, nil)
	for job := range e.jobs {
		C.mgeo_job_end(job)
	}
	C.mgeo_engine_destroy(e.raw)
	e.deleteLog()
	return nil
}

// begin makes a call on the engine, with room for `bytes` and for options.
func (e *Engine) begin(ctx context.Context, bytes uintptr) (*call, error) {
	return beginOn(ctx, &e.life, "engine", bytes)
}

// Load reads, checks, places and warms a model in the standby slot: a model directory, or "" for the bundled model.
// The first load goes live; later ones wait on standby for Swap. Live traffic continues.
func (e *Engine) Load(ctx context.Context, path string, options LoadOptions) (ModelInfo, error) {
	call, err := e.begin(ctx, someBytes)
	if err != nil {
		return ModelInfo{}, err
	}
	defer call.end()
	c, directory := options.c(call), call.text("path", path)
	info := (*C.mgeo_model_info)(call.alloc(C.sizeof_mgeo_model_info))
	info.struct_size = C.sizeof_mgeo_model_info
	err = call.do(func() C.mgeo_status { return C.mgeo_load(e.raw, directory, c, info, call.error()) })
	if err != nil {
		return ModelInfo{}, err
	}
	return newModelInfo(info), nil
}

// Unload frees the standby model once the last of its calls is over.
func (e *Engine) Unload() error {
	return e.ask(func(call *call) C.mgeo_status { return C.mgeo_unload(e.raw, call.error()) })
}

// PredictMemory says what Load would need, from the files' headers alone. A model that does not fit is not an error.
func PredictMemory(path string, options LoadOptions) (Memory, error) {
	call, err := newCall(context.Background(), someBytes)
	if err != nil {
		return Memory{}, err
	}
	defer call.end()
	c, directory := options.c(call), call.text("path", path)
	memory := C.mgeo_memory{struct_size: C.sizeof_mgeo_memory}
	err = call.do(func() C.mgeo_status { return C.mgeo_predict_memory(directory, c, &memory, call.error()) })
	return newMemory(&memory), err
}

// ask makes a short call that no context ends.
func (e *Engine) ask(f func(*call) C.mgeo_status) error {
	call, err := e.begin(context.Background(), someBytes)
	if err != nil {
		return err
	}
	defer call.end()
	return call.do(func() C.mgeo_status { return f(call) })
}

// Info describes the model in a slot.
func (e *Engine) Info(slot Slot) (ModelInfo, error) {
	info := C.mgeo_model_info{struct_size: C.sizeof_mgeo_model_info}
	err := e.ask(func(call *call) C.mgeo_status {
		return C.mgeo_get_info(e.raw, C.int32_t(slot), &info, call.error())
	})
	return newModelInfo(&info), err
}

// Stats counts what the model in a slot has done since it was loaded.
func (e *Engine) Stats(slot Slot) (Stats, error) {
	stats := C.mgeo_stats{struct_size: C.sizeof_mgeo_stats}
	err := e.ask(func(call *call) C.mgeo_status {
		return C.mgeo_get_stats(e.raw, C.int32_t(slot), &stats, call.error())
	})
	return newStats(&stats), err
}

// Rollout says which models answer, and what happened so far.
func (e *Engine) Rollout() (Rollout, error) {
	rollout := C.mgeo_rollout{struct_size: C.sizeof_mgeo_rollout}
	err := e.ask(func(call *call) C.mgeo_status { return C.mgeo_get_rollout(e.raw, &rollout, call.error()) })
	return newRollout(&rollout), err
}

// UnusedTensor names tensor `index`, from 0, that the files of the model in a slot have and scoring does not need.
func (e *Engine) UnusedTensor(slot Slot, index uint64) (string, error) {
	var name [1024]C.char
	err := e.ask(func(call *call) C.mgeo_status {
		return C.mgeo_get_unused_tensor(e.raw, C.int32_t(slot), C.uint64_t(index), &name[0], C.size_t(len(name)),
			call.error())
	})
	return C.GoString(&name[0]), err
}

// UnusedField describes field `index`, from 0, of the model's JSON files that decided nothing.
func (e *Engine) UnusedField(slot Slot, index uint64) (UnusedField, error) {
	field := C.mgeo_unused_field{struct_size: C.sizeof_mgeo_unused_field}
	err := e.ask(func(call *call) C.mgeo_status {
		return C.mgeo_get_unused_field(e.raw, C.int32_t(slot), C.uint64_t(index), &field, call.error())
	})
	return newUnusedField(&field), err
}

// Metrics is all counters of the engine and of both models as metrics text.
func (e *Engine) Metrics(format MetricsFormat) (string, error) {
	for capacity := 1 << 15; ; {
		text := make([]byte, capacity)
		var length C.size_t
		err := e.ask(func(call *call) C.mgeo_status {
			return C.mgeo_write_metrics(e.raw, C.int32_t(format), chars(text), C.size_t(capacity), &length, call.error())
		})
		if failure, ok := err.(*Error); ok && failure.Status == ErrCapacity {
			capacity = int(length) * 2
			continue
		}
		return string(text[:length]), err
	}
}

// JournalVerify reads a journal and checks that no line was cut, edited, added or moved. The report is filled with
// ErrFormat too, and then says where.
func JournalVerify(path string) (JournalReport, error) {
	call, err := newCall(context.Background(), someBytes)
	if err != nil {
		return JournalReport{}, err
	}
	defer call.end()
	file := call.text("path", path)
	report := C.mgeo_journal_report{struct_size: C.sizeof_mgeo_journal_report}
	err = call.do(func() C.mgeo_status { return C.mgeo_journal_verify(file, &report, call.error()) })
	return newJournalReport(&report), err
}
