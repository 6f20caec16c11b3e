/* SPDX-License-Identifier: Apache-2.0 */
/* A device whose products cost nothing, to measure all that is around them. */
#ifndef BENCH_NULL_BACKEND_H
#define BENCH_NULL_BACKEND_H

#include "backend/backend.h"

/* Device "null": not on the CPU, lanes and batches as a GPU has them. From the environment:
 * MGEO_NULL_LANES, MGEO_NULL_TOKENS (in a batch), MGEO_NULL_MIN_SPLIT (tokens not to be split); and
 * the time that it takes all the same, one batch after another: MGEO_NULL_BASE, microseconds for
 * any batch, and MGEO_NULL_RATE, tokens a second; 0: none. */
extern const mgi_backend null_backend;

#endif
