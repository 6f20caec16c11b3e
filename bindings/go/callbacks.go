// SPDX-License-Identifier: Apache-2.0

package mgeo

/*
#include <stdint.h>
*/
import "C"

// What C calls: the library's log, and the end of a stream.

import "runtime/cgo"

//export mgeoGoLog
func mgeoGoLog(handle C.uintptr_t, level C.int32_t, line *C.char) {
	log, text := cgo.Handle(handle).Value().(func(LogLevel, string)), C.GoString(line)
	// Neither a panic nor a Goexit, as t.FailNow does, may unwind through the library, which holds locks here.
	told := make(chan struct{})
	go func() {
		defer close(told)
		defer func() { _ = recover() }()
		log(LogLevel(level), text)
	}()
	<-told
}

//export mgeoGoStreamReleased
func mgeoGoStreamReleased(handle C.uintptr_t) {
	engine := cgo.Handle(handle).Value().(*Engine)
	cgo.Handle(handle).Delete()
	engine.life.leave()
}
