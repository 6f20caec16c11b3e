/* SPDX-License-Identifier: Apache-2.0 */
/* Shadow calls: pairs of live calls, scored once more by the standby model, off the request path.
 */
#ifndef MGI_ENGINE_ROLLOUT_SHADOW_H
#define MGI_ENGINE_ROLLOUT_SHADOW_H

#include "core/status.h"

#include <stdbool.h>

typedef struct mgi_shadow mgi_shadow;

/* Part of every engine; its thread runs only while the share is above 0. NULL: out of memory. */
mgi_shadow *mgi_shadow_create(mgeo_engine *engine);
/* Ends the thread. The engine's mutex is not held. */
void mgi_shadow_destroy(mgi_shadow *shadow);

/* Sets the share to 0 without waiting for the thread. The engine's mutex is held: traffic is cut
 * over, or the standby model goes. */
void mgi_shadow_end(mgi_shadow *shadow);

/* Is the next call of the model of this generation to be shadowed? Then its answer is offered,
 * which needs labels. Any thread; never waits, and returns at once if the share is 0. */
bool mgi_shadow_chooses(mgi_shadow *shadow, uint64_t generation);

/* Copies an answered call for the shadow's thread, or drops it; also where scores->label is NULL.
 * Any thread; never waits. */
void mgi_shadow_offer(mgi_shadow *shadow, const mgeo_pair *pairs, size_t count,
                      const mgeo_scores *scores);

uint32_t mgi_shadow_share(const mgi_shadow *shadow);

/* As mgeo_set_shadow. */
mgeo_status mgi_shadow_set_share(mgeo_engine *engine, uint32_t share,
                                 const mgeo_shadow_options *options, mgeo_error *error);

/* As mgeo_get_shadow and mgeo_get_shadow_pair. */
void mgi_shadow_report(mgeo_engine *engine, mgeo_shadow_report *report);
mgeo_status mgi_shadow_get_pair(mgeo_engine *engine, uint32_t rank, mgeo_shift *shift, char *a,
                                size_t a_capacity, char *b, size_t b_capacity, mgeo_error *error);

#endif
