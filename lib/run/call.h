/* SPDX-License-Identifier: Apache-2.0 */
/* Calls in flight: each has its state here, which is reused and not freed between calls.
 *
 * The runner's mutex is held in all of these, but for mgi_call_free_idle. */
#ifndef MGI_RUN_CALL_H
#define MGI_RUN_CALL_H

#include "run/state.h"

/* An idle call or a new one; NULL when out of memory. The mutex is released while memory is
 * allocated. */
mgi_call *mgi_call_begin(mgi_runner *runner, mgeo_scores *scores);

/* Makes the call idle. */
void mgi_call_end(mgi_runner *runner, mgi_call *call);

/* Has it failed, or was it cancelled? */
bool mgi_call_is_over(const mgi_call *call);

/* Sleeps until the call's condition is signalled, or a moment if it may be cancelled. The mutex is
 * released meanwhile. */
void mgi_call_wait(mgi_runner *runner, mgi_call *call);

/* When the runner ends. */
void mgi_call_free_idle(mgi_runner *runner);

#endif
