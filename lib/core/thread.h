/* SPDX-License-Identifier: Apache-2.0 */
/* The library's own threads: starting, naming, lowering their priority. */
#ifndef MGI_CORE_THREAD_H
#define MGI_CORE_THREAD_H

#include <pthread.h>

/* Lowers the calling thread's priority so that it gets the processor time that scoring does not
 * use. Only in the library's own short-lived threads: raising it again needs privileges. */
void mgi_thread_lower_priority(void);

/* As pthread_create, for the library's own threads: all signals are blocked in it, since they are
 * the host's business, and its stack is of 1 MiB, however large the process's limit and however
 * many thread-local variables the host has. Returns 0 or an error's number. */
int mgi_thread_start(pthread_t *thread, void *(*body)(void *), void *argument);

/* Names the calling thread for debuggers and top; at most 15 bytes. */
void mgi_thread_name(const char *name);

#endif
