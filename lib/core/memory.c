/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory this process may still take. */
#include "core/memory.h"

#include "core/host/cgroup.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static atomic_uint_fast64_t pretended_available;

static uint64_t saturating_subtract(uint64_t from, uint64_t what) {
    return from > what ? from - what : 0;
}

static uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* ---- the machine ----------------------------------------------------------------------------- */

/* The kernel counts pages of mapped files as available. This process needs those that it has
 * mapped.
 */
static uint64_t machine_available(const char *root) {
    char path[MGI_CGROUP_PATH];
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    uint64_t available = mgi_cgroup_number_beside(path, "MemAvailable");
    if (available == 0) return MGI_MEMORY_UNLIMITED;
    snprintf(path, sizeof path, "%s/proc/self/status", root);
    return saturating_subtract(available, mgi_cgroup_number_beside(path, "RssFile")) * 1024;
}

/* ---- the process's own limits ---------------------------------------------------------------- */

/* What a limit of setrlimit leaves of what the process has, a figure of /proc/self/status. */
static uint64_t limit_available(const char *root, const char *limit, const char *used) {
    char path[MGI_CGROUP_PATH];
    snprintf(path, sizeof path, "%s/proc/self/limits", root);
    uint64_t most = mgi_cgroup_number_beside(path, limit); /* none beside "unlimited" */
    if (most == 0) return MGI_MEMORY_UNLIMITED;
    snprintf(path, sizeof path, "%s/proc/self/status", root);
    return saturating_subtract(most, mgi_cgroup_number_beside(path, used) * 1024);
}

static uint64_t limits_available(const char *root) {
    return min_u64(limit_available(root, "Max address space", "VmSize"),
                   limit_available(root, "Max data size", "VmData"));
}

/* ---- control groups -------------------------------------------------------------------------- */

typedef struct group_files {
    const char *limit, *used, *active, *inactive, *mapped;
} group_files;

static const group_files cgroup_v1 = {"memory.limit_in_bytes", "memory.usage_in_bytes",
                                      "total_active_file", "total_inactive_file",
                                      "total_mapped_file"};
static const group_files cgroup_v2 = {"memory.max", "memory.current", "active_file",
                                      "inactive_file", "file_mapped"};

/* What the limit of one group leaves. */
static void take_group(void *context, const char *folder, bool unified) {
    const group_files *files = unified ? &cgroup_v2 : &cgroup_v1;
    uint64_t *available = context;
    uint64_t limit, used;
    if (!mgi_cgroup_number(folder, files->limit, &limit)) return;
    if (!mgi_cgroup_number(folder, files->used, &used)) return;
    char path[MGI_CGROUP_PATH + 64];
    snprintf(path, sizeof path, "%s/memory.stat", folder);
    uint64_t cached = mgi_cgroup_number_beside(path, files->active) +
                      mgi_cgroup_number_beside(path, files->inactive);
    uint64_t spare = saturating_subtract(cached, mgi_cgroup_number_beside(path, files->mapped));
    *available = min_u64(*available, saturating_subtract(limit, saturating_subtract(used, spare)));
}

uint64_t mgi_memory_available_under(const char *root) {
    uint64_t available = min_u64(machine_available(root), limits_available(root));
    mgi_cgroup_walk(root, "memory", take_group, &available);
    return available;
}

uint64_t mgi_memory_available(void) {
    uint64_t pretended = atomic_load(&pretended_available);
    return pretended != 0 ? pretended : mgi_memory_available_under("");
}

void mgi_memory_pretend(uint64_t bytes) { atomic_store(&pretended_available, bytes); }
