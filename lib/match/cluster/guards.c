/* SPDX-License-Identifier: Apache-2.0 */
/* Components looked at with the guards: too large, two rows of a source, a row with loose links. */
#include "match/cluster/guards.h"

#include "core/alloc.h"

/* Rows as edges, so that what sorts edges sorts them: a is the row. NULL: no memory. */
static mgi_edge *rows_with(const uint32_t *values, uint32_t rows) {
    mgi_edge *list = mgi_calloc(rows, sizeof *list);
    for (uint32_t row = 0; list != NULL && row < rows; row++) {
        list[row] = (mgi_edge){.a = row, .b = values[row]};
    }
    return list;
}

/* Any numbers become 0, 1, 2 … in their order. */
static mgeo_status number_sources(mgi_guards *guards, const uint32_t *given, uint32_t rows,
                                  mgeo_error *error) {
    guards->sources = mgi_calloc(rows, sizeof *guards->sources);
    mgi_edge *list = rows_with(given, rows);
    mgi_radix *radix = mgi_radix_create(rows);
    mgeo_status status = MGEO_OK;
    if (guards->sources == NULL || list == NULL || radix == NULL) {
        status = mgi_fail_memory(error, "sources of rows", (size_t)rows * 2 * sizeof *list);
        goto cleanup;
    }
    mgi_radix_sort(radix, &list, rows, MGI_RADIX_B);
    uint32_t number = 0;
    for (uint32_t i = 0; i < rows; i++) {
        if (i > 0 && list[i].b != list[i - 1].b) number++;
        guards->sources[list[i].a] = number;
    }
cleanup:
    mgi_radix_destroy(radix);
    mgi_free(list);
    return status;
}

mgeo_status mgi_guards_init(mgi_guards *guards, const mgeo_cluster_options *options, uint32_t rows,
                            mgeo_error *error) {
    *guards = (mgi_guards){
        .max_size = options->max_size == 0 ? UINT32_MAX : options->max_size,
        .least_link = options->least_link,
        .asks_link = options->least_link != 0,
    };
    if (options->one_to_one == 0) return MGEO_OK;
    return number_sources(guards, options->source, rows, error);
}

void mgi_guards_finish(mgi_guards *guards) {
    mgi_free(guards->sources);
    *guards = (mgi_guards){.sources = NULL};
}

static void find_too_large(const mgi_guards *guards, const mgi_forest *forest, bool *broken) {
    for (uint32_t row = 0; row < forest->rows; row++) {
        if (forest->root[row] == row && forest->size[row] > guards->max_size) broken[row] = true;
    }
}

/* In the order of roots and, at one root, of sources, two rows of a source are neighbours. */
static mgeo_status find_shared_sources(const mgi_guards *guards, const mgi_forest *forest,
                                       bool *broken, mgeo_error *error) {
    uint32_t rows = forest->rows;
    mgi_edge *list = rows_with(guards->sources, rows);
    mgi_radix *radix = mgi_radix_create(rows);
    mgeo_status status = MGEO_OK;
    if (list == NULL || radix == NULL) {
        status = mgi_fail_memory(error, "sources in clusters", (size_t)rows * 2 * sizeof *list);
        goto cleanup;
    }
    for (uint32_t row = 0; row < rows; row++) list[row].a = forest->root[row];
    mgi_radix_sort(radix, &list, rows, MGI_RADIX_B);
    mgi_radix_sort(radix, &list, rows, MGI_RADIX_A);
    for (uint32_t i = 1; i < rows; i++) {
        if (list[i].a == list[i - 1].a && list[i].b == list[i - 1].b) broken[list[i].a] = true;
    }
cleanup:
    mgi_radix_destroy(radix);
    mgi_free(list);
    return status;
}

static mgeo_status find_loose(const mgi_guards *guards, const mgi_links *links,
                              const mgi_forest *forest, bool *broken, mgeo_error *error) {
    double *sums = mgi_calloc(forest->rows, sizeof *sums);
    uint32_t *counts = mgi_calloc(forest->rows, sizeof *counts);
    mgeo_status status = MGEO_OK;
    if (sums == NULL || counts == NULL) {
        status =
            mgi_fail_memory(error, "mean links", forest->rows * (sizeof *sums + sizeof *counts));
        goto cleanup;
    }
    for (size_t i = 0; i < links->count; i++) {
        const mgi_edge *edge = &links->edges[i];
        if (forest->root[edge->a] != forest->root[edge->b]) continue;
        sums[edge->a] += (double)edge->score;
        sums[edge->b] += (double)edge->score;
        counts[edge->a]++;
        counts[edge->b]++;
    }
    for (uint32_t row = 0; row < forest->rows; row++) {
        if (mgi_guards_is_loose(sums[row], counts[row], guards->least_link)) {
            broken[forest->root[row]] = true;
        }
    }
cleanup:
    mgi_free(sums);
    mgi_free(counts);
    return status;
}

mgeo_status mgi_guards_find_broken(const mgi_guards *guards, const mgi_links *links,
                                   const mgi_forest *forest, bool *broken, uint32_t *rows,
                                   mgeo_error *error) {
    mgeo_status status = MGEO_OK;
    find_too_large(guards, forest, broken);
    if (guards->sources != NULL) status = find_shared_sources(guards, forest, broken, error);
    if (status == MGEO_OK && guards->asks_link) {
        status = find_loose(guards, links, forest, broken, error);
    }
    *rows = 0;
    for (uint32_t row = 0; row < forest->rows; row++) *rows += broken[forest->root[row]];
    return status;
}
