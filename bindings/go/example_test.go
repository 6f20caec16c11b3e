// SPDX-License-Identifier: Apache-2.0

package mgeo_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"libmgeo/mgeo"
)

// start is an engine with the bundled model.
func start() *mgeo.Engine {
	engine, err := mgeo.New(mgeo.EngineOptions{})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := engine.Load(context.Background(), "", mgeo.LoadOptions{}); err != nil {
		log.Fatal(err)
	}
	return engine
}

func ExampleEngine_Score() {
	engine := start()
	defer engine.Close()
	info, err := engine.Info(mgeo.SlotLive)
	if err != nil {
		log.Fatal(err)
	}
	scores, err := engine.Score(context.Background(), []mgeo.Pair{
		{A: "杭州市西湖区文三路90号东部软件园", B: "文三路90号"},
		{A: "成都市锦江区北新街58号", B: ""},
	})
	if err != nil {
		log.Fatal(err)
	}
	for i, similarity := range scores.Similarity {
		if scores.Flags[i]&mgeo.RowBad != 0 {
			fmt.Println("no score:", scores.Flags[i])
		} else {
			fmt.Println(similarity > 0.5, info.Labels[scores.Label[i]])
		}
	}
	// Output:
	// true partial_match
	// no score: empty
}

func ExampleEngine_Swap() {
	engine := start()
	defer engine.Close()
	ctx := context.Background()
	if _, err := engine.Load(ctx, "", mgeo.LoadOptions{Version: "next"}); err != nil {
		log.Fatal(err)
	}
	receipt, err := engine.Swap(ctx, mgeo.SwapOptions{
		Gate: &mgeo.Gate{
			Pairs:        []mgeo.Pair{{A: "文三路90号", B: "文三路90号"}, {A: "北新街58号", B: "南新街58号"}},
			MaxFlipShare: 0.02,
			MaxShiftMean: 0.01,
		},
		Watch: &mgeo.Watch{WindowSeconds: 60, MaxErrorRate: 0.01},
	})
	if errors.Is(err, mgeo.ErrRefused) {
		log.Fatal("the gate refused: ", receipt.Checks)
	}
	fmt.Println(err, receipt.ToVersion)
	receipt, err = engine.RollBack(mgeo.RollBackOptions{Reason: "an example"})
	fmt.Println(err, receipt.FromVersion)
	// Output:
	// <nil> next
	// <nil> next
}

func ExampleEngine_ScoreOne() {
	engine := start()
	defer engine.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	score, err := engine.ScoreOne(ctx, "天津市和平区南京路219号", "和平区南京路219号")
	fmt.Println(err, score.Similarity > 0.5)
	// Output: <nil> true
}

func ExampleEngine_Job() {
	engine := start()
	defer engine.Close()
	job, err := engine.Job(mgeo.JobOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer job.Close()
	table, err := job.ScoreColumns(context.Background(), []string{"文三路90号"}, []string{"文三路90号"}, mgeo.ScoreOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(table.Labels[table.Label[0]], table.Generation)
	// Output: exact_match 1
}
