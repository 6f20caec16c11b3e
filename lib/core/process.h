/* SPDX-License-Identifier: Apache-2.0 */
/* What this process may use, and whether it is still the one that it was. */
#ifndef MGI_CORE_PROCESS_H
#define MGI_CORE_PROCESS_H

#include <stdint.h>

/* Processors that this process may use (affinity and cgroup quota), at least 1. */
unsigned mgi_process_cpus(void);

/* A number that changes in every forked child: compare with the one taken at creation. The first
 * call must be made before the fork. */
uint64_t mgi_process_token(void);

#endif
