/* SPDX-License-Identifier: Apache-2.0 */
/* BERT's classifier written out as naive loops in double precision, to compare backends with. */
#ifndef TESTS_BACKEND_REFERENCE_H
#define TESTS_BACKEND_REFERENCE_H

#include "backend/backend.h"

/* Logits [labels] of one row. */
void reference_logits(const mgi_encoder_spec *spec, const mgi_weights *weights, const int32_t *ids,
                      const uint8_t *types, uint32_t length, double *logits);

#endif
