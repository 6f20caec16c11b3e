/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the processor for tiles, and the system for the permission to use them. */
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "backend/cpu/kernels/tiles.h"

#if defined(__x86_64__) && defined(__linux__)

#include "backend/cpu/kernels/x86.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool processor_has_them(void) {
    enum { FEATURES = 7, BF16 = 1 << 22, TILES = 1 << 24, INT8 = 1 << 25 };
    enum { SHAPES = 0x1d, PALETTE = 1, COUNT = 8, ROW_BYTES = 64, ROWS = 16 };
    mgk_x86_leaf r = mgk_x86_ask(FEATURES, 0);
    if ((r.d & BF16) == 0 || (r.d & TILES) == 0 || (r.d & INT8) == 0) return false;
    r = mgk_x86_ask(SHAPES, PALETTE);
    return r.b >> 16 >= COUNT && (r.b & 0xffff) >= ROW_BYTES && (r.c & 0xffff) >= ROWS;
}

/* Whether the system saves tiles when it switches threads. */
static bool system_keeps_them(void) {
    enum { CONFIG_AND_DATA = 3 << 17 };
    return mgk_x86_system_keeps(CONFIG_AND_DATA);
}

/* The numbers are the kernel's; older headers lack them. */
static bool system_permits_them(void) {
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
    int saved = errno;
    bool granted = syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
    errno = saved;
    return granted;
}

bool mgk_tiles_usable(void) {
    enum { UNKNOWN, NO, YES };
    static atomic_int answer; /* threads that ask at the same time hear the same */
    int known = atomic_load_explicit(&answer, memory_order_relaxed);
    if (known == UNKNOWN) {
        known = processor_has_them() && system_keeps_them() && system_permits_them() ? YES : NO;
        atomic_store_explicit(&answer, known, memory_order_relaxed);
    }
    return known == YES;
}

#else

bool mgk_tiles_usable(void) { return false; }

#endif
