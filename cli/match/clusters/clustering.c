/* SPDX-License-Identifier: Apache-2.0 */
/* The library clusters; where guards are given, once more without them, to tell what they cut. */
#include "match/clusters/clustering.h"

#include <stdlib.h>

#include "common/memory.h"

static bool cluster(const struct scored_pairs *pairs, const mgeo_cluster_options *how,
                    mgeo_member *members, struct error *error) {
    mgeo_error cause;
    if (mgeo_cluster(pairs->links, pairs->count, pairs->ids.count, how, members, &cause) ==
        MGEO_OK) {
        return true;
    }
    return error_set(error, "cannot cluster: %s", cause.message);
}

static enum clustering_guard guard_of(const struct options *options, const mgeo_member *whole) {
    if (options->one_to_one && whole->size > 2) return CLUSTERING_ONE_TO_ONE;
    bool too_large = options->max_size != 0 && whole->size > options->max_size;
    return too_large ? CLUSTERING_MAX_SIZE : CLUSTERING_LEAST_LINK;
}

/* `whole` is the members without guards; NULL: there are none. */
static void count_links(struct clustering *clustering, const struct scored_pairs *pairs,
                        const struct options *options, const mgeo_member *whole) {
    for (size_t i = 0; i < pairs->count; i++) {
        const mgeo_link *link = &pairs->links[i];
        if (!(link->score >= clustering->threshold)) continue;
        clustering->used++;
        const mgeo_member *members = clustering->members;
        if (whole == NULL || members[link->a].cluster == members[link->b].cluster) continue;
        clustering->cut[guard_of(options, &whole[link->a])]++;
    }
}

bool clustering_make(struct clustering *clustering, const struct scored_pairs *pairs,
                     const struct options *options, double threshold, struct error *error) {
    size_t ids = pairs->ids.count;
    mgeo_cluster_options how = {.struct_size = sizeof how,
                                .threshold = (float)threshold,
                                .cut = options->cut,
                                .max_size = options->max_size,
                                .least_link = (float)options->least_link,
                                .source = pairs->source,
                                .one_to_one = options->one_to_one};
    mgeo_cluster_options bare = {.struct_size = sizeof bare, .threshold = (float)threshold};
    bool guarded = how.max_size != 0 || how.least_link != 0 || how.one_to_one != 0;
    *clustering = (struct clustering){.threshold = (float)threshold};
    clustering->members = memory_zeroed(ids + 1, sizeof *clustering->members);
    clustering->names = memory_zeroed(ids + 1, sizeof *clustering->names);
    mgeo_member *whole = guarded ? memory_zeroed(ids + 1, sizeof *whole) : NULL;
    bool done = cluster(pairs, &how, clustering->members, error) &&
                (whole == NULL || cluster(pairs, &bare, whole, error));
    if (done) count_links(clustering, pairs, options, whole);
    for (size_t i = 0; done && i < ids; i++) {
        if (clustering->members[i].cluster == i) clustering->names[i] = scored_pairs_name(pairs, i);
    }
    free(whole);
    return done;
}

void clustering_finish(struct clustering *clustering) {
    free(clustering->members);
    free(clustering->names);
    *clustering = (struct clustering){.names = NULL};
}
