// SPDX-License-Identifier: Apache-2.0

package mgeo

// What the tests share: engines, pairs, and what must be left when a test is over.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

var background = context.Background()

// model is a directory below the folder of models.
func model(t testing.TB, name string) string {
	t.Helper()
	folder := os.Getenv("MGEO_MODELS")
	if folder == "" {
		folder = "../../models"
	}
	path, err := filepath.Abs(filepath.Join(folder, name))
	check(t, err)
	return path
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fails wants an *Error with this status.
func fails(t testing.TB, err error, status Status) *Error {
	t.Helper()
	var failure *Error
	if !errors.As(err, &failure) || failure.Status != status || !errors.Is(err, status) || failure.Message == "" {
		t.Fatalf("%v, expected %v", err, status)
	}
	return failure
}

func newEngine(t testing.TB, options EngineOptions) *Engine {
	t.Helper()
	engine, err := New(options)
	check(t, err)
	t.Cleanup(func() { engine.Close() })
	return engine
}

// loaded is an engine with the bundled model, once for each version.
func loaded(t testing.TB, versions ...string) *Engine {
	t.Helper()
	engine := newEngine(t, EngineOptions{})
	for _, version := range versions {
		_, err := engine.Load(background, model(t, "mini"), LoadOptions{Version: version, Threads: 2})
		check(t, err)
	}
	return engine
}

func makePairs(count int) []Pair {
	pairs := make([]Pair, count)
	for i := range pairs {
		pairs[i] = Pair{fmt.Sprintf("杭州市西湖区文三路%d号东部软件园", i%311), fmt.Sprintf("文三路%d号%d室", i%311+i%2, i%7)}
	}
	return pairs
}

// noGoroutineLeft waits until there are no more goroutines than before.
func noGoroutineLeft(t testing.TB, before int) {
	t.Helper()
	for i := 0; runtime.NumGoroutine() > before; i++ {
		if i > 1000 {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(time.Millisecond)
	}
}
