/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters of an earlier run, whose ids those of this run keep. */
#ifndef CLI_MATCH_CLUSTERS_PREVIOUS_H
#define CLI_MATCH_CLUSTERS_PREVIOUS_H

#include "match/clusters/clustering.h"

struct previous;

/* Reads the output of an earlier run: columns id and cluster_id, and of two tables `table` as well.
 * NULL on failure. */
struct previous *previous_read(const struct options *options, const struct scored_pairs *pairs,
                               struct error *error);
void previous_destroy(struct previous *previous);

struct previous_counts {
    size_t kept;   /* clusters that have an earlier one's id */
    size_t fresh;  /* clusters that have not */
    size_t split;  /* earlier clusters whose ids are in several clusters now */
    size_t merged; /* clusters with ids of several earlier ones */
};

/* Gives each cluster the id of the earlier cluster with which it shares most members, one to one,
 * from the greatest share on; of equal shares to the earlier first member. A cluster that gets none
 * is called as its first member whose id is not given away, or, if there is none, as its first with
 * "~2" behind it, "~3" and so on. The names are valid until previous_destroy. */
struct previous_counts previous_name(struct previous *previous, const struct scored_pairs *pairs,
                                     struct clustering *clustering);

#endif
