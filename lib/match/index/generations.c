/* SPDX-License-Identifier: Apache-2.0 */
/* Which snapshot is current: readers take it without waiting while a writer puts the next one in
 * its place.
 *
 * A reader must add a reference to a snapshot that may be freed at any moment. It pins the place,
 * looks a second time whether the route is what it was, and only then touches what stands there; as
 * in engine/slots.c, which says why two looks are enough, and why all four operations need one
 * order that every thread agrees on. The pin is held only for as long as the counting takes, so the
 * writer waits for next to nothing. */
#include "match/index/generations.h"

#include <pthread.h>
#include <time.h>

void mgi_generations_init(mgi_generations *generations, mgi_snapshot *snapshot) {
    snapshot->generation = 1;
    generations->places[0] = snapshot;
    generations->places[1] = NULL;
    atomic_init(&generations->route, 2);
    mgi_generations_forget_readers(generations);
}

void mgi_generations_finish(mgi_generations *generations) {
    mgi_snapshot_release(generations->places[atomic_load(&generations->route) & 1]);
}

void mgi_generations_forget_readers(mgi_generations *generations) {
    for (int place = 0; place < 2; place++) {
        for (int stripe = 0; stripe < MGI_GENERATIONS_STRIPES; stripe++) {
            atomic_store(&generations->stripes[place][stripe].pins, 0);
        }
    }
}

/* Spreads threads over stripes without state of their own: by where their stacks are. */
static uint32_t own_stripe(void) {
    const uint64_t self = (uint64_t)(uintptr_t)pthread_self();
    return (uint32_t)((self * UINT64_C(0x9E3779B97F4A7C15)) >> 32) % MGI_GENERATIONS_STRIPES;
}

mgi_snapshot *mgi_generations_take(mgi_generations *generations) {
    const uint32_t stripe = own_stripe();
    for (;;) {
        mgi_snapshot *snapshot = NULL;
        const uint64_t route = atomic_load(&generations->route);
        _Atomic int64_t *pins = &generations->stripes[route & 1][stripe].pins;
        atomic_fetch_add(pins, 1);
        if (atomic_load(&generations->route) == route) {
            snapshot = mgi_snapshot_retain(generations->places[route & 1]);
        }
        atomic_fetch_sub(pins, 1);
        if (snapshot != NULL) return snapshot;
    }
}

/* Waits until no one is between the two looks at this place. */
static void drain(mgi_generations *generations, uint64_t place) {
    for (int stripe = 0; stripe < MGI_GENERATIONS_STRIPES;) {
        if (atomic_load(&generations->stripes[place][stripe].pins) == 0) {
            stripe++;
            continue;
        }
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    }
}

mgi_snapshot *mgi_generations_publish(mgi_generations *generations, mgi_snapshot *snapshot) {
    const uint64_t route = atomic_load(&generations->route);
    const uint64_t place = route & 1;
    mgi_snapshot *former = generations->places[place];
    snapshot->generation = former->generation + 1;
    drain(generations, 1 - place); /* pins of readers that will look a second time, and leave */
    generations->places[1 - place] = snapshot;
    atomic_store(&generations->route, ((route >> 1) + 1) << 1 | (1 - place));
    drain(generations, place); /* those that came in time have their references then */
    return former;
}
