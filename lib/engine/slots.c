/* SPDX-License-Identifier: Apache-2.0 */
/* Two slots and one atomic word: who answers, who may be emptied. This and nothing else.
 *
 * Why a pin reads the route twice: between reading the route and counting itself a caller may
 * sleep; the route may be set anew and the drain may see no pins. The second read finds that, and
 * the caller has touched nothing but the counter. If instead the route is unchanged after the
 * count, the count came before any later change, so the drain after that change sees it. This needs
 * one order of all four operations that every thread agrees on, hence sequential consistency
 * throughout. The count in the route makes every word unlike all others, so that "unchanged" is
 * exact.
 */
#include "engine/slots.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

void mgi_slots_init(mgi_slots *slots) {
    atomic_init(&slots->route, 0);
    for (int slot = 0; slot < MGI_SLOTS; slot++) {
        for (int stripe = 0; stripe < MGI_SLOTS_PIN_STRIPES; stripe++) {
            atomic_init(&slots->stripes[slot][stripe].pins, 0);
        }
    }
}

enum { SHARE_BITS = 14, COUNT_SHIFT = 1 + SHARE_BITS };

static int32_t mgi_route_live(uint64_t route) { return route == 0 ? -1 : (int32_t)(route & 1); }

static uint32_t route_share(uint64_t route) {
    return (uint32_t)(route >> 1) & ((1u << SHARE_BITS) - 1);
}

static int32_t route_choose(uint64_t route, uint32_t bucket) {
    if (route == 0) return -1;
    return (int32_t)(route & 1) ^ (bucket < route_share(route));
}

/* Spreads threads over stripes without state of their own: by where their stacks are. */
static uint32_t own_stripe(void) {
    uint64_t self = (uint64_t)(uintptr_t)pthread_self();
    return (uint32_t)((self * UINT64_C(0x9E3779B97F4A7C15)) >> 32) % MGI_SLOTS_PIN_STRIPES;
}

static void count_pin(mgi_slots *slots, mgi_pin pin) {
    atomic_fetch_add(&slots->stripes[pin.slot][pin.stripe].pins, 1);
}

mgi_pin mgi_slots_pin(mgi_slots *slots, uint32_t bucket) {
    mgi_pin pin = {.slot = -1, .stripe = own_stripe()};
    for (;;) {
        uint64_t route = atomic_load(&slots->route);
        pin.slot = route_choose(route, bucket);
        pin.attempts++;
        if (pin.slot < 0) return pin;
        count_pin(slots, pin);
        if (atomic_load(&slots->route) == route) return pin;
        mgi_slots_unpin(slots, pin);
    }
}

mgi_pin mgi_slots_pin_slot(mgi_slots *slots, int32_t slot) {
    mgi_pin pin = {.slot = slot, .stripe = own_stripe(), .attempts = 1};
    count_pin(slots, pin);
    return pin;
}

void mgi_slots_unpin(mgi_slots *slots, mgi_pin pin) {
    if (pin.slot >= 0) atomic_fetch_sub(&slots->stripes[pin.slot][pin.stripe].pins, 1);
}

uint64_t mgi_slots_route(const mgi_slots *slots) { return atomic_load(&slots->route); }

int32_t mgi_slots_live(const mgi_slots *slots) {
    return mgi_route_live(atomic_load(&slots->route));
}

uint32_t mgi_slots_share(const mgi_slots *slots) { return route_share(atomic_load(&slots->route)); }

void mgi_slots_set_route(mgi_slots *slots, int32_t slot, uint32_t share) {
    uint64_t routes = atomic_load(&slots->route) >> COUNT_SHIFT;
    atomic_store(&slots->route,
                 (routes + 1) << COUNT_SHIFT | (uint64_t)share << 1 | (uint64_t)slot);
}

int64_t mgi_slots_pins(const mgi_slots *slots, int32_t slot) {
    int64_t pins = 0;
    for (int stripe = 0; stripe < MGI_SLOTS_PIN_STRIPES; stripe++) {
        pins += atomic_load(&slots->stripes[slot][stripe].pins);
    }
    return pins;
}

/* A pin keeps its stripe above 0 until it is given back, so each stripe may be waited for on its
 * own: no later pin of a slot to which no call is sent passes the second read. */
void mgi_slots_drain(const mgi_slots *slots, int32_t slot) {
    enum { SHORTEST = 20000, LONGEST = 1000000 };
    long nanoseconds = SHORTEST;
    for (int stripe = 0; stripe < MGI_SLOTS_PIN_STRIPES;) {
        if (atomic_load(&slots->stripes[slot][stripe].pins) == 0) {
            stripe++;
            continue;
        }
        nanosleep(&(struct timespec){.tv_nsec = nanoseconds}, NULL);
        if (nanoseconds < LONGEST) nanoseconds *= 2;
    }
}
