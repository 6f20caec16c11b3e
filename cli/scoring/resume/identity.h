/* SPDX-License-Identifier: Apache-2.0 */
/* What makes two runs the same, so that one may go on where the other ended: all that decides what
 * is written, and nothing else. A program notes what it has of this, and what it alone has. */
#ifndef CLI_SCORING_RESUME_IDENTITY_H
#define CLI_SCORING_RESUME_IDENTITY_H

#include <mgeo.h>

#include "common/error.h"
#include "scoring/cascade/cascade.h"
#include "scoring/files.h"
#include "scoring/model_options.h"
#include "scoring/resume/notes.h"
#include "scoring/writer.h"
#include "table/selection.h"
#include "table/table.h"

/* Each adds its notes, always the same ones in the same order. */
void identity_note_versions(struct notes *to);
void identity_note_outputs(struct notes *to, const struct files *files);

/* `table` is NULL if there are no rows. */
void identity_note_table(struct notes *to, const struct table_options *asked,
                         const struct table *table);
void identity_note_selection(struct notes *to, const struct selection_options *selection);
void identity_note_format(struct notes *to, const struct writer *writer);
void identity_note_model(struct notes *to, const struct model_options *options,
                         const mgeo_model_info *info);

/* cascade NULL: none. */
void identity_note_cascade(struct notes *to, const struct cascade *cascade);

/* The name under which a choice of --keep-agreement is noted, as cascade_print_choice has it. */
extern const char identity_choice[];

/* Reads the inputs once, for their digests. An error with an empty line means that a signal came.
 */
bool identity_note_inputs(struct notes *to, const struct files *files, struct error *error);

/* The same for one file, "what FILE holds". */
bool identity_note_file(struct notes *to, const char *path, struct error *error);

/* False with a line that names the first difference. */
bool identity_same(const struct notes *before, const struct notes *now, const char *folder,
                   struct error *error);

#endif
