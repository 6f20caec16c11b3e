/* Two slots and one atomic word: who answers, who may be emptied. This and nothing else. */
#ifndef MGI_ENGINE_SLOTS_H
#define MGI_ENGINE_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

enum { MGI_SLOTS = 2, MGI_PIN_STRIPES = 16 };

/* Pins of one slot on one stripe; a cache line each, so that callers on different cores do not
 * share one. */
typedef struct mgi_pin_stripe {
    _Alignas(64) _Atomic int64_t pins;
} mgi_pin_stripe;

typedef struct mgi_slots {
    _Atomic uint64_t route; /* 0: no slot is live; else turn count << 1 | live slot, never 0 */
    mgi_pin_stripe stripes[MGI_SLOTS][MGI_PIN_STRIPES];
} mgi_slots;

typedef struct mgi_pin {
    int32_t slot; /* -1: nothing is live */
    uint32_t stripe;
} mgi_pin;

void mgi_slots_init(mgi_slots *slots);

/* Takes the live slot: until unpinned it is not emptied. Any thread, wait-free but for turns. */
mgi_pin mgi_slots_pin(mgi_slots *slots);
void mgi_slots_unpin(mgi_slots *slots, mgi_pin pin);

/* The live slot, or -1. */
int32_t mgi_slots_live(const mgi_slots *slots);

/* Sends new calls to `slot`. The caller holds the engine's mutex and has filled the slot. */
void mgi_slots_turn(mgi_slots *slots, int32_t slot);

/* Calls that hold the slot now. */
int64_t mgi_slots_pins(const mgi_slots *slots, int32_t slot);

/* Waits until nobody holds the slot, which must not be live and must stay so (engine's mutex). */
void mgi_slots_drain(const mgi_slots *slots, int32_t slot);

#endif
