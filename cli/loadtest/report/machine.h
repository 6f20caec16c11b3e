/* SPDX-License-Identifier: Apache-2.0 */
/* How busy the machine is, and how much memory this process has: a figure means little without. */
#ifndef CLI_LOADTEST_REPORT_MACHINE_H
#define CLI_LOADTEST_REPORT_MACHINE_H

#include <stdint.h>

struct machine {
    int cpus;          /* that this process may use */
    double load[3];    /* averages over 1, 5 and 15 minutes; NaN: unknown */
    uint64_t resident; /* bytes; 0: unknown */
};

void machine_read(struct machine *machine);

#endif
