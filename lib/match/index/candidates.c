/* SPDX-License-Identifier: Apache-2.0 */
/* Many queries at once, and what they found. */
#include "match/index/candidates.h"

#include "core/alloc.h"
#include "core/progress.h"
#include "match/index/parallel.h"

#include <inttypes.h>
#include <string.h>

enum { CHUNK = 32 }; /* queries that a worker takes at a time, and whose candidates lie together */

typedef struct candidates_chunk {
    mgeo_candidate *items;
    uint32_t ends[CHUNK];
} candidates_chunk;

struct mgeo_candidates {
    mgi_snapshot *snapshot; /* whose records the candidates point into */
    size_t queries;
    size_t chunk_count;
    candidates_chunk chunks[];
};

/* A call of search, as its workers share it. */
typedef struct searching {
    mgeo_candidates *candidates;
    mgi_scratch_store *store;
    const mgeo_text *queries; /* NULL: rows from `first` on */
    uint64_t first;
    mgi_search_limits limits;
    mgeo_progress *progress;
    atomic_size_t next;
    atomic_bool failed;
} searching;

/* ---- a chunk --------------------------------------------------------------------------------- */

static bool search_query(const searching *call, size_t query, mgi_scratch *scratch, size_t *count) {
    const mgi_snapshot *snapshot = call->candidates->snapshot;
    if (call->queries == NULL) {
        return mgi_search_row(snapshot, call->first + query, &call->limits, scratch, count);
    }
    const mgeo_text *text = &call->queries[query];
    const size_t bytes =
        text->text_len == MGEO_NUL_TERMINATED ? strlen(text->text) : text->text_len;
    return mgi_search_text(snapshot, text->text, bytes, &call->limits, scratch, count);
}

static mgeo_candidate make_candidate(const mgi_snapshot *snapshot, const mgi_found *found) {
    const mgi_snapshot_part *part = &snapshot->parts[mgi_snapshot_find_row(snapshot, found->row)];
    mgi_segment_text id, text;
    mgi_segment_record(part->segment,
                       mgi_segment_at_row(part->segment, found->row - part->first_row), &id, &text);
    return (mgeo_candidate){.id = id.bytes,
                            .id_len = id.count,
                            .text = text.bytes,
                            .text_len = text.count,
                            .row = found->row,
                            .score = found->score,
                            .flags = found->flags};
}

/* false: out of memory. */
static bool search_chunk(const searching *call, size_t number, mgi_scratch *scratch) {
    candidates_chunk *chunk = &call->candidates->chunks[number];
    const size_t first = number * CHUNK;
    const size_t left = call->candidates->queries - first;
    const size_t queries = left < CHUNK ? left : CHUNK;
    size_t used = 0;
    chunk->items = mgi_calloc(queries * call->limits.top, sizeof *chunk->items);
    if (chunk->items == NULL) return false;
    for (size_t i = 0; i < queries; i++) {
        size_t count;
        if (!search_query(call, first + i, scratch, &count)) return false;
        for (size_t k = 0; k < count; k++) {
            chunk->items[used++] = make_candidate(call->candidates->snapshot, &scratch->found[k]);
        }
        chunk->ends[i] = (uint32_t)used;
    }
    /* Where nothing smaller is to be had, what there is does as well. */
    mgeo_candidate *fitting = mgi_realloc(chunk->items, used, sizeof *fitting);
    if (fitting != NULL) chunk->items = fitting;
    mgi_progress_add(call->progress, queries);
    return true;
}

static void search_chunks(void *argument, uint32_t worker) {
    searching *call = argument;
    mgi_scratch *scratch = mgi_scratch_take(call->store);
    (void)worker;
    if (scratch == NULL) {
        atomic_store(&call->failed, true);
        return;
    }
    while (!atomic_load(&call->failed) && !mgi_progress_cancelled(call->progress)) {
        const size_t chunk = atomic_fetch_add(&call->next, 1);
        if (chunk >= call->candidates->chunk_count) break;
        if (!search_chunk(call, chunk, scratch)) atomic_store(&call->failed, true);
    }
    mgi_scratch_give(call->store, scratch);
}

/* ---- a call ---------------------------------------------------------------------------------- */

