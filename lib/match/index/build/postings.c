/* SPDX-License-Identifier: Apache-2.0 */
/* The forward index turned round: each term's documents, by level, and the groups they form. */
#include "core/alloc.h"
#include "core/progress.h"
#include "match/index/build/state.h"
#include "match/index/parallel.h"
#include "match/index/rank.h"

enum {
    RANGE_POSTINGS = 16 << 20, /* of the terms that a worker takes at a time */
    LOOK = 1 << 16             /* documents between two looks at whether to go on */
};

/* What the workers share. */
typedef struct postings_work {
    mgi_build *build;
    uint32_t *ranges; /* [count + 1]: the first term of each */
    size_t count;
    uint64_t *next;  /* [terms]: where a term's next posting goes */
    uint8_t *levels; /* [documents] */
} postings_work;

/* ---- order ----------------------------------------------------------------------------------- */

/* Documents by level, the highest first, in each as they are numbered: turned round in this order,
 * every term's postings come out sorted. */
static void order_documents(postings_work *work) {
    mgi_build *build = work->build;
    const mgi_segment_document *documents = mgi_segment_documents(build->segment);
    size_t starts[MGI_RANK_LEVELS] = {0};
    for (size_t i = 0; i < build->count; i++) {
        work->levels[i] = (uint8_t)documents[i].level;
        if (documents[i].level > 0) starts[documents[i].level - 1]++;
    }
    for (int level = MGI_RANK_LEVELS - 2; level >= 0; level--) starts[level] += starts[level + 1];
    for (size_t i = 0; i < build->count; i++) {
        build->order[starts[documents[i].level]++] = (uint32_t)i;
    }
}

/* ---- postings -------------------------------------------------------------------------------- */

