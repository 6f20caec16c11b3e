/* SPDX-License-Identifier: Apache-2.0 */
/* Threads, processors and clocks: the little that pthreads leaves to do. */
#ifndef MGI_CORE_THREAD_H
#define MGI_CORE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Seconds on a clock that only goes forward. */
double mgi_clock_now(void);

/* Processors that this process may use (affinity and cgroup quota), at least 1. */
unsigned mgi_process_cpus(void);

/* Lowers the calling thread's priority so that it computes only with what scoring leaves. For the
 * library's own short-lived threads; it cannot be undone without privileges. */
void mgi_thread_lower_priority(void);

/* As pthread_create, for the library's own threads: all signals are blocked in it, since they are
 * the host's business. Returns 0 or an error's number. */
int mgi_thread_start(pthread_t *thread, void *(*body)(void *), void *argument);

/* Names the calling thread for debuggers and top; at most 15 bytes. */
void mgi_thread_name(const char *name);

/* A number that changes in every forked child: compare with the one taken at creation. The first
 * call must be made before the fork. */
uint64_t mgi_process_token(void);

#endif
