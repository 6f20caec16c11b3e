/* SPDX-License-Identifier: Apache-2.0 */
/* The processors that this process may use, and a token by which a fork is noticed. */
#ifndef MGI_CORE_PROCESS_H
#define MGI_CORE_PROCESS_H

#include <stdint.h>

/* Processors that this process may use, at least 1: by its affinity, and by the quotas of its
 * control groups (version 1 and 2, and those above them). */
unsigned mgi_process_cpus(void);

/* The same, with the quotas of the files under `root` instead of those under "/": for tests. */
unsigned mgi_process_cpus_under(const char *root);

/* A number that changes in every forked child: compare it with the one taken at creation. The first
 * call must be made before the fork. 0: out of memory, so that forks cannot be noticed. */
uint64_t mgi_process_token(void);

#endif
