// SPDX-License-Identifier: Apache-2.0

package mgeo

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestBundledModelLoads(t *testing.T) {
	engine := newEngine(t, EngineOptions{})
	info, err := engine.Load(background, "", LoadOptions{Precision: PrecisionFP32, Threads: 1})
	check(t, err)
	if info.Generation != 1 || !info.Live || !info.Healthy || info.Precision != PrecisionFP32 || len(info.Labels) != 3 {
		t.Fatalf("%+v", info)
	}
	again, err := engine.Info(SlotLive)
	check(t, err)
	if again.Fingerprint != info.Fingerprint || again.Slot != info.Slot || info.Slot.String() != "blue" {
		t.Fatalf("%+v", again)
	}
	field, err := engine.UnusedField(SlotLive, 0)
	check(t, err)
	if field.File != "config.json" || !field.Harmless || info.UnusedFields == 0 {
		t.Fatalf("%+v", field)
	}
	_, err = engine.UnusedTensor(SlotLive, info.UnusedTensors)
	fails(t, err, ErrArgument)
}

func TestErrorsHaveStatusAndMessage(t *testing.T) {
	engine := newEngine(t, EngineOptions{})
	_, err := engine.Load(background, "/nowhere/at/all", LoadOptions{})
	if failure := fails(t, err, ErrIO); !strings.Contains(failure.Error(), "/nowhere/at/all") {
		t.Fatal(failure)
	}
	_, err = engine.Load(background, "", LoadOptions{Threads: 4000})
	fails(t, err, ErrArgument)
	_, err = engine.Load(background, "", LoadOptions{Device: "abacus"})
	fails(t, err, ErrArgument)
	_, err = engine.Load(background, "", LoadOptions{Actor: "a\x00b"})
	if failure := fails(t, err, ErrArgument); !strings.Contains(failure.Message, "actor") {
		t.Fatal(failure)
	}
	_, err = engine.Load(background, "", LoadOptions{MemoryLimit: 1})
	fails(t, err, ErrRefused)
	_, err = engine.Score(background, makePairs(1))
	fails(t, err, ErrNoModel)
	_, err = engine.Info(SlotStandby)
	fails(t, err, ErrNoModel)
	fails(t, engine.Unload(), ErrNoModel)
	_, err = New(EngineOptions{Journal: "/nowhere/at/all/journal", Log: func(LogLevel, string) {}})
	fails(t, err, ErrIO)
	if errors.Is(err, ErrBusy) || ErrBusy.Error() == ErrIO.Error() {
		t.Fatal("statuses are all alike")
	}
}

func TestClosedEnginesAnswerErrors(t *testing.T) {
	engine := loaded(t, "first")
	job, err := engine.Job(JobOptions{})
	check(t, err)
	check(t, engine.Close())
	check(t, engine.Close())
	_, score := engine.Score(background, makePairs(1))
	_, one := engine.ScoreOne(background, "a", "b")
	_, load := engine.Load(background, "", LoadOptions{})
	_, metrics := engine.Metrics(MetricsOpenmetrics)
	_, ofJob := job.ScoreOne(background, "a", "b")
	_, begin := engine.Job(JobOptions{})
	for i, err := range []error{score, one, load, metrics, ofJob, begin, engine.Unload()} {
		if !errors.Is(err, ErrClosed) || !errors.Is(err, ErrArgument) {
			t.Errorf("%d: %v", i, err)
		}
	}
	check(t, job.Close())
}

func TestCloseWaitsForCallsAndRefusesLaterOnes(t *testing.T) {
	for round := 0; round < 20; round++ {
		engine := loaded(t, "first")
		pairs := makePairs(200)
		var group sync.WaitGroup
		for i := 0; i < 8; i++ {
			group.Add(1)
			go func() {
				defer group.Done()
				for {
					scores, err := engine.Score(background, pairs)
					if errors.Is(err, ErrClosed) {
						return
					}
					if err != nil || scores.BadRows != 0 {
						t.Error(err)
						return
					}
				}
			}()
		}
		go engine.Close()
		check(t, engine.Close())
		group.Wait()
	}
}

