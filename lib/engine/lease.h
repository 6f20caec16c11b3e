/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: long use of a model in its slot. */
#ifndef MGI_ENGINE_LEASE_H
#define MGI_ENGINE_LEASE_H

#include "engine/slots.h"

#include <mgeo.h>

/* Takes the model in `slot`, which has one, for a job, a comparison or a gate; it is not replaced
 * meanwhile. The engine's mutex is held. */
mgi_pin mgi_lease_take(mgeo_engine *engine, int32_t slot);

/* The mutex is not held. */
void mgi_lease_return(mgeo_engine *engine, mgi_pin pin);

#endif
