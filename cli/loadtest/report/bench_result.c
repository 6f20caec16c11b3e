/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a run went well, and how busy the machine was meanwhile. */
#include "loadtest/report/bench_result.h"

#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool bench_result_is_good(const struct bench_result *result) {
    const struct trial_stats *stats = &result->stats;
    for (int i = 0; i < EVENT_KINDS; i++) {
        if (result->logs[i].failed > 0) return false;
    }
    return stats->failed == 0 && stats->verdicts.wrong == 0 && stats->verdicts.mixed == 0;
}

static int usable_cpus(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

static uint64_t resident_bytes(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    uint64_t pages = 0;
    int got = fscanf(file, "%*u %" SCNu64, &pages);
    fclose(file);
    return got == 1 ? pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

void bench_result_read_machine(struct bench_result_machine *machine) {
    machine->cpus = usable_cpus();
    machine->resident = resident_bytes();
    if (getloadavg(machine->load, 3) != 3) {
        machine->load[0] = machine->load[1] = machine->load[2] = NAN;
    }
}
