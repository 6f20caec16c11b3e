/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a segment: of records, or of what other segments hold. */
#ifndef MGI_MATCH_INDEX_BUILD_BUILD_H
#define MGI_MATCH_INDEX_BUILD_BUILD_H

#include "core/status.h"
#include "match/index/segment.h"

/* A segment and which of its documents count no longer. */
typedef struct mgi_build_part {
    mgi_segment *segment;
    const uint64_t *removed; /* a bit each; NULL: none */
} mgi_build_part;

typedef struct mgi_build_request {
    const mgeo_record *records; /* either these; of those with one id the last one counts */
    size_t record_count;
    const mgi_build_part *parts; /* or the documents of these, in order, without those removed */
    size_t part_count;
    const mgi_build_part *earlier; /* terms that are known there weigh what they do there */
    size_t earlier_count;
    uint32_t threads;      /* 0: as many as the process may use */
    uint64_t memory_limit; /* most bytes, the segment's among them; 0: not limited */
    uint64_t held;         /* bytes that the change holds already; they count */
    mgeo_progress *progress;
} mgi_build_request;

/* The segment does not depend on threads, and one made of parts alone is the same as one made of
 * their records. Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_CANCELLED, MGEO_E_UNSUPPORTED. */
mgeo_status mgi_build_segment(const mgi_build_request *request, mgi_segment **segment,
                              mgeo_error *error);

#endif
