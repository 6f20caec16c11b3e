/* SPDX-License-Identifier: Apache-2.0 */
/* The clusters at one threshold: their members, what they are called, and what guards cut. */
#ifndef CLI_MATCH_CLUSTERS_CLUSTERING_H
#define CLI_MATCH_CLUSTERS_CLUSTERING_H

#include <mgeo.h>

#include "match/clusters/scored_pairs.h"

/* By which guard a link that reaches the threshold was cut: the first of these that its component
 * broke. */
enum clustering_guard { CLUSTERING_ONE_TO_ONE, CLUSTERING_MAX_SIZE, CLUSTERING_LEAST_LINK };
enum { CLUSTERING_GUARDS = CLUSTERING_LEAST_LINK + 1 };

struct clustering {
    float threshold;
    mgeo_member *members; /* [ids] */
    const char **names;   /* [ids]: at a cluster's first member, its id; borrowed */
    uint64_t used;        /* pairs that reach the threshold */
    uint64_t cut[CLUSTERING_GUARDS];
};

/* Finished with clustering_finish, also after a failure. Clusters are called as their first member
 * is. */
bool clustering_make(struct clustering *clustering, const struct scored_pairs *pairs,
                     const struct options *options, double threshold, struct error *error);
void clustering_finish(struct clustering *clustering);

static inline const char *clustering_name(const struct clustering *clustering, size_t id) {
    return clustering->names[clustering->members[id].cluster];
}

#endif
