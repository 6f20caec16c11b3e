/* SPDX-License-Identifier: Apache-2.0 */
/* --resume: what a run has written and counted is committed now and then, so that the next run with
 * the same command goes on there. One thread. */
#ifndef CLI_SCORING_RESUME_RESUME_H
#define CLI_SCORING_RESUME_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/sink.h"
#include "scoring/files.h"
#include "scoring/repeats.h"
#include "scoring/resume/notes.h"
#include "scoring/row_errors.h"
#include "scoring/writer.h"

struct resume;

/* What a run writes and counts; all borrowed. */
struct resume_counts {
    struct writer *writer;
    struct row_errors *row_errors;
    struct sink *second;  /* of files->second; NULL: none */
    const uint64_t *rows; /* how many are written and counted */
    void *all;            /* the program's counts, which these save and put back: */
    void (*save)(const void *all, struct notes *to);
    bool (*load)(void *all, const struct notes *from); /* false: one is damaged */
};

/* Claims the folder of the output and reads the manifest in it, if there is one. files are
 * borrowed; `every`: rows between two commits, 0: the usual number. NULL on failure. */
struct resume *resume_open(const struct files *files, uint32_t every, struct error *error);

/* Leaves the committed parts as they are; if nothing was committed, nothing is left. NULL is
 * ignored. */
void resume_close(struct resume *resume);

/* Takes the identity of this run (emptying it), holds it against the manifest, checks the parts,
 * and puts back the counts and the answers of pairs. False if the manifest is another run's or a
 * part is damaged. */
bool resume_begin(struct resume *resume, struct notes *identity, const struct resume_counts *counts,
                  struct repeats *repeats, struct error *error);

/* What an earlier run noted in its identity under that name, for what costs too much to find out
 * again; NULL: nothing. Before resume_begin. */
const char *resume_noted(const struct resume *resume, const char *name);

/* After resume_begin: the sinks to go on with, the caller's; the last two only where there are such
 * files. The output's is committed to the place of --output, the others stay parts. */
struct sink *resume_output(struct resume *resume, struct error *error);
struct sink *resume_errors(struct resume *resume, struct error *error);
struct sink *resume_second(struct resume *resume, struct error *error);

/* A sink for a file that is written whole at the end, and that no two killed runs leave two of. */
struct sink *resume_sink(const struct resume *resume, const char *path, struct error *error);

/* Rows that are committed; 0: the run begins anew. */
uint64_t resume_rows(const struct resume *resume);

/* Whether a manifest was there or is now: then the headers are written too. */
bool resume_has_begun(const struct resume *resume);

/* Whether all rows are, and only the last steps are missing. */
bool resume_is_whole(const struct resume *resume);

/* Where the parts lie. */
const char *resume_folder(const struct resume *resume);

/* Rows in a chunk, always the same ones: where the scores of a device depend on which pairs share a
 * batch, they are those of an uninterrupted run. */
size_t resume_chunk_rows(const struct resume *resume, const mgeo_model_info *info);

/* Commits the rows that were written to the sinks and counted, if it is time to, or in any case:
 * the parts become durable first, then the manifest that speaks of them takes the old one's
 * place. */
bool resume_step(struct resume *resume, const struct resume_counts *counts,
                 const struct repeats *repeats, struct error *error);
bool resume_commit(struct resume *resume, const struct resume_counts *counts,
                   const struct repeats *repeats, bool whole, struct error *error);

/* Writes the errors so far to the place of --errors, and the same of the second output. */
bool resume_copy_errors(const struct resume *resume, struct error *error);
bool resume_copy_second(const struct resume *resume, struct error *error);

/* Of a file of columns: makes it out of its parts, in its place. Of text there is nothing to do. */
bool resume_convert(const struct resume *resume, struct error *error);

/* Removes parts and folder: the run is complete. */
void resume_remove(struct resume *resume);

/* The same where the output's part is not what was put into its place: a manifest without that part
 * would speak of an output that is there. */
void resume_forget(struct resume *resume);

#endif
