/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory this process may still take. */
#ifndef MGI_CORE_MEMORY_H
#define MGI_CORE_MEMORY_H

#include <stdint.h>

/* What nobody tells is taken for endless. */
#define MGI_MEMORY_UNLIMITED UINT64_MAX

/* Bytes that are free for this process: the machine's, or what its control groups (version 1 and 2,
 * with all that they are in) leave, whichever is less. Pages of files that are mapped by nobody
 * count as free, because the kernel gives them up; mapped ones, such as a live model's weights, do
 * not. */
uint64_t mgi_memory_available(void);

/* The same, of the files under `root` instead of those under "/": for tests. */
uint64_t mgi_memory_available_under(const char *root);

/* Tests: what mgi_memory_available answers from now on; 0: the truth. */
void mgi_memory_pretend(uint64_t bytes);

#endif
