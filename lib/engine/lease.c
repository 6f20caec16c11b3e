/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: long use of a model in its slot. */
#include "engine/lease.h"

#include "engine/state.h"

mgi_pin mgi_lease_take(mgeo_engine *engine, int32_t slot) {
    engine->leases[slot]++;
    return mgi_slots_pin_slot(&engine->slots, slot);
}

void mgi_lease_return(mgeo_engine *engine, mgi_pin pin) {
    mgi_lock_acquire(&engine->mutex);
    engine->leases[pin.slot]--;
    mgi_slots_unpin(&engine->slots, pin);
    mgi_lock_release(&engine->mutex);
}
