/* SPDX-License-Identifier: Apache-2.0 */
/* A table of scored pairs of ids, as links between numbers. */
#ifndef CLI_MATCH_CLUSTERS_SCORED_PAIRS_H
#define CLI_MATCH_CLUSTERS_SCORED_PAIRS_H

#include <mgeo.h>

#include "common/error.h"
#include "match/clusters/ids.h"
#include "match/options.h"

/* All zero is empty. */
struct scored_pairs {
    struct ids ids;
    uint32_t *source; /* [ids]: the side of each id, with --one-to-one; else NULL */
    mgeo_link *links;
    size_t count, capacity;
    uint64_t unscored; /* pairs without a similarity */
    uint64_t bad;      /* rows that were left out */
};

/* Reads the operands. `pairs` is finished with scored_pairs_finish, also after a failure. An error
 * with an empty line means that a signal came. */
bool scored_pairs_read(struct scored_pairs *pairs, const struct options *options,
                       struct error *error);
/* What an id is called where it must be unlike all others. */
static inline const char *scored_pairs_name(const struct scored_pairs *pairs, size_t id) {
    return pairs->source != NULL ? ids_sided(&pairs->ids, id) : ids_text(&pairs->ids, id);
}

void scored_pairs_finish(struct scored_pairs *pairs);

#endif
