/* SPDX-License-Identifier: Apache-2.0 */
/* A batch that is alone is computed by several threads: its own, and helpers of the thread pool.
 *
 * A batch goes through some seventy phases of 50 to 400 microseconds, so a phase must cost next to
 * nothing. The batch's thread writes down what is to be done, then stores the number of parts in
 * `open`. Whoever lowers that number by a compare-and-swap has taken a part. A thread that swaps
 * late, when the phase or the batch is over, finds another value there and gets nothing; or the
 * same value of a later phase, and then it has a part of that one. Only who holds a part reads
 * `work` and `context`, and they do not change before all parts are done.
 *
 * No phase needs a helper: the batch's thread takes parts until none is left. It then waits for
 * those that are in others' hands.
 *
 * Between phases helpers spin for moments, and then go back to the pool, where they sleep; the next
 * phase calls them again. They also go when the pool has a task for them. */
#define _GNU_SOURCE
#include "run/lent_team.h"

#include "core/clock.h"

#include <stddef.h>

/* ---- spinning -------------------------------------------------------------------------------- */

/* A thread that sleeps is back after about as long, so this at most doubles the wait; where other
 * processes want the core, they lose no more than this. */
static const double spin_seconds = 100e-6;

enum { PAUSES = 32 }; /* between two looks at the clock */

typedef struct spin {
    unsigned turns;
    double until;
} spin;

static void pause_processor(void) {
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("isb" ::: "memory");
#endif
}

