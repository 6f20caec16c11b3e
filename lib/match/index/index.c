/* SPDX-License-Identifier: Apache-2.0 */
/* The index: its current snapshot, the one put aside, and changes one after the other. */
#include "match/index/index.h"

#include "core/alloc.h"
#include "core/fixed_text.h"
#include "core/process.h"
#include "match/index/change.h"
#include "match/index/file/segment_file.h"

#include <string.h>

/* ---- making one ------------------------------------------------------------------------------ */

static mgeo_status create(const mgeo_index_options *options, mgi_snapshot *snapshot,
                          mgeo_index **index, mgeo_error *error) {
    mgeo_index *made = mgi_alloc_aligned(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "an index", sizeof *made);
    if (mgi_lock_init(&made->change, MGI_LOCK_INDEX_CHANGE) != 0) {
        mgi_free(made);
        return mgi_fail(error, MGEO_E_MEMORY, "out of memory: a lock of an index");
    }
    made->options = *options;
    atomic_init(&made->process, mgi_process_token());
    mgi_generations_init(&made->generations, snapshot);
    *index = made;
    return MGEO_OK;
}

mgeo_status mgi_index_create(const mgeo_index_options *options, mgeo_index **index,
                             mgeo_error *error) {
    mgi_snapshot *snapshot = mgi_snapshot_create(0);
    if (snapshot == NULL) return mgi_fail_memory(error, "an index", sizeof *snapshot);
    const mgeo_status status = create(options, snapshot, index, error);
    if (status != MGEO_OK) mgi_snapshot_release(snapshot);
    return status;
}

mgeo_status mgi_index_open(const char *path, const mgeo_index_options *options, mgeo_index **index,
                           mgeo_error *error) {
    mgi_snapshot *snapshot;
    mgeo_status status = mgi_change_open(path, &snapshot, error);
    if (status != MGEO_OK) return status;
    status = create(options, snapshot, index, error);
    if (status != MGEO_OK) mgi_snapshot_release(snapshot);
    return status;
}

void mgi_index_destroy(mgeo_index *index) {
    if (index == NULL) return;
    mgi_generations_finish(&index->generations);
    mgi_snapshot_release(index->previous);
    mgi_scratch_store_finish(&index->scratch);
    mgi_lock_finish(&index->change);
    mgi_free(index);
}

/* ---- forks ----------------------------------------------------------------------------------- */

/* A child has none of the threads that were reading or changing the index when it was forked: their
 * pins and their lock are dropped before the first use here. Other threads of the child wait for
 * the one that does it, which is over at once. */
static void notice_fork(mgeo_index *index) {
    const uint64_t own = mgi_process_token();
    const uint64_t busy = ~own; /* of this process alone: its children may not wait for it */
    uint64_t known = atomic_load(&index->process);
    while (known != own) {
        if (known != busy && atomic_compare_exchange_strong(&index->process, &known, busy)) {
            mgi_generations_forget_readers(&index->generations);
            mgi_lock_init(&index->change, MGI_LOCK_INDEX_CHANGE);
            atomic_store(&index->process, own);
            return;
        }
        known = atomic_load(&index->process);
    }
}

mgi_snapshot *mgi_index_take(mgeo_index *index) {
    notice_fork(index);
    return mgi_generations_take(&index->generations);
}

/* ---- changes --------------------------------------------------------------------------------- */

static void begin_change(mgeo_index *index) {
    notice_fork(index);
    mgi_lock_acquire(&index->change);
}

/* The current snapshot, for the one that changes it. */
static mgi_snapshot *current(mgeo_index *index) {
    return index->generations.places[atomic_load(&index->generations.route) & 1];
}

static uint64_t records_of(const mgi_snapshot *snapshot) {
    return snapshot == NULL ? 0 : snapshot->rows - snapshot->removed;
}

/* Makes `next` the current one while `aside` is what could be put back. Returns the former. */
static mgi_snapshot *publish(mgeo_index *index, mgi_snapshot *next, const mgi_snapshot *aside) {
    next->aside = records_of(aside);
    return mgi_generations_publish(&index->generations, next);
}

/* Puts `next` in place, if there is one, and ends the change. */
static void end_change(mgeo_index *index, mgi_snapshot *next) {
    mgi_snapshot *former = next == NULL ? NULL : publish(index, next, index->previous);
    mgi_lock_release(&index->change);
    mgi_snapshot_release(former);
}

