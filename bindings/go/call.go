// SPDX-License-Identifier: Apache-2.0

package mgeo

/*
#cgo pkg-config: libmgeo
#include <mgeo.h>
#include <stdlib.h>

// What every call has, at the beginning of its arena.
typedef struct call_head {
    mgeo_error error;
    mgeo_progress progress;
    mgeo_scores scores;
} call_head;
*/
import "C"

// One call into the library: its memory, its context, its error.

import (
	"context"
	"strings"
	"unsafe"
)

// A call holds what C may keep pointers to until it returns. Go's memory may not hold such pointers, so texts and
// structs are copied into an arena of C's: one allocation where the size is known, as for pairs.
type call struct {
	ctx      context.Context
	head     *C.call_head
	chunks   []unsafe.Pointer
	free     unsafe.Pointer // what is left of the newest chunk
	left     uintptr
	block    *C.mgeo_progress // that shows how far the call is: its own, or of what it changes
	watchers []*Progress
	long     bool  // the call reads its progress block
	problem  error // the first option that C cannot hold
	lives    [2]*lifetime
}

const (
	alignment = 16
	someBytes = 2048 // for options and reports
)

// newCall makes a call that has room for `bytes` in its first chunk. It may fail for want of memory.
func newCall(ctx context.Context, bytes uintptr, lives ...*lifetime) (*call, error) {
	c := &call{ctx: ctx}
	if err := ctx.Err(); err != nil {
		return nil, cancelledError(err)
	}
	if !c.grow(bytes + C.sizeof_call_head + alignment) {
		return nil, &Error{Status: ErrMemory, Message: "out of memory for the texts of a call"}
	}
	c.head = (*C.call_head)(c.alloc(C.sizeof_call_head))
	c.block = &c.head.progress
	return c, nil
}

// beginOn makes a call on a thing that may be closed meanwhile.
func beginOn(ctx context.Context, life *lifetime, what string, bytes uintptr) (*call, error) {
	if !life.enter() {
		return nil, closedError(what)
	}
	call, err := newCall(ctx, bytes)
	if err != nil {
		life.leave()
		return nil, err
	}
	call.lives[0] = life
	return call, nil
}

// grow begins a chunk, all zero.
func (c *call) grow(bytes uintptr) bool {
	chunk := C.calloc(1, C.size_t(bytes))
	if chunk == nil {
		return false
	}
	c.chunks = append(c.chunks, chunk)
	c.free, c.left = chunk, bytes
	return true
}

// alloc answers zeroed memory that lives until the call ends.
func (c *call) alloc(bytes uintptr) unsafe.Pointer {
	bytes = (bytes + alignment - 1) / alignment * alignment
	if bytes > c.left {
		size := bytes
		if size < someBytes {
			size = someBytes
		}
		if !c.grow(size) {
			panic("mgeo: out of memory")
		}
	}
	memory := c.free
	c.free, c.left = unsafe.Add(c.free, bytes), c.left-bytes
	return memory
}

// unwatch ends what shows how far the call is.
func (c *call) unwatch() {
	for _, watcher := range c.watchers {
		watcher.detach(c.block)
	}
	c.watchers = nil
}

// end frees the arena and lets go of what the call used.
func (c *call) end() {
	c.unwatch()
	for _, chunk := range c.chunks {
		C.free(chunk)
	}
	for _, life := range c.lives {
		if life != nil {
			life.leave()
		}
	}
}

// do runs f, which calls the library with c.error(), and turns what it answers into an error.
func (c *call) do(f func() C.mgeo_status) error {
	if c.problem != nil {
		return c.problem
	}
	stop := c.cancelWhenDone()
	status := f()
	stop()
	return c.failure(status)
}

// cancelWhenDone cancels a long call once its context is done. What it answers ends that, and returns when no
// goroutine is left that could touch the block.
func (c *call) cancelWhenDone() (stop func()) {
	done := c.ctx.Done()
	if !c.long || done == nil {
		return func() {}
	}
	over, gone := make(chan struct{}), make(chan struct{})
	progress := c.block
	go func() {
		defer close(gone)
		select {
		case <-done:
			C.mgeo_progress_cancel(progress)
		case <-over:
		}
	}()
	return func() {
		close(over)
		<-gone
	}
}