/* false: long enough. All zero to begin with. */
static bool spin_on(spin *s) {
    pause_processor();
    if (++s->turns % PAUSES != 0) return true;
    const double now = mgi_clock_now();
    if (s->until == 0) s->until = now + spin_seconds;
    return now < s->until;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static uint32_t batch_of(uint64_t open) { return (uint32_t)(open >> 32); }
static uint32_t parts_of(uint64_t open) { return (uint32_t)open; }
static uint64_t with_parts(uint32_t batch, uint32_t parts) { return (uint64_t)batch << 32 | parts; }

/* Takes a part of the batch's present phase; false: there is none. */
static bool take_part(mgi_lent_team *lent, uint32_t batch, unsigned *part) {
    uint64_t open = atomic_load_explicit(&lent->open, memory_order_relaxed);
    while (batch_of(open) == batch && parts_of(open) > 0) {
        if (atomic_compare_exchange_weak_explicit(&lent->open, &open, open - 1,
                                                  memory_order_acquire, memory_order_relaxed)) {
            *part = parts_of(open) - 1;
            return true;
        }
    }
    return false;
}

/* Parts that this thread took are done; returns how many others' are not. Sequentially consistent,
 * as is what the batch's thread does before it sleeps: one of the two sees the other. */
static uint32_t finish_parts(mgi_lent_team *lent, uint32_t parts) {
    return atomic_fetch_sub(&lent->unfinished, parts) - parts;
}

/* ---- a helper -------------------------------------------------------------------------------- */

static void wake_batch_thread(mgi_lent_team *lent) {
    if (!atomic_load(&lent->sleeping)) return;
    mgi_lock_acquire(&lent->mutex);
    pthread_cond_signal(&lent->done);
    mgi_lock_release(&lent->mutex);
}

static bool must_leave(mgi_lent_team *lent) {
    if (!mgi_thread_pool_wants_helpers_back(lent->pool)) return false;
    atomic_store(&lent->left_early, true);
    return true;
}

/* false: others need the thread. */
static bool help_with_phase(mgi_lent_team *lent, uint32_t batch) {
    bool leave = false;
    uint32_t done = 0;
    for (unsigned part; !leave && take_part(lent, batch, &part); done++) {
        lent->work(lent->context, part);
        leave = must_leave(lent);
    }
    if (done > 0 && finish_parts(lent, done) == 0) wake_batch_thread(lent);
    return !leave;
}

/* For the next phase; false: the batch is over, or it takes too long, or others need the thread. */
static bool await_phase(mgi_lent_team *lent, uint32_t batch) {
    for (spin s = {0};;) {
        const uint64_t open = atomic_load_explicit(&lent->open, memory_order_relaxed);
        if (batch_of(open) != batch) return false;
        if (parts_of(open) > 0) return true;
        if (must_leave(lent) || !spin_on(&s)) return false;
    }
}

static void help(mgi_thread_pool_task *task) {
    mgi_lent_team *lent = (mgi_lent_team *)((char *)task - offsetof(mgi_lent_team, help));
    /* `most` is that of this batch or, if this one is over and has no parts, of a later one. */
    const uint32_t batch = batch_of(atomic_load_explicit(&lent->open, memory_order_acquire));
    const uint32_t before = atomic_fetch_add(&lent->present, 1);
    if (batch % 2 == 1 && before < atomic_load(&lent->most)) {
        while (await_phase(lent, batch) && help_with_phase(lent, batch)) {
        }
    }
    atomic_fetch_sub(&lent->present, 1);
}

/* ---- the batch's thread ---------------------------------------------------------------------- */

static bool parts_are_done(const mgi_lent_team *lent) {
    return atomic_load(&lent->unfinished) == 0;
}

static void await_parts(mgi_lent_team *lent) {
    spin s = {0};
    while (!parts_are_done(lent)) {
        if (!spin_on(&s)) break;
    }
    if (parts_are_done(lent)) return;
    mgi_lock_acquire(&lent->mutex);
    atomic_store(&lent->sleeping, true);
    while (!parts_are_done(lent)) mgi_lock_wait(&lent->mutex, &lent->done);
    atomic_store(&lent->sleeping, false);
    mgi_lock_release(&lent->mutex);
}

static void call_missing_helpers(mgi_lent_team *lent) {
    const uint32_t most = lent->team.cores - 1;
    if (atomic_load_explicit(&lent->present, memory_order_relaxed) >= most) return;
    lent->called = true;
    mgi_thread_pool_call_helpers(lent->pool, &lent->help, most);
}

static void share(mgi_team *team, unsigned parts, void (*work)(void *context, unsigned part),
                  void *context) {
    mgi_lent_team *lent = (mgi_lent_team *)team;
    const uint32_t batch = batch_of(atomic_load_explicit(&lent->open, memory_order_relaxed));
    lent->work = work;
    lent->context = context;
    atomic_store_explicit(&lent->unfinished, parts, memory_order_relaxed);
    atomic_store_explicit(&lent->open, with_parts(batch, parts), memory_order_release);
    call_missing_helpers(lent);
    uint32_t done = 0;
    for (unsigned part; take_part(lent, batch, &part); done++) work(context, part);
    if (finish_parts(lent, done) > 0) await_parts(lent);
}

/* ---- life ------------------------------------------------------------------------------------ */

mgeo_status mgi_lent_team_init(mgi_lent_team *lent, mgi_thread_pool *pool, mgeo_error *error) {
    lent->pool = pool;
    if (mgi_lock_init(&lent->mutex, MGI_LOCK_TEAM) != 0) {
        return mgi_fail(error, MGEO_E_MEMORY, "a mutex cannot be made");
    }
    if (pthread_cond_init(&lent->done, NULL) != 0) {
        mgi_lock_finish(&lent->mutex);
        return mgi_fail(error, MGEO_E_MEMORY, "a condition cannot be made");
    }
    lent->help.body = help;
    return MGEO_OK;
}

void mgi_lent_team_finish(mgi_lent_team *lent) {
    if (lent->help.body == NULL) return;
    mgi_thread_pool_drain_helpers(lent->pool, &lent->help);
    pthread_cond_destroy(&lent->done);
    mgi_lock_finish(&lent->mutex);
    lent->help.body = NULL;
}

/* The next batch's number, without parts. */
static void turn_batch(mgi_lent_team *lent) {
    const uint64_t open = atomic_load_explicit(&lent->open, memory_order_relaxed);
    atomic_store_explicit(&lent->open, with_parts(batch_of(open) + 1, 0), memory_order_release);
}

mgi_team *mgi_lent_team_begin(mgi_lent_team *lent, unsigned cores) {
    lent->team = (mgi_team){.cores = cores, .share = cores > 1 ? share : NULL};
    lent->called = false;
    if (cores == 1) return &lent->team;
    atomic_store(&lent->left_early, false);
    atomic_store(&lent->most, cores - 1);
    turn_batch(lent);
    return &lent->team;
}

bool mgi_lent_team_end(mgi_lent_team *lent) {
    if (lent->team.cores == 1) return true;
    turn_batch(lent);
    if (lent->called) mgi_thread_pool_dismiss_helpers(lent->pool, &lent->help);
    return !atomic_load(&lent->left_early);
}
