/* SPDX-License-Identifier: Apache-2.0 */
/* What a run has counted so far, written to a manifest and read back: so that the figures of a run
 * that went on are those of one that never stopped. */
#ifndef CLI_SCORE_RESUME_COUNTERS_H
#define CLI_SCORE_RESUME_COUNTERS_H

#include "common/error.h"
#include "score/report/gold.h"
#include "score/report/report.h"
#include "scoring/resume/notes.h"
#include "scoring/resume/resume.h"
#include "scoring/row_errors.h"
#include "scoring/writer.h"

/* Where the counts are; all borrowed. */
struct counters {
    struct report_totals *totals;
    struct row_errors *row_errors;
    struct writer *writer;
    struct gold *gold; /* NULL: no --gold */
};

void counters_save(const struct counters *counters, struct notes *to);

/* False if a count is missing or is none. Counts that are not noted become 0. */
bool counters_load(const struct counters *counters, const struct notes *from);

/* The same as --resume asks for it; borrows the counters. */
struct resume_counts counters_for_resume(struct counters *counters);

#endif
