/* SPDX-License-Identifier: Apache-2.0 */
/* The terms of all workers brought together: numbered by key, weighed, and the forward index. */
#include "core/alloc.h"
#include "core/progress.h"
#include "match/index/build/state.h"
#include "match/index/parallel.h"
#include "match/index/rank.h"

#include <string.h>

/* ---- one numbering --------------------------------------------------------------------------- */

static uint64_t entries_of(const mgi_vocabulary *vocabulary) {
    return vocabulary->entries == NULL ? 0 : UINT64_C(1) << vocabulary->bits;
}

static size_t collect_keys(const mgi_build *build, uint64_t *keys) {
    size_t count = 0;
    for (uint32_t w = 0; w < build->threads; w++) {
        const mgi_vocabulary *vocabulary = &build->workers[w].vocabulary;
        for (uint64_t i = 0; i < entries_of(vocabulary); i++) {
            if (vocabulary->entries[i].number != 0) keys[count++] = vocabulary->entries[i].key;
        }
    }
    return count;
}

static size_t drop_repeats(uint64_t *keys, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || keys[i] != keys[kept - 1]) keys[kept++] = keys[i];
    }
    return kept;
}

static void write_buckets(mgi_build *build) {
    const mgi_segment_term *terms = mgi_segment_terms(build->segment);
    const unsigned bits = mgi_segment_bucket_bits(build->segment->terms);
    if (!mgi_build_section(build, MGI_SECTION_TERM_BUCKETS, (UINT64_C(1) << bits) + 1,
                           sizeof(uint32_t))) {
        return;
    }
    uint32_t *buckets = build->segment->sections[MGI_SECTION_TERM_BUCKETS];
    uint64_t term = 0;
    for (uint64_t bucket = 0; bucket <= UINT64_C(1) << bits; bucket++) {
        while (term < build->segment->terms && mgi_segment_bucket(terms[term].key, bits) < bucket) {
            term++;
        }
        buckets[bucket] = (uint32_t)term;
    }
}

static void write_terms(mgi_build *build, const uint64_t *keys, size_t count) {
    if (count >= UINT32_MAX) {
        mgi_build_fail(build, MGEO_E_UNSUPPORTED);
        return;
    }
    build->segment->terms = count;
    if (!mgi_build_section(build, MGI_SECTION_TERMS, count + 1, sizeof(mgi_segment_term))) return;
    mgi_segment_term *terms = build->segment->sections[MGI_SECTION_TERMS];
    for (size_t i = 0; i < count; i++) terms[i].key = keys[i];
    write_buckets(build);
}

static void number_keys(mgi_build *build) {
    size_t all = 0;
    for (uint32_t w = 0; w < build->threads; w++) all += build->workers[w].vocabulary.count;
    uint64_t *keys = mgi_build_alloc(build, all, sizeof *keys);
    uint64_t *spare = mgi_build_alloc(build, all, sizeof *spare);
    if (mgi_build_goes_on(build)) {
        const size_t count = collect_keys(build, keys);
        mgi_sort_keys(keys, spare, count);
        mgi_build_free(build, spare, all, sizeof *spare);
        spare = NULL;
        write_terms(build, keys, drop_repeats(keys, count));
    }
    mgi_build_free(build, keys, all, sizeof *keys);
    mgi_build_free(build, spare, all, sizeof *spare);
}

/* From a worker's numbers to the segment's. `postings` has for now how many a term has. */
static void adopt_vocabulary(mgi_build *build, mgi_build_worker *worker) {
    mgi_vocabulary *vocabulary = &worker->vocabulary;
    mgi_segment_term *terms = build->segment->sections[MGI_SECTION_TERMS];
    worker->final_count = vocabulary->count;
    worker->final = mgi_build_alloc(build, worker->final_count, sizeof *worker->final);
    if (worker->final == NULL) return;
    for (uint64_t i = 0; i < entries_of(vocabulary); i++) {
        const mgi_vocabulary_entry *entry = &vocabulary->entries[i];
        uint32_t number = 0;
        if (entry->number == 0) continue;
        mgi_segment_find_term(build->segment, entry->key, &number);
        worker->final[entry->number - 1] = number;
        terms[number].postings += entry->count;
    }
    mgi_build_give(build, entries_of(vocabulary) * sizeof *vocabulary->entries);
    mgi_vocabulary_finish(vocabulary);
}

/* ---- weights --------------------------------------------------------------------------------- */

