/* SPDX-License-Identifier: Apache-2.0 */
/* One piece of work on several threads that end with the call. */
#ifndef MGI_MATCH_INDEX_PARALLEL_H
#define MGI_MATCH_INDEX_PARALLEL_H

#include <stdint.h>

/* Calls body(argument, worker) on up to `threads` threads, the caller's among them as worker 0, and
 * waits for all. The workers share the work by what `argument` holds, since fewer may come: a
 * thread that cannot be started is no error. */
void mgi_parallel_run(uint32_t threads, void (*body)(void *argument, uint32_t worker),
                      void *argument);

#endif
