/* SPDX-License-Identifier: Apache-2.0 */
/* Rows sorted by both clusters: rows that have both in common stand together. */
#include "match/clusters/agreement.h"

#include <stdlib.h>

#include "common/memory.h"

static int compare(const void *one, const void *other) {
    const uint64_t *a = one, *b = other;
    return *a < *b ? -1 : *a > *b;
}

/* How many rows have the cluster of each, by number of the cluster. */
static uint32_t *sizes_of(const uint32_t *clusters, size_t count) {
    uint32_t most = 0;
    for (size_t i = 0; i < count; i++) most = clusters[i] > most ? clusters[i] : most;
    uint32_t *sizes = memory_zeroed((size_t)most + 1, sizeof *sizes);
    for (size_t i = 0; i < count; i++) sizes[clusters[i]]++;
    return sizes;
}

/* Each row adds how many of its cluster came before it. */
static uint64_t count_pairs(const uint32_t *clusters, size_t count) {
    uint32_t *sizes = sizes_of(clusters, count);
    uint64_t pairs = 0;
    for (size_t i = 0; i < count; i++) pairs += --sizes[clusters[i]];
    free(sizes);
    return pairs;
}

static void add_shared(struct agreement *agreement, double shared, double known, double made) {
    agreement->right_pairs += (uint64_t)(shared * (shared - 1) / 2);
    agreement->precision += shared * shared / made;
    agreement->recall += shared * shared / known;
}

struct agreement agreement_of(const uint32_t *known, const uint32_t *made, size_t count) {
    struct agreement agreement = {.rows = count,
                                  .known_pairs = count_pairs(known, count),
                                  .made_pairs = count_pairs(made, count)};
    uint32_t *known_sizes = sizes_of(known, count), *made_sizes = sizes_of(made, count);
    uint64_t *both = memory_resize(NULL, count + 1, sizeof *both);
    for (size_t i = 0; i < count; i++) both[i] = (uint64_t)known[i] << 32 | made[i];
    qsort(both, count, sizeof *both, compare);
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin; end < count && both[end] == both[begin];) end++;
        add_shared(&agreement, (double)(end - begin), known_sizes[both[begin] >> 32],
                   made_sizes[(uint32_t)both[begin]]);
    }
    if (count > 0) agreement.precision /= (double)count;
    if (count > 0) agreement.recall /= (double)count;
    free(known_sizes);
    free(made_sizes);
    free(both);
    return agreement;
}

static double share(uint64_t part, uint64_t whole) {
    return whole > 0 ? (double)part / (double)whole : 1;
}

double agreement_pair_precision(const struct agreement *agreement) {
    return share(agreement->right_pairs, agreement->made_pairs);
}

double agreement_pair_recall(const struct agreement *agreement) {
    return share(agreement->right_pairs, agreement->known_pairs);
}

double agreement_f1(double precision, double recall) {
    return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
}
