/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation for a program that has nothing better to do than stop when memory is out. */
#ifndef CLI_COMMON_MEMORY_H
#define CLI_COMMON_MEMORY_H

#include <stddef.h>

/* Never NULL: on failure the unfinished output files are removed and the program exits with 2. */
void *memory_resize(void *block, size_t count, size_t size);
void *memory_zeroed(size_t count, size_t size);
char *memory_copy(const char *text, size_t length); /* NUL-terminated */

#endif
