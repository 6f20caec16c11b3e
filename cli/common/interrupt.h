/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT and SIGTERM: stop the calls in flight, wake the readers, leave no half-written file. */
#ifndef CLI_COMMON_INTERRUPT_H
#define CLI_COMMON_INTERRUPT_H

#include <mgeo.h>
#include <stdbool.h>

enum { INTERRUPT_LOADING, INTERRUPT_SCORING, INTERRUPT_CALLS = 8 };

/* Installs the handlers and ignores SIGPIPE. The first signal asks everything to stop; a second one
 * removes the guarded files and exits with 130 at once. */
bool interrupt_install(void);

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
