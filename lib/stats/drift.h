/* SPDX-License-Identifier: Apache-2.0 */
/* How far two distributions of similarities lie apart: the population stability index (PSI). */
#ifndef MGI_STATS_DRIFT_H
#define MGI_STATS_DRIFT_H

#include <stdint.h>

/* Bin i counts similarities from i/100 on; 1 is in the last. */
enum { MGI_DRIFT_BINS = 100 };

/* The bin of a similarity; those outside 0..1 are in the first or the last, NaN in the first. */
unsigned mgi_drift_bin(float similarity);

/* PSI of `actual` against `expected`, both [MGI_DRIFT_BINS], and the same the other way round.
 * Neighbouring bins are joined until they hold a tenth of both sides' rows, and half a row is added
 * to every joined bin. NaN if either side is empty. */
double mgi_drift_index(const uint64_t *expected, const uint64_t *actual);

#endif
