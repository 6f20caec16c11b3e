/* SPDX-License-Identifier: Apache-2.0 */
/* Threads, processors and clocks: the little that pthreads leaves to do. */
#define _GNU_SOURCE
#include "core/thread.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The nicest there is: a sixtieth of a core that others want. The idle class would leave nothing,
 * and who waits for a lock of such a thread would wait for as long as the machine is busy. */
enum { NICE = 19, IO_WHO_PROCESS = 1, IO_IDLE = 3 << 13 };

double mgi_clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A container's share of the machine: "max 100000" or "150000 100000" in cgroup v2. */
static unsigned cgroup_processors(void) {
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (file == NULL) return 0;
    long quota = 0;
    long period = 0;
    int fields = fscanf(file, "%ld %ld", &quota, &period);
    fclose(file);
    if (fields != 2 || quota <= 0 || period <= 0) return 0;
    return (unsigned)((quota + period - 1) / period);
}

unsigned mgi_process_cpus(void) {
    cpu_set_t set;
    long count = 0;
    if (sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
    if (count < 1) count = sysconf(_SC_NPROCESSORS_ONLN);
    if (count < 1) count = 1;
    unsigned quota = cgroup_processors();
    return quota != 0 && quota < (unsigned)count ? quota : (unsigned)count;
}

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

static atomic_uint_fast64_t forks;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void count_fork(void) { atomic_fetch_add(&forks, 1); }

static void watch_forks(void) { pthread_atfork(NULL, NULL, count_fork); }

uint64_t mgi_process_token(void) {
    pthread_once(&fork_once, watch_forks);
    return atomic_load_explicit(&forks, memory_order_relaxed);
}
