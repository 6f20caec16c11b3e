/* SPDX-License-Identifier: Apache-2.0 */
/* One stretch of memory for many arrays: a model's weights, or a lane's buffers. */
#ifndef MGI_BACKEND_CPU_ARENA_H
#define MGI_BACKEND_CPU_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory, in large pages where the system has them: products walk through all of it. */
typedef struct mgi_cpu_arena {
    void *memory;
    size_t bytes;
} mgi_cpu_arena;

/* False when out of memory; the arena is then empty. */
bool mgi_cpu_arena_open(mgi_cpu_arena *arena, size_t bytes);
void mgi_cpu_arena_close(mgi_cpu_arena *arena);

/* Deals out an arena's memory, array after array. Without memory it only counts, so that the walk
 * that says how much is needed is the one that then deals it out. */
typedef struct mgi_cpu_cursor {
    char *memory; /* NULL: only count */
    size_t used;
    bool overflow; /* more than size_t can say */
} mgi_cpu_cursor;

/* Memory for `count` items of `size` bytes, aligned to 64 bytes; NULL while counting. */
void *mgi_cpu_arena_take(mgi_cpu_cursor *cursor, size_t count, size_t size);

#endif
