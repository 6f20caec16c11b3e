/* SPDX-License-Identifier: Apache-2.0 */
/* What a run counts, and how it is told at the end and kept for a run that goes on. */
#ifndef CLI_MATCH_SEARCH_TOTALS_H
#define CLI_MATCH_SEARCH_TOTALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/search/batch.h"
#include "scoring/resume/notes.h"
#include "scoring/row_errors.h"

/* name: in the manifest. */
#define TOTALS_LIST(X)                                                                             \
    X(TOTALS_ROWS, "rows")                                                                         \
    X(TOTALS_SAME_TEXT, "same-text")                                                               \
    X(TOTALS_SAME_FORM, "same-form")                                                               \
    X(TOTALS_BY_MODEL, "by-model")                                                                 \
    X(TOTALS_BELOW, "below-threshold")                                                             \
    X(TOTALS_TAKEN, "taken")                                                                       \
    X(TOTALS_NOTHING, "no-candidate")                                                              \
    X(TOTALS_CANDIDATES, "candidates")                                                             \
    X(TOTALS_WRITING, "by-writing") /* pairs that writing decides */                               \
    X(TOTALS_FIRST, "by-first")     /* those that the first model does */                          \
    X(TOTALS_SCORED, "scored")      /* those that the model does */                                \
    X(TOTALS_REPEATED, "repeated")                                                                 \
    X(TOTALS_LINKS, "links")                                                                       \
    X(TOTALS_KNOWN, "known") /* rows that --report tells of */                                     \
    X(TOTALS_KNOWN_MATCHED, "known-matched")                                                       \
    X(TOTALS_KNOWN_RIGHT, "known-right")                                                           \
    X(TOTALS_KNOWN_AT_1, "known-at-1") /* the right one is among the first so many candidates */   \
    X(TOTALS_KNOWN_AT_5, "known-at-5")                                                             \
    X(TOTALS_KNOWN_AT_20, "known-at-20")                                                           \
    X(TOTALS_KNOWN_FOUND, "known-found")

#define TOTALS_ENUMERATOR(name, text) name,
enum { TOTALS_LIST(TOTALS_ENUMERATOR) TOTALS };
#undef TOTALS_ENUMERATOR

struct totals {
    uint64_t count[TOTALS];
    struct row_errors *row_errors; /* whose counts are kept too; borrowed */
};

/* Counts the pairs of a batch by what decided them. */
void totals_add_pairs(struct totals *totals, const struct batch *batch);

/* Says in a line how many pairs each step decided. */
void totals_say_pairs(const struct totals *totals, bool cascade);

/* For struct resume_counts. */
void totals_save(const void *totals, struct notes *to);
bool totals_load(void *totals, const struct notes *from);

#endif
