/* SPDX-License-Identifier: Apache-2.0 */
/* What runs of match and dedupe have in common: model, sinks, parts, progress. */
#ifndef CLI_MATCH_RUN_H
#define CLI_MATCH_RUN_H

#include <mgeo.h>

#include "common/sink.h"
#include "match/options.h"
#include "match/rows/known_pairs.h"
#include "match/search/pairs_output.h"
#include "match/search/search.h"
#include "match/search/totals.h"
#include "scoring/cascade/cascade.h"
#include "scoring/files.h"
#include "scoring/progress.h"
#include "scoring/resume/resume.h"
#include "scoring/row_errors.h"
#include "scoring/writer.h"

struct run {
    const struct options *options;
    struct files files;
    struct reader *reader;
    mgeo_index *index;
    struct sink *output, *errors, *second;
    mgeo_engine *engine;
    mgeo_job *job; /* NULL: candidates alone */
    mgeo_model_info info;
    struct cascade cascade; /* all zero: none */
    struct progress *progress;
    struct repeats *repeats;
    struct known_pairs *known; /* NULL: no --report */
    struct resume *resume;     /* NULL: no --resume */
    struct row_errors row_errors;
    uint64_t bad_reference; /* rows of a reference that is a table */
    struct totals totals;
    struct writer_options wanted; /* with the format that it comes to */
    struct writer writer;         /* rows with what was added */
    struct pairs_output pairs;    /* or pairs alone */
    struct search search;
    bool halfway;     /* a batch is written in part, so that nothing may be committed */
    bool broken_pipe; /* what reads the output has gone */
};

/* The label of pairs that writing decides. */
static inline int32_t run_positive(const struct run *run) {
    return run->info.positive_label >= 0 ? run->info.positive_label : 0;
}

/* The sinks that `files` asks for, or the parts' folder. */
bool run_open_sinks(struct run *run, struct error *error);

/* Loads the model, unless candidates alone are wanted. */
bool run_open_model(struct run *run, struct error *error);

/* NULL: there is none. */
static inline const struct cascade *run_cascade(const struct run *run) {
    return run->cascade.options != NULL ? &run->cascade : NULL;
}

/* The reference or table that is indexed: from a file, or from tables. */
bool run_open_index(struct run *run, const char *const *paths, size_t count, struct error *error);

/* How many queries a batch has. */
size_t run_batch_rows(const struct run *run);

/* Ends all that is open. */
void run_close(struct run *run);

/* A sink for a file that is written whole at the end. */
struct sink *run_open_sink(const struct run *run, const char *path, struct error *error);

/* Commits a sink, which is NULL from then on. */
bool run_commit(struct sink **sink, struct error *error);

/* Gives up a sink that stands for the output, and notes whether its reader has gone. NULL is
 * ignored. */
void run_abandon(struct run *run, struct sink *sink);

/* Writes the outputs' ends and puts them into their places. */
bool run_complete(struct run *run, const struct resume_counts *counts, struct error *error);

/* Of a run that failed: whether its reader has gone, of which nothing is said. */
bool run_ends_quietly(const struct run *run);

/* Says why a run failed that was to write --output: the exit status. */
int run_failed(const struct options *options, const struct error *error);

/* Sets the error of a table that is not what it was when it was read first; false. */
bool run_table_changed(struct error *error);

/* What was written since the last commit is kept too, if it can be. `things` are its rows. */
void run_keep_parts(struct run *run, const struct resume_counts *counts, const char *things);

#endif
