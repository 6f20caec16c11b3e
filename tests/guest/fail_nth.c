/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the nth request for memory or for a thread fail, whoever in the process makes it, and keeps
 * account of what is not given back. */
#define _GNU_SOURCE
#include "fail_nth.h"

#include "core/alloc.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_A_SANITIZERS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define MEMORY_IS_A_SANITIZERS
#endif
#endif

#ifdef MEMORY_IS_A_SANITIZERS

void fail_nth_begin(long nth, bool on) {
    if (on) {
        mgi_alloc_fail_from(nth);
    } else {
        mgi_alloc_fail_at(nth);
    }
}

long fail_nth_end(void) {
    long failures = mgi_alloc_failures();
    mgi_alloc_fail_at(0);
    return failures;
}

long fail_nth_count(void) { return mgi_alloc_count(); }

void fail_nth_watch(void) {}

size_t fail_nth_leaks(void) { return 0; }

#else

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's own, under the names by which it lets itself be replaced. */
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *block, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);
extern void __libc_free(void *block);

static atomic_long requests, failures, failing;
static atomic_bool failing_on;
static _Thread_local bool starting_a_thread;

static bool must_fail(void) {
    long nth = atomic_fetch_add(&requests, 1) + 1;
    long from = atomic_load(&failing);
    bool fails = from > 0 && (nth == from || (nth > from && atomic_load(&failing_on)));
    if (fails) atomic_fetch_add(&failures, 1);
    if (fails) errno = ENOMEM;
    return fails;
}

void fail_nth_begin(long nth, bool on) {
    atomic_store(&failing, 0);
    atomic_store(&requests, 0);
    atomic_store(&failures, 0);
    atomic_store(&failing_on, on);
    atomic_store(&failing, nth);
}

long fail_nth_end(void) {
    atomic_store(&failing, 0);
    return atomic_load(&failures);
}

long fail_nth_count(void) { return atomic_load(&requests); }

/* ---- what is held ---------------------------------------------------------------------------- */

enum { TABLE = 1 << 14, SHOWN = 5 };

typedef struct held_block {
    uintptr_t at; /* 0: nobody's; 1: was somebody's */
    size_t bytes;
    void *by;
    unsigned watch;
} held_block;

static held_block table[TABLE];
static atomic_flag table_lock = ATOMIC_FLAG_INIT;
static unsigned watch;

static void lock_table(void) {
    while (atomic_flag_test_and_set(&table_lock)) {
    }
}

static void unlock_table(void) { atomic_flag_clear(&table_lock); }

static size_t slot_of(uintptr_t at) { return (at >> 4) * UINT64_C(0x9E3779B97F4A7C15) % TABLE; }

static void *hold(void *block, size_t bytes, void *by) {
    if (block == NULL || starting_a_thread) return block;
    uintptr_t at = (uintptr_t)block;
    lock_table();
    size_t slot = slot_of(at);
    while (table[slot].at > 1) slot = (slot + 1) % TABLE;
    table[slot] = (held_block){.at = at, .bytes = bytes, .by = by, .watch = watch};
    unlock_table();
    return block;
}

/* What was held before the program came so far, or by pthread_create, is not in the table. */
static void let_go(void *block) {
    uintptr_t at = (uintptr_t)block;
    if (block == NULL) return;
    lock_table();
    size_t slot = slot_of(at);
    while (table[slot].at != 0 && table[slot].at != at) slot = (slot + 1) % TABLE;
    if (table[slot].at == at) table[slot].at = table[(slot + 1) % TABLE].at == 0 ? 0 : 1;
    unlock_table();
}

void fail_nth_watch(void) {
    lock_table();
    watch++;
    unlock_table();
}

size_t fail_nth_leaks(void) {
    held_block shown[SHOWN];
    size_t leaks = 0;
    lock_table();
    for (size_t i = 0; i < TABLE; i++) {
        if (table[i].at <= 1 || table[i].watch != watch) continue;
        if (leaks < SHOWN) shown[leaks] = table[i];
        leaks++;
    }
    unlock_table();
    for (size_t i = 0; i < leaks && i < SHOWN; i++) {
        fprintf(stderr, "not given back: %zu bytes, requested at %p (%p)\n", shown[i].bytes,
                shown[i].by, (void *)shown[i].at);
    }
    return leaks;
}

/* ---- in the place of glibc's ----------------------------------------------------------------- */

#define CALLER __builtin_return_address(0)

void *malloc(size_t bytes) {
    return must_fail() ? NULL : hold(__libc_malloc(bytes), bytes, CALLER);
}

void *calloc(size_t count, size_t bytes) {
    return must_fail() ? NULL : hold(__libc_calloc(count, bytes), count * bytes, CALLER);
}

void *realloc(void *block, size_t bytes) {
    if (must_fail()) return NULL;
    let_go(block);
    void *moved = __libc_realloc(block, bytes);
    hold(moved != NULL || bytes == 0 ? moved : block, bytes, CALLER);
    return moved;
}

void *memalign(size_t alignment, size_t bytes) {
    return must_fail() ? NULL : hold(__libc_memalign(alignment, bytes), bytes, CALLER);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
    return must_fail() ? NULL : hold(__libc_memalign(alignment, bytes), bytes, CALLER);
}

int posix_memalign(void **block, size_t alignment, size_t bytes) {
    if (must_fail()) return ENOMEM;
    *block = hold(__libc_memalign(alignment, bytes), bytes, CALLER);
    return *block == NULL ? ENOMEM : 0;
}

void free(void *block) {
    let_go(block);
    __libc_free(block);
}

void *mmap(void *at, size_t bytes, int protection, int flags, int file, off_t offset) {
    if (must_fail()) return MAP_FAILED;
    void *map = (void *)syscall(SYS_mmap, at, bytes, protection, flags, file, offset);
    if (map != MAP_FAILED && (flags & MAP_FIXED) == 0) hold(map, bytes, CALLER);
    return map;
}

int munmap(void *at, size_t bytes) {
    let_go(at);
    return (int)syscall(SYS_munmap, at, bytes);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *),
                   void *argument) {
    static _Atomic(int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *)) real;
    if (must_fail()) return EAGAIN;
    if (atomic_load(&real) == NULL) {
        void *found = dlsym(RTLD_NEXT, "pthread_create");
        int (*function)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
        memcpy(&function, &found, sizeof function);
        atomic_store(&real, function);
    }
    starting_a_thread = true;
    int failed = atomic_load(&real)(thread, attributes, body, argument);
    starting_a_thread = false;
    return failed;
}

#endif
