/* SPDX-License-Identifier: Apache-2.0 */
/* The index: its current snapshot, the one put aside, and changes one after the other. */
#ifndef MGI_MATCH_INDEX_INDEX_H
#define MGI_MATCH_INDEX_INDEX_H

#include "core/lock.h"
#include "match/index/generations.h"
#include "match/index/scratch.h"
#include "match/index/search.h"

struct mgeo_index {
    mgeo_index_options options;
    mgi_generations generations;
    mgi_scratch_store scratch;
    mgi_lock change;          /* one change at a time */
    mgi_snapshot *previous;   /* what the last swap put aside, or NULL; `change` */
    _Atomic uint64_t process; /* the process's token where it was used last: a child that is forked
                                 begins anew */
};

/* Arguments are checked by the public functions: lib/api/index.c. */
mgeo_status mgi_index_create(const mgeo_index_options *options, mgeo_index **index,
                             mgeo_error *error);
mgeo_status mgi_index_open(const char *path, const mgeo_index_options *options, mgeo_index **index,
                           mgeo_error *error);
void mgi_index_destroy(mgeo_index *index);

mgeo_status mgi_index_put(mgeo_index *index, const mgeo_record *records, size_t count,
                          mgeo_error *error);
mgeo_status mgi_index_remove(mgeo_index *index, const mgeo_record *records, size_t count,
                             uint64_t *removed, mgeo_error *error);
mgeo_status mgi_index_compact(mgeo_index *index, mgeo_error *error);
mgeo_status mgi_index_save(mgeo_index *index, const char *path, mgeo_error *error);
mgeo_status mgi_index_swap(mgeo_index *index, const char *path, mgeo_error *error);
mgeo_status mgi_index_roll_back(mgeo_index *index, mgeo_error *error);
void mgi_index_info(mgeo_index *index, mgeo_index_info *info);

/* The current snapshot, with a reference for the caller. */
mgi_snapshot *mgi_index_take(mgeo_index *index);

#endif
