/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a segment: the order of the steps, and the memory that they may take. */
#include "match/index/build/build.h"

#include "core/alloc.h"
#include "core/process.h"
#include "core/progress.h"
#include "match/index/build/state.h"

#include <inttypes.h>

/* ---- memory and failures --------------------------------------------------------------------- */

void mgi_build_fail(mgi_build *build, mgeo_status status) {
    int none = MGEO_OK;
    atomic_compare_exchange_strong(&build->failed, &none, (int)status);
}

bool mgi_build_goes_on(mgi_build *build) {
    if (mgi_progress_cancelled(build->request->progress)) {
        mgi_build_fail(build, MGEO_E_CANCELLED);
    }
    return atomic_load(&build->failed) == MGEO_OK;
}

bool mgi_build_take(mgi_build *build, uint64_t bytes) {
    const uint64_t limit = build->request->memory_limit;
    const uint64_t taken = atomic_fetch_add(&build->memory, bytes) + bytes;
    if (limit == 0 || taken <= limit) return true;
    atomic_store(&build->beyond, taken);
    mgi_build_fail(build, MGEO_E_MEMORY);
    return false;
}

void mgi_build_give(mgi_build *build, uint64_t bytes) { atomic_fetch_sub(&build->memory, bytes); }

void *mgi_build_alloc(mgi_build *build, size_t count, size_t size) {
    if (!mgi_build_take(build, (uint64_t)count * size)) return NULL;
    void *memory = mgi_calloc(count, size);
    if (memory == NULL) mgi_build_fail(build, MGEO_E_MEMORY);
    return memory;
}

void mgi_build_free(mgi_build *build, void *memory, size_t count, size_t size) {
    if (memory == NULL) return;
    mgi_free(memory);
    mgi_build_give(build, (uint64_t)count * size);
}

bool mgi_build_section(mgi_build *build, mgi_section section, uint64_t count, size_t size) {
    build->segment->sections[section] = mgi_build_alloc(build, count, size);
    if (build->segment->sections[section] == NULL) return false;
    build->segment->bytes[section] = count * size;
    return true;
}

/* ---- the steps ------------------------------------------------------------------------------- */

/* Of a segment's bytes, those that one made of it and others has as well: terms may be shared. */
static uint64_t bytes_kept(const mgi_segment *segment) {
    return segment->bytes[MGI_SECTION_POSTINGS] + segment->bytes[MGI_SECTION_FORWARD] +
           segment->bytes[MGI_SECTION_DOCUMENTS] + segment->bytes[MGI_SECTION_RECORDS];
}

/* What is sure to be needed, before anything is begun: the texts themselves and an entry for each.
 * All else is counted as it is taken. */
static uint64_t least_memory(const mgi_build_request *request) {
    uint64_t bytes = request->held + request->record_count * sizeof(mgi_segment_document);
    for (size_t i = 0; i < request->record_count; i++) {
        const mgeo_record *record = &request->records[i];
        if (record->text_len != MGEO_NUL_TERMINATED) bytes += record->text_len;
    }
    for (size_t i = 0; i < request->part_count; i++) {
        if (request->parts[i].removed == NULL) bytes += bytes_kept(request->parts[i].segment);
    }
    return bytes;
}

/* No more than there are chunks: to start a thread costs more than to put in a record. */
static uint32_t choose_threads(const mgi_build_request *request) {
    uint64_t documents = request->record_count;
    for (size_t i = 0; i < request->part_count; i++) {
        documents += request->parts[i].segment->documents;
    }
    if (documents <= MGI_BUILD_CHUNK) return 1;
    const uint64_t chunks = (documents + MGI_BUILD_CHUNK - 1) / MGI_BUILD_CHUNK;
    uint32_t threads = request->threads == 0 ? mgi_process_cpus() : request->threads;
    if (threads > MGEO_MAX_THREADS) threads = MGEO_MAX_THREADS;
    return chunks < threads ? (uint32_t)chunks : threads;
}

static bool begin(mgi_build *build, const mgi_build_request *request) {
    build->request = request;
    build->threads = choose_threads(request);
    atomic_init(&build->memory, request->held);
    atomic_init(&build->failed_at, SIZE_MAX);
    build->segment = mgi_segment_create();
    build->workers = mgi_build_alloc(build, build->threads, sizeof *build->workers);
    if (build->segment != NULL && build->workers != NULL) return true;
    mgi_build_fail(build, MGEO_E_MEMORY);
    return false;
}

static void take_steps(mgi_build *build) {
    static void (*const steps[])(mgi_build *) = {
        mgi_build_choose,       mgi_build_read_all,      mgi_build_arrange,
        mgi_build_number_terms, mgi_build_write_forward, mgi_build_write_postings,
        mgi_build_write_forms,  mgi_build_write_records,
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps && mgi_build_goes_on(build); i++) {
        steps[i](build);
    }
    mgi_build_goes_on(build);
}

static void finish(mgi_build *build) {
    for (uint32_t i = 0; build->workers != NULL && i < build->threads; i++) {
        mgi_build_worker *worker = &build->workers[i];
        mgi_normal_form_finish(&worker->form);
        mgi_terms_finish(&worker->terms);
        mgi_vocabulary_finish(&worker->vocabulary);
        mgi_free(worker->numbers);
        mgi_free(worker->final);
    }
    for (size_t i = 0; build->chunks != NULL && i < build->chunk_count; i++) {
        mgi_free(build->chunks[i].numbers);
    }
    mgi_free(build->workers);
    mgi_free(build->chunks);
    mgi_free(build->weights);
    mgi_free(build->order);
    mgi_free(build->part_ends);
    mgi_free((void *)(uintptr_t)build->rows);
}

static mgeo_status explain(const mgi_build *build, mgeo_error *error) {
    const uint64_t limit = build->request->memory_limit;
    const uint64_t beyond = atomic_load(&build->beyond);
    switch (atomic_load(&build->failed)) {
    case MGEO_OK: return MGEO_OK;
    case MGEO_E_CANCELLED: return mgi_progress_check(build->request->progress, error);
    case MGEO_E_ARGUMENT:
        return mgi_fail(error, MGEO_E_ARGUMENT, "records[%zu].text is not UTF-8",
                        atomic_load(&build->failed_at));
    case MGEO_E_UNSUPPORTED:
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "%zu records: an index holds at most 2^31, and 2^32 - 2 terms: use several",
                        build->count);
    default:
        if (beyond > 0) {
            return mgi_fail(error, MGEO_E_MEMORY,
                            "the index needs %" PRIu64
                            " bytes or more, and memory_limit is %" PRIu64
                            ": raise it, or put fewer records at once",
                            beyond, limit);
        }
        return mgi_fail(error, MGEO_E_MEMORY,
                        "out of memory: the index needs more than %" PRIu64 " bytes",
                        atomic_load(&build->memory));
    }
}

mgeo_status mgi_build_segment(const mgi_build_request *request, mgi_segment **segment,
                              mgeo_error *error) {
    mgi_build build = {0};
    *segment = NULL;
    const uint64_t least = least_memory(request);
    if (request->memory_limit != 0 && least > request->memory_limit) {
        return mgi_fail(error, MGEO_E_MEMORY,
                        "the index needs %" PRIu64 " bytes or more, and memory_limit is %" PRIu64
                        ": raise it, or put fewer records at once",
                        least, request->memory_limit);
    }
    if (begin(&build, request)) take_steps(&build);
    finish(&build);
    const mgeo_status status = explain(&build, error);
    if (status == MGEO_OK) {
        *segment = build.segment;
    } else {
        mgi_segment_release(build.segment);
    }
    return status;
}
