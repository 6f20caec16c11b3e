/* SPDX-License-Identifier: Apache-2.0 */
/* The rule that two texts that differ in what the model cannot see are never a match. */
#ifndef MGI_MODEL_APART_H
#define MGI_MODEL_APART_H

#include <stdbool.h>
#include <stdint.h>

struct mgi_labels;

/* Takes probabilities, which add up to 1 where there is more than one, away from the label that
 * means the same place: all to partial_match; where there is none, half to the best other label,
 * so that it keeps less than 0.5. A lone probability is halved. */
void mgi_apart_apply(const struct mgi_labels *labels, double *probabilities);

#endif
