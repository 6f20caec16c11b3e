// SPDX-License-Identifier: Apache-2.0

package mgeo

/*
#include <stdint.h>
*/
import "C"

// The library's log, as a function of Go's.

import (
	"runtime/cgo"
)

//export mgeoGoLog
func mgeoGoLog(handle C.uintptr_t, level C.int32_t, line *C.char) {
	// A panic must not unwind through the library, which holds locks here.
	defer func() { _ = recover() }()
	cgo.Handle(handle).Value().(func(LogLevel, string))(LogLevel(level), C.GoString(line))
}
