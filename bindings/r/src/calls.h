/* SPDX-License-Identifier: Apache-2.0 */
/* Calls into libmgeo that the user can interrupt, and the arrays that they read and fill. */
#ifndef MGEO_R_CALLS_H
#define MGEO_R_CALLS_H

#include "records.h"

/* One call: `function` is run with it, reads what it needs and answers the library's status. */
typedef struct call {
    mgeo_status (*function)(struct call *call);
    void *handle; /* an engine or a job */
    const char *path;
    const void *options;
    void *report;
    const mgeo_pair *pairs;
    size_t count;
    mgeo_scores *scores;
    mgeo_progress progress; /* for the options of calls that can be cancelled */
    mgeo_error error;
    mgeo_status status;
    int interrupted; /* by the user, who is to see no other error */
} call;

/* Runs it in a thread while this one looks for interrupts, which cancel it. */
mgeo_status call_run(call *call);

/* What every entry answers: list(status, message, value); the status is "interrupted" where the
 * user was first. */
SEXP call_answer(const call *call, SEXP value);

/* The largest number up to which R's have no gaps. */
#define MOST_WHOLE 9007199254740992.0

/* A whole number from 0 to `most`; another is an error of R's, with `name`. */
uint64_t call_whole(const char *name, SEXP number, double most);

/* Pairs of two character vectors of one length, without NA; in memory that R frees after .Call. */
const mgeo_pair *call_pairs(SEXP a, SEXP b, size_t *count);

/* Labels, one for each pair, NA where none is known; NULL for NULL. */
const char *const *call_gold(SEXP gold, size_t count);

/* Scores the pairs: similarity, label, flags, probabilities, logits, generation, tokens, bad_rows.
 */
SEXP call_score(call *call, SEXP a, SEXP b, SEXP probabilities, SEXP logits, SEXP route_key);

#endif
