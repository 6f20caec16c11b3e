/* SPDX-License-Identifier: Apache-2.0 */
/* What clustering came to, for people to read. */
#ifndef CLI_MATCH_CLUSTERS_CLUSTERS_REPORT_H
#define CLI_MATCH_CLUSTERS_CLUSTERS_REPORT_H

#include "match/clusters/clustering.h"
#include "match/clusters/previous.h"
#include "match/rows/known_pairs.h"

/* Pairs and ids. */
void clusters_report_pairs(const struct scored_pairs *pairs);

/* Clusters, their sizes, and the links that guards cut. */
void clusters_report_counts(const struct clustering *clustering, const struct scored_pairs *pairs);

void clusters_report_previous(const struct previous_counts *counts);

/* How the clusters agree with pairs that are known to match, and with what follows from them: if a
 * is b and b is c, then a is c. False: it could not be written. */
bool clusters_report_known(const struct clustering *clusterings, size_t count,
                           const struct scored_pairs *pairs, const struct known_pairs *known);

#endif
