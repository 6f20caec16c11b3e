/* SPDX-License-Identifier: Apache-2.0 */
/* The library's own threads: starting, naming, lowering their priority. */
#define _GNU_SOURCE
#include "core/thread.h"

#include <errno.h>
#include <link.h>
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

/* Our own code and its libraries need 64 KiB at most. The device modules' libraries are others':
 * OpenBLAS alone may put half a mebibyte on a thread's stack. */
enum { STACK_BYTES = 1 << 20 };

static int add_thread_locals(struct dl_phdr_info *object, size_t size, void *total) {
    (void)size;
    for (unsigned i = 0; i < object->dlpi_phnum; i++) {
        const size_t bytes = object->dlpi_phdr[i].p_memsz + object->dlpi_phdr[i].p_align;
        if (object->dlpi_phdr[i].p_type == PT_TLS) *(size_t *)total += bytes;
    }
    return 0;
}

/* glibc takes a thread's copy of the thread-local variables, the host's too, out of its stack: of
 * those libraries that were there when the program began. */
static size_t thread_locals;

/* When this code is loaded, and never later: in a child that was forked while another thread was in
 * there, the linker's lock stays taken for ever. */
static __attribute__((constructor)) void count_thread_locals(void) {
    size_t total = 0;
    dl_iterate_phdr(add_thread_locals, &total);
    thread_locals = total;
}

static size_t stack_bytes(void) {
    return STACK_BYTES + (thread_locals + 0xffff) / 0x10000 * 0x10000;
}

static int create_thread(pthread_t *thread, void *(*body)(void *), void *argument) {
    pthread_attr_t attributes;
    int failed = pthread_attr_init(&attributes);
    if (failed != 0) return failed;
    pthread_attr_setstacksize(&attributes, stack_bytes());
    failed = pthread_create(thread, &attributes, body, argument);
    pthread_attr_destroy(&attributes);
    /* Some hold the size to be too small after all; the default is not. */
    return failed == EINVAL ? pthread_create(thread, NULL, body, argument) : failed;
}

/* Those that a thread raises itself are not among them: blocked, they end the process without the
 * handler that the host may have. */
static void fill_with_others(sigset_t *signals) {
    sigfillset(signals);
    sigdelset(signals, SIGBUS);
    sigdelset(signals, SIGSEGV);
    sigdelset(signals, SIGFPE);
    sigdelset(signals, SIGILL);
}

int mgi_thread_start(pthread_t *thread, void *(*body)(void *), void *argument) {
    sigset_t all, before;
    fill_with_others(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = create_thread(thread, body, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

void mgi_thread_name(const char *name) {
    char cut[16];
    snprintf(cut, sizeof cut, "%s", name);
    pthread_setname_np(pthread_self(), cut);
}
