/* SPDX-License-Identifier: Apache-2.0 */
/* Whether this process may use the processor's tiles (AMX).
 *
 * Linux gives them to a process that asks; threads and forked children inherit the permission. From
 * then on an alternate signal stack must have room for the tiles, about 11 KiB in all: the request
 * is refused while a thread has a smaller one, and then there are no tiles. A signal frame grows
 * only on threads that have used them. */
#ifndef MGI_BACKEND_CPU_KERNELS_TILES_H
#define MGI_BACKEND_CPU_KERNELS_TILES_H

#include <stdbool.h>

/* Asks once in a process's life, and only if the processor has tiles for int8 and bf16. From any
 * thread; errno stays as it is. */
bool mgk_tiles_usable(void);

#endif
