// SPDX-License-Identifier: Apache-2.0

package mgeo

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const (
	records = 300
	nanjing = "南京市鼓楼区新模范马路5号"
)

func places() []Record {
	made := []Record{{"nanjing", nanjing}}
	for i := 1; i < records; i++ {
		made = append(made, Record{fmt.Sprint(i), fmt.Sprintf("杭州市西湖区文三路%d号", i)})
	}
	return made
}

func newTestIndex(t testing.TB, options IndexOptions) *Index {
	t.Helper()
	index, err := NewIndex(options)
	check(t, err)
	t.Cleanup(func() { index.Close() })
	return index
}

func filled(t testing.TB) *Index {
	t.Helper()
	index := newTestIndex(t, IndexOptions{Threads: 1})
	check(t, index.Put(background, places()))
	return index
}

func holds(t testing.TB, index *Index, expected int) IndexInfo {
	t.Helper()
	info, err := index.Info()
	check(t, err)
	if info.Records != uint64(expected) {
		t.Fatalf("%d records, expected %d", info.Records, expected)
	}
	return info
}

// best is the first candidate for a text.
func best(t testing.TB, index *Index, query string) Candidate {
	t.Helper()
	found, err := index.SearchOne(background, query, SearchOptions{})
	check(t, err)
	if len(found) == 0 {
		t.Fatalf("nothing found for %s", query)
	}
	return found[0]
}

func TestWaysOfWritingShareAForm(t *testing.T) {
	forms := make([]string, 4)
	for i, text := range []string{"杭州市西湖区文三路90号", "杭州西湖区文三路９０号", nanjing, ""} {
		form, err := NormalForm(text)
		check(t, err)
		forms[i] = form
	}
	if forms[0] != forms[1] || forms[0] == forms[2] || forms[0] == "" || forms[3] != "" {
		t.Fatal(forms)
	}
	_, err := NormalForm("\xff")
	fails(t, err, ErrArgument)
}

func TestTheRightOneIsFound(t *testing.T) {
	index := filled(t)
	options := SearchOptions{Top: 2}
	found, err := index.SearchOne(background, nanjing, options)
	check(t, err)
	if found[0].ID != "nanjing" || found[0].Text != nanjing || found[0].Row != 0 ||
		found[0].Flags.String() != "same_text,same_form" {
		t.Fatalf("%+v", found)
	}
	queries := []string{nanjing, "", "\xff", "杭州西湖区文三路７号"}
	lists, err := index.Search(background, queries, options)
	check(t, err)
	if !reflect.DeepEqual(lists[0], found) || len(lists[1])+len(lists[2]) != 0 || len(lists) != 4 ||
		lists[3][0].ID != "7" || lists[3][0].Flags != CandidateSameForm {
		t.Fatalf("%+v", lists)
	}
	none, err := index.Search(background, nil, options)
	if err != nil || len(none) != 0 {
		t.Fatal(none, err)
	}
	_, err = index.SearchOne(background, nanjing, SearchOptions{Top: 1001})
	fails(t, err, ErrArgument)
}

func TestRowsFindEachPairOnce(t *testing.T) {
	index := newTestIndex(t, IndexOptions{})
	check(t, index.Put(background, []Record{
		{"a", "杭州市西湖区文三路90号"}, {"b", "杭州西湖区文三路９０号"}, {"c", nanjing}}))
	found, err := index.SearchRows(background, 0, 3, true, 0, SearchOptions{})
	check(t, err)
	if found.Generation != holds(t, index, 3).Generation || found.Candidates[0][0].ID != "b" {
		t.Fatalf("%+v", found)
	}
	for _, one := range found.Candidates[1] {
		if one.ID == "a" {
			t.Fatal("a pair came twice")
		}
	}
	again, err := index.SearchRows(background, 0, 3, true, found.Generation, SearchOptions{})
	if err != nil || !reflect.DeepEqual(again, found) {
		t.Fatal(again, err)
	}
	_, err = index.SearchRows(background, 0, 3, true, 99, SearchOptions{})
	fails(t, err, ErrRefused)
	for _, count := range []int{4, -1} {
		_, err = index.SearchRows(background, 0, count, false, 0, SearchOptions{})
		fails(t, err, ErrArgument)
	}
}

func TestChangesAreAllOrNothing(t *testing.T) {
	index := filled(t)
	check(t, index.Put(background, []Record{{"nanjing", "天津市和平区南京路219号"}}))
	if id := best(t, index, "天津市和平区南京路219号").ID; id != "nanjing" {
		t.Fatal(id)
	}
	if info := holds(t, index, records); info.Removed != 1 {
		t.Fatalf("%+v", info)
	}
	removed, err := index.Remove([]string{"nanjing", "nobody"})
	if err != nil || removed != 1 {
		t.Fatal(removed, err)
	}
	check(t, index.Compact(background))
	if info := holds(t, index, records-1); info.Removed != 0 {
		t.Fatalf("%+v", info)
	}
	err = index.Put(background, []Record{{"x", "y"}, {"", "y"}})
	if failure := fails(t, err, ErrArgument); !strings.Contains(failure.Message, "records[1].id") {
		t.Fatal(failure)
	}
	holds(t, index, records-1)
	fails(t, newTestIndex(t, IndexOptions{MemoryLimit: 1}).Put(background, places()), ErrMemory)
}

