/* SPDX-License-Identifier: Apache-2.0 */
/* The pairs of a table with itself as they are scored: in memory, and in a file for a run that goes
 * on. */
#ifndef CLI_MATCH_DEDUPE_LINK_LOG_H
#define CLI_MATCH_DEDUPE_LINK_LOG_H

#include <stdint.h>

#include "common/error.h"
#include "common/sink.h"
#include "match/search/batch.h"

/* As it stands in the file too, which the machine reads that wrote it. */
struct link_log_pair {
    uint32_t a, b; /* numbers of texts; a is the earlier one */
    uint32_t rank; /* of b among a's candidates, from 1 */
    uint32_t flags;
    float score, similarity;
    int32_t label;
    uint32_t reason; /* a batch_reason */
};

struct link_log {
    struct link_log_pair *pairs;
    size_t count, capacity;
    size_t written; /* how many the file has */
};

void link_log_finish(struct link_log *log);

/* All zero, to be filled in. */
struct link_log_pair *link_log_add(struct link_log *log);

/* Writes those that were added since the last time. */
bool link_log_write(struct link_log *log, struct sink *sink, struct error *error);

/* Adds what has a score of the candidates of a query, which is number `a`. */
void link_log_add_query(struct link_log *log, uint32_t a, const struct batch *batch, size_t query,
                        int32_t positive);

/* Reads what an earlier run wrote: the first `count` pairs of the output's part. */
bool link_log_continue(struct link_log *log, const char *folder, uint64_t count,
                       struct error *error);

#endif
