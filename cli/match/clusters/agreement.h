/* SPDX-License-Identifier: Apache-2.0 */
/* How clusters agree with known ones. */
#ifndef CLI_MATCH_CLUSTERS_AGREEMENT_H
#define CLI_MATCH_CLUSTERS_AGREEMENT_H

#include <stddef.h>
#include <stdint.h>

struct agreement {
    size_t rows;
    uint64_t known_pairs; /* of rows that are together in a known cluster */
    uint64_t made_pairs;  /* in a made one */
    uint64_t right_pairs; /* in both */
    /* B-cubed: the means over rows of which share of a row's made cluster belongs with it, and
     * which share of its known cluster is with it. */
    double precision, recall;
};

/* Of `count` rows: the number of the known cluster of each, and of the made one. */
struct agreement agreement_of(const uint32_t *known, const uint32_t *made, size_t count);

/* Of pairs; 1 where there are none to be wrong about. */
double agreement_pair_precision(const struct agreement *agreement);
double agreement_pair_recall(const struct agreement *agreement);

/* Their harmonic mean. */
double agreement_f1(double precision, double recall);

#endif
