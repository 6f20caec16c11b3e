/* SPDX-License-Identifier: Apache-2.0 */
/* The processors that this process may use, and a token by which a fork is noticed. */
#define _GNU_SOURCE
#include "core/process.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

/* ---- processors ------------------------------------------------------------------------------ */

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

/* ---- forks ----------------------------------------------------------------------------------- */

static atomic_uint_fast64_t forks;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void count_fork(void) { atomic_fetch_add(&forks, 1); }

static void watch_forks(void) { pthread_atfork(NULL, NULL, count_fork); }

uint64_t mgi_process_token(void) {
    pthread_once(&fork_once, watch_forks);
    return atomic_load_explicit(&forks, memory_order_relaxed);
}
