/* SPDX-License-Identifier: Apache-2.0 */
/* The best documents of a snapshot for one query. */
#include "match/index/search.h"

#include "match/index/pool.h"

#include <mgeo.h>
#include <string.h>

#define NO_NUMBER UINT32_MAX

/* The usual effort, 100%: the postings that are looked at grow as the square root of the table. */
enum { POSTINGS_AT_LEAST = 5120, POSTINGS_PER_ROOT = 5, POOL = 96 };

/* A query in work. */
typedef struct search {
    const mgi_snapshot *snapshot;
    const mgi_search_limits *limits;
    mgi_scratch *scratch;
    uint64_t digest;
    uint64_t row; /* of the query itself; UINT64_MAX: none */
    mgi_rank_totals totals;
    size_t found; /* in scratch->found: a heap whose first is the worst, once it is full */
} search;

/* ---- the query's terms ----------------------------------------------------------------------- */

/* Which of a segment's terms the query has. */
static void number_terms(const search *at, size_t part) {
    const mgi_terms *terms = &at->scratch->terms;
    const mgi_segment *segment = at->snapshot->parts[part].segment;
    const uint32_t *buckets = mgi_segment_words(segment, MGI_SECTION_TERM_BUCKETS);
    const unsigned bits = mgi_segment_bucket_bits(segment->terms);
    uint32_t *numbers = at->scratch->numbers + part * terms->count;
    /* Three walks: what one asks for is on its way while the next begins. */
    for (size_t i = 0; i < terms->count; i++) {
        __builtin_prefetch(&buckets[mgi_segment_bucket(terms->keys[i], bits)]);
    }
    for (size_t i = 0; i < terms->count; i++) {
        numbers[i] = buckets[mgi_segment_bucket(terms->keys[i], bits)];
        __builtin_prefetch(&mgi_segment_terms(segment)[numbers[i]]);
    }
    for (size_t i = 0; i < terms->count; i++) {
        if (!mgi_segment_find_term(segment, terms->keys[i], &numbers[i])) numbers[i] = NO_NUMBER;
    }
}

/* The weight that the first segment gives it which knows it, as when segments are made. */
static float weigh_term(const search *at, size_t term) {
    const mgi_snapshot *snapshot = at->snapshot;
    const size_t count = at->scratch->terms.count;
    for (size_t part = 0; part < snapshot->count; part++) {
        const uint32_t number = at->scratch->numbers[part * count + term];
        if (number == NO_NUMBER) continue;
        return mgi_segment_terms(snapshot->parts[part].segment)[number].weight;
    }
    return mgi_rank_weight(at->scratch->terms.keys[term], 0, snapshot->rows);
}

static bool prepare(search *at) {
    mgi_scratch *scratch = at->scratch;
    const size_t count = scratch->terms.count;
    const size_t room = count > 0 ? count : 1; /* a form may have no terms */
    if (!mgi_scratch_fit_terms(scratch, room, at->snapshot->count)) return false;
    for (size_t part = 0; part < at->snapshot->count; part++) number_terms(at, part);
    for (size_t i = 0; i < count; i++) {
        scratch->shares[i] = mgi_rank_share(weigh_term(at, i));
        mgi_rank_count(&at->totals, scratch->terms.keys[i], scratch->shares[i]);
    }
    return true;
}

/* The lists of the terms that a segment knows, and their shares for the exact score. */
static bool collect_lists(search *at, size_t part, size_t *count) {
    mgi_scratch *scratch = at->scratch;
    const mgi_segment_term *terms = mgi_segment_terms(at->snapshot->parts[part].segment);
    const uint32_t *numbers = scratch->numbers + part * scratch->terms.count;
    *count = 0;
    if (!mgi_rank_begin(&scratch->rank, scratch->terms.count, &at->totals, scratch->terms.facts)) {
        return false;
    }
    for (size_t i = 0; i < scratch->terms.count; i++) {
        const uint32_t number = numbers[i];
        if (number == NO_NUMBER) continue;
        mgi_rank_add(&scratch->rank, number, terms[number].key, scratch->shares[i]);
        scratch->lists[(*count)++] =
            (mgi_list){.postings = terms[number].postings,
                       .count = terms[number + 1].postings - terms[number].postings,
                       .group = terms[number].groups,
                       .group_end = terms[number + 1].groups,
                       .number = number,
                       .share = scratch->shares[i]};
    }
    return true;
}

