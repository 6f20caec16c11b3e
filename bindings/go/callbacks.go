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
	// A panic must not unwind through the library, which holds locks here.
	defer func() { _ = recover() }()
	cgo.Handle(handle).Value().(func(LogLevel, string))(LogLevel(level), C.GoString(line))
}

//export mgeoGoStreamReleased
func mgeoGoStreamReleased(handle C.uintptr_t) {
	engine := cgo.Handle(handle).Value().(*Engine)
	cgo.Handle(handle).Delete()
	engine.life.leave()
}
