/* SPDX-License-Identifier: Apache-2.0 */
/* Calls into libmgeo while other threads of Ruby run, and the arrays that they read and fill. */
#ifndef MGEO_RUBY_CALLS_H
#define MGEO_RUBY_CALLS_H

#include "records.h"

/* One call: `function` is run with it, reads what it needs and answers the library's status. */
typedef struct call {
    mgeo_status (*function)(struct call *call);
    VALUE self; /* what it is a call on: `enter` finds its handle and keeps it until `leave` */
    void (*enter)(struct call *call);
    void (*leave)(struct call *call);
    void *handle; /* an engine or a job */
    void *kept;
    const char *path;
    const void *options;
    void *report;
    const mgeo_pair *pairs;
    size_t count;
    mgeo_scores *scores;
    int64_t number; /* a slot, share, rank or format */
    uint64_t index;
    char *text, *other_text;
    size_t capacity, length;
    mgeo_job *job;
    mgeo_progress progress; /* for the options of calls that can be cancelled */
    mgeo_error error;
    mgeo_status status;
    int ran, interrupted;
} call;

/* Runs it without the GVL. What Ruby raises in this thread meanwhile (Thread#raise, #kill, Timeout,
 * an interrupt) cancels the call and is raised here. Answers the status. */
mgeo_status call_run(call *call);

/* Raises the Mgeo::Error of a call that failed; `receipt` is a hash or nil. */
void call_check(const call *call, VALUE receipt);

/* Pairs of [[a, b], …], copied in UTF-8, owned by *owner. */
const mgeo_pair *call_pairs(VALUE list, size_t *count, VALUE *owner);

/* Labels of [name or nil, …], one for each of `count` pairs, owned by the array `held`; NULL for
 * nil. */
const char *const *call_gold(VALUE list, size_t count, VALUE held);

/* Scores a list of pairs with the options' probabilities, logits and route_key: a hash of arrays.
 */
VALUE call_score(call *call, VALUE list, VALUE options);

#endif