mgeo_status mgi_index_put(mgeo_index *index, const mgeo_record *records, size_t count,
                          mgeo_error *error) {
    mgi_snapshot *next = NULL;
    if (count == 0) return MGEO_OK;
    begin_change(index);
    const mgeo_status status =
        mgi_change_put(current(index), records, count, &index->options, &next, error);
    end_change(index, next);
    return status;
}

mgeo_status mgi_index_remove(mgeo_index *index, const mgeo_record *records, size_t count,
                             uint64_t *removed, mgeo_error *error) {
    mgi_snapshot *next = NULL;
    begin_change(index);
    const mgeo_status status =
        mgi_change_remove(current(index), records, count, removed, &next, error);
    end_change(index, next);
    return status;
}

mgeo_status mgi_index_compact(mgeo_index *index, mgeo_error *error) {
    mgi_snapshot *next = NULL;
    mgeo_status status = MGEO_OK;
    begin_change(index);
    if (!mgi_change_is_compact(current(index))) {
        status = mgi_change_compact(current(index), &index->options, &next, error);
    }
    end_change(index, next);
    return status;
}

mgeo_status mgi_index_save(mgeo_index *index, const char *path, mgeo_error *error) {
    mgi_snapshot *snapshot = mgi_index_take(index);
    mgi_snapshot *compacted = NULL;
    mgeo_status status = MGEO_OK;
    if (snapshot->count != 1 || !mgi_change_is_compact(snapshot)) {
        status = mgi_change_compact(snapshot, &index->options, &compacted, error);
    }
    if (status == MGEO_OK) {
        const mgi_snapshot *written = compacted == NULL ? snapshot : compacted;
        status =
            mgi_segment_file_write(written->parts[0].segment, path, index->options.progress, error);
    }
    mgi_snapshot_release(compacted);
    mgi_snapshot_release(snapshot);
    return status;
}

/* ---- swapping -------------------------------------------------------------------------------- */

mgeo_status mgi_index_swap(mgeo_index *index, const char *path, mgeo_error *error) {
    mgi_snapshot *next;
    const mgeo_status status = mgi_change_open(path, &next, error);
    if (status != MGEO_OK) return status;
    begin_change(index);
    mgi_snapshot *dropped = index->previous;
    index->previous = publish(index, next, current(index));
    mgi_lock_release(&index->change);
    mgi_snapshot_release(dropped);
    return MGEO_OK;
}

mgeo_status mgi_index_roll_back(mgeo_index *index, mgeo_error *error) {
    mgeo_status status = MGEO_OK;
    mgi_snapshot *next = NULL, *dropped = NULL;
    begin_change(index);
    if (index->previous == NULL) {
        status = mgi_fail(error, MGEO_E_REFUSED, "nothing was swapped that could be put back");
    } else if ((next = mgi_change_copy(index->previous)) == NULL) {
        status = mgi_fail_memory(error, "a snapshot", sizeof *next);
    } else {
        dropped = index->previous;
        index->previous = publish(index, next, current(index));
    }
    mgi_lock_release(&index->change);
    mgi_snapshot_release(dropped);
    return status;
}

/* ---- what it is ------------------------------------------------------------------------------ */

static void add_part(mgeo_index_info *info, const mgi_snapshot_part *part) {
    info->terms += part->segment->terms;
    if (part->segment->mapping != NULL) {
        info->bytes_mapped += part->segment->mapped;
    } else {
        info->bytes_memory += mgi_segment_bytes(part->segment);
    }
    if (part->removals != NULL) info->bytes_memory += part->segment->documents / 8;
}

void mgi_index_info(mgeo_index *index, mgeo_index_info *info) {
    mgi_snapshot *snapshot = mgi_index_take(index);
    info->generation = snapshot->generation;
    info->records = records_of(snapshot);
    info->previous_records = snapshot->aside;
    info->removed = snapshot->removed;
    info->segments = snapshot->count;
    for (size_t i = 0; i < snapshot->count; i++) add_part(info, &snapshot->parts[i]);
    if (snapshot->path != NULL) {
        mgi_fixed_text_copy(info->path, sizeof info->path, snapshot->path);
    }
    mgi_snapshot_release(snapshot);
}
