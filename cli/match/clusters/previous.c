/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of old and new clusters, sorted, and given out from the greatest on. */
#include "match/clusters/previous.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/string_buffer.h"
#include "table/reader.h"

struct previous {
    struct ids names; /* of the old clusters */
    struct ids made_up;
    uint32_t *old; /* [ids]: the old cluster of each id, or IDS_NONE */
    char **made;   /* names, owned */
    size_t made_count;
};

/* ---- reading --------------------------------------------------------------------------------- */

static void take_chunk(struct previous *previous, const struct scored_pairs *pairs,
                       const struct chunk *chunk) {
    for (size_t i = 0; i < chunk->count; i++) {
        const struct row *row = &chunk->rows[i];
        if (row->reason != ROW_GOOD) continue;
        const char *text = chunk_text(chunk, row);
        bool of_b = row->gold_length == 1 && text[row->gold] == 'b' && pairs->source != NULL;
        uint32_t id = ids_find(&pairs->ids, of_b ? IDS_B : IDS_A, text + row->a, row->a_length);
        uint32_t name = ids_add(&previous->names, IDS_A, text + row->b, row->b_length);
        if (id != IDS_NONE) previous->old[id] = name;
    }
}

static bool take_rows(struct previous *previous, const struct scored_pairs *pairs,
                      struct reader *reader, struct error *error) {
    enum { ROWS = 8192 };
    struct chunk chunk;
    int got;
    chunk_init(&chunk, 0);
    while ((got = reader_fill(reader, &chunk, ROWS, error)) > 0) {
        take_chunk(previous, pairs, &chunk);
        chunk_clear(&chunk);
    }
    chunk_finish(&chunk);
    return got == 0;
}

struct previous *previous_read(const struct options *options, const struct scored_pairs *pairs,
                               struct error *error) {
    struct table_options table = {.a = "id",
                                  .b = "cluster_id",
                                  .gold = pairs->source != NULL ? "table" : NULL,
                                  .null_words = "",
                                  .without_json = true};
    table.input.quiet = true;
    struct reader *reader = reader_open(&options->previous, 1, &table, error);
    if (reader == NULL) return NULL;
    struct previous *previous = memory_zeroed(1, sizeof *previous);
    previous->old = memory_resize(NULL, pairs->ids.count + 1, sizeof *previous->old);
    memset(previous->old, 0xFF, (pairs->ids.count + 1) * sizeof *previous->old);
    bool done = reader_table(reader) == NULL || take_rows(previous, pairs, reader, error);
    reader_close(reader);
    if (done) return previous;
    previous_destroy(previous);
    return NULL;
}

void previous_destroy(struct previous *previous) {
    if (previous == NULL) return;
    for (size_t i = 0; i < previous->made_count; i++) free(previous->made[i]);
    free(previous->made);
    free(previous->old);
    ids_finish(&previous->names);
    ids_finish(&previous->made_up);
    free(previous);
}

/* ---- shares ---------------------------------------------------------------------------------- */

struct share {
    uint32_t fresh, old; /* the new cluster by its first member; the old one */
    uint32_t members;
};

static int by_clusters(const void *one, const void *other) {
    const struct share *a = one, *b = other;
    if (a->fresh != b->fresh) return a->fresh < b->fresh ? -1 : 1;
    return a->old < b->old ? -1 : a->old > b->old;
}

static int by_members(const void *one, const void *other) {
    const struct share *a = one, *b = other;
    if (a->members != b->members) return a->members > b->members ? -1 : 1;
    return by_clusters(one, other);
}

