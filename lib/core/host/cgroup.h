/* SPDX-License-Identifier: Apache-2.0 */
/* The control groups that this process is in, version 1 and 2, and the numbers in their files. */
#ifndef MGI_CORE_HOST_CGROUP_H
#define MGI_CORE_HOST_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

enum { MGI_CGROUP_PATH = 4352 };

/* One group's folder; `unified`: of version 2, whose files have other names. */
typedef void (*mgi_cgroup_visit)(void *context, const char *folder, bool unified);

/* Visits the process's own group and all above it, of the hierarchies that have this controller
 * ("memory"). Inside a container the paths may be the host's: then only the mounts are there.
 * `root` stands before every path: "" or, in tests, a folder. */
void mgi_cgroup_walk(const char *root, const char *controller, mgi_cgroup_visit visit,
                     void *context);

/* The first number in folder/name; false where there is none, as in "max" and "-1". */
bool mgi_cgroup_number(const char *folder, const char *name, uint64_t *number);

/* The number beside a key at the start of a line of a file; 0 if there is none. */
uint64_t mgi_cgroup_number_beside(const char *path, const char *key);

#endif
