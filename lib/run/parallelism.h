/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a batch that is alone is faster on one core or on several.
 *
 * Several cores are faster where they are idle and the model is large. Where other processes or the
 * host's own threads keep them busy, the parts of a batch wait for each other at every layer, and
 * one core is many times faster. Only the clock can tell, so both ways are timed. */
#ifndef MGI_RUN_PARALLELISM_H
#define MGI_RUN_PARALLELISM_H

#include <stdint.h>

/* All zero to begin with. Whoever uses it guards it. */
typedef struct mgi_parallelism {
    double serial, parallel; /* seconds per token on one core, on several; smoothed; 0: not known */
    uint32_t since;          /* choices since the slower way was last tried */
    uint32_t interval;       /* choices until it is tried again; grows while it stays slower */
} mgi_parallelism;

/* How many of the `offered` cores to use: one or all. */
unsigned mgi_parallelism_choose(mgi_parallelism *known, unsigned offered);

/* Records how long a batch took on `used` cores. Only for batches that had more than one on offer:
 * the others share the cores with further batches, which would be timed too. */
void mgi_parallelism_learn(mgi_parallelism *known, unsigned used, uint32_t tokens, double seconds);

#endif
