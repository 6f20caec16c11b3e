/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters: components of the links that reach the threshold; those that break a guard are cut, and
 * what is left hangs together again by such links alone.
 *
 * Memory: 24 bytes a link while they are sorted, then 12, and 8 more for links in components that
 * are cut; 20 bytes a row, and up to 70 more while components are cut. All steps are passes over
 * links or rows, but for the heap that peels loose rows. */
#include "match/cluster/cluster.h"

#include "core/alloc.h"
#include "match/cluster/cutting.h"
#include "match/cluster/describe.h"
#include "match/cluster/peel.h"

#include <inttypes.h>
#include <string.h>

typedef struct clustering {
    mgi_links links;
    mgi_forest forest;
    mgi_guards guards;
    mgi_neighbours neighbours;
    bool *broken;     /* [rows]: at a root, whether its component breaks a guard */
    uint32_t *rows;   /* of those components */
    uint32_t count;   /* how many */
    uint32_t *labels; /* [rows] */
} clustering;

static void clustering_finish(clustering *it) {
    mgi_links_finish(&it->links);
    mgi_forest_finish(&it->forest);
    mgi_guards_finish(&it->guards);
    mgi_neighbours_finish(&it->neighbours);
    mgi_free(it->broken);
    mgi_free(it->rows);
    mgi_free(it->labels);
}

static mgeo_status find_broken(clustering *it, mgeo_error *error) {
    uint32_t rows = it->forest.rows;
    it->broken = mgi_calloc(rows, sizeof *it->broken);
    if (it->broken == NULL) return mgi_fail_memory(error, "components", rows);
    return mgi_guards_find_broken(&it->guards, &it->links, &it->forest, it->broken, &it->count,
                                  error);
}

static mgeo_status list_broken(clustering *it, mgeo_error *error) {
    uint32_t rows = it->forest.rows, count = 0;
    it->rows = mgi_calloc(it->count, sizeof *it->rows);
    it->labels = mgi_calloc(rows, sizeof *it->labels);
    if (it->rows == NULL || it->labels == NULL) {
        return mgi_fail_memory(error, "rows to cut", 2 * (size_t)rows * sizeof *it->rows);
    }
    for (uint32_t row = 0; row < rows; row++) {
        if (it->broken[it->forest.root[row]]) it->rows[count++] = row;
    }
    return mgi_neighbours_init(&it->neighbours, &it->links, &it->forest, it->broken, error);
}

enum { ROUNDS = 16 };

/* Cutting and peeling may part rows that the links which are left do not hold together: the forest
 * grows again, and loose rows are looked for in what grew, until there are none. Of some graphs
 * every round would take but one row, so the rounds are limited: then only what no falling apart
 * can take from a row counts for it, after which none is loose. */
static mgeo_status hold_together(clustering *it, mgeo_error *error) {
    mgeo_status status = MGEO_OK;
    uint32_t peeled = 0, round = 0;
    mgi_peel_rule rule = {it->guards.least_link, SIZE_MAX};
    do {
        mgi_forest_grow(&it->forest, &it->links, it->labels);
        if (!it->guards.asks_link) return MGEO_OK;
        memcpy(it->labels, it->forest.root, it->forest.rows * sizeof *it->labels);
        if (++round > ROUNDS) rule.sure = it->links.used;
        status = mgi_peel(&it->neighbours, it->rows, it->count, it->forest.rows, &rule, it->labels,
                          &peeled, error);
    } while (status == MGEO_OK && peeled > 0);
    return status;
}

static mgeo_status keep_guards(clustering *it, const mgeo_cluster_options *options,
                               mgeo_error *error) {
    mgeo_status status = mgi_guards_init(&it->guards, options, it->forest.rows, error);
    if (status == MGEO_OK) status = find_broken(it, error);
    if (status != MGEO_OK || it->count == 0) return status;
    status = list_broken(it, error);
    if (status != MGEO_OK) return status;
    mgi_cutting cutting = {
        .links = &it->links,
        .forest = &it->forest,
        .broken = it->broken,
        .neighbours = &it->neighbours,
        .rows = it->rows,
        .count = it->count,
    };
    status = mgi_cutting_run(&cutting, &it->guards, options, it->labels, error);
    if (status == MGEO_OK) status = hold_together(it, error);
    return status;
}

mgeo_status mgi_cluster(const mgeo_link *links, size_t count, uint64_t rows,
                        const mgeo_cluster_options *options, mgeo_member *members,
                        mgeo_error *error) {
    clustering it = {.count = 0};
    if (rows >= UINT32_MAX) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED, "%" PRIu64 " rows: at most %u can be clustered",
                        rows, UINT32_MAX - 1);
    }
    mgeo_status status = mgi_links_init(&it.links, links, count, rows, options->threshold, error);
    if (status == MGEO_OK) status = mgi_forest_init(&it.forest, (uint32_t)rows, error);
    if (status == MGEO_OK) {
        mgi_forest_grow(&it.forest, &it.links, NULL);
        status = keep_guards(&it, options, error);
    }
    if (status == MGEO_OK) status = mgi_describe_members(&it.forest, &it.links, members, error);
    clustering_finish(&it);
    return status;
}
