// SPDX-License-Identifier: Apache-2.0

package mgeo

/*
#include <mgeo.h>
#include <stdlib.h>
*/
import "C"

// From addresses to matches without a model: the normal form, an index that is searched, and clusters of scored links.

import (
	"context"
	"runtime"
	"unsafe"
)

// NormalForm is the form of an address that ways of writing it share: for comparing, not for reading. Empty: nothing in
// the text names a place.
func NormalForm(text string) (string, error) {
	call, err := newCall(context.Background(), uintptr(len(text)))
	if err != nil {
		return "", err
	}
	defer call.end()
	given, count := call.bytes(text)
	for capacity := 3*len(text) + 1; ; {
		form := make([]byte, capacity)
		var length C.size_t
		err := call.do(func() C.mgeo_status {
			return C.mgeo_normal_form(given, count, chars(form), C.size_t(capacity), &length, call.error())
		})
		if failure, ok := err.(*Error); ok && failure.Status == ErrCapacity {
			capacity = int(length) + 1
			continue
		}
		return string(form[:length]), err
	}
}

// bytes copies a text that may hold NUL bytes.
func (c *call) bytes(text string) (*C.char, C.size_t) {
	given, count, _ := put(unsafe.Slice((*byte)(c.alloc(uintptr(len(text)))), len(text)), text)
	return given, count
}

// ---- the index

// Record is an address as a table holds it, in UTF-8. Its ID is not empty, and unlike all others in its index.
type Record struct{ ID, Text string }

// Candidate is a record that may name the place of a query.
type Candidate struct {
	ID    string
	Text  string  // as it was put in
	Row   uint64  // of the record in its generation: from 0, in the order they were put in
	Score float32 // 0..1: orders candidates, and is not a model's similarity: score the pairs for that
	Flags CandidateFlags
}

// FoundRows is what SearchRows found.
type FoundRows struct {
	Generation uint64 // that the rows are of: give it to the next call, so that a walk meets no change
	Candidates [][]Candidate
}

// Index is addresses that can be searched, in memory or mapped from a file. It needs no engine and no model. Any number
// of goroutines may use it: searches never wait for a change, and one that has begun ends in the generation that it began
// in. Close it; one that is forgotten is closed when it is collected.
type Index struct {
	raw      *C.mgeo_index
	life     lifetime
	block    *C.mgeo_progress // that all changes are watched by
	changing chan struct{}    // is full while one runs, so that a context ends the caller's change and no other
	progress *Progress
}

// NewIndex makes an empty index; the options hold for all its changes.
func NewIndex(options IndexOptions) (*Index, error) {
	return newIndex(options, "", func(_ *C.char, c *C.mgeo_index_options, made **C.mgeo_index, e *C.mgeo_error) C.mgeo_status {
		return C.mgeo_index_create(c, made, e)
	})
}

// OpenIndex maps a file that Save wrote, which is checked first.
func OpenIndex(path string, options IndexOptions) (*Index, error) {
	return newIndex(options, path, func(file *C.char, c *C.mgeo_index_options, made **C.mgeo_index, e *C.mgeo_error) C.mgeo_status {
		return C.mgeo_index_open(file, c, made, e)
	})
}

func newIndex(options IndexOptions, path string,
	f func(*C.char, *C.mgeo_index_options, **C.mgeo_index, *C.mgeo_error) C.mgeo_status) (*Index, error) {
	call, err := newCall(context.Background(), someBytes)
	if err != nil {
		return nil, err
	}
	defer call.end()
	i := &Index{life: newLifetime(), changing: make(chan struct{}, 1), progress: options.Progress}
	i.block = (*C.mgeo_progress)(C.calloc(1, C.sizeof_mgeo_progress))
	if i.block == nil {
		return nil, &Error{Status: ErrMemory, Message: "out of memory for an index"}
	}
	call.block = i.block
	c, file := options.c(call), call.text("path", path)
	made := (**C.mgeo_index)(call.alloc(8))
	if err := call.do(func() C.mgeo_status { return f(file, c, made, call.error()) }); err != nil {
		call.unwatch()
		C.free(unsafe.Pointer(i.block))
		return nil, err
	}
	i.raw = *made
	runtime.SetFinalizer(i, (*Index).Close)
	return i, nil
}

// Close refuses calls from now on, waits for those that run, and frees the index. Calling it again does nothing; the
// answer is always nil.
func (i *Index) Close() error {
	if !i.life.close() {
		return nil
	}
	runtime.SetFinalizer(i, nil)
	C.mgeo_index_destroy(i.raw)
	C.free(unsafe.Pointer(i.block))
	return nil
}

