/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a lone batch is better computed by one core or by several.
 *
 * Several cores are faster where they are idle and the model is large. Where other processes or the
 * host's own threads keep them busy, the parts of a batch wait for each other at every layer, and
 * one core is many times faster. Nothing tells but the clock, so both are timed. */
#ifndef MGI_RUN_PARALLELISM_H
#define MGI_RUN_PARALLELISM_H

#include <stdint.h>

typedef struct mgi_parallelism {
    double narrow, wide; /* seconds per token on one core and on several, smoothed; 0: not known */
    uint32_t since;      /* choices since the slower way was last tried */
    uint32_t interval;   /* choices until it is tried again; grows while it stays slower */
} mgi_parallelism;

/* All zero to begin with. How many of the `offered` cores to use. */
unsigned mgi_parallelism_choose(mgi_parallelism *cores, unsigned offered);

/* Tells how long a batch took for which mgi_parallelism_choose had more than one core on offer. */
void mgi_parallelism_learn(mgi_parallelism *cores, unsigned used, uint32_t tokens, double seconds);

#endif