static size_t find_first(const uint32_t *numbers, size_t count, uint32_t least) {
    size_t low = 0;
    while (count > 0) {
        const size_t half = count / 2;
        if (numbers[low + half] < least) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return low;
}

static void turn_document(const postings_work *work, uint32_t document, uint32_t first,
                          uint32_t end) {
    const mgi_segment *segment = work->build->segment;
    const mgi_segment_document *entry = mgi_segment_documents(segment) + document;
    const uint32_t *numbers = mgi_segment_words(segment, MGI_SECTION_FORWARD) + entry->forward;
    const size_t count = (size_t)(entry[1].forward - entry->forward);
    uint32_t *postings = segment->sections[MGI_SECTION_POSTINGS];
    for (size_t i = find_first(numbers, count, first); i < count && numbers[i] < end; i++) {
        postings[work->next[numbers[i]]++] = document;
    }
}

static void turn_range(void *argument, uint32_t worker) {
    const postings_work *work = argument;
    mgi_build *build = work->build;
    (void)worker;
    for (;;) {
        const size_t range = atomic_fetch_add(&build->next, 1);
        if (range >= work->count) return;
        for (size_t i = 0; i < build->count; i++) {
            if (i % LOOK == 0 && !mgi_build_goes_on(build)) return;
            turn_document(work, build->order[i], work->ranges[range], work->ranges[range + 1]);
        }
        mgi_progress_add(build->request->progress, work->ranges[range + 1] - work->ranges[range]);
    }
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* Counts a term's groups, and writes them where `groups` is not NULL. */
static uint32_t group_postings(const postings_work *work, uint64_t term, uint32_t *groups) {
    const mgi_segment_term *at = mgi_segment_terms(work->build->segment) + term;
    const uint32_t *postings = mgi_segment_words(work->build->segment, MGI_SECTION_POSTINGS);
    uint32_t count = 0;
    for (uint64_t i = at->postings; i < at[1].postings; count++) {
        const uint8_t level = work->levels[postings[i]];
        uint32_t members = 0;
        while (i < at[1].postings && work->levels[postings[i]] == level &&
               members < MGI_GROUP_MOST) {
            members++;
            i++;
        }
        if (groups != NULL) groups[count] = (uint32_t)level << MGI_GROUP_COUNT_BITS | members;
    }
    return count;
}

static void count_groups(void *argument, uint32_t worker) {
    const postings_work *work = argument;
    mgi_segment_term *terms = work->build->segment->sections[MGI_SECTION_TERMS];
    (void)worker;
    for (;;) {
        const size_t range = atomic_fetch_add(&work->build->next, 1);
        if (range >= work->count || !mgi_build_goes_on(work->build)) return;
        for (uint64_t term = work->ranges[range]; term < work->ranges[range + 1]; term++) {
            terms[term].groups = group_postings(work, term, NULL);
        }
    }
}

static void write_groups(void *argument, uint32_t worker) {
    const postings_work *work = argument;
    const mgi_segment_term *terms = mgi_segment_terms(work->build->segment);
    uint32_t *groups = work->build->segment->sections[MGI_SECTION_GROUPS];
    (void)worker;
    for (;;) {
        const size_t range = atomic_fetch_add(&work->build->next, 1);
        if (range >= work->count || !mgi_build_goes_on(work->build)) return;
        for (uint64_t term = work->ranges[range]; term < work->ranges[range + 1]; term++) {
            group_postings(work, term, groups + terms[term].groups);
        }
    }
}

static uint64_t add_up_groups(mgi_build *build) {
    mgi_segment_term *terms = build->segment->sections[MGI_SECTION_TERMS];
    uint64_t at = 0;
    for (uint64_t i = 0; i <= build->segment->terms; i++) {
        const uint64_t count = terms[i].groups;
        terms[i].groups = (uint32_t)at;
        at += count;
    }
    if (at >= UINT32_MAX) mgi_build_fail(build, MGEO_E_UNSUPPORTED);
    return at;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Ranges of terms with about as many postings each: their number depends on the postings alone, or
 * on the threads, and the result on neither. */
static void cut_ranges(postings_work *work) {
    const mgi_segment *segment = work->build->segment;
    const mgi_segment_term *terms = mgi_segment_terms(segment);
    const uint64_t all = terms[segment->terms].postings;
    uint64_t term = 0;
    for (size_t range = 0; range <= work->count; range++) {
        const uint64_t goal = all / work->count * range;
        while (term < segment->terms && terms[term].postings < goal) term++;
        work->ranges[range] = (uint32_t)term;
    }
    work->ranges[work->count] = (uint32_t)segment->terms;
}

static void run(postings_work *work, void (*body)(void *, uint32_t)) {
    if (!mgi_build_goes_on(work->build)) return;
    atomic_store(&work->build->next, 0);
    mgi_parallel_run(work->build->threads, body, work);
}

static void write_all(postings_work *work) {
    mgi_build *build = work->build;
    const mgi_segment_term *terms = mgi_segment_terms(build->segment);
    for (uint64_t i = 0; i < build->segment->terms; i++) work->next[i] = terms[i].postings;
    cut_ranges(work);
    order_documents(work);
    run(work, turn_range);
    run(work, count_groups);
    if (!mgi_build_goes_on(build)) return;
    const uint64_t groups = add_up_groups(build);
    if (mgi_build_goes_on(build) &&
        mgi_build_section(build, MGI_SECTION_GROUPS, groups, sizeof(uint32_t))) {
        run(work, write_groups);
    }
}

void mgi_build_write_postings(mgi_build *build) {
    const uint64_t terms = build->segment->terms;
    const uint64_t postings = mgi_segment_terms(build->segment)[terms].postings;
    postings_work work = {.build = build, .count = (size_t)(postings / RANGE_POSTINGS) + 1};
    if (work.count < build->threads) work.count = build->threads;
    mgi_progress_stage(build->request->progress, MGEO_STAGE_PLACING, terms);
    work.ranges = mgi_build_alloc(build, work.count + 1, sizeof *work.ranges);
    work.next = mgi_build_alloc(build, terms, sizeof *work.next);
    work.levels = mgi_build_alloc(build, build->count, sizeof *work.levels);
    build->order = mgi_build_alloc(build, build->count, sizeof *build->order);
    if (mgi_build_goes_on(build) &&
        mgi_build_section(build, MGI_SECTION_POSTINGS, postings, sizeof(uint32_t))) {
        write_all(&work);
    }
    mgi_build_free(build, work.ranges, work.count + 1, sizeof *work.ranges);
    mgi_build_free(build, work.next, terms, sizeof *work.next);
    mgi_build_free(build, work.levels, build->count, sizeof *work.levels);
    mgi_build_free(build, build->order, build->count, sizeof *build->order);
    build->order = NULL;
}
