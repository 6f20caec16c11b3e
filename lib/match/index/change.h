/* SPDX-License-Identifier: Apache-2.0 */
/* The next snapshot of one: with records put in or removed, compacted, or out of a file. */
#ifndef MGI_MATCH_INDEX_CHANGE_H
#define MGI_MATCH_INDEX_CHANGE_H

#include "match/index/snapshot.h"

/* Each leaves `from` as it is. On success *next is a new snapshot or, where nothing would change,
 * NULL; on failure NULL. */
mgeo_status mgi_change_put(const mgi_snapshot *from, const mgeo_record *records, size_t count,
                           const mgeo_index_options *options, mgi_snapshot **next,
                           mgeo_error *error);
mgeo_status mgi_change_remove(const mgi_snapshot *from, const mgeo_record *records, size_t count,
                              uint64_t *removed, mgi_snapshot **next, mgeo_error *error);

/* One segment of all, or of nothing. */
mgeo_status mgi_change_compact(const mgi_snapshot *from, const mgeo_index_options *options,
                               mgi_snapshot **next, mgeo_error *error);
/* At most one segment, of which nothing is removed? */
bool mgi_change_is_compact(const mgi_snapshot *snapshot);

mgeo_status mgi_change_open(const char *path, mgi_snapshot **next, mgeo_error *error);

/* The same contents once more. NULL: out of memory. */
mgi_snapshot *mgi_change_copy(const mgi_snapshot *from);

#endif
