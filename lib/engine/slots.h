/* SPDX-License-Identifier: Apache-2.0 */
/* Two slots and one atomic word: who answers, who may be emptied. This and nothing else. */
#ifndef MGI_ENGINE_SLOTS_H
#define MGI_ENGINE_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MGI_SLOTS = 2,
    MGI_SLOTS_PIN_STRIPES = 16,
    MGI_SLOTS_SHARE_ALL = 10000 /* shares and buckets are in 1/10,000 */
};

/* Pins of one slot on one stripe; a cache line each, so that callers on different cores do not
 * share one. */
typedef struct mgi_slots_pin_stripe {
    _Alignas(64) _Atomic int64_t pins;
} mgi_slots_pin_stripe;

typedef struct mgi_slots {
    /* 0: no slot is live. Else, from the lowest bit: the live slot (1 bit), the share of calls that
     * the other slot answers (14 bits), the number of routes set so far (the rest), never 0. */
    _Atomic uint64_t route;
    mgi_slots_pin_stripe stripes[MGI_SLOTS][MGI_SLOTS_PIN_STRIPES];
} mgi_slots;

typedef struct mgi_pin {
    int32_t slot; /* -1: nothing is live */
    uint32_t stripe;
    uint32_t attempts; /* 1; more: the route changed while the slot was being pinned */
} mgi_pin;

void mgi_slots_init(mgi_slots *slots);

/* Pins the slot that answers a call of this bucket: the standby slot if the bucket is below the
 * canary's share, else the live one. MGI_SLOTS_SHARE_ALL is never below it. Until unpinned the slot
 * is not emptied. Any thread; never waits, but tries again where the route was set meanwhile. */
mgi_pin mgi_slots_pin(mgi_slots *slots, uint32_t bucket);
void mgi_slots_unpin(mgi_slots *slots, mgi_pin pin);

/* Pins `slot`, whichever is live. The caller holds the engine's mutex, and the slot is not being
 * drained. */
mgi_pin mgi_slots_pin_slot(mgi_slots *slots, int32_t slot);

/* The one that is not `slot`. */
static inline int32_t mgi_slots_other(int32_t slot) { return slot == 0 ? 1 : 0; }

/* The route as it stands: equal words mean that it was not set in between. */
uint64_t mgi_slots_route(const mgi_slots *slots);

/* The live slot, or -1; the share of calls that the other one answers. */
int32_t mgi_slots_live(const mgi_slots *slots);
uint32_t mgi_slots_share(const mgi_slots *slots);

/* Makes `slot` live and gives the other one a share of the calls. The caller holds the engine's
 * mutex, and has filled every slot that is to answer. */
void mgi_slots_set_route(mgi_slots *slots, int32_t slot, uint32_t share);

/* Pins of the slot now. */
int64_t mgi_slots_pins(const mgi_slots *slots, int32_t slot);

/* Waits until no pin of the slot is left. No call may be sent to it, now or while this waits
 * (engine's mutex). */
void mgi_slots_drain(const mgi_slots *slots, int32_t slot);

#endif
