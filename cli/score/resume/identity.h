/* SPDX-License-Identifier: Apache-2.0 */
/* What makes two runs the same, so that one may go on where the other ended: all that decides what
 * is written, and nothing else. */
#ifndef CLI_SCORE_RESUME_IDENTITY_H
#define CLI_SCORE_RESUME_IDENTITY_H

#include <mgeo.h>

#include "common/error.h"
#include "score/options.h"
#include "score/resume/notes.h"

/* Notes it all. Reads the inputs once, for their digests. `table` is NULL if there are no rows.
 * An error with an empty line means that a signal came. */
bool identity_note(struct notes *to, const struct options *options, const struct table *table,
                   const struct writer *writer, const mgeo_model_info *info, struct error *error);

/* False with a line that names the first difference. */
bool identity_same(const struct notes *before, const struct notes *now, const char *folder,
                   struct error *error);

#endif
