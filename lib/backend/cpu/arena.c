/* SPDX-License-Identifier: Apache-2.0 */
/* Takes large memory from the system, and deals it out. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, madvise */
#include "backend/cpu/arena.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Arrays begin on cache lines. Large pages are of 2 MiB on x86 and on most of aarch64; where they
 * are not, asking for them does no harm. */
enum { LINE = 64, LARGE_PAGE = 2 << 20 };

/* Cuts off what is before the first large page, and behind the last byte: a large page that is only
 * begun would take memory that no estimate knows of. */
static char *cut(char *memory, size_t bytes) {
    size_t before = -(uintptr_t)memory % LARGE_PAGE, behind = LARGE_PAGE - before;
    if (before != 0) munmap(memory, before);
    if (behind != 0) munmap(memory + before + bytes, behind);
    return memory + before;
}

bool mgi_cpu_arena_open(mgi_cpu_arena *arena, size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    *arena = (mgi_cpu_arena){NULL, 0};
    if (bytes == 0 || bytes > SIZE_MAX - page - LARGE_PAGE) return false;
    bytes = (bytes + page - 1) / page * page;
    size_t extra = bytes >= LARGE_PAGE ? LARGE_PAGE : 0; /* so that it can begin on a large page */
    char *memory =
        mmap(NULL, bytes + extra, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    if (extra != 0) memory = cut(memory, bytes);
    if (extra != 0) madvise(memory, bytes / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
    *arena = (mgi_cpu_arena){memory, bytes};
    return true;
}

void mgi_cpu_arena_close(mgi_cpu_arena *arena) {
    if (arena->memory != NULL) munmap(arena->memory, arena->bytes);
    *arena = (mgi_cpu_arena){NULL, 0};
}

void *mgi_cpu_arena_take(mgi_cpu_cursor *cursor, size_t count, size_t size) {
    size_t bytes, at = cursor->used;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - LINE - at) {
        cursor->overflow = true;
        return NULL;
    }
    cursor->used = (at + bytes + LINE - 1) / LINE * LINE;
    return cursor->memory != NULL ? cursor->memory + at : NULL;
}
