// SPDX-License-Identifier: Apache-2.0

package mgeo

import (
	"math"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// another is a model whose answers differ from the bundled model's.
func another(t testing.TB, engine *Engine) {
	t.Helper()
	_, err := engine.Load(background, model(t, "mini"), LoadOptions{Version: "other", Threads: 2, PartialWeight: -1})
	check(t, err)
}

func TestEachCallIsAnsweredByOneModelWhileTheyAreSwapped(t *testing.T) {
	engine := loaded(t, "first")
	pairs := makePairs(100)
	first, err := engine.Score(background, pairs)
	check(t, err)
	another(t, engine)
	_, err = engine.Swap(background, SwapOptions{ExpectGeneration: 2})
	check(t, err)
	second, err := engine.Score(background, pairs)
	check(t, err)
	if second.Generation != 2 || reflect.DeepEqual(first.Similarity, second.Similarity) {
		t.Fatal("the second model does not answer")
	}
	answers := map[uint64][]float32{1: first.Similarity, 2: second.Similarity}
	var over atomic.Bool
	var calls [3]atomic.Int64
	var group sync.WaitGroup
	for i := 0; i < 6; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for !over.Load() {
				scores, err := engine.Score(background, pairs)
				if err != nil || !reflect.DeepEqual(scores.Similarity, answers[scores.Generation]) {
					t.Errorf("generation %d: %v", scores.Generation, err)
					return
				}
				calls[scores.Generation].Add(1)
			}
		}()
	}
	for i := 0; i < 50 || calls[1].Load() < 10 || calls[2].Load() < 10; i++ {
		_, err := engine.Swap(background, SwapOptions{})
		check(t, err)
		if t.Failed() {
			break
		}
	}
	over.Store(true)
	group.Wait()
}

func TestRollBackReturnsToTheFormerModel(t *testing.T) {
	engine := loaded(t, "first", "second")
	_, err := engine.RollBack(RollBackOptions{})
	fails(t, err, ErrNoModel)
	receipt, err := engine.Swap(background, SwapOptions{Actor: "a test"})
	check(t, err)
	if receipt.FromVersion != "first" || receipt.ToVersion != "second" || receipt.ToGeneration != 2 {
		t.Fatalf("%+v", receipt)
	}
	receipt, err = engine.RollBack(RollBackOptions{Reason: "a test"})
	check(t, err)
	rollout, err := engine.Rollout()
	check(t, err)
	if receipt.ToVersion != "first" || rollout.LiveGeneration != 1 || rollout.RollBacks != 1 || rollout.LiveSlot != SlotBlue {
		t.Fatalf("%+v %+v", receipt, rollout)
	}
	check(t, engine.Unload())
}

func TestGatesLetPassAndRefuse(t *testing.T) {
	engine := loaded(t, "first")
	another(t, engine)
	gate := &Gate{Pairs: makePairs(50), MaxShift: -1}
	receipt, err := engine.Swap(background, SwapOptions{Gate: gate})
	fails(t, err, ErrRefused)
	if len(receipt.Checks) == 0 || receipt.Checks[0].Name != "shift_max" || receipt.Checks[0].Passed != 0 {
		t.Fatalf("%+v", receipt)
	}
	gate.MaxShift, gate.Gold = 1, make([]string, 50)
	gate.Gold[3] = "exact_match"
	watch := &Watch{WindowSeconds: 600, MaxErrorRate: 0.5}
	receipt, err = engine.Swap(background, SwapOptions{Gate: gate, Watch: watch})
	check(t, err)
	report, err := engine.Watch()
	check(t, err)
	if receipt.Checks[0].Passed != 1 || report.State != WatchRunning || report.Generation != 2 || len(report.Checks) != 4 {
		t.Fatalf("%+v %+v", receipt, report)
	}
	gate.Gold = gate.Gold[1:]
	_, err = engine.Swap(background, SwapOptions{Gate: gate})
	if failure := fails(t, err, ErrArgument); !strings.Contains(failure.Message, "gold") {
		t.Fatal(failure)
	}
}

