/* SPDX-License-Identifier: Apache-2.0 */
/* What is true of clusters, worked out slowly from what the words mean. */
#ifndef TEST_MATCH_CLUSTER_ORACLE_H
#define TEST_MATCH_CLUSTER_ORACLE_H

#include "match/cluster/graphs.h"

#include <stdbool.h>

/* The best link between two rows, NaN if there is none. */
float oracle_best(const random_graph *graph, uint64_t a, uint64_t b);

/* Whether rows with the same `cluster` in members can reach each other by links of at least
 * `least` between such rows. Other rows play no part. */
bool oracle_reach(const random_graph *graph, const mgeo_member *members, uint64_t a, uint64_t b,
                  float least);

/* The greatest score by whose links, and better ones, the members of a row's cluster all reach each
 * other; NaN in a cluster of one. It is the least link of the maximum spanning tree. */
float oracle_weakest(const random_graph *graph, const mgeo_member *members, uint64_t row);

/* The mean of a row's links to the others of its cluster; NaN without any. */
double oracle_mean(const random_graph *graph, const mgeo_member *members, uint64_t row);

/* Fails the test unless all that members say is so: numbers of clusters, sizes, representatives,
 * weakest and best links, and that each cluster hangs together by links of the threshold. */
void oracle_check(const random_graph *graph, const mgeo_member *members, float threshold);

#endif