// change makes a call that changes the index, once those before it are over. prepare copies what it needs and answers
// the call itself.
func (i *Index) change(ctx context.Context, bytes uintptr, prepare func(*call) func() C.mgeo_status) error {
	call, err := beginOn(ctx, &i.life, "index", bytes)
	if err != nil {
		return err
	}
	defer call.end()
	select {
	case i.changing <- struct{}{}:
	case <-ctx.Done():
		return cancelledError(ctx.Err())
	}
	defer func() {
		call.unwatch()
		*i.block = C.mgeo_progress{}
		<-i.changing
	}()
	call.block = i.block
	call.watchedBy(i.progress)
	return call.do(prepare(call))
}

// Put adds records; one whose ID is there already replaces the former. All are put in or, on failure, none. Many at once
// cost far less than one by one. A context that is done ends it, and leaves the index as it was.
func (i *Index) Put(ctx context.Context, records []Record) error {
	pairs := make([]Pair, len(records))
	for n, record := range records {
		pairs[n] = Pair{record.ID, record.Text}
	}
	return i.change(ctx, pairBytes(pairs), func(call *call) func() C.mgeo_status {
		rows, count := call.records(pairs)
		return func() C.mgeo_status { return C.mgeo_index_put(i.raw, rows, count, call.error()) }
	})
}

// Remove removes the records with these IDs; it answers how many were there.
func (i *Index) Remove(ids []string) (uint64, error) {
	pairs := make([]Pair, len(ids))
	for n, id := range ids {
		pairs[n].A = id
	}
	var removed C.uint64_t
	err := i.change(context.Background(), pairBytes(pairs), func(call *call) func() C.mgeo_status {
		rows, count := call.records(pairs)
		return func() C.mgeo_status { return C.mgeo_index_remove(i.raw, rows, count, &removed, call.error()) }
	})
	return uint64(removed), err
}

// records copies records, which have the shape of pairs.
func (c *call) records(pairs []Pair) (*C.mgeo_record, C.size_t) {
	rows, count := c.pairs(pairs)
	return (*C.mgeo_record)(unsafe.Pointer(rows)), count
}

// Compact makes one segment of all, without what was removed.
func (i *Index) Compact(ctx context.Context) error {
	return i.change(ctx, someBytes, func(call *call) func() C.mgeo_status {
		return func() C.mgeo_status { return C.mgeo_index_compact(i.raw, call.error()) }
	})
}

// Save writes the index to a file, compacted: the file is the old or the new one, whenever the process ends.
func (i *Index) Save(ctx context.Context, path string) error {
	return i.change(ctx, someBytes, func(call *call) func() C.mgeo_status {
		file := call.text("path", path)
		return func() C.mgeo_status { return C.mgeo_index_save(i.raw, file, call.error()) }
	})
}

// Swap puts the records of a file in place of all that is there, in one step; no search waits or fails. What was there
// stays ready for RollBack. On failure nothing has changed.
func (i *Index) Swap(ctx context.Context, path string) error {
	return i.change(ctx, someBytes, func(call *call) func() C.mgeo_status {
		file := call.text("path", path)
		return func() C.mgeo_status { return C.mgeo_index_swap(i.raw, file, call.error()) }
	})
}

// RollBack puts back what the last Swap put aside.
func (i *Index) RollBack() error {
	return i.change(context.Background(), someBytes, func(call *call) func() C.mgeo_status {
		return func() C.mgeo_status { return C.mgeo_index_roll_back(i.raw, call.error()) }
	})
}

// Info tells what the index holds.
func (i *Index) Info() (IndexInfo, error) {
	call, err := beginOn(context.Background(), &i.life, "index", someBytes)
	if err != nil {
		return IndexInfo{}, err
	}
	defer call.end()
	info := C.mgeo_index_info{struct_size: C.sizeof_mgeo_index_info}
	err = call.do(func() C.mgeo_status { return C.mgeo_index_get_info(i.raw, &info, call.error()) })
	return newIndexInfo(&info), err
}

// ---- searches

// SearchOne finds the records with the best scores for one text, best first. A text that names nothing has none.
func (i *Index) SearchOne(ctx context.Context, query string, options SearchOptions) ([]Candidate, error) {
	lists, err := i.Search(ctx, []string{query}, options)
	if err != nil {
		return nil, err
	}
	return lists[0], nil
}

