/* SPDX-License-Identifier: Apache-2.0 */
/* Where the parts of an unfinished run lie: a hidden folder beside the output, which one run at a
 * time may use. */
#ifndef CLI_SCORING_RESUME_PATHS_H
#define CLI_SCORING_RESUME_PATHS_H

#include <stdbool.h>

#include "common/error.h"

/* FOLDER/NAME; the caller frees it. */
char *paths_join(const char *folder, const char *name);

/* The folder ".NAME.mgeo-resume" of an output FOLDER/NAME, links followed; the caller frees it. */
char *paths_folder(const char *output);

/* Makes the folder unless it is there, and locks it: a descriptor to close at the end, which also
 * unlocks it; -1 on failure. The lock ends with the program, however that ends. */
int paths_claim(const char *folder, struct error *error);

enum { PATHS_TAG = 17 };

/* A word that no other folder has meanwhile, for sink_open_tagged. */
void paths_tag(const char *folder, char to[PATHS_TAG]);

/* Removes what a run keeps in the folder, the lock last, and then the folder unless others have put
 * something there. */
void paths_remove(const char *folder);

#endif
