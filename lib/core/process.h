/* SPDX-License-Identifier: Apache-2.0 */
/* The processors that this process may use, and a token by which a fork is noticed. */
#ifndef MGI_CORE_PROCESS_H
#define MGI_CORE_PROCESS_H

#include <stdint.h>

/* Processors that this process may use (affinity and cgroup quota), at least 1. */
unsigned mgi_process_cpus(void);

/* A number that changes in every forked child: compare it with the one taken at creation. The first
 * call must be made before the fork. */
uint64_t mgi_process_token(void);

#endif
