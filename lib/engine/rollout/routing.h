/* SPDX-License-Identifier: Apache-2.0 */
/* Where a call stands between 0 and 9,999: what decides whether a canary answers it. */
#ifndef MGI_ENGINE_ROLLOUT_ROUTING_H
#define MGI_ENGINE_ROLLOUT_ROUTING_H

#include <mgeo.h>

/* The same key, and the same pairs in the same order, always have the same point, in every process.
 */
uint32_t mgi_canary_bucket_of_key(uint64_t key);
uint32_t mgi_canary_bucket_of_pairs(const mgeo_pair *pairs, size_t count);

#endif
