// SPDX-License-Identifier: Apache-2.0

package mgeo

/*
#include <mgeo.h>
*/
import "C"

// Rolling out: two models compared, swapped, watched, and turned back.

import (
	"context"
	"unsafe"
)

// chars is a buffer of Go's, as C sees it.
func chars(buffer []byte) *C.char { return (*C.char)(unsafe.Pointer(&buffer[0])) }

// Compare scores pairs with both models and reports how the standby model differs, with its `worst` largest shifts.
func (e *Engine) Compare(ctx context.Context, options CompareOptions, worst int) (CompareReport, error) {
	call, err := e.begin(ctx, pairBytes(options.Pairs)+someBytes)
	if err != nil {
		return CompareReport{}, err
	}
	defer call.end()
	c := options.c(call)
	report := (*C.mgeo_compare_report)(call.alloc(C.sizeof_mgeo_compare_report))
	report.struct_size = C.sizeof_mgeo_compare_report
	if worst > len(options.Pairs) {
		worst = len(options.Pairs)
	}
	if worst > 0 {
		report.worst = (*C.mgeo_shift)(call.alloc(uintptr(worst) * C.sizeof_mgeo_shift))
		report.worst_capacity = C.size_t(worst)
	}
	err = call.do(func() C.mgeo_status { return C.mgeo_compare(e.raw, c, report, call.error()) })
	if err != nil {
		return CompareReport{}, err
	}
	return newCompareReport(report), nil
}

// Swap cuts traffic over to the standby model: at once, or once a gate has passed. ctx ends the gate's scoring. The
// receipt is also filled where the answer is ErrRefused.
func (e *Engine) Swap(ctx context.Context, options SwapOptions) (SwapReceipt, error) {
	bytes := uintptr(someBytes)
	if options.Gate != nil {
		bytes += pairBytes(options.Gate.Pairs)
	}
	call, err := e.begin(ctx, bytes)
	if err != nil {
		return SwapReceipt{}, err
	}
	defer call.end()
	c := options.c(call)
	receipt := C.mgeo_swap_receipt{struct_size: C.sizeof_mgeo_swap_receipt}
	err = call.do(func() C.mgeo_status { return C.mgeo_swap_model(e.raw, c, &receipt, call.error()) })
	return newSwapReceipt(&receipt), err
}

// RollBack cuts traffic back over to the model that was live before the last swap.
func (e *Engine) RollBack(options RollBackOptions) (SwapReceipt, error) {
	receipt := C.mgeo_swap_receipt{struct_size: C.sizeof_mgeo_swap_receipt}
	err := e.askWith(func(call *call) func() C.mgeo_status {
		c := options.c(call)
		return func() C.mgeo_status { return C.mgeo_roll_back(e.raw, c, &receipt, call.error()) }
	})
	return newSwapReceipt(&receipt), err
}

// askWith makes a short call with options: prepare copies them and answers the call itself.
func (e *Engine) askWith(prepare func(*call) func() C.mgeo_status) error {
	call, err := e.begin(context.Background(), someBytes)
	if err != nil {
		return err
	}
	defer call.end()
	return call.do(prepare(call))
}

// Watch reports the state of the last watch.
func (e *Engine) Watch() (WatchReport, error) {
	report := C.mgeo_watch_report{struct_size: C.sizeof_mgeo_watch_report}
	err := e.ask(func(call *call) C.mgeo_status { return C.mgeo_get_watch(e.raw, &report, call.error()) })
	return newWatchReport(&report), err
}

// SetCanary sets the share of calls, of ShareAll, that the standby model answers.
func (e *Engine) SetCanary(share uint32, options CanaryOptions) error {
	return e.askWith(func(call *call) func() C.mgeo_status {
		c := options.c(call)
		return func() C.mgeo_status { return C.mgeo_set_canary(e.raw, C.uint32_t(share), c, call.error()) }
	})
}

// SetShadow sets the share of live calls, of ShareAll, whose pairs are also scored by the standby model.
func (e *Engine) SetShadow(share uint32, options ShadowOptions) error {
	return e.askWith(func(call *call) func() C.mgeo_status {
		c := options.c(call)
		return func() C.mgeo_status { return C.mgeo_set_shadow(e.raw, C.uint32_t(share), c, call.error()) }
	})
}

// Shadow reports what the shadow calls have shown so far.
func (e *Engine) Shadow() (ShadowReport, error) {
	report := C.mgeo_shadow_report{struct_size: C.sizeof_mgeo_shadow_report}
	err := e.ask(func(call *call) C.mgeo_status { return C.mgeo_get_shadow(e.raw, &report, call.error()) })
	return newShadowReport(&report), err
}

// ShadowPair is the shadow's pair number `rank` (0: the largest shift) and its texts, each cut to 1,023 bytes.
func (e *Engine) ShadowPair(rank uint32) (Shift, Pair, error) {
	var shift C.mgeo_shift
	a, b := make([]byte, 1024), make([]byte, 1024)
	err := e.ask(func(call *call) C.mgeo_status {
		return C.mgeo_get_shadow_pair(e.raw, C.uint32_t(rank), &shift, chars(a), C.size_t(len(a)), chars(b),
			C.size_t(len(b)), call.error())
	})
	return newShift(&shift), Pair{C.GoString(chars(a)), C.GoString(chars(b))}, err
}