// Search finds the same for many texts: a slice for each.
func (i *Index) Search(ctx context.Context, queries []string, options SearchOptions) ([][]Candidate, error) {
	bytes := uintptr(len(queries)) * C.sizeof_mgeo_text
	for _, query := range queries {
		bytes += uintptr(len(query))
	}
	return i.search(ctx, bytes, len(queries), &options,
		func(call *call, c *C.mgeo_search_options, found **C.mgeo_candidates) func() C.mgeo_status {
			texts := call.queries(queries, bytes)
			return func() C.mgeo_status {
				return C.mgeo_index_search(i.raw, texts, C.size_t(len(queries)), c, found, call.error())
			}
		})
}

// SearchRows finds the same for `count` records of the index itself, from row `first` on, as queries: to find duplicates.
// A record is never its own candidate, and a removed one has none. With `later` only rows after the query's are found, so
// that each pair comes once. generation is 0 for the current one, or one that an earlier call answered.
func (i *Index) SearchRows(ctx context.Context, first uint64, count int, later bool, generation uint64,
	options SearchOptions) (FoundRows, error) {
	if count < 0 {
		return FoundRows{}, argumentError("count is negative")
	}
	of := C.uint64_t(generation)
	lists, err := i.search(ctx, 0, count, &options,
		func(call *call, c *C.mgeo_search_options, found **C.mgeo_candidates) func() C.mgeo_status {
			return func() C.mgeo_status {
				return C.mgeo_index_search_rows(i.raw, C.uint64_t(first), C.size_t(count), C.int32_t(cBool(later)), &of, c,
					found, call.error())
			}
		})
	return FoundRows{Generation: uint64(of), Candidates: lists}, err
}

func (i *Index) search(ctx context.Context, bytes uintptr, count int, options *SearchOptions,
	prepare func(*call, *C.mgeo_search_options, **C.mgeo_candidates) func() C.mgeo_status) ([][]Candidate, error) {
	call, err := beginOn(ctx, &i.life, "index", bytes+someBytes)
	if err != nil {
		return nil, err
	}
	defer call.end()
	found := (**C.mgeo_candidates)(call.alloc(8))
	if err := call.do(prepare(call, options.c(call), found)); err != nil {
		return nil, err
	}
	defer C.mgeo_candidates_destroy(*found)
	lists := make([][]Candidate, count)
	for query := range lists {
		var rows C.size_t
		first := C.mgeo_candidates_of(*found, C.size_t(query), &rows)
		list := unsafe.Slice(first, int(rows))
		for i := range list {
			lists[query] = append(lists[query], newCandidate(&list[i]))
		}
	}
	return lists, nil
}

// queries copies texts: first the structs, then all texts. bytes is the room that they need.
func (c *call) queries(queries []string, bytes uintptr) *C.mgeo_text {
	memory := c.alloc(bytes)
	rows := unsafe.Slice((*C.mgeo_text)(memory), len(queries))
	texts := unsafe.Slice((*byte)(memory), bytes)[uintptr(len(queries))*C.sizeof_mgeo_text:]
	for i, query := range queries {
		rows[i].text, rows[i].text_len, texts = put(texts, query)
	}
	return (*C.mgeo_text)(memory)
}

func newCandidate(c *C.mgeo_candidate) Candidate {
	return Candidate{
		ID:    C.GoStringN(c.id, C.int(c.id_len)),
		Text:  C.GoStringN(c.text, C.int(c.text_len)),
		Row:   uint64(c.row),
		Score: float32(c.score),
		Flags: CandidateFlags(c.flags),
	}
}

// ---- clusters

// Link is two rows, from 0, that may name one place, and how sure that is.
type Link struct {
	A, B  uint64
	Score float32 // finite; NaN is no link
}

// Cluster clusters `rows` rows by links, and tells of each row where it came. The same links in any order give the same
// clusters.
func Cluster(links []Link, rows int, options ClusterOptions) ([]Member, error) {
	if rows < 0 || len(options.Source) > 0 && len(options.Source) != rows {
		return nil, argumentError("Source has not as many entries as there are rows")
	}
	call, err := newCall(context.Background(), someBytes+uintptr(len(options.Source))*C.sizeof_uint32_t)
	if err != nil {
		return nil, err
	}
	defer call.end()
	given, made := make([]C.mgeo_link, len(links)+1), make([]C.mgeo_member, rows+1) // one more, so that there is a first
	for i, link := range links {
		given[i] = C.mgeo_link{a: C.uint64_t(link.A), b: C.uint64_t(link.B), score: C.float(link.Score)}
	}
	c := options.c(call)
	err = call.do(func() C.mgeo_status {
		return C.mgeo_cluster(&given[0], C.size_t(len(links)), C.uint64_t(rows), c, &made[0], call.error())
	})
	if err != nil {
		return nil, err
	}
	members := make([]Member, rows)
	for i := range members {
		members[i] = newMember(&made[i])
	}
	return members, nil
}
