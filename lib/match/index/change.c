/* SPDX-License-Identifier: Apache-2.0 */
/* The next snapshot of one: with records put in or removed, compacted, or out of a file. */
#include "match/index/change.h"

#include "core/alloc.h"
#include "match/index/file/segment_file.h"

#include <string.h>

static mgeo_status fail_snapshot(size_t parts, mgeo_error *error) {
    return mgi_fail_memory(error, "a snapshot", parts * sizeof(mgi_snapshot_part));
}

/* ---- copies ---------------------------------------------------------------------------------- */

/* The first `parts` parts, with room for `more`. */
static mgi_snapshot *copy_parts(const mgi_snapshot *from, size_t parts, size_t more) {
    bool mapped = false;
    mgi_snapshot *copy = mgi_snapshot_create(parts + more);
    if (copy == NULL) return NULL;
    for (size_t i = 0; i < parts; i++) {
        const mgi_snapshot_part *part = &from->parts[i];
        mapped |= part->segment->mapping != NULL;
        mgi_snapshot_add(copy, mgi_segment_retain(part->segment),
                         mgi_removals_retain(part->removals));
    }
    if (!mapped || from->path == NULL) return copy;
    copy->path = mgi_strdup(from->path);
    if (copy->path != NULL) return copy;
    mgi_snapshot_release(copy);
    return NULL;
}

mgi_snapshot *mgi_change_copy(const mgi_snapshot *from) { return copy_parts(from, from->count, 0); }

/* ---- removals -------------------------------------------------------------------------------- */

/* The parts' removals while they are added to: a copy where something was added. */
typedef struct removing {
    const mgi_snapshot *from;
    mgi_removals **copies; /* [from->count] */
    uint64_t count;
} removing;

static bool begin_removing(removing *at, const mgi_snapshot *from) {
    *at = (removing){.from = from, .copies = mgi_calloc(from->count, sizeof *at->copies)};
    return at->copies != NULL;
}

static void end_removing(removing *at) {
    for (size_t i = 0; at->copies != NULL && i < at->from->count; i++) {
        mgi_removals_release(at->copies[i]);
    }
    mgi_free(at->copies);
}

/* false: out of memory. */
static bool remove_id(removing *at, const char *id, size_t bytes) {
    size_t part;
    uint32_t document;
    if (!mgi_snapshot_find_id(at->from, id, bytes, &part, &document)) return true;
    if (at->copies[part] == NULL) {
        const mgi_snapshot_part *of = &at->from->parts[part];
        at->copies[part] = mgi_removals_copy(of->removals, of->segment->documents);
        if (at->copies[part] == NULL) return false;
    }
    at->count += mgi_removals_add(at->copies[part], document);
    return true;
}

/* `from` with what was removed, and room for `more` parts. NULL: out of memory. */
static mgi_snapshot *apply(removing *at, size_t more) {
    mgi_snapshot *snapshot = copy_parts(at->from, at->from->count, more);
    if (snapshot == NULL) return NULL;
    for (size_t i = 0; i < at->from->count; i++) {
        mgi_snapshot_part *part = &snapshot->parts[i];
        if (at->copies[i] == NULL) continue;
        snapshot->removed += at->copies[i]->count;
        snapshot->removed -= part->removals == NULL ? 0 : part->removals->count;
        mgi_removals_release(part->removals);
        part->removals = mgi_removals_retain(at->copies[i]);
    }
    return snapshot;
}

mgeo_status mgi_change_remove(const mgi_snapshot *from, const mgeo_record *records, size_t count,
                              uint64_t *removed, mgi_snapshot **next, mgeo_error *error) {
    removing at;
    mgeo_status status = MGEO_OK;
    bool fits = begin_removing(&at, from);
    *next = NULL;
    for (size_t i = 0; i < count && fits; i++) {
        const size_t bytes =
            records[i].id_len == MGEO_NUL_TERMINATED ? strlen(records[i].id) : records[i].id_len;
        fits = remove_id(&at, records[i].id, bytes);
    }
    if (fits && at.count > 0) fits = (*next = apply(&at, 0)) != NULL;
    if (!fits) status = fail_snapshot(from->count, error);
    if (fits) *removed = at.count;
    end_removing(&at);
    return status;
}

/* ---- merging --------------------------------------------------------------------------------- */

bool mgi_change_is_compact(const mgi_snapshot *snapshot) {
    return snapshot->count == 0 || (snapshot->count == 1 && snapshot->removed == 0);
}

static uint64_t live_documents(const mgi_snapshot_part *part) {
    return part->segment->documents - (part->removals == NULL ? 0 : part->removals->count);
}

/* From which part on all are merged: each segment that stays is at least twice as large as all that
 * follow it, so that there are few, and a record is moved seldom. */
static size_t choose_merge(const mgi_snapshot *snapshot) {
    size_t from = snapshot->count - 1;
    uint64_t documents = live_documents(&snapshot->parts[from]);
    while (from > 0 && live_documents(&snapshot->parts[from - 1]) < 2 * documents) {
        documents += live_documents(&snapshot->parts[--from]);
    }
    return from;
}