func (c *call) error() *C.mgeo_error { return &c.head.error }

func (c *call) failure(status C.mgeo_status) error {
	if status == C.MGEO_OK {
		return nil
	}
	failure := &Error{Status: Status(status), Message: C.GoString(&c.head.error.message[0])}
	if failure.Status == ErrCancelled {
		failure.cause = c.ctx.Err()
	}
	return failure
}

// ---- what options are made of

func cBool(value bool) C.uint32_t {
	if value {
		return 1
	}
	return 0
}

// text copies a text; an empty one is NULL.
func (c *call) text(name, text string) *C.char {
	if text == "" {
		return nil
	}
	if strings.IndexByte(text, 0) >= 0 && c.problem == nil {
		c.problem = argumentError(name + " holds a NUL byte")
	}
	memory := c.alloc(uintptr(len(text)) + 1)
	copy(unsafe.Slice((*byte)(memory), len(text)), text)
	return (*C.char)(memory)
}

// texts copies a list that is empty or has `count` entries.
func (c *call) texts(name string, texts []string, count int) **C.char {
	if len(texts) == 0 {
		return nil
	}
	if len(texts) != count && c.problem == nil {
		c.problem = argumentError(name + " has not as many entries as there are pairs")
	}
	list := (**C.char)(c.alloc(uintptr(len(texts)) * unsafe.Sizeof((*C.char)(nil))))
	for i, text := range texts {
		unsafe.Slice(list, len(texts))[i] = c.text(name, text)
	}
	return list
}

// watchedBy is the call's block, and shows it to progress, which may be nil.
func (c *call) watchedBy(progress *Progress) *C.mgeo_progress {
	c.long = true
	if progress != nil {
		progress.attach(c.block)
		c.watchers = append(c.watchers, progress)
	}
	return c.block
}

// list copies numbers; an empty list is NULL.
func (c *call) list(numbers []uint32) *C.uint32_t {
	if len(numbers) == 0 {
		return nil
	}
	memory := c.alloc(uintptr(len(numbers)) * C.sizeof_uint32_t)
	copy(unsafe.Slice((*uint32)(memory), len(numbers)), numbers)
	return (*C.uint32_t)(memory)
}

// pairBytes is the room that pairs need.
func pairBytes(pairs []Pair) uintptr {
	bytes := uintptr(len(pairs)) * C.sizeof_mgeo_pair
	for i := range pairs {
		bytes += uintptr(len(pairs[i].A)) + uintptr(len(pairs[i].B))
	}
	return bytes
}

// pairs copies pairs: first the structs, then all texts.
func (c *call) pairs(pairs []Pair) (*C.mgeo_pair, C.size_t) {
	bytes := pairBytes(pairs)
	memory := c.alloc(bytes)
	rows := unsafe.Slice((*C.mgeo_pair)(memory), len(pairs))
	texts := unsafe.Slice((*byte)(memory), bytes)[uintptr(len(pairs))*C.sizeof_mgeo_pair:]
	for i := range pairs {
		rows[i].a, rows[i].a_len, texts = put(texts, pairs[i].A)
		rows[i].b, rows[i].b_len, texts = put(texts, pairs[i].B)
	}
	return (*C.mgeo_pair)(memory), C.size_t(len(pairs))
}

// nothing is where empty texts begin.
var nothing = (*C.char)(C.calloc(1, 1))

// put copies a text to the beginning of the room, and answers the room behind it.
func put(room []byte, text string) (*C.char, C.size_t, []byte) {
	if text == "" {
		return nothing, 0, room
	}
	copy(room, text)
	return (*C.char)(unsafe.Pointer(&room[0])), C.size_t(len(text)), room[len(text):]
}

// at is entry i of an array of C's.
func at(first *C.mgeo_shift, i int) *C.mgeo_shift {
	return (*C.mgeo_shift)(unsafe.Add(unsafe.Pointer(first), uintptr(i)*C.sizeof_mgeo_shift))
}