func TestModelsAreCompared(t *testing.T) {
	engine := loaded(t, "first")
	another(t, engine)
	var progress Progress
	report, err := engine.Compare(background, CompareOptions{Pairs: makePairs(64), Progress: &progress}, 3)
	check(t, err)
	if report.Pairs != 64 || report.ShiftMax <= 0 || len(report.Worst) != 3 || len(report.LiveLabels) != 3 ||
		report.Worst[0].Live == report.Worst[0].Standby {
		t.Fatalf("%+v", report)
	}
	if _, done, _ := progress.Read(); done != 64 {
		t.Fatal(done)
	}
	_, err = engine.Compare(background, CompareOptions{Pairs: makePairs(1), Gold: []string{"no such label"}}, 0)
	fails(t, err, ErrArgument)
}

func TestRoomForShiftsIsThatOfThePairs(t *testing.T) {
	engine := loaded(t, "first", "second")
	options := CompareOptions{Pairs: makePairs(20)}
	for _, worst := range []int{-1, math.MinInt, 21, 1 << 40, 1 << 59, math.MaxInt} {
		report, err := engine.Compare(background, options, worst)
		check(t, err)
		if len(report.Worst) > 20 || (worst < 0 && len(report.Worst) != 0) || report.Pairs != 20 {
			t.Fatalf("%d: %d shifts of %d pairs", worst, len(report.Worst), report.Pairs)
		}
	}
}

func TestJobsKeepTheirModel(t *testing.T) {
	engine := loaded(t, "first", "second")
	job, err := engine.Job(JobOptions{})
	check(t, err)
	_, err = engine.Swap(background, SwapOptions{})
	check(t, err)
	scores, err := job.Score(background, makePairs(5))
	check(t, err)
	one, err := job.ScoreOne(background, "文三路", "文三路")
	check(t, err)
	info, err := job.Info()
	check(t, err)
	if scores.Generation != 1 || one.Generation != 1 || info.Version != "first" {
		t.Fatal(scores.Generation, one, info.Version)
	}
	fails(t, engine.Unload(), ErrBusy)
	check(t, job.Close())
	check(t, job.Close())
	check(t, engine.Unload())
	_, err = job.Score(background, nil)
	fails(t, err, ErrArgument)
}

func TestCanaryAnswersItsShare(t *testing.T) {
	engine := loaded(t, "first", "second")
	check(t, engine.SetCanary(ShareAll/2, CanaryOptions{Actor: "a test"}))
	var seen [3]int
	for key := uint64(1); key <= 200; key++ {
		scores, err := engine.ScoreWith(background, makePairs(1), ScoreOptions{RouteKey: key})
		check(t, err)
		seen[scores.Generation]++
	}
	if seen[1] < 50 || seen[2] < 50 {
		t.Fatal(seen)
	}
	check(t, engine.SetCanary(0, CanaryOptions{}))
	fails(t, engine.SetCanary(ShareAll+1, CanaryOptions{}), ErrArgument)
}

func TestShadowShowsDifferences(t *testing.T) {
	engine := loaded(t, "first")
	another(t, engine)
	check(t, engine.SetShadow(ShareAll, ShadowOptions{FullSpeed: true}))
	var report ShadowReport
	for report.Compared < 20 {
		_, err := engine.Score(background, makePairs(30))
		check(t, err)
		report, err = engine.Shadow()
		check(t, err)
	}
	shift, pair, err := engine.ShadowPair(0)
	check(t, err)
	if shift.Live == shift.Standby || !strings.HasPrefix(pair.A, "杭州市") || len(report.StandbyLabels) != 3 {
		t.Fatalf("%+v %+v", shift, pair)
	}
	_, _, err = engine.ShadowPair(5000)
	fails(t, err, ErrArgument)
	check(t, engine.SetShadow(0, ShadowOptions{}))
}
