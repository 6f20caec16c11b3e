/* SPDX-License-Identifier: Apache-2.0 */
/* What dedupe writes: pairs of rows, and the rows with their clusters. */
#ifndef CLI_MATCH_DEDUPE_DEDUPE_OUTPUT_H
#define CLI_MATCH_DEDUPE_DEDUPE_OUTPUT_H

#include "match/dedupe/distinct.h"
#include "match/dedupe/link_log.h"
#include "match/run.h"

/* The rows, and which of them have one text; borrowed. */
struct dedupe_texts {
    const struct records *records;
    const struct distinct *distinct;
};

/* The pairs of rows that have the text `a` themselves: each with the first of them. */
void dedupe_output_same(struct pairs_output *output, const struct dedupe_texts *texts, uint32_t a,
                        int32_t positive, bool scored);

/* The pair of the first rows that have the texts. */
void dedupe_output_pair(struct pairs_output *output, const struct dedupe_texts *texts,
                        const struct link_log_pair *pair, bool scored);

/* Writes all pairs to a file. */
bool dedupe_output_pairs(struct run *run, const struct dedupe_texts *texts,
                         const struct link_log *log, struct sink *sink, struct error *error);

/* Whether the rows can be written as what --format and the names say, and the pairs. */
bool dedupe_output_check(const struct run *run, struct error *error);

/* Reads the tables again and writes their rows with what is known of each; members [records]. */
bool dedupe_output_rows(struct run *run, const struct dedupe_texts *texts,
                        const mgeo_member *members, struct sink *sink, struct error *error);

#endif
