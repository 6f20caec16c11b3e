/* SPDX-License-Identifier: Apache-2.0 */
/* Many queries at once, and what they found. */
#ifndef MGI_MATCH_INDEX_CANDIDATES_H
#define MGI_MATCH_INDEX_CANDIDATES_H

#include "match/index/index.h"

/* Options are whole: no member is 0 for a default. Arguments are checked: lib/api/index.c. */
mgeo_status mgi_candidates_search(mgeo_index *index, const mgeo_text *queries, size_t count,
                                  const mgeo_search_options *options, mgeo_candidates **candidates,
                                  mgeo_error *error);

/* The queries are `count` rows from `first` on. *generation: 0, or the one that is asked for; on
 * success the one that was searched. Errors besides: MGEO_E_ARGUMENT (no such rows),
 * MGEO_E_REFUSED (no such generation). */
mgeo_status mgi_candidates_search_rows(mgeo_index *index, uint64_t first, size_t count, bool later,
                                       uint64_t *generation, const mgeo_search_options *options,
                                       mgeo_candidates **candidates, mgeo_error *error);

const mgeo_candidate *mgi_candidates_of(const mgeo_candidates *candidates, size_t query,
                                        size_t *count);
void mgi_candidates_destroy(mgeo_candidates *candidates);

#endif