/* The snapshot's reference becomes the candidates', or is released. */
static mgeo_candidates *create(mgi_snapshot *snapshot, size_t queries) {
    const size_t chunks = queries / CHUNK + (queries % CHUNK != 0);
    mgeo_candidates *made = mgi_calloc(1, sizeof *made + chunks * sizeof *made->chunks);
    if (made == NULL) {
        mgi_snapshot_release(snapshot);
        return NULL;
    }
    made->snapshot = snapshot;
    made->queries = queries;
    made->chunk_count = chunks;
    return made;
}

static mgeo_status run(searching *call, uint32_t threads, mgeo_error *error) {
    const size_t chunks = call->candidates->chunk_count;
    mgi_progress_stage(call->progress, MGEO_STAGE_SCORING, call->candidates->queries);
    if (chunks > 0 && call->candidates->snapshot->count > 0) {
        mgi_parallel_run(chunks < threads ? (uint32_t)chunks : threads, search_chunks, call);
    }
    if (atomic_load(&call->failed)) {
        return mgi_fail(error, MGEO_E_MEMORY, "out of memory: a search in %" PRIu64 " records",
                        call->candidates->snapshot->rows);
    }
    return mgi_progress_check(call->progress, error);
}

static mgeo_status search(searching *call, mgeo_index *index, mgi_snapshot *snapshot, size_t count,
                          const mgeo_search_options *options, mgeo_candidates **candidates,
                          mgeo_error *error) {
    call->store = &index->scratch;
    call->limits.top = options->top;
    call->limits.effort = options->effort;
    call->limits.least = options->least;
    call->progress = options->progress;
    call->candidates = create(snapshot, count);
    if (call->candidates == NULL) {
        return mgi_fail_memory(error, "candidates", count * sizeof(uint32_t));
    }
    const mgeo_status status = run(call, options->threads, error);
    if (status == MGEO_OK) {
        *candidates = call->candidates;
    } else {
        mgi_candidates_destroy(call->candidates);
    }
    return status;
}

mgeo_status mgi_candidates_search(mgeo_index *index, const mgeo_text *queries, size_t count,
                                  const mgeo_search_options *options, mgeo_candidates **candidates,
                                  mgeo_error *error) {
    searching call = {.queries = queries};
    return search(&call, index, mgi_index_take(index), count, options, candidates, error);
}

mgeo_status mgi_candidates_search_rows(mgeo_index *index, uint64_t first, size_t count, bool later,
                                       uint64_t *generation, const mgeo_search_options *options,
                                       mgeo_candidates **candidates, mgeo_error *error) {
    mgi_snapshot *snapshot = mgi_index_take(index);
    mgeo_status status = MGEO_OK;
    if (*generation != 0 && *generation != snapshot->generation) {
        status = mgi_fail(error, MGEO_E_REFUSED,
                          "generation %" PRIu64 " is no longer there: the index changed, and is at "
                          "generation %" PRIu64 ": begin again from row 0",
                          *generation, snapshot->generation);
    } else if (first > snapshot->rows || count > snapshot->rows - first) {
        status = mgi_fail(error, MGEO_E_ARGUMENT,
                          "%zu rows from row %" PRIu64 " on: the index has %" PRIu64, count, first,
                          snapshot->rows);
    }
    if (status != MGEO_OK) {
        mgi_snapshot_release(snapshot);
        return status;
    }
    const uint64_t searched = snapshot->generation;
    searching call = {.first = first, .limits.later = later};
    status = search(&call, index, snapshot, count, options, candidates, error);
    if (status == MGEO_OK) *generation = searched;
    return status;
}

const mgeo_candidate *mgi_candidates_of(const mgeo_candidates *candidates, size_t query,
                                        size_t *count) {
    *count = 0;
    if (candidates == NULL || query >= candidates->queries) return NULL;
    const candidates_chunk *chunk = &candidates->chunks[query / CHUNK];
    const uint32_t begin = query % CHUNK == 0 ? 0 : chunk->ends[query % CHUNK - 1];
    *count = chunk->ends[query % CHUNK] - begin;
    return *count == 0 ? NULL : chunk->items + begin;
}

void mgi_candidates_destroy(mgeo_candidates *candidates) {
    if (candidates == NULL) return;
    for (size_t i = 0; i < candidates->chunk_count; i++) mgi_free(candidates->chunks[i].items);
    mgi_snapshot_release(candidates->snapshot);
    mgi_free(candidates);
}
