/* SPDX-License-Identifier: Apache-2.0 */
/* Known pairs stand for all pairs that follow from them: if a is b and b is c, then a is c. */
#include "match/dedupe/dedupe_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/message.h"
#include "common/string_buffer.h"
#include "match/clusters/agreement.h"

/* ---- counts ---------------------------------------------------------------------------------- */

static void say_clusters(const struct run *run, const struct dedupe_texts *texts,
                         const mgeo_member *members) {
    size_t rows = texts->records->count, clusters = 0, inside = 0;
    uint64_t largest = 0;
    for (size_t i = 0; i < rows; i++) {
        if (members[i].size < 2) continue;
        inside++;
        clusters += members[i].cluster == i;
        if (members[i].size > largest) largest = members[i].size;
    }
    totals_say_pairs(&run->totals, run_cascade(run) != NULL);
    message_print("clusters of several rows: %zu with %zu rows, the largest of %" PRIu64, clusters,
                  inside, largest);
}

static void say_counts(const struct run *run, const struct dedupe_texts *texts,
                       const mgeo_member *members) {
    size_t rows = texts->records->count, distinct = texts->distinct->count;
    if (rows == 0) {
        message_print("there are no rows");
        return;
    }
    message_print("rows: %zu, distinct texts: %zu", rows, distinct);
    if (members != NULL) {
        say_clusters(run, texts, members);
    } else {
        message_print("pairs: %" PRIu64, run->totals.count[TOTALS_CANDIDATES]);
    }
}

/* ---- known pairs ----------------------------------------------------------------------------- */

struct known_rows {
    const struct records *records;
    uint32_t *by_id;  /* [records]: records in the order of their ids */
    uint32_t *parent; /* [records]: the known groups, as a forest */
    bool *told;       /* [records]: whether a known pair names the row */
};

static int compare_ids(const void *one, const void *other, void *opaque) {
    const struct records *records = opaque;
    return strcmp(records_id(records, *(const uint32_t *)one),
                  records_id(records, *(const uint32_t *)other));
}

/* The first record with the id, or UINT32_MAX. */
static uint32_t find_id(const struct known_rows *known, const char *id) {
    size_t low = 0, high = known->records->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(records_id(known->records, known->by_id[middle]), id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < known->records->count &&
                 strcmp(records_id(known->records, known->by_id[low]), id) == 0;
    return found ? known->by_id[low] : UINT32_MAX;
}

static uint32_t root_of(struct known_rows *known, uint32_t row) {
    while (known->parent[row] != row) {
        known->parent[row] = known->parent[known->parent[row]];
        row = known->parent[row];
    }
    return row;
}

/* How many known pairs name rows that are there. */
static size_t take_known(struct known_rows *known, const struct known_pairs *pairs) {
    size_t taken = 0;
    for (size_t i = 0; i < known_pairs_count(pairs); i++) {
        const char *a, *b;
        known_pairs_at(pairs, i, &a, &b);
        uint32_t one = find_id(known, a), other = find_id(known, b);
        if (one == UINT32_MAX || other == UINT32_MAX) continue;
        taken++;
        known->told[one] = known->told[other] = true;
        uint32_t x = root_of(known, one), y = root_of(known, other);
        known->parent[x > y ? x : y] = x > y ? y : x;
    }
    return taken;
}

/* Of the rows that known pairs name. */
static struct agreement agree(struct known_rows *known, const mgeo_member *members) {
    size_t rows = known->records->count, count = 0;
    uint32_t *by_known = memory_resize(NULL, rows + 1, sizeof *by_known);
    uint32_t *by_cluster = memory_resize(NULL, rows + 1, sizeof *by_cluster);
    for (uint32_t i = 0; i < rows; i++) {
        if (!known->told[i]) continue;
        by_known[count] = root_of(known, i);
        by_cluster[count++] = (uint32_t)members[i].cluster;
    }
    struct agreement agreement = agreement_of(by_known, by_cluster, count);
    free(by_known);
    free(by_cluster);
    return agreement;
}

static bool say_known(const struct run *run, const struct dedupe_texts *texts,
                      const mgeo_member *members) {
    size_t rows = texts->records->count;
    struct known_rows known = {.records = texts->records,
                               .by_id = memory_resize(NULL, rows + 1, sizeof *known.by_id),
                               .parent = memory_resize(NULL, rows + 1, sizeof *known.parent),
                               .told = memory_zeroed(rows + 1, sizeof *known.told)};
    for (uint32_t i = 0; i < rows; i++) known.by_id[i] = known.parent[i] = i;
    qsort_r(known.by_id, rows, sizeof *known.by_id, compare_ids, (void *)texts->records);
    size_t taken = take_known(&known, run->known);
    struct agreement agreement = agree(&known, members);
    double precision = agreement_pair_precision(&agreement);
    double recall = agreement_pair_recall(&agreement);
    struct string_buffer text = {0};
    string_buffer_format(&text, "known pairs: %zu, of rows of the table: %zu%s\n",
                         known_pairs_count(run->known), taken,
                         taken > 0 ? ""
                                   : ", so that there is nothing to compare: are the ids "
                                     "those of --id?");
    if (taken > 0) {
        string_buffer_format(&text,
                             "pairs in clusters, of rows that the file names: recall %.4f, "
                             "precision %.4f, F1 %.4f\n",
                             recall, precision, agreement_f1(precision, recall));
    }
    bool done = message_text(text.bytes);
    string_buffer_finish(&text);
    free(known.by_id);
    free(known.parent);
    free(known.told);
    return done;
}

bool dedupe_report(const struct run *run, const struct dedupe_texts *texts,
                   const mgeo_member *members) {
    if (!run->options->quiet) say_counts(run, texts, members);
    return run->known == NULL || members == NULL || say_known(run, texts, members);
}
