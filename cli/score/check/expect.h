/* SPDX-License-Identifier: Apache-2.0 */
/* --expect: scores the pairs of a table and compares with the values that stand there. */
#ifndef CLI_SCORE_CHECK_EXPECT_H
#define CLI_SCORE_CHECK_EXPECT_H

#include <mgeo.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "score/options.h"

enum { EXPECT_SHOWN = 10, EXPECT_TEXT = 96 };

/* A value and what was expected of it, as texts for people. */
struct expect_value {
    uint64_t line;
    char column[EXPECT_TEXT];   /* the table's name, or "column 3" */
    char answered[EXPECT_TEXT]; /* empty: there is no score */
    char expected[EXPECT_TEXT];
    char reason[EXPECT_TEXT]; /* why there is no score, or the label is none; else empty */
    double difference;        /* NaN: not of numbers */
};

struct expect_result {
    const char *path;
    double tolerance;
    char columns[MGEO_MAX_LABELS + 2][EXPECT_TEXT]; /* that are compared */
    char values[MGEO_MAX_LABELS + 2][EXPECT_TEXT];  /* with what: "similarity", "p_exact_match" */
    size_t column_count;
    uint64_t rows;
    uint64_t compared;      /* rows with a score and an expected value */
    uint64_t without_value; /* rows where nothing is expected, with a score or not */
    uint64_t without_score; /* rows where something is expected and no score came */
    uint64_t differing;     /* rows, those without a score among them */
    uint64_t labels_differing, labels_tied;
    bool measured; /* two numbers were compared: */
    struct expect_value largest;
    struct expect_value shown[EXPECT_SHOWN]; /* one of each of the first rows that differ */
    size_t shown_count;
    bool passed; /* at least one row was compared, and none differs */
};

/* Reads the table to its end. Uses all of the options on the input, and the tolerance, which is
 * that of the precision if none was given. False with one line: it could not be compared; an empty
 * line means that a signal came. */
bool expect_run(mgeo_engine *engine, const mgeo_model_info *info, const struct options *options,
                struct expect_result *result, struct error *error);

#endif
