/* SPDX-License-Identifier: Apache-2.0 */
/* What makes two runs of mgeo-score the same. */
#ifndef CLI_SCORE_RESUME_SCORE_IDENTITY_H
#define CLI_SCORE_RESUME_SCORE_IDENTITY_H

#include <mgeo.h>

#include "common/error.h"
#include "score/options.h"
#include "scoring/cascade/cascade.h"
#include "scoring/files.h"
#include "scoring/resume/notes.h"

/* Notes it all. Reads the inputs once, for their digests. `table` is NULL if there are no rows,
 * `cascade` if there is none.
 * An error with an empty line means that a signal came. */
bool score_identity_note(struct notes *to, const struct options *options, const struct files *files,
                         const struct table *table, const struct writer *writer,
                         const mgeo_model_info *info, const struct cascade *cascade,
                         struct error *error);

#endif