/* ---- the best found -------------------------------------------------------------------------- */

static bool is_better(const mgi_found *a, const mgi_found *b) {
    return a->score != b->score ? a->score > b->score : a->row < b->row;
}

/* Puts `item` where the heap's first was, and mends the heap: a parent is worse than its children.
 */
static void sink(mgi_found *heap, size_t count, mgi_found item) {
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count) break;
        if (child + 1 < count && is_better(&heap[child], &heap[child + 1])) child++;
        if (!is_better(&item, &heap[child])) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = item;
}

static void rise(mgi_found *heap, size_t at, mgi_found item) {
    while (at > 0 && is_better(&heap[(at - 1) / 2], &item)) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = item;
}

static void keep(search *at, mgi_found item) {
    mgi_found *heap = at->scratch->found;
    if (!(item.score > 0.0f) || item.score < at->limits->least) return;
    if (at->found < at->limits->top) {
        rise(heap, at->found++, item);
    } else if (is_better(&item, &heap[0])) {
        sink(heap, at->found, item);
    }
}

static void sort_found(mgi_found *heap, size_t count) {
    while (count > 1) {
        const mgi_found last = heap[--count];
        const mgi_found worst = heap[0];
        sink(heap, count, last);
        heap[count] = worst;
    }
}

/* ---- a segment ------------------------------------------------------------------------------- */

enum { AHEAD = 6 };

static void fetch_document(const mgi_segment *segment, uint64_t document) {
    const uint32_t *forward = mgi_segment_words(segment, MGI_SECTION_FORWARD);
    const char *at = (const char *)(forward + mgi_segment_documents(segment)[document].forward);
    for (int line = 0; line < 4; line++) __builtin_prefetch(at + 64 * line);
}

static void score_pool(search *at, size_t part, size_t count) {
    const mgi_snapshot_part *of = &at->snapshot->parts[part];
    const uint32_t *forward = mgi_segment_words(of->segment, MGI_SECTION_FORWARD);
    const mgi_segment_document *documents = mgi_segment_documents(of->segment);
    const uint64_t *pool = at->scratch->pool;
    const uint32_t *rows = mgi_segment_words(of->segment, MGI_SECTION_ROWS);
    for (size_t i = 0; i < count; i++) {
        __builtin_prefetch(&documents[pool[i]]);
        __builtin_prefetch(&rows[pool[i]]);
    }
    for (size_t i = 0; i < count; i++) {
        const mgi_segment_document *document = &documents[pool[i]];
        if (i + AHEAD < count) fetch_document(of->segment, pool[i + AHEAD]);
        const mgi_rank_document ranked = {forward + document->forward,
                                          (size_t)(document[1].forward - document->forward),
                                          document->total, document->facts};
        mgi_found found = {.row = of->first_row + rows[pool[i]]};
        if (document->digest == at->digest) {
            found.flags = (uint32_t)MGEO_CANDIDATE_SAME_FORM;
            found.score = 1.0f;
        } else {
            found.score = mgi_rank_score(&at->scratch->rank, &ranked);
        }
        keep(at, found);
    }
}

static uint64_t integer_root(uint64_t value) {
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit > 0; bit >>= 1) {
        if ((root + bit) * (root + bit) <= value) root += bit;
    }
    return root;
}

