/* SPDX-License-Identifier: Apache-2.0 */
/* The first, rough half of a search: the documents of a segment that are worth an exact score.
 *
 * Each document has a sum of 16 bits. A query's lists are added up from the term that counts most
 * to the one that counts least, until a budget of postings is spent; of the lists that would exceed
 * it, those of short documents first (Lin and Trotman, "Anytime ranking for impact-ordered
 * indexes", 2015). What is left out here is counted in the exact score. */
#include "match/index/pool.h"

#include <string.h>

/* Sums stay below what a document of the query's own form gets. */
enum { GREATEST_SUM = 65000, SAME_FORM_SUM = 65535 };

/* ---- order of the lists ---------------------------------------------------------------------- */

static bool counts_more(const mgi_list *a, const mgi_list *b) {
    return a->share != b->share ? a->share > b->share : a->number < b->number;
}

static void sort_lists(mgi_list *lists, size_t count) {
    static const size_t gaps[] = {701, 301, 132, 57, 23, 10, 4, 1};
    for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++) {
        for (size_t i = gaps[g]; i < count; i++) {
            const mgi_list list = lists[i];
            size_t at = i;
            for (; at >= gaps[g] && counts_more(&list, &lists[at - gaps[g]]); at -= gaps[g]) {
                lists[at] = lists[at - gaps[g]];
            }
            lists[at] = list;
        }
    }
}

/* ---- sums ------------------------------------------------------------------------------------ */

typedef struct adding {
    const uint32_t *groups, *postings;
    uint16_t *sums;
    uint32_t *touched;
    size_t count; /* of documents touched */
    float scale;
    float factors[MGI_RANK_LEVELS];
} adding;

static void add_postings(adding *to, uint64_t first, uint64_t count, uint16_t share) {
    const uint32_t *postings = to->postings + first;
    uint16_t *sums = to->sums;
    uint32_t *touched = to->touched;
    size_t at = to->count;
    for (uint64_t i = 0; i < count; i++) {
        const uint32_t document = postings[i];
        const uint16_t sum = sums[document];
        touched[at] = document;
        at += sum == 0;
        sums[document] = (uint16_t)(sum + share);
    }
    to->count = at;
}

static uint32_t group_size(uint32_t group) { return group & MGI_GROUP_MOST; }

/* What a posting of the group adds: at least 1, so that no document that is touched has 0. */
static uint16_t group_share(const adding *to, const mgi_list *list, uint32_t group) {
    const float share = list->share * to->factors[group >> MGI_GROUP_COUNT_BITS] * to->scale;
    return (uint16_t)(share + 1.0f);
}

/* Adds the list's next group, or as much of it as the budget allows. */
static uint64_t add_group(adding *to, mgi_list *list, uint64_t budget) {
    const uint32_t group = to->groups[list->group];
    const uint64_t count = group_size(group) < budget ? group_size(group) : budget;
    add_postings(to, list->postings, count, group_share(to, list, group));
    list->group++;
    list->postings += group_size(group);
    return budget - count;
}

/* What the list's next group counts, above, and which list it is of, below and inverted, so that of
 * equal ones the first is the greatest; 0: it has none. */
static uint32_t rank_next_group(const adding *to, const mgi_list *list, size_t number) {
    if (list->group == list->group_end) return 0;
    return (uint32_t)group_share(to, list, to->groups[list->group]) << 16 |
           (UINT16_MAX - (uint32_t)number);
}

/* Of lists that do not fit, the groups that count most. */
static void add_best_groups(adding *to, mgi_list *lists, size_t count, uint64_t budget,
                            uint32_t *ranks) {
    for (size_t i = 0; i < count; i++) ranks[i] = rank_next_group(to, &lists[i], i);
    while (budget > 0) {
        uint32_t best = 0;
        for (size_t i = 0; i < count; i++) best = ranks[i] > best ? ranks[i] : best;
        if (best == 0) return;
        const size_t number = UINT16_MAX - (best & UINT16_MAX);
        budget = add_group(to, &lists[number], budget);
        ranks[number] = rank_next_group(to, &lists[number], number);
    }
}

static void add_lists(adding *to, mgi_list *lists, size_t count, uint64_t budget, uint32_t *ranks) {
    float total = 0.0f;
    size_t i = 0;
    for (size_t k = 0; k < count; k++) total += lists[k].share;
    to->scale = ((float)GREATEST_SUM - (float)count) / total;
    for (; i < count && lists[i].count <= budget; i++) {
        budget -= lists[i].count;
        if (i + 1 < count) __builtin_prefetch(to->postings + lists[i + 1].postings);
        while (lists[i].group < lists[i].group_end) add_group(to, &lists[i], UINT64_MAX);
    }
    add_best_groups(to, lists + i, count - i, budget, ranks);
}

/* ---- the same form --------------------------------------------------------------------------- */

