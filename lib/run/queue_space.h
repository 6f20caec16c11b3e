/* SPDX-License-Identifier: Apache-2.0 */
/* Callers that wait for space in a full queue are served in the order they came.
 *
 * The runner's mutex is held in both functions. */
#ifndef MGI_RUN_QUEUE_SPACE_H
#define MGI_RUN_QUEUE_SPACE_H

#include "run/state.h"

/* Takes up to max_rows free rows, chained by source_next, as soon as there are any and the callers
 * before have had theirs; the mutex is released while it waits. NULL: the call is over. */
mgi_queue_row *mgi_queue_space_claim(mgi_runner *runner, mgi_call *call, uint32_t max_rows);

/* Wakes the first caller that waits, if rows are free. */
void mgi_queue_space_signal(mgi_runner *runner);

#endif
