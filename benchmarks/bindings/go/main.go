// SPDX-License-Identifier: Apache-2.0

// Go beside C: the same pairs, in turns, in one process, by package mgeo and by a loop of C over mgeo_score.
//
//	go run . [-pairs N] [-turns N] [-threads N] [-model DIR]
//
// The best turn of each counts, in wall time, and in processor time of the process, which other programs disturb less.
package main

/*
#cgo pkg-config: libmgeo
#include <mgeo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct rows {
    mgeo_pair *pairs;
    size_t count;
    float *similarity, *probabilities;
    int32_t *label;
    uint32_t *flags;
} rows;

static mgeo_engine *engine;

static void die(const mgeo_error *error) {
    fprintf(stderr, "C: %s\n", error->message);
    exit(1);
}

static void start(const char *model, uint32_t threads) {
    mgeo_load_options options = {.struct_size = sizeof options, .threads = threads};
    mgeo_error error;
    if (mgeo_engine_create(NULL, &engine, &error) ||
        mgeo_load(engine, model[0] != '\0' ? model : NULL, &options, NULL, &error)) {
        die(&error);
    }
}

static rows make_rows(size_t count) {
    return (rows){calloc(count, sizeof(mgeo_pair)), count, calloc(count, sizeof(float)), calloc(count, 3 * sizeof(float)),
                  calloc(count, sizeof(int32_t)), calloc(count, sizeof(uint32_t))};
}

static void set_row(rows *r, size_t row, char *a, char *b) {
    r->pairs[row] = (mgeo_pair){a, strlen(a), b, strlen(b)};
}

// A call with `count` pairs from `from` on, and what Go's has.
static void score(const rows *r, size_t from, size_t count) {
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = r->similarity, .label = r->label,
                          .probabilities = r->probabilities, .probability_stride = 3, .flags = r->flags};
    mgeo_error error;
    if (mgeo_score(engine, r->pairs + from, count, &scores, &error)) die(&error);
}

static void score_each(const rows *r, size_t calls) {
    for (size_t i = 0; i < calls; i++) score(r, i % r->count, 1);
}
*/
import "C"

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math"
	"syscall"
	"time"

	"libmgeo/mgeo"
)

var (
	pairCount = flag.Int("pairs", 100000, "pairs in a call")
	turns     = flag.Int("turns", 5, "turns of each")
	threads   = flag.Uint("threads", 2, "threads that compute")
	model     = flag.String("model", "", "model directory; without it the bundled model")
)

func makePairs(count int) []mgeo.Pair {
	pairs := make([]mgeo.Pair, count)
	for i := range pairs {
		pairs[i] = mgeo.Pair{A: fmt.Sprintf("杭州市西湖区文三路%d号东部软件园%d幢", i%997, i%31), B: fmt.Sprintf("文三路%d号%d室", i%997+i%2, i%7)}
	}
	return pairs
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// A best is the least that turns have taken.
type best struct{ wall, processor time.Duration }

func (b *best) turn(f func()) {
	used, began := processorTime(), time.Now()
	f()
	wall, processor := time.Since(began), processorTime()-used
	if b.wall == 0 || wall < b.wall {
		b.wall = wall
	}
	if b.processor == 0 || processor < b.processor {
		b.processor = processor
	}
}

// compare lets C and then others have turns on `rows` rows.
func compare(what string, rows int, names []string, functions ...func()) {
	times := make([]best, len(functions))
	for i := 0; i < *turns; i++ {
		for j, f := range functions {
			times[j].turn(f)
		}
	}
	fmt.Printf("%s\n", what)
	for j, name := range names {
		wall := times[j].wall / time.Duration(rows)
		fmt.Printf("  %-14s %9.0f rows/s  %8.2f us a row  %5.1f%% of C's rate; by processor time %5.1f%%\n", name,
			float64(rows)/times[j].wall.Seconds(), float64(wall)/1000, 100*ratio(times[0].wall, times[j].wall),
			100*ratio(times[0].processor, times[j].processor))
	}
}

func ratio(a, b time.Duration) float64 { return math.Round(float64(a)/float64(b)*1000) / 1000 }

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	flag.Parse()
	ctx := context.Background()
	engine, err := mgeo.New(mgeo.EngineOptions{})
	check(err)
	defer engine.Close()
	_, err = engine.Load(ctx, *model, mgeo.LoadOptions{Threads: uint32(*threads)})
	check(err)
	C.start(C.CString(*model), C.uint32_t(*threads))

	pairs := makePairs(*pairCount)
	a, b := make([]string, len(pairs)), make([]string, len(pairs))
	rows := C.make_rows(C.size_t(len(pairs)))
	for i, pair := range pairs {
		C.set_row(&rows, C.size_t(i), C.CString(pair.A), C.CString(pair.B))
		a[i], b[i] = pair.A, pair.B
	}
	compare(fmt.Sprintf("one call, %d pairs, %d threads", len(pairs), *threads), len(pairs),
		[]string{"C", "Score", "ScoreColumns"},
		func() { C.score(&rows, 0, C.size_t(len(pairs))) },
		func() { _, err := engine.Score(ctx, pairs); check(err) },
		func() { _, err := engine.ScoreColumns(ctx, a, b, mgeo.ScoreOptions{}); check(err) })

	calls := 2000
	cancellable, cancel := context.WithCancel(ctx)
	defer cancel()
	each := func(ctx context.Context) func() {
		return func() {
			for i := 0; i < calls; i++ {
				pair := &pairs[i%len(pairs)]
				_, err := engine.ScoreOne(ctx, pair.A, pair.B)
				check(err)
			}
		}
	}
	compare(fmt.Sprintf("%d calls of one pair", calls), calls, []string{"C", "ScoreOne", "with a context"},
		func() { C.score_each(&rows, C.size_t(calls)) }, each(ctx), each(cancellable))
}
