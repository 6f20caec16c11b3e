/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory this process may still take. */
#include "core/memory.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PATH_CAPACITY = 4352 };

static atomic_uint_fast64_t pretended_available;

static uint64_t saturating_subtract(uint64_t from, uint64_t what) {
    return from > what ? from - what : 0;
}

static uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* ---- the kernel's files -----------------------------------------------------------------------
 */

/* The number beside a key at the start of a line; 0 if there is none. */
static uint64_t number_beside_key(const char *path, const char *key) {
    char line[256];
    uint64_t number = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL) return 0;
    size_t length = strlen(key);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, length) != 0 || strchr(": \t", line[length]) == NULL) continue;
        if (sscanf(line + length + 1, "%" SCNu64, &number) == 1) break;
    }
    fclose(file);
    return number;
}

/* The only number of a file; false where there is none, as in "max". */
static bool only_number(const char *folder, const char *name, uint64_t *number) {
    char path[PATH_CAPACITY + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (file == NULL) return false;
    bool found = fscanf(file, "%" SCNu64, number) == 1;
    fclose(file);
    return found;
}

/* ---- the machine ----------------------------------------------------------------------------- */

/* The kernel counts pages of mapped files as available. This process needs those that it has
 * mapped.
 */
static uint64_t machine_available(const char *root) {
    char path[PATH_CAPACITY];
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    uint64_t available = number_beside_key(path, "MemAvailable");
    if (available == 0) return MGI_MEMORY_UNLIMITED;
    snprintf(path, sizeof path, "%s/proc/self/status", root);
    return saturating_subtract(available, number_beside_key(path, "RssFile")) * 1024;
}

/* ---- control groups -------------------------------------------------------------------------- */

typedef struct group_files {
    const char *mount, *limit, *used, *active, *inactive, *mapped;
} group_files;

static const group_files cgroup_v1 = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                      "memory.usage_in_bytes", "total_active_file",
                                      "total_inactive_file",   "total_mapped_file"};
static const group_files cgroup_v2 = {"/sys/fs/cgroup", "memory.max",    "memory.current",
                                      "active_file",    "inactive_file", "file_mapped"};

/* What the limit of one group leaves. */
static uint64_t group_available(const char *folder, const group_files *files) {
    uint64_t limit, used;
    if (!only_number(folder, files->limit, &limit)) return MGI_MEMORY_UNLIMITED;
    if (!only_number(folder, files->used, &used)) return MGI_MEMORY_UNLIMITED;
    char path[PATH_CAPACITY + 64];
    snprintf(path, sizeof path, "%s/memory.stat", folder);
    uint64_t cached =
        number_beside_key(path, files->active) + number_beside_key(path, files->inactive);
    uint64_t spare = saturating_subtract(cached, number_beside_key(path, files->mapped));
    return saturating_subtract(limit, saturating_subtract(used, spare));
}

/* What the limits of a group and of those above it leave. Inside a container the path may be the
 * host's: then only the mount itself is there. */
static uint64_t hierarchy_available(const char *root, const char *group, const group_files *files) {
    char folder[PATH_CAPACITY];
    int mount = snprintf(folder, sizeof folder, "%s%s", root, files->mount);
    int whole = snprintf(folder, sizeof folder, "%s%s%s", root, files->mount, group);
    if (mount < 0 || whole < 0 || (size_t)whole >= sizeof folder) return MGI_MEMORY_UNLIMITED;
    uint64_t available = MGI_MEMORY_UNLIMITED;
    for (size_t end = (size_t)whole;;) {
        folder[end] = '\0';
        available = min_u64(available, group_available(folder, files));
        if (end <= (size_t)mount) return available;
        while (end > (size_t)mount && folder[--end] != '/') {
        }
    }
}

/* Lines as "4:memory:/group" and "0::/group". */
static uint64_t group_line(const char *root, char *line) {
    char *controllers = strchr(line, ':');
    char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
    if (group == NULL) return MGI_MEMORY_UNLIMITED;
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    controllers++;
    if (*controllers == '\0') return hierarchy_available(root, group, &cgroup_v2);
    char *rest = NULL;
    for (char *name = strtok_r(controllers, ",", &rest); name != NULL;
         name = strtok_r(NULL, ",", &rest)) {
        if (strcmp(name, "memory") == 0) return hierarchy_available(root, group, &cgroup_v1);
    }
    return MGI_MEMORY_UNLIMITED;
}

static uint64_t groups_available(const char *root) {
    char line[PATH_CAPACITY];
    snprintf(line, sizeof line, "%s/proc/self/cgroup", root);
    uint64_t available = MGI_MEMORY_UNLIMITED;
    FILE *file = fopen(line, "re");
    if (file == NULL) return available;
    while (fgets(line, sizeof line, file) != NULL) {
        available = min_u64(available, group_line(root, line));
    }
    fclose(file);
    return available;
}

uint64_t mgi_memory_available_under(const char *root) {
    return min_u64(machine_available(root), groups_available(root));
}

uint64_t mgi_memory_available(void) {
    uint64_t pretended = atomic_load(&pretended_available);
    return pretended != 0 ? pretended : mgi_memory_available_under("");
}

void mgi_memory_pretend(uint64_t bytes) { atomic_store(&pretended_available, bytes); }
