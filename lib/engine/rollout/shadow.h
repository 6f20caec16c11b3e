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

/* Sets the share to 0 without waiting for the thread. The engine's mutex is held: traffic turns, or
 * the standby model goes. */
void mgi_shadow_end(mgi_shadow *shadow);

/* One live call that may be chosen. All zero: it is not. */
typedef struct mgi_shadow_call {
    bool chosen;
    int32_t *lent_label; /* put into scores->label for the call, since the caller asked for none */
} mgi_shadow_call;

/* Around the live model's answer. Both return at once if the share is 0, and never wait. finish
 * takes the lent array back out of scores. */
void mgi_shadow_before(mgi_shadow *shadow, size_t count, mgeo_scores *scores,
                       mgi_shadow_call *shadowed);
void mgi_shadow_after(mgi_shadow *shadow, mgi_shadow_call *shadowed, const mgeo_pair *pairs,
                      size_t count, mgeo_scores *scores, mgeo_status status);

uint32_t mgi_shadow_share(const mgi_shadow *shadow);

/* As mgeo_get_shadow and mgeo_get_shadow_pair. */
void mgi_shadow_report(mgeo_engine *engine, mgeo_shadow_report *report);
mgeo_status mgi_shadow_get_pair(mgeo_engine *engine, uint32_t rank, mgeo_shift *shift, char *a,
                                size_t a_capacity, char *b, size_t b_capacity, mgeo_error *error);

#endif
