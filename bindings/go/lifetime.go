// SPDX-License-Identifier: Apache-2.0

package mgeo

// What keeps the library's memory from being freed while calls use it.

import "sync"

// A lifetime counts the calls that use a thing, until it is closed.
type lifetime struct {
	mu     sync.Mutex
	calls  int
	closed bool
	idle   chan struct{} // closed once it is closed and no call is left
}

func newLifetime() lifetime { return lifetime{idle: make(chan struct{})} }

// enter begins a call, unless the thing is closed.
func (l *lifetime) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.calls++
	return true
}

func (l *lifetime) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls--
	if l.closed && l.calls == 0 {
		close(l.idle)
	}
}

// close refuses calls from now on and waits for those that run. Only the first close answers true.
func (l *lifetime) close() bool {
	l.mu.Lock()
	first := !l.closed
	l.closed = true
	if first && l.calls == 0 {
		close(l.idle)
	}
	l.mu.Unlock()
	<-l.idle
	return first
}
