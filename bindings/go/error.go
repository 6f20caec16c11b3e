// SPDX-License-Identifier: Apache-2.0

package mgeo

// Errors: a status and one line.

import (
	"errors"
	"strings"
)

// ErrClosed is what errors.Is finds in the answer of a call on a closed engine, job or index.
var ErrClosed = errors.New("mgeo: closed")

// Error is why a call failed.
type Error struct {
	Status  Status
	Message string // one line: what went wrong, where, and what to do
	cause   error
}

func (e *Error) Error() string { return "mgeo: " + e.Message }

// Is makes errors.Is(err, ErrBusy) work.
func (e *Error) Is(target error) bool {
	status, ok := target.(Status)
	return ok && status == e.Status
}

// Unwrap is the context's error after a cancellation, ErrClosed after a call that came too late, else nil.
func (e *Error) Unwrap() error { return e.cause }

func closedError(what string) error {
	return &Error{Status: ErrArgument, Message: "the " + what + " is closed", cause: ErrClosed}
}

func cancelledError(err error) error {
	return &Error{Status: ErrCancelled, Message: "cancelled before it began: " + err.Error(), cause: err}
}

func argumentError(message string) error { return &Error{Status: ErrArgument, Message: message} }

// flagNames joins the names of the bits that are set.
func flagNames(flags uint32, name func(uint32) string) string {
	var names []string
	for bit := uint32(1); bit != 0; bit <<= 1 {
		if flags&bit != 0 {
			names = append(names, name(bit))
		}
	}
	return strings.Join(names, ",")
}
