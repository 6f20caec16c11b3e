/* SPDX-License-Identifier: Apache-2.0 */
/* When calls are due in an open loop: a fixed schedule, whatever the answers do. */
#ifndef CLI_LOADTEST_LOAD_ARRIVALS_H
#define CLI_LOADTEST_LOAD_ARRIVALS_H

#include <stdint.h>

enum arrival_kind { ARRIVALS_CONSTANT, ARRIVALS_POISSON };

enum { ARRIVAL_GAPS = 1 << 16 }; /* Poisson gaps that are drawn; after them they come again */

struct arrivals {
    double period;  /* nanoseconds from one call to the next, on average */
    double *passed; /* [ARRIVAL_GAPS + 1] sum of the gaps before each, in periods; NULL: constant */
};

/* `rate` in calls a second, above 0. Equal seeds give equal schedules. */
void arrivals_init(struct arrivals *arrivals, enum arrival_kind kind, double rate, uint64_t seed);
void arrivals_finish(struct arrivals *arrivals);

/* Nanoseconds from the beginning to call `number`, from 0. Any thread. */
uint64_t arrivals_due(const struct arrivals *arrivals, uint64_t number);

#endif