static bool find_weight(const mgi_build_request *request, uint64_t key, float *weight) {
    for (size_t i = 0; i < request->earlier_count; i++) {
        const mgi_segment *segment = request->earlier[i].segment;
        uint32_t number;
        if (!mgi_segment_find_term(segment, key, &number)) continue;
        *weight = mgi_segment_terms(segment)[number].weight;
        return true;
    }
    return false;
}

/* Ends as what the section says: where each term's postings begin. */
static void weigh_terms(mgi_build *build) {
    mgi_segment_term *terms = build->segment->sections[MGI_SECTION_TERMS];
    const mgi_build_request *request = build->request;
    uint64_t documents = build->count, postings = 0;
    for (size_t i = 0; i < request->earlier_count; i++) {
        documents += request->earlier[i].segment->documents;
    }
    build->weights = mgi_build_alloc(build, build->segment->terms, sizeof *build->weights);
    if (build->weights == NULL) return;
    for (uint64_t i = 0; i < build->segment->terms; i++) {
        const uint64_t with = terms[i].postings;
        float weight;
        if (!find_weight(request, terms[i].key, &weight)) {
            weight = mgi_rank_weight(terms[i].key, with, documents);
        }
        build->weights[i] = terms[i].weight = weight;
        terms[i].postings = postings;
        postings += with;
    }
    terms[build->segment->terms].key = UINT64_MAX;
    terms[build->segment->terms].postings = postings;
}

void mgi_build_number_terms(mgi_build *build) {
    number_keys(build);
    for (uint32_t w = 0; w < build->threads && mgi_build_goes_on(build); w++) {
        adopt_vocabulary(build, &build->workers[w]);
    }
    if (mgi_build_goes_on(build)) weigh_terms(build);
}

/* ---- the forward index ----------------------------------------------------------------------- */

static void write_document(mgi_build *build, mgi_segment_document *document,
                           const uint32_t *numbers, const uint32_t *final) {
    uint32_t *forward = build->segment->sections[MGI_SECTION_FORWARD];
    const uint64_t first = document->forward;
    const size_t count = (size_t)(document[1].forward - first);
    float total = 0.0f;
    for (size_t i = 0; i < count; i++) {
        const uint32_t number = final[numbers[i]];
        forward[first + i] = number;
        total += mgi_rank_share(build->weights[number]);
    }
    document->total = total;
    document->level = mgi_rank_level(total);
}

static void write_chunk(mgi_build *build, size_t number) {
    mgi_build_chunk *chunk = &build->chunks[number];
    mgi_segment_document *documents = build->segment->sections[MGI_SECTION_DOCUMENTS];
    const size_t first = number * MGI_BUILD_CHUNK;
    size_t end = first + MGI_BUILD_CHUNK;
    if (end > build->count) end = build->count;
    const uint32_t *numbers = chunk->numbers;
    for (size_t row = first; row < end; row++) {
        mgi_segment_document *document = &documents[mgi_segment_at_row(build->segment, row)];
        write_document(build, document, numbers, build->workers[chunk->worker].final);
        numbers += document[1].forward - document->forward;
    }
    mgi_build_free(build, chunk->numbers, chunk->count, sizeof *chunk->numbers);
    chunk->numbers = NULL;
}

static void write_chunks(void *argument, uint32_t worker) {
    mgi_build *build = argument;
    (void)worker;
    while (mgi_build_goes_on(build)) {
        const size_t chunk = atomic_fetch_add(&build->next, 1);
        if (chunk >= build->chunk_count) break;
        write_chunk(build, chunk);
    }
}

/* From how many terms each document has to where they begin. */
static uint64_t add_up(mgi_build *build) {
    mgi_segment_document *documents = build->segment->sections[MGI_SECTION_DOCUMENTS];
    uint64_t at = 0;
    for (size_t i = 0; i <= build->count; i++) {
        const uint64_t count = documents[i].forward;
        documents[i].forward = at;
        at += count;
    }
    return at;
}

void mgi_build_write_forward(mgi_build *build) {
    const uint64_t all = add_up(build);
    if (!mgi_build_section(build, MGI_SECTION_FORWARD, all, sizeof(uint32_t))) return;
    atomic_store(&build->next, 0);
    mgi_parallel_run(build->threads, write_chunks, build);
    for (uint32_t w = 0; w < build->threads; w++) {
        mgi_build_worker *worker = &build->workers[w];
        mgi_build_free(build, worker->final, worker->final_count, sizeof *worker->final);
        worker->final = NULL;
    }
}
