/* SPDX-License-Identifier: Apache-2.0 */
/* The links that a caller gave: checked, each pair of rows once, best links first. */
#include "match/cluster/links.h"

#include "core/alloc.h"

#include <inttypes.h>
#include <math.h>

static mgeo_status check(const mgeo_link *given, size_t count, uint64_t rows, mgeo_error *error) {
    for (size_t i = 0; i < count; i++) {
        uint64_t larger = given[i].a > given[i].b ? given[i].a : given[i].b;
        if (larger >= rows) {
            return mgi_fail(error, MGEO_E_ARGUMENT,
                            "links[%zu] is of row %" PRIu64 ": there are %" PRIu64 ", from 0", i,
                            larger, rows);
        }
        if (isinf(given[i].score)) {
            return mgi_fail(error, MGEO_E_ARGUMENT, "links[%zu].score is infinite", i);
        }
        if (given[i].reserved != 0) {
            return mgi_fail(error, MGEO_E_ARGUMENT, "links[%zu].reserved is not 0", i);
        }
    }
    if (count < UINT32_MAX) return MGEO_OK;
    return mgi_fail(error, MGEO_E_UNSUPPORTED, "%zu links: at most %u at once", count,
                    UINT32_MAX - 1);
}

/* Adding 0 makes one zero of the two, which are equal and have different bits. */
static void copy(mgi_links *links, const mgeo_link *given, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (given[i].a == given[i].b || isnan(given[i].score)) continue;
        uint32_t a = (uint32_t)given[i].a, b = (uint32_t)given[i].b;
        links->edges[links->count++] =
            (mgi_edge){.a = a < b ? a : b, .b = a < b ? b : a, .score = given[i].score + 0.0F};
    }
}

static void keep_best_of_each_pair(mgi_links *links) {
    mgi_edge *edges = links->edges;
    size_t kept = 0;
    for (size_t i = 0; i < links->count; i++) {
        mgi_edge *last = kept > 0 ? &edges[kept - 1] : NULL;
        if (last == NULL || last->a != edges[i].a || last->b != edges[i].b) {
            edges[kept++] = edges[i];
        } else if (edges[i].score > last->score) {
            last->score = edges[i].score;
        }
    }
    links->count = kept;
}

static void count_used(mgi_links *links, float threshold) {
    while (links->used < links->count && links->edges[links->used].score >= threshold) {
        links->used++;
    }
}

mgeo_status mgi_links_init(mgi_links *links, const mgeo_link *given, size_t count, uint64_t rows,
                           float threshold, mgeo_error *error) {
    *links = (mgi_links){.count = 0};
    mgeo_status status = check(given, count, rows, error);
    if (status != MGEO_OK) return status;
    links->edges = mgi_calloc(count, sizeof *links->edges);
    mgi_radix *radix = mgi_radix_create(count);
    if (links->edges == NULL || radix == NULL) {
        mgi_radix_destroy(radix);
        return mgi_fail_memory(error, "links", 2 * count * sizeof *links->edges);
    }
    copy(links, given, count);
    mgi_radix_sort(radix, &links->edges, links->count, MGI_RADIX_B);
    mgi_radix_sort(radix, &links->edges, links->count, MGI_RADIX_A);
    keep_best_of_each_pair(links);
    mgi_radix_sort(radix, &links->edges, links->count, MGI_RADIX_SCORE);
    count_used(links, threshold);
    mgi_radix_destroy(radix);
    return MGEO_OK;
}

void mgi_links_finish(mgi_links *links) {
    mgi_free(links->edges);
    *links = (mgi_links){.count = 0};
}
