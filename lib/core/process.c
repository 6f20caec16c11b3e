/* SPDX-License-Identifier: Apache-2.0 */
/* The processors that this process may use, and a token by which a fork is noticed. */
#define _GNU_SOURCE
#include "core/process.h"

#include "core/host/cgroup.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

/* ---- processors ------------------------------------------------------------------------------ */

/* What quotas of control groups come to: the least of them, in processors. */
static void take_least(unsigned *least, uint64_t quota, uint64_t period) {
    if (quota == 0 || period == 0) return;
    uint64_t processors = quota / period + (quota % period != 0);
    if (processors < *least) *least = (unsigned)processors;
}

/* "max 100000" or "150000 100000" in version 2. */
static void take_quota_v2(unsigned *least, const char *folder) {
    char path[MGI_CGROUP_PATH + 64];
    uint64_t quota, period;
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    FILE *file = fopen(path, "re");
    if (file == NULL) return;
    if (fscanf(file, "%" SCNu64 " %" SCNu64, &quota, &period) == 2) {
        take_least(least, quota, period);
    }
    fclose(file);
}

static void take_quota(void *context, const char *folder, bool unified) {
    uint64_t quota, period;
    if (unified) {
        take_quota_v2(context, folder);
    } else if (mgi_cgroup_number(folder, "cpu.cfs_quota_us", &quota) &&
               mgi_cgroup_number(folder, "cpu.cfs_period_us", &period)) {
        take_least(context, quota, period);
    }
}

unsigned mgi_process_cpus_under(const char *root) {
    cpu_set_t set;
    long count = 0;
    if (sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
    if (count < 1) count = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned processors = count < 1 ? 1 : (unsigned)count;
    mgi_cgroup_walk(root, "cpu", take_quota, &processors);
    return processors;
}

unsigned mgi_process_cpus(void) { return mgi_process_cpus_under(""); }

/* ---- forks ----------------------------------------------------------------------------------- */

static atomic_uint_fast64_t forks;
static atomic_bool watching;

static void count_fork(void) { atomic_fetch_add(&forks, 1); }

/* Two threads, or a parent and its child, may both come to register the handler. Then a fork counts
 * twice, which is as good. Nothing is waited for: a fork may come at any moment. */
static bool watch_forks(void) {
    if (atomic_load_explicit(&watching, memory_order_acquire)) return true;
    if (pthread_atfork(NULL, NULL, count_fork) != 0) return false;
    atomic_store_explicit(&watching, true, memory_order_release);
    return true;
}

uint64_t mgi_process_token(void) {
    if (!watch_forks()) return 0;
    return atomic_load_explicit(&forks, memory_order_relaxed) + 1;
}
