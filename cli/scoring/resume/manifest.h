/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest of an unfinished run: whose it is, and how far it has come. It is replaced whole, so
 * that it is always one that was written to its end. */
#ifndef CLI_SCORING_RESUME_MANIFEST_H
#define CLI_SCORING_RESUME_MANIFEST_H

#include "common/error.h"
#include "scoring/resume/notes.h"

struct manifest {
    struct notes identity; /* what a run must have in common with it to go on */
    struct notes progress; /* how far it is */
};

void manifest_finish(struct manifest *manifest);

/* Reads FOLDER/manifest into what is all zero: 1, or 0 if there is none, or -1. */
int manifest_read(const char *folder, struct manifest *manifest, struct error *error);

/* Writes it beside its place, makes it durable, and renames it. What it speaks of must be durable
 * before. */
bool manifest_write(const char *folder, const struct manifest *manifest, struct error *error);

#endif
