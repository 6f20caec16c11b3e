/* SPDX-License-Identifier: Apache-2.0 */
/* What a run of dedupe came to, and recall and precision where matches are known. */
#ifndef CLI_MATCH_DEDUPE_DEDUPE_REPORT_H
#define CLI_MATCH_DEDUPE_DEDUPE_REPORT_H

#include "match/dedupe/dedupe_output.h"

/* Says it all; members NULL: pairs alone were written. False: the figures that --report is for
 * could not be written. */
bool dedupe_report(const struct run *run, const struct dedupe_texts *texts,
                   const mgeo_member *members);

#endif
