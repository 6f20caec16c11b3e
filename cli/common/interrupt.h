/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: SIGINT, SIGTERM and SIGHUP stop the calls in flight and wake the readers; none that can
 * be caught leaves a half-written file. */
#ifndef CLI_COMMON_INTERRUPT_H
#define CLI_COMMON_INTERRUPT_H

#include <mgeo.h>
#include <stdbool.h>

enum { INTERRUPT_LOADING, INTERRUPT_SCORING, INTERRUPT_CALLS = 8 };

/* Installs the handlers. SIGINT, SIGTERM and SIGHUP: the first asks everything to stop; a second
 * one removes the guarded files and exits with 130 at once. Other signals that end a program remove
 * the guarded files and end it all the same. What the caller has set to be ignored stays so, as
 * nohup wants it. SIGPIPE and SIGXFSZ are ignored: the write that they tell of fails. */
bool interrupt_install(void);

/* Ends the program by SIGPIPE, as other programs end whose reader has gone; but not where the
 * caller has set that signal to be ignored. */
bool interrupt_broken_pipe_ends(void);
void interrupt_end_by_broken_pipe(void);

/* Keeps signals away from the calling thread, so that they reach the main thread and end its waits.
 */
void interrupt_leave_to_main(void);

/* Signals wait in between: what is made there is guarded before one can come. */
void interrupt_hold(void);
void interrupt_let_go(void);

/* Whether a signal has come. */
bool interrupt_received(void);

/* Stops the calls and the readers as a signal does, without one: the program is ending. */
void interrupt_stop(void);

/* Whether a signal has come or interrupt_stop was called. */
bool interrupt_stopping(void);

/* Becomes readable once interrupt_stopping is true, for poll(). */
int interrupt_descriptor(void);

/* A zeroed progress block for one call into libmgeo, cancelled by a signal or interrupt_stop.
 * `call` is INTERRUPT_LOADING, or INTERRUPT_SCORING plus the number of the scoring thread. */
mgeo_progress *interrupt_progress(unsigned call);

/* Names a file to be removed if the program has to leave at once. Main thread; returns a ticket. */
int interrupt_guard(const char *path);
void interrupt_unguard(int ticket);
void interrupt_remove_guarded(void); /* async-signal-safe */

#endif
