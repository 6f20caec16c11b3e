/* SPDX-License-Identifier: Apache-2.0 */
/* The library's own threads: starting, naming, lowering their priority. */
#define _GNU_SOURCE
#include "core/thread.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The lowest priority of the normal class: about a sixtieth of a contended core. The idle class
 * might get no time at all, and a thread that waits for a lock held by such a thread would wait for
 * as long as the machine is busy. */
enum { NICE = 19, IO_WHO_PROCESS = 1, IO_IDLE = 3 << 13 };

void mgi_thread_lower_priority(void) {
    id_t thread = (id_t)syscall(SYS_gettid);
    if (getpriority(PRIO_PROCESS, thread) < NICE) {
        setpriority(PRIO_PROCESS, thread, NICE);
    }
    syscall(SYS_ioprio_set, IO_WHO_PROCESS, 0, IO_IDLE); /* where disks know priorities */
}

int mgi_thread_start(pthread_t *thread, void *(*body)(void *), void *argument) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, NULL, body, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

void mgi_thread_name(const char *name) {
    char cut[16];
    snprintf(cut, sizeof cut, "%s", name);
    pthread_setname_np(pthread_self(), cut);
}