static bool is_wanted(const mgi_pool_query *query, uint64_t document) {
    if (document == query->self || mgi_removals_has(query->part->removals, document)) return false;
    return query->from == 0 ||
           mgi_segment_words(query->part->segment, MGI_SECTION_ROWS)[document] >= query->from;
}

/* Where those from `from` on begin: of one form they ascend. */
static uint64_t skip_before(const mgi_segment *segment, uint64_t first, uint64_t end,
                            uint64_t from) {
    const uint32_t *forms = mgi_segment_words(segment, MGI_SECTION_FORMS);
    const uint32_t *rows = mgi_segment_words(segment, MGI_SECTION_ROWS);
    while (first < end) {
        const uint64_t middle = first + (end - first) / 2;
        if (rows[forms[middle]] < from) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return first;
}

/* Documents of the query's own form come first, and of too many the first. */
static void add_same_form(adding *to, const mgi_pool_query *query) {
    const uint32_t *forms = mgi_segment_words(query->part->segment, MGI_SECTION_FORMS);
    uint64_t first, count;
    size_t left = query->most;
    mgi_segment_find_form(query->part->segment, query->digest, &first, &count);
    const uint64_t end = first + count;
    for (uint64_t i = skip_before(query->part->segment, first, end, query->from);
         i < end && left > 0; i++) {
        if (!is_wanted(query, forms[i])) continue;
        if (to->sums[forms[i]] == 0) to->touched[to->count++] = forms[i];
        to->sums[forms[i]] = SAME_FORM_SUM;
        left--;
    }
}

/* ---- the best of them ------------------------------------------------------------------------ */

/* Moves the `most` greatest of `count` different numbers to the front. */
static void select_greatest(uint64_t *keys, size_t count, size_t most) {
    size_t low = 0, high = count;
    while (low < most && most < high) {
        const uint64_t pivot = keys[low + (high - low - 1) / 2];
        size_t i = low, k = high - 1;
        for (;;) {
            while (keys[i] > pivot) i++;
            while (keys[k] < pivot) k--;
            if (i >= k) break;
            const uint64_t key = keys[i];
            keys[i++] = keys[k];
            keys[k--] = key;
        }
        /* Greater than or equal to the pivot before k + 1, less than or equal from there on. */
        if (k + 1 <= most) {
            low = k + 1;
        } else {
            high = k + 1;
        }
    }
}

/* Leaves the best `most` in the pool; returns the least of them. */
static uint64_t keep_best(uint64_t *pool, size_t count, size_t most) {
    uint64_t least = UINT64_MAX;
    select_greatest(pool, count, most);
    for (size_t i = 0; i < most; i++) least = pool[i] < least ? pool[i] : least;
    return least;
}

/* The best documents move to the pool as keys, sum above and document below; all sums become 0
 * again. Once the pool has been full, only what is better than its least is of interest. */
static size_t gather(const mgi_pool_query *query, const adding *from, mgi_scratch *scratch) {
    const bool all = query->from == 0 && query->part->removals == NULL;
    uint64_t *pool = scratch->pool, least = 0;
    size_t count = 0;
    if (query->self != UINT64_MAX) from->sums[query->self] = 0;
    for (size_t i = 0; i < from->count; i++) {
        const uint32_t document = from->touched[i];
        const uint64_t key = (uint64_t)from->sums[document] << 32 | (UINT32_MAX - document);
        from->sums[document] = 0;
        if (key <= least || key <= UINT32_MAX) continue;
        if (!all && !is_wanted(query, document)) continue;
        if (count == scratch->pool_capacity) {
            least = keep_best(pool, count, query->most);
            count = query->most;
            if (key <= least) continue;
        }
        pool[count++] = key;
    }
    if (count <= query->most) return count;
    select_greatest(pool, count, query->most);
    return query->most;
}

size_t mgi_pool_choose(const mgi_pool_query *query, mgi_scratch *scratch) {
    const mgi_segment *segment = query->part->segment;
    adding to = {.groups = mgi_segment_words(segment, MGI_SECTION_GROUPS),
                 .postings = mgi_segment_words(segment, MGI_SECTION_POSTINGS),
                 .sums = scratch->sums,
                 .touched = scratch->touched};
    for (uint32_t level = 0; level < MGI_RANK_LEVELS; level++) {
        to.factors[level] = mgi_rank_level_factor(level);
    }
    sort_lists(scratch->lists, query->list_count);
    if (query->list_count > 0) {
        add_lists(&to, scratch->lists, query->list_count, query->budget, scratch->ranks);
    }
    add_same_form(&to, query);
    const size_t count = gather(query, &to, scratch);
    for (size_t i = 0; i < count; i++) {
        scratch->pool[i] = UINT32_MAX - (uint32_t)scratch->pool[i];
    }
    return count;
}
