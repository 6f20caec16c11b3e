/* SPDX-License-Identifier: Apache-2.0 */
/* A build's first half: all documents read and their terms found, on as many threads as may. */
#include "core/alloc.h"
#include "core/progress.h"
#include "match/index/build/state.h"
#include "match/index/parallel.h"

#include <string.h>

static void note_bad_text(mgi_build *build, size_t document) {
    size_t row = build->rows == NULL ? document : build->rows[document];
    size_t known = atomic_load(&build->failed_at);
    while (row < known && !atomic_compare_exchange_weak(&build->failed_at, &known, row)) {
    }
    mgi_build_fail(build, MGEO_E_ARGUMENT);
}

/* What was there is given back once it has been moved. */
static bool reserve_numbers(mgi_build *build, mgi_build_worker *worker, size_t count) {
    if (count <= worker->capacity) return true;
    const size_t capacity = count + count / 2;
    if (!mgi_build_take(build, capacity * sizeof *worker->numbers)) return false;
    uint32_t *grown = mgi_realloc(worker->numbers, capacity, sizeof *grown);
    if (grown == NULL) {
        mgi_build_fail(build, MGEO_E_MEMORY);
        return false;
    }
    mgi_build_give(build, worker->capacity * sizeof *worker->numbers);
    worker->numbers = grown;
    worker->capacity = capacity;
    return true;
}

static bool reserve_terms(mgi_build *build, mgi_build_worker *worker) {
    const mgi_vocabulary *vocabulary = &worker->vocabulary;
    if (vocabulary->count + (uint64_t)worker->terms.count >= UINT32_MAX) {
        mgi_build_fail(build, MGEO_E_UNSUPPORTED);
        return false;
    }
    const uint64_t before =
        vocabulary->entries == NULL ? 0 : sizeof(mgi_vocabulary_entry) << vocabulary->bits;
    const uint64_t growth = mgi_vocabulary_growth(vocabulary, worker->terms.count);
    if (growth == 0) return true;
    if (!mgi_build_take(build, growth)) return false;
    if (mgi_vocabulary_reserve(&worker->vocabulary, worker->terms.count)) {
        mgi_build_give(build, before);
        return true;
    }
    mgi_build_fail(build, MGEO_E_MEMORY);
    return false;
}

/* false: the whole build has failed. */
static bool read_document(mgi_build *build, mgi_build_worker *worker, mgi_build_chunk *chunk,
                          size_t document) {
    switch (mgi_build_read(build, worker, document)) {
    case MGI_NORMAL_NOT_UTF8: note_bad_text(build, document); return false;
    case MGI_NORMAL_NO_MEMORY: mgi_build_fail(build, MGEO_E_MEMORY); return false;
    default: break;
    }
    if (!reserve_numbers(build, worker, chunk->count + worker->terms.count) ||
        !reserve_terms(build, worker)) {
        return false;
    }
    for (size_t i = 0; i < worker->terms.count; i++) {
        worker->numbers[chunk->count++] =
            mgi_vocabulary_count(&worker->vocabulary, worker->terms.keys[i]);
    }
    return true;
}

static void read_chunk(mgi_build *build, uint32_t worker, size_t number) {
    mgi_build_chunk *chunk = &build->chunks[number];
    const size_t first = number * MGI_BUILD_CHUNK;
    size_t end = first + MGI_BUILD_CHUNK;
    if (end > build->count) end = build->count;
    for (size_t i = first; i < end; i++) {
        if (!read_document(build, &build->workers[worker], chunk, i)) return;
    }
    chunk->worker = worker;
    chunk->numbers = mgi_build_alloc(build, chunk->count, sizeof *chunk->numbers);
    if (chunk->numbers == NULL) return;
    if (chunk->count > 0) {
        memcpy(chunk->numbers, build->workers[worker].numbers,
               chunk->count * sizeof *chunk->numbers);
    }
    mgi_progress_add(build->request->progress, end - first);
}

/* Chunks are taken in order, and one that was taken is read to its end or its first bad text: so
 * the first bad text of all is always found. */
static void read_chunks(void *argument, uint32_t worker) {
    mgi_build *build = argument;
    while (mgi_build_goes_on(build)) {
        const size_t chunk = atomic_fetch_add(&build->next, 1);
        if (chunk >= build->chunk_count) break;
        read_chunk(build, worker, chunk);
    }
}

/* What is not needed any more once all is read. */
static void forget_texts(mgi_build *build, mgi_build_worker *worker) {
    mgi_build_give(build, mgi_normal_form_room(&worker->form));
    mgi_normal_form_finish(&worker->form);
    mgi_build_free(build, worker->numbers, worker->capacity, sizeof *worker->numbers);
    worker->numbers = NULL;
    worker->capacity = 0;
}

void mgi_build_read_all(mgi_build *build) {
    mgi_progress_stage(build->request->progress, MGEO_STAGE_READING, build->count);
    build->chunk_count = (build->count + MGI_BUILD_CHUNK - 1) / MGI_BUILD_CHUNK;
    build->chunks = mgi_build_alloc(build, build->chunk_count, sizeof *build->chunks);
    if (build->chunks == NULL || !mgi_build_section(build, MGI_SECTION_DOCUMENTS, build->count + 1,
                                                    sizeof(mgi_segment_document))) {
        return;
    }
    atomic_store(&build->next, 0);
    mgi_parallel_run(build->threads, read_chunks, build);
    for (uint32_t w = 0; w < build->threads; w++) forget_texts(build, &build->workers[w]);
}