static mgi_build_part *build_parts(const mgi_snapshot *snapshot) {
    mgi_build_part *parts = mgi_calloc(snapshot->count, sizeof *parts);
    for (size_t i = 0; parts != NULL && i < snapshot->count; i++) {
        const mgi_snapshot_part *part = &snapshot->parts[i];
        parts[i] =
            (mgi_build_part){part->segment, part->removals == NULL ? NULL : part->removals->bits};
    }
    return parts;
}

/* `snapshot` with all parts from `first` on made one. `held`: bytes of it that the change has made.
 */
static mgeo_status merge(const mgi_snapshot *snapshot, size_t first,
                         const mgeo_index_options *options, uint64_t held, mgi_snapshot **next,
                         mgeo_error *error) {
    mgi_segment *segment = NULL;
    mgi_build_part *parts = build_parts(snapshot);
    *next = copy_parts(snapshot, first, 1);
    if (parts == NULL || *next == NULL) {
        mgi_free(parts);
        mgi_snapshot_release(*next);
        *next = NULL;
        return fail_snapshot(snapshot->count, error);
    }
    const mgi_build_request request = {.parts = parts + first,
                                       .part_count = snapshot->count - first,
                                       .earlier = parts,
                                       .earlier_count = first,
                                       .threads = options->threads,
                                       .memory_limit = options->memory_limit,
                                       .held = held,
                                       .progress = options->progress};
    const mgeo_status status = mgi_build_segment(&request, &segment, error);
    if (status == MGEO_OK) {
        mgi_snapshot_add(*next, segment, NULL);
    } else {
        mgi_snapshot_release(*next);
        *next = NULL;
    }
    mgi_free(parts);
    return status;
}

mgeo_status mgi_change_compact(const mgi_snapshot *from, const mgeo_index_options *options,
                               mgi_snapshot **next, mgeo_error *error) {
    return merge(from, 0, options, 0, next, error);
}

/* ---- putting --------------------------------------------------------------------------------- */

static mgeo_status build_records(const mgi_snapshot *from, const mgeo_record *records, size_t count,
                                 const mgeo_index_options *options, mgi_segment **segment,
                                 mgeo_error *error) {
    mgi_build_part *parts = build_parts(from);
    *segment = NULL;
    if (parts == NULL) return fail_snapshot(from->count, error);
    const mgi_build_request request = {.records = records,
                                       .record_count = count,
                                       .earlier = parts,
                                       .earlier_count = from->count,
                                       .threads = options->threads,
                                       .memory_limit = options->memory_limit,
                                       .progress = options->progress};
    const mgeo_status status = mgi_build_segment(&request, segment, error);
    mgi_free(parts);
    return status;
}

/* `from` and the segment after it, without the records that it replaces. NULL: out of memory. */
static mgi_snapshot *append(const mgi_snapshot *from, mgi_segment *segment) {
    removing at;
    mgi_snapshot *next = NULL;
    bool fits = begin_removing(&at, from);
    for (uint64_t i = 0; i < segment->documents && fits && from->count > 0; i++) {
        mgi_segment_text id, text;
        mgi_segment_record(segment, i, &id, &text);
        fits = remove_id(&at, id.bytes, id.count);
    }
    if (fits) next = apply(&at, 1);
    if (next != NULL) mgi_snapshot_add(next, mgi_segment_retain(segment), NULL);
    end_removing(&at);
    return next;
}

mgeo_status mgi_change_put(const mgi_snapshot *from, const mgeo_record *records, size_t count,
                           const mgeo_index_options *options, mgi_snapshot **next,
                           mgeo_error *error) {
    mgi_segment *segment;
    *next = NULL;
    if (count > (UINT32_C(1) << 31) - from->rows) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "an index holds at most 2^31 records: use several");
    }
    mgeo_status status = build_records(from, records, count, options, &segment, error);
    if (status != MGEO_OK) return status;
    mgi_snapshot *appended = append(from, segment);
    mgi_segment_release(segment);
    if (appended == NULL) return fail_snapshot(from->count + 1, error);
    const size_t first = choose_merge(appended);
    if (first + 1 == appended->count) {
        *next = appended;
        return MGEO_OK;
    }
    const uint64_t held = mgi_segment_bytes(appended->parts[from->count].segment);
    status = merge(appended, first, options, held, next, error);
    mgi_snapshot_release(appended);
    return status;
}

/* ---- files ----------------------------------------------------------------------------------- */

mgeo_status mgi_change_open(const char *path, mgi_snapshot **next, mgeo_error *error) {
    mgi_segment *segment;
    *next = NULL;
    mgeo_status status = mgi_segment_file_open(path, &segment, error);
    if (status != MGEO_OK) return status;
    mgi_snapshot *snapshot = mgi_snapshot_create(1);
    if (snapshot != NULL) snapshot->path = mgi_strdup(path);
    if (snapshot != NULL && snapshot->path != NULL) {
        mgi_snapshot_add(snapshot, segment, NULL);
        *next = snapshot;
        return MGEO_OK;
    }
    mgi_snapshot_release(snapshot);
    mgi_segment_release(segment);
    return fail_snapshot(1, error);
}
