/* SPDX-License-Identifier: Apache-2.0 */
/* The fake backend's arithmetic, so that tests can compute what it must answer. */
#ifndef MGI_BACKEND_FAKE_H
#define MGI_BACKEND_FAKE_H

#include "backend/backend.h"

/* The logit of `label` for a row, given the classifier's bias for that label. */
float mgi_fake_logit(const int32_t *ids, const uint8_t *types, uint32_t length, uint32_t label,
                     float bias);

#endif