func TestACancelledChangeLeavesAllAsItWas(t *testing.T) {
	var progress Progress
	index := newTestIndex(t, IndexOptions{Progress: &progress})
	ctx, cancel := context.WithCancel(background)
	cancel()
	if err := index.Put(ctx, places()); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	index.changing <- struct{}{} // as if another change were running
	late, stop := context.WithCancel(background)
	over := make(chan error)
	go func() { over <- index.Put(late, places()) }()
	stop()
	fails(t, <-over, ErrCancelled)
	<-index.changing
	holds(t, index, 0)
	check(t, index.Put(background, places()))
	if stage, _, _ := progress.Read(); stage == StageIdle {
		t.Fatal(stage)
	}
	holds(t, index, records)
}

func TestFilesAreSavedOpenedSwappedAndPutBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "places.index")
	index := filled(t)
	check(t, index.Save(background, path))
	opened, err := OpenIndex(path, IndexOptions{})
	check(t, err)
	defer opened.Close()
	if best(t, opened, nanjing) != best(t, index, nanjing) || holds(t, opened, records).Path != path {
		t.Fatal("the file holds something else")
	}
	fails(t, index.RollBack(), ErrRefused)
	_, err = index.Remove([]string{"nanjing"})
	check(t, err)
	check(t, index.Swap(background, path))
	if info := holds(t, index, records); info.PreviousRecords != records-1 {
		t.Fatalf("%+v", info)
	}
	check(t, index.RollBack())
	holds(t, index, records-1)
}

func TestADamagedFileIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "places.index")
	index := filled(t)
	check(t, index.Save(background, path))
	info, err := os.Stat(path)
	check(t, err)
	check(t, os.Truncate(path, info.Size()/2))
	_, err = OpenIndex(path, IndexOptions{Progress: &Progress{}})
	if failure := fails(t, err, ErrFormat); !strings.Contains(failure.Message, path) {
		t.Fatal(failure)
	}
	fails(t, index.Swap(background, path), ErrFormat)
	_, err = OpenIndex("/nowhere/at/all", IndexOptions{})
	fails(t, err, ErrIO)
	fails(t, index.Save(background, "a\x00b"), ErrArgument)
	holds(t, index, records)
}

func TestSearchesRunWhileItChanges(t *testing.T) {
	index := filled(t)
	before := runtime.NumGoroutine()
	var over atomic.Bool
	var group sync.WaitGroup
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	for n := 0; n < 4; n++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for searches := 0; searches < 20 || !over.Load(); searches++ {
				found, err := index.SearchOne(ctx, nanjing, SearchOptions{})
				if err != nil || found[0].ID != "nanjing" {
					t.Error(found, err)
					return
				}
			}
		}()
	}
	for n := 0; n < 20; n++ {
		check(t, index.Put(ctx, []Record{{fmt.Sprint("new", n), fmt.Sprintf("上海市浦东新区世纪大道%d号", n)}}))
	}
	over.Store(true)
	group.Wait()
	holds(t, index, records+20)
	noGoroutineLeft(t, before)
}

func TestClosedIndexesAnswerErrors(t *testing.T) {
	index := filled(t)
	found := best(t, index, nanjing)
	var group sync.WaitGroup
	for n := 0; n < 4; n++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for {
				if _, err := index.SearchOne(background, nanjing, SearchOptions{}); err != nil {
					if !errors.Is(err, ErrClosed) {
						t.Error(err)
					}
					return
				}
			}
		}()
	}
	check(t, index.Close())
	check(t, index.Close())
	group.Wait()
	_, info := index.Info()
	_, remove := index.Remove([]string{"a"})
	_, rows := index.SearchRows(background, 0, 1, false, 0, SearchOptions{})
	for n, err := range []error{info, remove, rows, index.Put(background, places()), index.Compact(background),
		index.Save(background, "x"), index.RollBack()} {
		if !errors.Is(err, ErrClosed) || !errors.Is(err, ErrArgument) {
			t.Errorf("%d: %v", n, err)
		}
	}
	if found.Text != nanjing {
		t.Fatal("a candidate went with its index")
	}
}

func TestLinksMakeClusters(t *testing.T) {
	links := []Link{{0, 1, 0.9}, {1, 2, 0.8}, {2, 3, 0.1}}
	options := ClusterOptions{Threshold: 0.5}
	rows, err := Cluster(links, 4, options)
	check(t, err)
	if rows[2].Cluster != 0 || rows[2].Size != 3 || rows[0].Representative != 1 || rows[0].Weakest != 0.8 ||
		rows[3].Cluster != 3 || !math.IsNaN(float64(rows[3].Link)) {
		t.Fatalf("%+v", rows)
	}
	options.Source, options.OneToOne = []uint32{0, 1, 0, 1}, true
	rows, err = Cluster(links, 4, options)
	if err != nil || rows[2].Size != 1 {
		t.Fatal(rows, err)
	}
	if none, err := Cluster(nil, 0, ClusterOptions{}); err != nil || len(none) != 0 {
		t.Fatal(none, err)
	}
	_, err = Cluster(links, 5, options)
	fails(t, err, ErrArgument)
	_, err = Cluster(links, 3, ClusterOptions{})
	fails(t, err, ErrArgument)
	_, err = Cluster(links, 4, ClusterOptions{MaxSize: 2, Cut: CutNone})
	fails(t, err, ErrArgument)
}
