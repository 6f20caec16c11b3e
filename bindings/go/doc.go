// SPDX-License-Identifier: Apache-2.0

// Package mgeo scores whether two Chinese addresses name the same place, with a model that can be replaced while
// calls run. It calls libmgeo, which pkg-config must find.
//
// An Engine has two slots for models, one of them live. Load fills them, Score and its like ask the live one, Swap and
// RollBack say which one that is. All methods may be called from any goroutine; a call holds a thread of the system
// until it returns, and a context that is done ends it where it may take long.
//
// An Index finds which addresses to compare, and Cluster holds together what scored well; neither needs an engine.
//
// Errors are of type *Error. errors.Is compares them with a Status (ErrBusy, ErrRefused …), with ErrClosed, and, after
// a cancellation, with the context's own error.
//
// Options whose members are zero mean the defaults; an empty text is one that is not given. Words and rules are those
// of mgeo.h.
package mgeo
