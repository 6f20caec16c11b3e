/* SPDX-License-Identifier: Apache-2.0 */
/* Lines on standard error. */
#include "match/clusters/clusters_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/message.h"
#include "common/string_buffer.h"
#include "match/clusters/agreement.h"

void clusters_report_pairs(const struct scored_pairs *pairs) {
    message_print("pairs: %zu, of them without a similarity: %" PRIu64 "; ids: %zu", pairs->count,
                  pairs->unscored, pairs->ids.count);
}

/* ---- counts ---------------------------------------------------------------------------------- */

enum { SIZES = 8 };
static const uint64_t size_from[SIZES] = {2, 3, 4, 5, 10, 20, 50, 100};

static void add_size(struct string_buffer *text, size_t i, size_t clusters) {
    if (clusters == 0) return;
    string_buffer_format(text, "%s%" PRIu64, text->length > 0 ? ", " : "", size_from[i]);
    if (i + 1 == SIZES) {
        string_buffer_put(text, " or more");
    } else if (size_from[i + 1] > size_from[i] + 1) {
        string_buffer_format(text, "-%" PRIu64, size_from[i + 1] - 1);
    }
    string_buffer_format(text, ": %zu", clusters);
}

static void say_sizes(const struct clustering *clustering, size_t ids, const char *head) {
    size_t sizes[SIZES] = {0};
    struct string_buffer text = {0};
    for (size_t i = 0; i < ids; i++) {
        const mgeo_member *member = &clustering->members[i];
        if (member->cluster != i || member->size < 2) continue;
        size_t k = SIZES;
        while (size_from[k - 1] > member->size) k--;
        sizes[k - 1]++;
    }
    for (size_t k = 0; k < SIZES; k++) add_size(&text, k, sizes[k]);
    if (text.length > 0) message_print("%s: clusters by size: %s", head, text.bytes);
    string_buffer_finish(&text);
}

static void say_cut(const struct clustering *clustering, const char *head) {
    const uint64_t *cut = clustering->cut;
    uint64_t all =
        cut[CLUSTERING_ONE_TO_ONE] + cut[CLUSTERING_MAX_SIZE] + cut[CLUSTERING_LEAST_LINK];
    if (all == 0) return;
    message_print("%s: links cut: %" PRIu64 " (components not one to one: %" PRIu64
                  ", too large: %" PRIu64 ", with loose rows: %" PRIu64 ")",
                  head, all, cut[CLUSTERING_ONE_TO_ONE], cut[CLUSTERING_MAX_SIZE],
                  cut[CLUSTERING_LEAST_LINK]);
}

void clusters_report_counts(const struct clustering *clustering, const struct scored_pairs *pairs) {
    size_t ids = pairs->ids.count, clusters = 0, alone = 0, largest = 0;
    char head[48];
    snprintf(head, sizeof head, "threshold %g", (double)clustering->threshold);
    for (size_t i = 0; i < ids; i++) {
        const mgeo_member *member = &clustering->members[i];
        alone += member->size == 1;
        clusters += member->cluster == i && member->size > 1;
        if (member->size > clustering->members[largest].size) largest = i;
    }
    message_print("%s: links: %" PRIu64 ", clusters of several ids: %zu with %zu ids, alone: %zu",
                  head, clustering->used, clusters, ids - alone, alone);
    say_sizes(clustering, ids, head);
    if (clusters > 0) {
        message_print("%s: the largest cluster is %s, of %" PRIu64 " ids", head,
                      clustering_name(clustering, largest), clustering->members[largest].size);
    }
    say_cut(clustering, head);
}

void clusters_report_previous(const struct previous_counts *counts) {
    message_print("cluster ids kept: %zu, new: %zu; earlier clusters that are split: %zu, clusters "
                  "merged from several: %zu",
                  counts->kept, counts->fresh, counts->split, counts->merged);
}

/* ---- known pairs ----------------------------------------------------------------------------- */

/* Ids that known pairs name, and the known cluster of each. */
struct known_ids {
    uint32_t *parent; /* [ids] */
    bool *told;       /* [ids] */
    size_t pairs;     /* whose ids are both there */
};

static uint32_t root_of(uint32_t *parent, uint32_t id) {
    while (parent[id] != id) {
        parent[id] = parent[parent[id]];
        id = parent[id];
    }
    return id;
}

static void take_known(struct known_ids *known, const struct scored_pairs *pairs,
                       const struct known_pairs *list) {
    enum ids_side other = pairs->source != NULL ? IDS_B : IDS_A;
    for (size_t i = 0; i < pairs->ids.count; i++) known->parent[i] = (uint32_t)i;
    for (size_t i = 0; i < known_pairs_count(list); i++) {
        const char *first, *second;
        known_pairs_at(list, i, &first, &second);
        uint32_t a = ids_find(&pairs->ids, IDS_A, first, strlen(first));
        uint32_t b = ids_find(&pairs->ids, other, second, strlen(second));
        if (a == IDS_NONE || b == IDS_NONE) continue;
        known->pairs++;
        known->told[a] = known->told[b] = true;
        known->parent[root_of(known->parent, a)] = root_of(known->parent, b);
    }
}

static struct agreement agree(const struct known_ids *known, const struct clustering *clustering,
                              size_t ids) {
    uint32_t *by_known = memory_resize(NULL, ids + 1, sizeof *by_known);
    uint32_t *by_cluster = memory_resize(NULL, ids + 1, sizeof *by_cluster);
    size_t count = 0;
    for (size_t i = 0; i < ids; i++) {
        if (!known->told[i]) continue;
        by_known[count] = root_of(known->parent, (uint32_t)i);
        by_cluster[count++] = (uint32_t)clustering->members[i].cluster;
    }
    struct agreement agreement = agreement_of(by_known, by_cluster, count);
    free(by_known);
    free(by_cluster);
    return agreement;
}

static void write_agreement(struct string_buffer *text, const struct agreement *agreement,
                            double threshold) {
    double precision = agreement_pair_precision(agreement);
    double recall = agreement_pair_recall(agreement);
    string_buffer_format(text,
                         "threshold %g: pairs in clusters: precision %.4f, recall %.4f, F1 %.4f; "
                         "B-cubed: precision %.4f, recall %.4f, F1 %.4f\n",
                         threshold, precision, recall, agreement_f1(precision, recall),
                         agreement->precision, agreement->recall,
                         agreement_f1(agreement->precision, agreement->recall));
}

bool clusters_report_known(const struct clustering *clusterings, size_t count,
                           const struct scored_pairs *pairs, const struct known_pairs *known) {
    size_t ids = pairs->ids.count;
    struct known_ids told = {.parent = memory_resize(NULL, ids + 1, sizeof *told.parent),
                             .told = memory_zeroed(ids + 1, sizeof *told.told)};
    struct string_buffer text = {0};
    take_known(&told, pairs, known);
    string_buffer_format(&text, "known pairs: %zu, of ids that are there: %zu%s\n",
                         known_pairs_count(known), told.pairs,
                         told.pairs == 0 ? ", so that there is nothing to compare" : "");
    for (size_t i = 0; told.pairs > 0 && i < count; i++) {
        struct agreement agreement = agree(&told, &clusterings[i], ids);
        write_agreement(&text, &agreement, (double)clusterings[i].threshold);
    }
    bool done = message_text(text.bytes);
    string_buffer_finish(&text);
    free(told.parent);
    free(told.told);
    return done;
}
