/* SPDX-License-Identifier: Apache-2.0 */
/* The share of calls that the standby model answers, and which calls those are. */
#ifndef MGI_ENGINE_ROLLOUT_CANARY_H
#define MGI_ENGINE_ROLLOUT_CANARY_H

#include "core/status.h"

/* As mgeo_set_canary. */
mgeo_status mgi_canary_set(mgeo_engine *engine, uint32_t share, const mgeo_canary_options *options,
                           mgeo_error *error);

/* The bucket of a call, 0 to 9,999: a canary answers the calls whose bucket is below its share. The
 * same key, and the same pairs in the same order, have the same bucket in every process. */
uint32_t mgi_canary_bucket_of_key(uint64_t key);
uint32_t mgi_canary_bucket_of_pairs(const mgeo_pair *pairs, size_t count);

#endif
