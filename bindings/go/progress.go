// SPDX-License-Identifier: Apache-2.0

package mgeo

/*
#include <mgeo.h>
*/
import "C"

// How far long calls have come.

import "sync"

// Progress shows how far a call is that it was given to, from any goroutine. The zero value is ready, and may be given
// to one call after another; of two at once it shows one.
type Progress struct {
	mu          sync.Mutex
	block       *C.mgeo_progress // nil while no call runs
	stage       Stage
	done, total uint64
}

// Read answers the stage of the call that runs or ran last, and how much of that stage is done.
func (p *Progress) Read() (stage Stage, done, total uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look()
	return p.stage, p.done, p.total
}

func (p *Progress) look() {
	if p.block == nil {
		return
	}
	var stage C.int32_t
	var done, total C.uint64_t
	C.mgeo_progress_read(p.block, &stage, &done, &total)
	p.stage, p.done, p.total = Stage(stage), uint64(done), uint64(total)
}

func (p *Progress) attach(block *C.mgeo_progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.block = block
}

// detach forgets a call's block, if no other call has come meanwhile.
func (p *Progress) detach(block *C.mgeo_progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.block == block {
		p.look()
		p.block = nil
	}
}