static bool search_part(search *at, size_t part) {
    const mgi_snapshot_part *of = &at->snapshot->parts[part];
    const uint64_t documents = of->segment->documents;
    const uint64_t effort = at->limits->effort;
    mgi_pool_query query = {.part = of, .digest = at->digest, .self = UINT64_MAX};
    const bool own = at->row >= of->first_row && at->row < of->first_row + documents;
    if (own) query.self = mgi_segment_at_row(of->segment, at->row - of->first_row);
    if (at->limits->later && at->row >= of->first_row) {
        if (!own) return true;
        query.from = at->row - of->first_row + 1;
    }
    query.budget = (POSTINGS_AT_LEAST + POSTINGS_PER_ROOT * integer_root(documents)) * effort / 100;
    const uint64_t most = POOL * effort / 100 + 2 * (uint64_t)at->limits->top;
    query.most = (size_t)(most < documents ? most : documents);
    if (!mgi_scratch_fit_pool(at->scratch, 4 * query.most) ||
        !collect_lists(at, part, &query.list_count)) {
        return false;
    }
    score_pool(at, part, mgi_pool_choose(&query, at->scratch));
    return true;
}

/* ---- a query --------------------------------------------------------------------------------- */

static void note_same_text(const search *at, const char *text, size_t bytes) {
    for (size_t i = 0; i < at->found; i++) {
        mgi_found *found = &at->scratch->found[i];
        if (found->flags == 0) continue; /* one text has one form */
        const mgi_snapshot_part *part =
            &at->snapshot->parts[mgi_snapshot_find_row(at->snapshot, found->row)];
        mgi_segment_text id, known;
        mgi_segment_record(part->segment,
                           mgi_segment_at_row(part->segment, found->row - part->first_row), &id,
                           &known);
        if (known.count == bytes && memcmp(known.bytes, text, bytes) == 0) {
            found->flags |= (uint32_t)MGEO_CANDIDATE_SAME_TEXT;
        }
    }
}

static bool search_all(search *at, const char *text, size_t bytes, size_t *count) {
    mgi_scratch *scratch = at->scratch;
    if (at->digest == 0) return true;
    if (!mgi_scratch_fit_documents(scratch, (size_t)at->snapshot->largest) ||
        !mgi_scratch_fit_found(scratch, at->limits->top) || !prepare(at)) {
        return false;
    }
    for (size_t part = 0; part < at->snapshot->count; part++) {
        if (!search_part(at, part)) return false;
    }
    sort_found(scratch->found, at->found);
    note_same_text(at, text, bytes);
    *count = at->found;
    return true;
}

bool mgi_search_text(const mgi_snapshot *snapshot, const char *text, size_t bytes,
                     const mgi_search_limits *limits, mgi_scratch *scratch, size_t *count) {
    *count = 0;
    switch (mgi_normal_form_make(&scratch->form, text, bytes)) {
    case MGI_NORMAL_NOT_UTF8: return true;
    case MGI_NORMAL_NO_MEMORY: return false;
    default: break;
    }
    if (!mgi_terms_make(&scratch->terms, &scratch->form)) return false;
    search at = {.snapshot = snapshot,
                 .limits = limits,
                 .scratch = scratch,
                 .digest = scratch->form.digest,
                 .row = UINT64_MAX};
    return search_all(&at, text, bytes, count);
}

bool mgi_search_row(const mgi_snapshot *snapshot, uint64_t row, const mgi_search_limits *limits,
                    mgi_scratch *scratch, size_t *count) {
    const mgi_snapshot_part *part = &snapshot->parts[mgi_snapshot_find_row(snapshot, row)];
    const uint32_t document = mgi_segment_at_row(part->segment, row - part->first_row);
    mgi_segment_text id, text;
    *count = 0;
    if (mgi_removals_has(part->removals, document)) return true;
    if (!mgi_segment_copy_terms(part->segment, document, &scratch->terms)) return false;
    search at = {.snapshot = snapshot,
                 .limits = limits,
                 .scratch = scratch,
                 .digest = mgi_segment_documents(part->segment)[document].digest,
                 .row = row};
    mgi_segment_record(part->segment, document, &id, &text);
    return search_all(&at, text.bytes, text.count, count);
}
