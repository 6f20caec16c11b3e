/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a segment that comes from a file is one: every offset, count, number and order. */
#ifndef MGI_MATCH_INDEX_FILE_SEGMENT_CHECK_H
#define MGI_MATCH_INDEX_FILE_SEGMENT_CHECK_H

#include "core/status.h"
#include "match/index/segment.h"

/* Checks what checksums cannot know, since whoever makes a file can make its checksums too: that
 * nothing in it leads a search astray. Its sections have the sizes that they say, in whole items.
 * Errors: MGEO_E_FORMAT (names the section and the item). */
mgeo_status mgi_segment_check(const mgi_segment *segment, const char *path, mgeo_error *error);

#endif
