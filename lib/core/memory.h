/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory this process may still take. */
#ifndef MGI_CORE_MEMORY_H
#define MGI_CORE_MEMORY_H

#include <stdint.h>

/* The answer where the system states no limit. */
#define MGI_MEMORY_UNLIMITED UINT64_MAX

/* Bytes that are free for this process: the machine's, or what its control groups (version 1 and 2,
 * and those above them) or its own limits of address space and data (setrlimit) leave, whichever
 * is least. Cached pages of files that no process has
 * mapped count as free, because the kernel can drop them; mapped ones, such as a live model's
 * weights, do not. */
uint64_t mgi_memory_available(void);

/* The same, of the files under `root` instead of those under "/": for tests. */
uint64_t mgi_memory_available_under(const char *root);

/* Tests: what mgi_memory_available answers from now on; 0: the truth. */
void mgi_memory_pretend(uint64_t bytes);

#endif
