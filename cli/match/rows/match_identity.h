/* SPDX-License-Identifier: Apache-2.0 */
/* What makes two runs of match, or of dedupe, the same. */
#ifndef CLI_MATCH_ROWS_MATCH_IDENTITY_H
#define CLI_MATCH_ROWS_MATCH_IDENTITY_H

#include "match/run.h"

/* Notes it all; reads the inputs once, for their digests. An error with an empty line means that a
 * signal came. */
bool match_identity_note(struct notes *to, const struct run *run, const struct writer *writer,
                         struct error *error);

#endif