/* One for each two clusters that have members in common. */
static struct share *make_shares(const struct previous *previous,
                                 const struct clustering *clustering, size_t ids, size_t *count) {
    struct share *shares = memory_resize(NULL, ids + 1, sizeof *shares);
    size_t found = 0, kept = 0;
    for (size_t i = 0; i < ids; i++) {
        if (previous->old[i] == IDS_NONE) continue;
        shares[found++] =
            (struct share){(uint32_t)clustering->members[i].cluster, previous->old[i], 1};
    }
    qsort(shares, found, sizeof *shares, by_clusters);
    for (size_t i = 0; i < found; i++) {
        if (kept > 0 && by_clusters(&shares[kept - 1], &shares[i]) == 0) {
            shares[kept - 1].members++;
        } else {
            shares[kept++] = shares[i];
        }
    }
    qsort(shares, kept, sizeof *shares, by_members);
    *count = kept;
    return shares;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* What is known of clusters while they are named. */
struct naming {
    bool *given;       /* [names]: whether a cluster has that name */
    uint32_t *parts;   /* [old clusters]: in how many new ones it is */
    uint32_t *parents; /* [ids]: at a cluster's first member, of how many old ones it has members */
};

static void give_names(struct previous *previous, struct clustering *clustering,
                       struct naming *naming, const struct share *shares, size_t count,
                       struct previous_counts *counts) {
    for (size_t i = 0; i < count; i++) {
        const struct share *share = &shares[i];
        if (++naming->parts[share->old] == 2) counts->split++;
        if (++naming->parents[share->fresh] == 2) counts->merged++;
        if (naming->given[share->old] || clustering->names[share->fresh] != NULL) continue;
        naming->given[share->old] = true;
        clustering->names[share->fresh] = ids_text(&previous->names, share->old);
        counts->kept++;
    }
}

static bool is_given(const struct previous *previous, const struct naming *naming,
                     const char *name) {
    uint32_t number = ids_find(&previous->names, IDS_A, name, strlen(name));
    return (number != IDS_NONE && naming->given[number]) ||
           ids_find(&previous->made_up, IDS_A, name, strlen(name)) != IDS_NONE;
}

/* In the order of first members, members in theirs. */
static void name_by_members(const struct previous *previous, const struct scored_pairs *pairs,
                            struct clustering *clustering, const struct naming *naming,
                            size_t *fresh) {
    for (size_t i = 0; i < pairs->ids.count; i++) {
        const char **name = &clustering->names[clustering->members[i].cluster];
        if (*name != NULL) continue;
        const char *id = scored_pairs_name(pairs, i);
        if (is_given(previous, naming, id)) continue;
        *name = id;
        ++*fresh;
    }
}

static const char *make_up(struct previous *previous, const struct scored_pairs *pairs,
                           const struct naming *naming, size_t first) {
    struct string_buffer text = {0};
    for (unsigned number = 2; number == 2 || is_given(previous, naming, text.bytes) ||
                              ids_find(&pairs->ids, IDS_A, text.bytes, text.length) != IDS_NONE;
         number++) {
        string_buffer_clear(&text);
        string_buffer_format(&text, "%s~%u", scored_pairs_name(pairs, first), number);
    }
    ids_add(&previous->made_up, IDS_A, text.bytes, text.length);
    previous->made =
        memory_resize(previous->made, previous->made_count + 1, sizeof *previous->made);
    return previous->made[previous->made_count++] = text.bytes;
}

struct previous_counts previous_name(struct previous *previous, const struct scored_pairs *pairs,
                                     struct clustering *clustering) {
    size_t ids = pairs->ids.count, count;
    struct previous_counts counts = {0};
    struct naming naming = {
        .given = memory_zeroed(previous->names.count + 1, sizeof *naming.given),
        .parts = memory_zeroed(previous->names.count + 1, sizeof *naming.parts),
        .parents = memory_zeroed(ids + 1, sizeof *naming.parents),
    };
    struct share *shares = make_shares(previous, clustering, ids, &count);
    memset(clustering->names, 0, ids * sizeof *clustering->names);
    give_names(previous, clustering, &naming, shares, count, &counts);
    name_by_members(previous, pairs, clustering, &naming, &counts.fresh);
    for (size_t i = 0; i < ids; i++) {
        if (clustering->members[i].cluster != i || clustering->names[i] != NULL) continue;
        clustering->names[i] = make_up(previous, pairs, &naming, i);
        counts.fresh++;
    }
    free(shares);
    free(naming.given);
    free(naming.parts);
    free(naming.parents);
    return counts;
}