func TestForgottenEnginesAreClosed(t *testing.T) {
	closed := make(chan struct{})
	func() {
		engine, err := New(EngineOptions{})
		check(t, err)
		runtime.SetFinalizer(engine, nil)
		runtime.SetFinalizer(engine, func(e *Engine) {
			e.Close()
			close(closed)
		})
		_, err = engine.Load(background, "", LoadOptions{})
		check(t, err)
		_, err = engine.Job(JobOptions{}) // also forgotten
		check(t, err)
	}()
	for i := 0; ; i++ {
		runtime.GC()
		select {
		case <-closed:
			return
		default:
			if i == 1000 {
				t.Fatal("not collected")
			}
			runtime.Gosched()
		}
	}
}

func TestForgottenJobsLetGoOfTheirModel(t *testing.T) {
	engine := loaded(t, "first", "second")
	_, err := engine.Job(JobOptions{Standby: true})
	check(t, err)
	for err := engine.Unload(); err != nil; err = engine.Unload() {
		fails(t, err, ErrBusy)
		runtime.GC()
	}
}

func TestLinesAreLoggedAndPanicsAreNotPassedOn(t *testing.T) {
	var mu sync.Mutex
	var lines []string
	engine := newEngine(t, EngineOptions{Log: func(level LogLevel, line string) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, level.String()+": "+line)
		if len(lines) == 1 {
			panic("in a log")
		}
	}})
	for _, version := range []string{"first", "second"} {
		_, err := engine.Load(background, model(t, "mini"), LoadOptions{Version: version})
		check(t, err)
	}
	check(t, engine.Close())
	if text := strings.Join(lines, "\n"); len(lines) < 2 || !strings.Contains(text, "info: ") || !strings.Contains(text, "second") {
		t.Fatal(text)
	}
}

func TestALogMayEndItsGoroutine(t *testing.T) {
	lines := 0
	engine := newEngine(t, EngineOptions{Log: func(LogLevel, string) {
		lines++
		runtime.Goexit()
	}})
	for i := 1; i <= 2; i++ {
		_, err := engine.Load(background, model(t, "mini"), LoadOptions{Threads: 1})
		check(t, err)
	}
	_, err := engine.Swap(background, SwapOptions{})
	check(t, err)
	if lines < 3 {
		t.Fatalf("%d lines", lines)
	}
}

func TestMemoryIsPredicted(t *testing.T) {
	memory, err := PredictMemory(model(t, "mini"), LoadOptions{Threads: 1})
	check(t, err)
	if !memory.Fits || memory.Total < memory.Weights || memory.Weights == 0 || memory.Device != "cpu" {
		t.Fatalf("%+v", memory)
	}
}

func TestMetricsAndStatsCountCalls(t *testing.T) {
	engine := loaded(t, "first")
	_, err := engine.Score(background, makePairs(7))
	check(t, err)
	stats, err := engine.Stats(SlotLive)
	check(t, err)
	if stats.Calls != 1 || stats.Pairs != 7 || stats.FailedBy != [16]uint64{} {
		t.Fatalf("%+v", stats)
	}
	text, err := engine.Metrics(MetricsOpenmetrics)
	check(t, err)
	if !strings.HasSuffix(text, "# EOF\n") {
		t.Fatal(text)
	}
	text, err = engine.Metrics(MetricsPrometheus)
	check(t, err)
	if strings.Contains(text, "# EOF") || !strings.Contains(text, "mgeo_") {
		t.Fatal(text)
	}
}

func TestJournalsAreVerified(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	engine := newEngine(t, EngineOptions{Journal: path, Actor: "a test"})
	_, err := engine.Load(background, "", LoadOptions{Reason: "因为"})
	check(t, err)
	check(t, engine.Close())
	report, err := JournalVerify(path)
	check(t, err)
	text, err := os.ReadFile(path)
	check(t, err)
	if report.Lines == 0 || int(report.Lines) != strings.Count(string(text), "\n") || !strings.Contains(string(text), "因为") {
		t.Fatalf("%+v", report)
	}
	check(t, os.WriteFile(path, []byte(strings.Replace(string(text), "a test", "no test", 1)), 0o600))
	report, err = JournalVerify(path)
	fails(t, err, ErrFormat)
	if report.BadLine == 0 || report.Reason == "" {
		t.Fatalf("%+v", report)
	}
}
