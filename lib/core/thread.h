/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of the library's own: started, named, and made to give way. */
#ifndef MGI_CORE_THREAD_H
#define MGI_CORE_THREAD_H

#include <pthread.h>

/* Lowers the calling thread's priority so that it computes only with what scoring leaves. For the
 * library's own short-lived threads; it cannot be undone without privileges. */
void mgi_thread_lower_priority(void);

/* As pthread_create, for the library's own threads: all signals are blocked in it, since they are
 * the host's business. Returns 0 or an error's number. */
int mgi_thread_start(pthread_t *thread, void *(*body)(void *), void *argument);

/* Names the calling thread for debuggers and top; at most 15 bytes. */
void mgi_thread_name(const char *name);

#endif
